//===- Patterns.h - What the patterns share --------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_CONVERSION_TOSATOPATCH_PATTERNS_H
#define TESSERA_LIB_CONVERSION_TOSATOPATCH_PATTERNS_H

#include "tessera/Conversion/TosaToPatch/Rounding.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/PatternMatch.h"

namespace tessera::tosa_to_patch {

//===----------------------------------------------------------------------===//
// Patterns by layer kind
//===----------------------------------------------------------------------===//

void populateConvolutionPatterns(mlir::RewritePatternSet &patterns);
void populateElementwisePatterns(mlir::RewritePatternSet &patterns);
void populatePoolingPatterns(mlir::RewritePatternSet &patterns);
void populateShapePatterns(mlir::RewritePatternSet &patterns);

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The value of a constant op (dense or a resource blob), or null.
mlir::DenseElementsAttr getConstant(mlir::Value value);

/// The integers of a constant op in order, or failure.
mlir::FailureOr<llvm::SmallVector<int64_t>> getIntegers(mlir::Value value);

/// A shape operand (`tosa.const_shape`), or failure.
mlir::FailureOr<llvm::SmallVector<int64_t>> getShape(mlir::Value value);

/// An `arith.constant` of i32 values, one per entry.
mlir::Value createI32Constant(mlir::OpBuilder &builder, mlir::Location loc,
                              llvm::ArrayRef<int32_t> values);

/// Entries of a TOSA attribute as the patch dialect holds them.
llvm::SmallVector<int32_t> toI32(llvm::ArrayRef<int64_t> values);

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

/// The 1xHxWxC type under which the bytes of a tensor are seen, or null if the
/// shape is dynamic, empty or too large for the patch dialect (L1). H takes all
/// dimensions but the last two.
mlir::RankedTensorType getMapType(mlir::Type type);

/// `value` seen as `type`: itself, or a `patch.reshape` of it.
mlir::Value viewAs(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value value, mlir::RankedTensorType type);

/// True for tensors of signless i8.
bool isI8(mlir::Type type);
/// True for tensors of signless i32.
bool isI32(mlir::Type type);

//===----------------------------------------------------------------------===//
// Rescaling
//===----------------------------------------------------------------------===//

/// The numbers of a `tosa.rescale`. Exponents are 31 - shift.
struct Scaling {
  llvm::SmallVector<int32_t> multipliers;
  llvm::SmallVector<int32_t> exponents;
  int32_t inputZp = 0;
  int32_t outputZp = 0;
  patch::Rounding meaning = patch::Rounding::Single;

  bool isPerChannel() const { return multipliers.size() > 1; }
};

/// Reads a rescale whose numbers are constants, signed and in TOSA's ranges;
/// else tells the rewriter why `refused` cannot be converted.
mlir::FailureOr<Scaling> readScaling(mlir::tosa::RescaleOp rescale,
                                     mlir::Operation *refused,
                                     mlir::PatternRewriter &rewriter);

/// The `requant` of a layer whose values are scaled to i8. The rounding is the
/// first of `allowed` and of those that agree with the scaling's own meaning.
mlir::FailureOr<patch::RequantAttr>
getRequant(const Scaling &scaling, ScaledValues values, RoundingSet allowed,
           mlir::Operation *refused, mlir::PatternRewriter &rewriter);

/// The i32 sums that a layer makes, followed to where they become i8.
struct Accumulator {
  /// Makes the layer's i8 result.
  mlir::tosa::RescaleOp rescale;
  /// Constant that `tosa.add` adds per channel on the way, or empty.
  llvm::SmallVector<int32_t> bias;
};

/// Follows the result of `layer` (channels in the last dimension) through its
/// only readers: at most one addition of a constant, then a rescale to i8.
mlir::FailureOr<Accumulator> followAccumulator(mlir::Operation *layer,
                                               mlir::PatternRewriter &rewriter);

//===----------------------------------------------------------------------===//
// Sliding windows
//===----------------------------------------------------------------------===//

/// The window of a convolution or pooling: [y, x], pad [top, bottom, left,
/// right].
struct SlidingWindow {
  llvm::SmallVector<int32_t> kernel;
  llvm::SmallVector<int32_t> stride;
  llvm::SmallVector<int32_t> dilation = {1, 1};
  llvm::SmallVector<int32_t> pad;

  /// Pixels from the first tap to the last one, both included.
  int64_t reach(unsigned axis) const {
    return int64_t(kernel[axis] - 1) * dilation[axis] + 1;
  }
};

/// The operand of a `tosa.slice` that makes `input`, if all that it cuts are
/// rows and columns at the end that `window` leaves unread; else `input`. TOSA
/// wants strides to end exactly at the border, the patch dialect does not.
mlir::Value skipSlice(mlir::Value input, const SlidingWindow &window,
                      mlir::RankedTensorType output);

} // namespace tessera::tosa_to_patch

#endif // TESSERA_LIB_CONVERSION_TOSATOPATCH_PATTERNS_H
