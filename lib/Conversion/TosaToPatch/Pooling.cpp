//===- Pooling.cpp - max_pool2d and avg_pool2d ----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// TOSA's avg_pool2d scales S = Σ (x - zp) over n taps by a reciprocal:
//
//   k = ceil(log2 n),  m = floor((2^30 + 1) * 2^k / n),  s = 30 + k
//   (S * m + 2^(s-1)) >> s
//
// With r = (2^30 + 1) * 2^k mod n < n <= 2^k this is S/n * (1 + d) rounded half
// up, where d = 2^-30 - r * 2^-(30+k), so 0 < d <= 2^-30. The factor moves S/n
// by at most |S/n| * 2^-30 <= 2^-22 away from zero, less than the 1/(2n) that
// separate it from the next tie as long as n < 2^21; a tie itself moves away
// from zero on either side. So the result is S/n, ties away from zero.
//
// TensorFlow Lite, and patch.avg_pool2d, divides Σ x = S + n * zp in this way.
// That is the same where zp = 0, and where no window has an even number of taps
// (no ties, and n * zp / n is whole). Otherwise the numbers m and s above go
// into the requantisation of a patch.mean (a window over the whole map) or of a
// depthwise convolution with weights of 1 (windows without padding, which all
// have n taps).
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::tosa_to_patch;

/// The window of a pooling op, after what it has in common with every other was
/// checked.
template <typename PoolOp>
static FailureOr<SlidingWindow> readWindow(PoolOp op,
                                           PatternRewriter &rewriter) {
  if (!isI8(op.getInput().getType()) || !isI8(op.getType()))
    return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
      diag << "only i8 is supported, not " << op.getInput().getType();
    });
  auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
  if (!type || !getMapType(type) || !getMapType(op.getType()))
    return rewriter.notifyMatchFailure(
        op, "a shape is dynamic, empty or too large");
  if (type.getDimSize(0) != 1)
    return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
      diag << "the batch is " << type.getDimSize(0) << ", not 1";
    });
  SlidingWindow window;
  window.kernel = toI32(op.getKernel());
  window.stride = toI32(op.getStride());
  window.pad = toI32(op.getPad());
  return window;
}

namespace {

struct ConvertMaxPool : OpRewritePattern<tosa::MaxPool2dOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::MaxPool2dOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<SlidingWindow> window = readWindow(op, rewriter);
    if (failed(window))
      return failure();
    auto type = cast<RankedTensorType>(op.getType());
    rewriter.replaceOpWithNewOp<patch::MaxPool2DOp>(
        op, type, skipSlice(op.getInput(), *window, type), window->kernel,
        window->stride, window->pad, /*min=*/-128, /*max=*/127);
    return success();
  }
};

/// Largest number of taps for which the comment at the top holds.
constexpr int64_t kMaxTaps = int64_t(1) << 20;

/// The multiplier and exponent by which TOSA divides by `taps`.
std::pair<int32_t, int32_t> getReciprocal(int64_t taps) {
  int64_t k = llvm::Log2_64_Ceil(taps);
  int64_t multiplier = (((int64_t(1) << 30) + 1) << k) / taps;
  return {static_cast<int32_t>(multiplier), static_cast<int32_t>(1 - k)};
}

/// True if some window has an even number of taps inside the input.
bool hasEvenWindow(const SlidingWindow &window, RankedTensorType input,
                   RankedTensorType output) {
  bool hasEven = false;
  for (unsigned axis = 0; axis < 2; ++axis)
    for (int64_t o = 0; o < output.getDimSize(1 + axis); ++o) {
      int64_t first = o * window.stride[axis] - window.pad[2 * axis];
      int64_t end = first + window.kernel[axis];
      int64_t taps = std::min(end, input.getDimSize(1 + axis)) -
                     std::max<int64_t>(first, 0);
      hasEven |= taps % 2 == 0;
    }
  return hasEven;
}

struct ConvertAvgPool : OpRewritePattern<tosa::AvgPool2dOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::AvgPool2dOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<SlidingWindow> window = readWindow(op, rewriter);
    if (failed(window))
      return failure();
    if (!op.getAccType().isInteger(32))
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "only sums in i32 are supported, not " << op.getAccType();
      });
    FailureOr<int64_t> inputZp = op.getInputZeroPoint();
    FailureOr<int64_t> outputZp = op.getOutputZeroPoint();
    if (failed(inputZp) || failed(outputZp))
      return rewriter.notifyMatchFailure(op, "a zero point is not a constant");
    int64_t taps = int64_t(window->kernel[0]) * window->kernel[1];
    if (taps > kMaxTaps)
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "the window has " << taps << " taps, more than " << kMaxTaps;
      });

    auto output = cast<RankedTensorType>(op.getType());
    Value source = skipSlice(op.getInput(), *window, output);
    auto input = cast<RankedTensorType>(source.getType());
    if (*inputZp == *outputZp &&
        (*inputZp == 0 || !hasEvenWindow(*window, input, output))) {
      rewriter.replaceOpWithNewOp<patch::AvgPool2DOp>(
          op, output, source, window->kernel, window->stride, window->pad,
          /*min=*/-128, /*max=*/127);
      return success();
    }

    if (llvm::any_of(window->pad, [](int32_t p) { return p != 0; }))
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "average pooling with padding, windows of an even number of "
                "taps "
                "and zero points "
             << *inputZp << " and " << *outputZp
             << " rounds ties as no layer does";
      });
    auto [multiplier, exponent] = getReciprocal(taps);
    auto zp = static_cast<int32_t>(*inputZp);
    RoundingSet roundings = agreeingRoundings(
        patch::Rounding::Single, multiplier, exponent, {taps * 255, 0});
    auto requant = patch::RequantAttr::get(
        getContext(), {multiplier}, {exponent}, static_cast<int32_t>(*outputZp),
        -128, 127, *roundings.best());
    if (window->kernel[0] == input.getDimSize(1) &&
        window->kernel[1] == input.getDimSize(2)) {
      rewriter.replaceOpWithNewOp<patch::MeanOp>(op, output, source, zp,
                                                 requant);
      return success();
    }
    int64_t channels = output.getDimSize(3);
    auto onesType = RankedTensorType::get(
        {window->kernel[0], window->kernel[1], channels}, rewriter.getI8Type());
    Value ones = arith::ConstantOp::create(
        rewriter, op.getLoc(),
        DenseElementsAttr::get(onesType, static_cast<int8_t>(1)));
    Value bias = createI32Constant(rewriter, op.getLoc(),
                                   SmallVector<int32_t>(channels, 0));
    rewriter.replaceOpWithNewOp<patch::DepthwiseConv2DOp>(
        op, output, source, ones, bias, window->stride, window->dilation,
        window->pad, zp, requant);
    return success();
  }
};

} // namespace

void tosa_to_patch::populatePoolingPatterns(RewritePatternSet &patterns) {
  patterns.add<ConvertMaxPool, ConvertAvgPool>(patterns.getContext());
}
