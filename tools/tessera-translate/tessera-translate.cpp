//===- tessera-translate.cpp - Translates files to and from MLIR ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/Import.h"

#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  tessera::registerTFLiteToMLIRTranslation();
  return mlir::failed(
      mlir::mlirTranslateMain(argc, argv, "Tessera translation driver"));
}
