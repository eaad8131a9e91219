//===- LayerName.h - Which layer of the file an op comes from ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The importer names every op after its operator, in its location: a NameLoc
// "INDEX:OPERATOR", for example "7:CONV_2D". Rewrites carry locations along, so
// reports and messages name the user's operators after any pass.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_IR_LAYERNAME_H
#define TESSERA_DIALECT_PATCH_IR_LAYERNAME_H

#include "mlir/IR/Location.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace tessera {

/// The location of operator `index`, called `operatorName`.
mlir::Location getLayerLocation(mlir::MLIRContext *context, size_t index,
                                llvm::StringRef operatorName);

/// "INDEX:OPERATOR" of a location; of one that was fused from several layers
/// the first. Empty if there is none (IR that was not imported from a .tflite).
llvm::StringRef getLayerName(mlir::Location loc);

/// The layer an op comes from, or the op's own name ("patch.conv2d") if its
/// location does not say.
std::string getLayerName(mlir::Operation *op);

} // namespace tessera

#endif // TESSERA_DIALECT_PATCH_IR_LAYERNAME_H
