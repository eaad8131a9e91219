//===- TrimKernels.cpp - Rows and columns of zeros off kernels ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A tap whose weights are all zero adds nothing to any sum, inside the input or
// outside. Taken off the start of a kernel it takes a row (column) of padding
// with it, so that the other taps stay where they are; off the end it takes
// what padding nobody reads any more. Where the padding does not suffice the
// result would have another size: then the tap stays.
//
//===----------------------------------------------------------------------===//

#include "RewriteReceptiveField.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

namespace {
/// Weights as [outer, y, x, inner]: OHWI, or HWO with one outer.
struct Kernel {
  int64_t outer, size[2], inner;
  SmallVector<int8_t, 0> weights;

  int64_t index(int64_t o, int64_t y, int64_t x, int64_t i) const {
    return ((o * size[0] + y) * size[1] + x) * inner + i;
  }
  bool isZero(unsigned axis, int64_t line) const;
  void drop(unsigned axis, int64_t line);
};

/// A window along one axis.
struct AxisWindow {
  int64_t kernel, stride, padBefore, padAfter, input, output;

  /// True if the result has `output` lines, each of which reads the input; sets
  /// the padding behind the input to the least that gives them.
  bool fit() {
    padAfter = std::max<int64_t>(0, (output - 1) * stride + kernel - input -
                                        padBefore);
    int64_t room = input + padBefore + padAfter - kernel;
    return padBefore >= 0 && room / stride + 1 == output &&
           padBefore < kernel && (output - 1) * stride - padBefore < input;
  }
};
} // namespace

bool Kernel::isZero(unsigned axis, int64_t line) const {
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t k = 0; k < size[1 - axis]; ++k) {
      int64_t start = axis == 0 ? index(o, line, k, 0) : index(o, k, line, 0);
      if (llvm::any_of(ArrayRef(weights).slice(start, inner),
                       [](int8_t w) { return w != 0; }))
        return false;
    }
  return true;
}

void Kernel::drop(unsigned axis, int64_t line) {
  SmallVector<int8_t, 0> kept;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t y = 0; y < size[0]; ++y)
      for (int64_t x = 0; x < size[1]; ++x)
        if ((axis == 0 ? y : x) != line)
          llvm::append_range(kept,
                             ArrayRef(weights).slice(index(o, y, x, 0), inner));
  weights = std::move(kept);
  --size[axis];
}

namespace {
template <typename ConvOp>
struct TrimKernel : OpRewritePattern<ConvOp> {
  using OpRewritePattern<ConvOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvOp conv,
                                PatternRewriter &rewriter) const override {
    DenseElementsAttr elements;
    if (!matchPattern(conv.getWeights(), m_Constant(&elements)))
      return rewriter.notifyMatchFailure(conv, "weights are not constant");
    constexpr bool isDepthwise = std::is_same_v<ConvOp, DepthwiseConv2DOp>;
    ArrayRef<int64_t> shape = elements.getType().getShape();
    Kernel kernel;
    kernel.outer = isDepthwise ? 1 : shape[0];
    kernel.size[0] = shape[isDepthwise ? 0 : 1];
    kernel.size[1] = shape[isDepthwise ? 1 : 2];
    kernel.inner = shape.back();
    llvm::append_range(kernel.weights, elements.getValues<int8_t>());

    auto input = cast<RankedTensorType>(conv.getInput().getType());
    auto output = cast<RankedTensorType>(conv.getOutput().getType());
    SmallVector<int32_t> pad(conv.getPad());
    bool changed = false;
    for (unsigned axis = 0; axis < 2; ++axis) {
      // With pixels between the taps an output may miss a narrow input.
      if (conv.getDilation()[axis] != 1)
        continue;
      AxisWindow window{kernel.size[axis],
                        conv.getStride()[axis],
                        pad[2 * axis],
                        pad[2 * axis + 1],
                        input.getDimSize(1 + axis),
                        output.getDimSize(1 + axis)};
      auto trim = [&](bool first) {
        AxisWindow shorter = window;
        --shorter.kernel;
        shorter.padBefore -= first;
        int64_t line = first ? 0 : window.kernel - 1;
        if (shorter.kernel == 0 || !shorter.fit() || !kernel.isZero(axis, line))
          return false;
        kernel.drop(axis, line);
        window = shorter;
        return true;
      };
      bool trimmed = false;
      while (trim(/*first=*/true) || trim(/*first=*/false))
        trimmed = true;
      if (!trimmed)
        continue;
      changed = true;
      pad[2 * axis] = static_cast<int32_t>(window.padBefore);
      pad[2 * axis + 1] = static_cast<int32_t>(window.padAfter);
    }
    if (!changed)
      return rewriter.notifyMatchFailure(conv, "no line of zeros to trim");

    LayerCost before = LayerCost::get(conv);
    SmallVector<int64_t> newShape(shape);
    newShape[isDepthwise ? 0 : 1] = kernel.size[0];
    newShape[isDepthwise ? 1 : 2] = kernel.size[1];
    auto type = RankedTensorType::get(newShape, rewriter.getI8Type());
    Value weights = arith::ConstantOp::create(
        rewriter, conv.getLoc(),
        DenseElementsAttr::get(type, ArrayRef<int8_t>(kernel.weights)));
    rewriter.modifyOpInPlace(conv, [&] {
      conv.getWeightsMutable().set(weights);
      conv.setPad(pad);
    });
    remarkSaving(conv, "TrimmedKernel", before);
    return success();
  }
};
} // namespace

void patch::populateTrimKernelPatterns(RewritePatternSet &patterns) {
  patterns.add<TrimKernel<Conv2DOp>, TrimKernel<DepthwiseConv2DOp>>(
      patterns.getContext());
}
