//===- PointwiseBeforeResize.cpp - Compute before pixels are repeated -----===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A layer that works pixel by pixel makes equal pixels of equal pixels. After a
// resize that repeats pixels it is moved before it:
//
//     resize 4x4x8 -> 8x8x8, conv 1x1 -> 8x8x16: 64 pixels computed
//     conv 1x1 4x4x8 -> 4x4x16, resize -> 8x8x16: 16 pixels computed
//
//===----------------------------------------------------------------------===//

#include "ChannelRanges.h"
#include "RewriteReceptiveField.h"
#include "SlidingWindow.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

/// True if pixel (y, x) of the result is made of pixel (y, x) of the input
/// alone.
static bool isPointwise(Operation *layer) {
  if (isa<RequantizeOp, LookupOp>(layer))
    return true;
  if (!isa<Conv2DOp, DepthwiseConv2DOp>(layer))
    return false;
  auto input = cast<RankedTensorType>(layer->getOperand(0).getType());
  auto output = cast<RankedTensorType>(layer->getResult(0).getType());
  for (unsigned axis = 0; axis < 2; ++axis) {
    SlidingWindow window = *SlidingWindow::get(layer, axis);
    if (window.reach != 1 || window.stride != 1 || window.padBefore != 0 ||
        input.getDimSize(1 + axis) != output.getDimSize(1 + axis))
      return false;
  }
  return true;
}

namespace {
struct PointwiseBeforeResize : OpInterfaceRewritePattern<WindowOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(WindowOpInterface layer,
                                PatternRewriter &rewriter) const override {
    if (!isPointwise(layer))
      return rewriter.notifyMatchFailure(layer, "does not work pixel by pixel");
    auto resize = layer->getOperand(0).getDefiningOp<ResizeNearestOp>();
    if (!resize || !resize.getOutput().hasOneUse())
      return rewriter.notifyMatchFailure(
          layer, "the input is not a resize of its own");
    auto small = cast<RankedTensorType>(resize.getInput().getType());
    auto output = cast<RankedTensorType>(layer->getResult(0).getType());
    if (!isInt8(layer->getResult(0)) ||
        small.getDimSize(1) * small.getDimSize(2) >=
            output.getDimSize(1) * output.getDimSize(2))
      return rewriter.notifyMatchFailure(layer, "the resize repeats no pixels");

    LayerCost before = LayerCost::get(layer);
    before.mapBytes += LayerCost::get(resize).mapBytes;
    IRMapping mapping;
    mapping.map(resize.getOutput(), resize.getInput());
    Operation *moved = rewriter.clone(*layer, mapping);
    moved->getResult(0).setType(output.clone(ArrayRef<int64_t>{
        1, small.getDimSize(1), small.getDimSize(2), output.getDimSize(3)}));
    mapping.map(resize.getInput(), moved->getResult(0));
    Operation *last = rewriter.clone(*resize, mapping);
    last->getResult(0).setType(output);
    LayerCost after = LayerCost::get(moved);
    after.mapBytes += LayerCost::get(last).mapBytes;
    remarkSaving(moved, "HoistedPointwise", before, after);
    rewriter.replaceOp(layer, last->getResults());
    rewriter.eraseOp(resize);
    return success();
  }
};
} // namespace

void patch::populatePointwiseBeforeResizePatterns(RewritePatternSet &patterns) {
  patterns.add<PointwiseBeforeResize>(patterns.getContext());
}
