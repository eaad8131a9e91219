//===- Shapes.cpp - Padding, reshapes and other data movement -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reshapes move nothing. Views of other ranks that the patterns make around
// their layers compose with each other and vanish where the shapes meet.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::tosa_to_patch;

namespace {

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

struct ConvertReshape : OpRewritePattern<tosa::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto from = dyn_cast<RankedTensorType>(op.getInput1().getType());
    auto to = dyn_cast<RankedTensorType>(op.getType());
    if (!from || !to || !from.hasStaticShape() || !to.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "a shape is dynamic");
    // Sums in i32 belong to the layer whose rescale reads them.
    if (!from.getElementType().isInteger(8) && !from.getElementType().isF32())
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "only 8-bit and f32 data can be seen under another shape, not "
             << from;
      });
    rewriter.replaceOp(op, viewAs(rewriter, op.getLoc(), op.getInput1(), to));
    return success();
  }
};

/// A view of a view is a view; a view under the same shape is the thing itself.
struct ComposeReshapes : OpRewritePattern<patch::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(patch::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getType());
    Value source = op.getInput();
    if (auto inner = source.getDefiningOp<patch::ReshapeOp>())
      source = inner.getInput();
    else if (source.getType() != type)
      return rewriter.notifyMatchFailure(op, "a single change of shape");
    rewriter.replaceOp(op, viewAs(rewriter, op.getLoc(), source, type));
    return success();
  }
};

/// rescale(reshape(x)) = reshape(rescale(x)) brings a rescale to the sums that
/// it reads. Per channel only if the reshape keeps the channels.
struct RescaleBeforeReshape : OpRewritePattern<tosa::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto from = dyn_cast<RankedTensorType>(op.getInput1().getType());
    auto to = dyn_cast<RankedTensorType>(op.getType());
    if (!isI32(op.getType()) || !op->hasOneUse() || !from || !to ||
        from.getRank() == 0 || to.getRank() == 0)
      return failure();
    auto rescale = dyn_cast<tosa::RescaleOp>(*op->user_begin());
    if (!rescale || (rescale.getPerChannel() &&
                     from.getShape().back() != to.getShape().back()))
      return failure();
    Type element = getElementTypeOrSelf(rescale.getType());
    // The rescale's constants may stand behind the reshape.
    rewriter.setInsertionPoint(rescale);
    IRMapping mapping;
    mapping.map(op.getResult(), op.getInput1());
    Operation *early = rewriter.clone(*rescale, mapping);
    rewriter.modifyOpInPlace(
        early, [&] { early->getResult(0).setType(from.clone(element)); });
    rewriter.replaceOpWithNewOp<tosa::ReshapeOp>(
        rescale, rescale.getType(), early->getResult(0), op.getShape());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Pad and slice
//===----------------------------------------------------------------------===//

struct ConvertPad : OpRewritePattern<tosa::PadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::PadOp op,
                                PatternRewriter &rewriter) const override {
    auto from = dyn_cast<RankedTensorType>(op.getInput1().getType());
    auto to = dyn_cast<RankedTensorType>(op.getType());
    if (!from || !to || !isI8(from) || !getMapType(from) || !getMapType(to))
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "only static tensors of i8 can be padded, not "
             << op.getInput1().getType();
      });
    FailureOr<SmallVector<int64_t>> padding = getShape(op.getPadding());
    FailureOr<SmallVector<int64_t>> value = getIntegers(op.getPadConst());
    int64_t rank = from.getRank();
    if (failed(padding) || failed(value) ||
        static_cast<int64_t>(padding->size()) != 2 * rank)
      return rewriter.notifyMatchFailure(
          op, "the padding or its value is not a constant");
    if (llvm::all_of(*padding, [](int64_t p) { return p == 0; })) {
      rewriter.replaceOp(op, op.getInput1());
      return success();
    }
    // Rank 2 is a column of pixels, rank 3 a map without a batch.
    SmallVector<int32_t> pad(4, 0);
    int64_t heightDim = rank >= 3 ? rank - 3 : 0;
    for (int64_t dim = 0; dim < rank; ++dim)
      for (unsigned end = 0; end < 2; ++end) {
        int64_t amount = (*padding)[2 * dim + end];
        bool isHeight = rank >= 2 && dim == heightDim;
        bool isWidth = rank >= 3 && dim == rank - 2;
        if (amount < 0 || (amount != 0 && !isHeight && !isWidth) || rank > 4 ||
            (rank == 4 && from.getDimSize(0) != 1))
          return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
            diag << "padding of " << amount << " in dimension " << dim << " of "
                 << from << " does not lie along the height or width of a map";
          });
        if (isHeight || isWidth)
          pad[(isHeight ? 0 : 2) + end] = static_cast<int32_t>(amount);
      }
    Location loc = op.getLoc();
    auto layer = patch::PadOp::create(
        rewriter, loc, getMapType(to),
        viewAs(rewriter, loc, op.getInput1(), getMapType(from)), pad,
        static_cast<int32_t>(value->front()));
    rewriter.replaceOp(op, viewAs(rewriter, loc, layer.getOutput(), to));
    return success();
  }
};

/// Slices disappear into the layers behind them (skipSlice) or not at all.
struct ExplainSlice : OpRewritePattern<tosa::SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::SliceOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getInput1().getType() == op.getType()) {
      rewriter.replaceOp(op, op.getInput1());
      return success();
    }
    return rewriter.notifyMatchFailure(
        op, "a slice is only understood where it cuts rows and columns at the "
            "end that the convolution or pooling behind it leaves unread");
  }
};

//===----------------------------------------------------------------------===//
// Constants and identities
//===----------------------------------------------------------------------===//

struct EraseIdentity : OpRewritePattern<tosa::IdentityOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::IdentityOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getInput1().getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "the types differ");
    rewriter.replaceOp(op, op.getInput1());
    return success();
  }
};

/// Constants that an op outside TOSA reads become `arith.constant` for it.
struct ConvertConst : OpRewritePattern<tosa::ConstOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::ConstOp op,
                                PatternRewriter &rewriter) const override {
    auto isForeign = [](OpOperand &use) {
      return !isa<tosa::TosaDialect>(use.getOwner()->getDialect());
    };
    if (llvm::none_of(op.getResult().getUses(), isForeign))
      return rewriter.notifyMatchFailure(op, "only TOSA ops read it");
    Value constant =
        arith::ConstantOp::create(rewriter, op.getLoc(), op.getValues());
    rewriter.replaceUsesWithIf(op.getResult(), constant, isForeign);
    return success();
  }
};

} // namespace

void tosa_to_patch::populateShapePatterns(RewritePatternSet &patterns) {
  patterns.add<ConvertReshape, ComposeReshapes, RescaleBeforeReshape,
               ConvertPad, ExplainSlice, EraseIdentity, ConvertConst>(
      patterns.getContext());
}
