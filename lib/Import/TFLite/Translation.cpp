//===- Translation.cpp - --import-tflite ----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/PatchDialect.h"
#include "tessera/Import/TFLite/Import.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace tessera;

void tessera::registerTFLiteToMLIRTranslation() {
  static TranslateToMLIRRegistration registration(
      "import-tflite", "import a TensorFlow Lite model",
      [](llvm::SourceMgr &sources,
         MLIRContext *context) -> OwningOpRef<Operation *> {
        const llvm::MemoryBuffer *file =
            sources.getMemoryBuffer(sources.getMainFileID());
        StringRef path = file->getBufferIdentifier();
        bool isNamed = path != "-" && path != "<stdin>";
        return importTFLite(context, file->getBuffer(),
                            isNamed ? getModelName(path) : "main");
      },
      [](DialectRegistry &registry) {
        registry.insert<arith::ArithDialect, func::FuncDialect,
                        patch::PatchDialect, tosa::TosaDialect>();
      });
}
