//===- PatchToLLVM.h - Loops over row kernels to LLVM -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_CONVERSION_PATCHTOLLVM_PATCHTOLLVM_H
#define TESSERA_CONVERSION_PATCHTOLLVM_PATCHTOLLVM_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

namespace tessera {

/// Patterns for the loop ops of the `patch` dialect. The converter must use the
/// bare pointer convention; `index` has the bits of the target's size_t.
void populatePatchToLLVMPatterns(const mlir::LLVMTypeConverter &converter,
                                 mlir::RewritePatternSet &patterns);

/// Gives the entry functions of a module of the LLVM dialect a debug scope in
/// which the calls of layer i (see kLayerAttr) have line i + 1.
void attachLayerLines(mlir::ModuleOp module);

/// Discardable attribute that a lowered call keeps its layer's number in.
inline constexpr llvm::StringLiteral kLayerAttr = "tessera.layer";

} // namespace tessera

#endif // TESSERA_CONVERSION_PATCHTOLLVM_PATCHTOLLVM_H
