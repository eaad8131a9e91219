//===- PatchCanonicalization.cpp - Folders and canonicalisers -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A pad whose value is the zero point of the convolution that reads it adds
// nothing to any sum: it becomes padding of that convolution, which skips the
// taps it falls on. It never folds into pooling, whose divisor counts taps. A
// pad that is wider than the kernel's reach stays, as some outputs would read
// no tap at all.
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace tessera::patch;

//===----------------------------------------------------------------------===//
// Folders
//===----------------------------------------------------------------------===//

OpFoldResult PadOp::fold(FoldAdaptor) {
  if (getInput().getType() == getOutput().getType())
    return getInput();
  return {};
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getOutput().getType())
    return getInput();
  if (auto producer = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().set(producer.getInput());
    return getOutput();
  }
  if (auto data = dyn_cast_if_present<DenseElementsAttr>(adaptor.getInput()))
    return data.reshape(cast<ShapedType>(getOutput().getType()));
  return {};
}

//===----------------------------------------------------------------------===//
// Padding into convolutions
//===----------------------------------------------------------------------===//

namespace {
template <typename ConvOp>
struct FoldPadIntoConv : OpRewritePattern<ConvOp> {
  using OpRewritePattern<ConvOp>::OpRewritePattern;

  /// The kernel's taps along y (axis 0) or x (axis 1).
  static int64_t kernelSize(ConvOp conv, unsigned axis) {
    // Weights are OHWI or HWO.
    unsigned first = isa<Conv2DOp>(conv.getOperation()) ? 1 : 0;
    return cast<RankedTensorType>(conv.getWeights().getType())
        .getDimSize(first + axis);
  }

  LogicalResult matchAndRewrite(ConvOp conv,
                                PatternRewriter &rewriter) const override {
    auto pad = conv.getInput().template getDefiningOp<PadOp>();
    if (!pad)
      return rewriter.notifyMatchFailure(conv, "the input is not a pad");
    if (pad.getValue() != conv.getInputZp())
      return rewriter.notifyMatchFailure(
          conv, "the pad's value is not the input's zero point");
    SmallVector<int32_t> total(conv.getPad());
    for (unsigned side = 0; side < 4; ++side) {
      total[side] += pad.getPad()[side];
      if (total[side] > (1 << 20))
        return rewriter.notifyMatchFailure(conv, "the pads are too large");
    }
    auto input = cast<RankedTensorType>(pad.getInput().getType());
    auto output = cast<RankedTensorType>(conv.getOutput().getType());
    for (unsigned axis = 0; axis < 2; ++axis) {
      int64_t size = input.getDimSize(1 + axis);
      int64_t last =
          (output.getDimSize(1 + axis) - 1) * conv.getStride()[axis] -
          total[2 * axis];
      // With dilation 1 every output then reads a tap; with more than one pixel
      // between taps be content with an input no narrower than that.
      int64_t dilation = conv.getDilation()[axis];
      if (total[2 * axis] > (kernelSize(conv, axis) - 1) * dilation ||
          last >= size || dilation > size)
        return rewriter.notifyMatchFailure(conv,
                                           "an output would read only padding");
    }
    rewriter.modifyOpInPlace(conv, [&] {
      conv.getInputMutable().set(pad.getInput());
      conv.setPad(total);
    });
    return success();
  }
};
} // namespace

void Conv2DOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<FoldPadIntoConv<Conv2DOp>>(context);
}

void DepthwiseConv2DOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                    MLIRContext *context) {
  patterns.add<FoldPadIntoConv<DepthwiseConv2DOp>>(context);
}
