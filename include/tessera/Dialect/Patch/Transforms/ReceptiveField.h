//===- ReceptiveField.h - Rewrites by receptive field -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_TRANSFORMS_RECEPTIVEFIELD_H
#define TESSERA_DIALECT_PATCH_TRANSFORMS_RECEPTIVEFIELD_H

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"

namespace tessera::patch {

/// On a function: the MACs of the network before
/// `patch-rewrite-receptive-field` less those after (i64). A function that has
/// it was rewritten before.
inline constexpr llvm::StringLiteral kRemovedMacsAttr = "patch.removed_macs";

/// On a layer that lost channels or taps: the MACs of a pixel of its result in
/// the file. Accounting counts each computed pixel so: what a rewrite saves
/// does not move the recompute factor, as skipped padding does not.
inline constexpr llvm::StringLiteral kFileMacsAttr =
    "patch.file_macs_per_pixel";

/// Multiply-accumulates of one inference of the function's layers, all taps
/// counted, padding included.
int64_t countMacs(mlir::func::FuncOp func);

/// Removes the channels of the function's maps that nothing needs, and those
/// that have one value whatever the input is, which fold into the biases of
/// their readers. The function's layers must be loose (no stages). Its type
/// stays. Returns true if something changed; until nothing does there may be
/// more.
bool removeConstantChannels(mlir::func::FuncOp func, int64_t multiple = 1);

/// Removes the rows and columns at the ends of maps that no layer reads. The
/// function's type stays. Returns true if something changed.
bool removeUnreadEnds(mlir::func::FuncOp func);

/// Patterns that trim rows and columns of zeros off kernels.
void populateTrimKernelPatterns(mlir::RewritePatternSet &patterns);

/// Patterns that move the stride of a 1x1 convolution to the layer before it.
void populateHoistStridePatterns(mlir::RewritePatternSet &patterns);

/// Patterns that move layers working pixel by pixel before a resize that
/// repeats pixels.
void populatePointwiseBeforeResizePatterns(mlir::RewritePatternSet &patterns);

} // namespace tessera::patch

#endif // TESSERA_DIALECT_PATCH_TRANSFORMS_RECEPTIVEFIELD_H
