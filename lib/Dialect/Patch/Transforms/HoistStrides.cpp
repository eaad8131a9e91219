//===- HoistStrides.cpp - Strides of 1x1 convolutions to the layer before -===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A 1x1 convolution with stride s reads every s-th row and column. If it is the
// only reader of a layer with a sliding window, that layer makes just these:
// its stride becomes s times as large, the convolution's 1.
//
//     conv 3x3 stride 1: 8x8 -> 8x8, conv 1x1 stride 2: 8x8 -> 4x4
//     conv 3x3 stride 2: 8x8 -> 4x4, conv 1x1 stride 1: 4x4 -> 4x4
//
//===----------------------------------------------------------------------===//

#include "RewriteReceptiveField.h"
#include "SlidingWindow.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

std::optional<SlidingWindow> SlidingWindow::get(Operation *op, unsigned axis) {
  if (!isa<Conv2DOp, DepthwiseConv2DOp, AvgPool2DOp, MaxPool2DOp>(op))
    return std::nullopt;
  planning::WindowMap map =
      cast<WindowOpInterface>(op).getWindowMap(/*activation=*/0, axis);
  SlidingWindow window;
  window.stride = map.stride;
  window.reach = int64_t(map.kernel - 1) * map.dilation + 1;
  window.padBefore = map.padBefore;
  return window;
}

namespace {
template <typename ConvOp>
struct HoistStride : OpRewritePattern<ConvOp> {
  using OpRewritePattern<ConvOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvOp conv,
                                PatternRewriter &rewriter) const override {
    Operation *producer = conv.getInput().getDefiningOp();
    if (!producer || !conv.getInput().hasOneUse())
      return rewriter.notifyMatchFailure(conv, "the input has other readers");
    SmallVector<int32_t> stride, pad;
    auto type = cast<RankedTensorType>(conv.getInput().getType());
    SmallVector<int64_t> shape(type.getShape());
    bool isStrided = false;
    for (unsigned axis = 0; axis < 2; ++axis) {
      SlidingWindow reader = *SlidingWindow::get(conv, axis);
      std::optional<SlidingWindow> maker = SlidingWindow::get(producer, axis);
      if (!maker)
        return rewriter.notifyMatchFailure(conv, "the input's maker does not "
                                                 "slide a window");
      if (reader.reach != 1)
        return rewriter.notifyMatchFailure(conv, "the kernel is not 1x1");
      isStrided |= reader.stride != 1;
      maker->stride *= reader.stride;
      if (maker->stride > (1 << 20))
        return rewriter.notifyMatchFailure(conv, "the stride is too large");
      int64_t input = cast<RankedTensorType>(producer->getOperand(0).getType())
                          .getDimSize(1 + axis);
      int64_t output = cast<RankedTensorType>(conv.getOutput().getType())
                           .getDimSize(1 + axis);
      shape[1 + axis] = output;
      stride.push_back(static_cast<int32_t>(maker->stride));
      pad.push_back(static_cast<int32_t>(maker->padBefore));
      pad.push_back(static_cast<int32_t>(maker->padAfter(input, output)));
    }
    if (!isStrided)
      return rewriter.notifyMatchFailure(conv, "the stride is 1");

    LayerCost before = LayerCost::get(producer);
    rewriter.modifyOpInPlace(producer, [&] {
      producer->setAttr("stride", rewriter.getDenseI32ArrayAttr(stride));
      producer->setAttr("pad", rewriter.getDenseI32ArrayAttr(pad));
      producer->getResult(0).setType(type.clone(shape));
    });
    rewriter.modifyOpInPlace(conv, [&] {
      conv.setStride({1, 1});
      conv.setPad({0, 0, 0, 0});
    });
    remarkSaving(producer, "HoistedStride", before);
    return success();
  }
};
} // namespace

void patch::populateHoistStridePatterns(RewritePatternSet &patterns) {
  patterns.add<HoistStride<Conv2DOp>, HoistStride<DepthwiseConv2DOp>>(
      patterns.getContext());
}
