//===- Elementwise.cpp - Rescales, clamps and additions -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A rescale from i8 to i8 is a `patch.requantize`, a clamp is one that changes
// nothing but its bounds, and such a one melts into the layer before it.
//
// A quantised addition is tosa.rescale(tosa.add(a, b)) with a and b scaled to
// i32, in one step or in two: first an exact shift to the left, then a
// multiplier. `patch.add` has one shift for both operands and one rounding mode
// for all three scalings; where the operands come with different shifts, the
// smaller one is made larger and its exponent smaller.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include <algorithm>
#include <cstdlib>

using namespace mlir;
using namespace tessera;
using namespace tessera::tosa_to_patch;

/// With multiplier 2^30, exponent 1 scales by one exactly.
static constexpr int32_t kOneMultiplier = 1 << 30;
static constexpr int32_t kOneExponent = 1;

/// The values of i8 data less a zero point.
static ScaledValues i8Values(int32_t zeroPoint) {
  return {std::max(std::abs(-128 - zeroPoint), std::abs(127 - zeroPoint)), 0};
}

//===----------------------------------------------------------------------===//
// Rescale
//===----------------------------------------------------------------------===//

namespace {

struct ConvertRescale : OpRewritePattern<tosa::RescaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::RescaleOp op,
                                PatternRewriter &rewriter) const override {
    if (!isI8(op.getInput().getType()) || !isI8(op.getType()))
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "a rescale from " << op.getInput().getType() << " to "
             << op.getType() << " is only understood next to a layer";
      });
    RankedTensorType map = getMapType(op.getType());
    if (!map)
      return rewriter.notifyMatchFailure(
          op, "the shape is dynamic, empty or too large");
    FailureOr<Scaling> scaling = readScaling(op, op, rewriter);
    if (failed(scaling))
      return failure();
    if (scaling->isPerChannel())
      return rewriter.notifyMatchFailure(
          op, "a rescale of i8 per channel is not supported");
    FailureOr<patch::RequantAttr> requant =
        getRequant(*scaling, i8Values(scaling->inputZp),
                   RoundingSet{true, true, true}, op, rewriter);
    if (failed(requant))
      return failure();
    auto layer = patch::RequantizeOp::create(
        rewriter, op.getLoc(), map,
        viewAs(rewriter, op.getLoc(), op.getInput(), map), scaling->inputZp,
        *requant);
    rewriter.replaceOp(op, viewAs(rewriter, op.getLoc(), layer.getOutput(),
                                  cast<RankedTensorType>(op.getType())));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Clamp
//===----------------------------------------------------------------------===//

struct ConvertClamp : OpRewritePattern<tosa::ClampOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::ClampOp op,
                                PatternRewriter &rewriter) const override {
    if (!isI8(op.getInput().getType()))
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "only i8 can be clamped, not " << op.getInput().getType();
      });
    RankedTensorType map = getMapType(op.getType());
    if (!map)
      return rewriter.notifyMatchFailure(
          op, "the shape is dynamic, empty or too large");
    int64_t min = cast<IntegerAttr>(op.getMinVal()).getValue().getSExtValue();
    int64_t max = cast<IntegerAttr>(op.getMaxVal()).getValue().getSExtValue();
    auto requant = patch::RequantAttr::get(
        getContext(), {kOneMultiplier}, {kOneExponent}, /*zeroPoint=*/0,
        static_cast<int32_t>(min), static_cast<int32_t>(max),
        patch::Rounding::TFLite);
    auto layer = patch::RequantizeOp::create(
        rewriter, op.getLoc(), map,
        viewAs(rewriter, op.getLoc(), op.getInput(), map), /*input_zp=*/0,
        requant);
    rewriter.replaceOp(op, viewAs(rewriter, op.getLoc(), layer.getOutput(),
                                  cast<RankedTensorType>(op.getType())));
    return success();
  }
};

/// A requantisation that only clamps melts into the layer that makes its input,
/// seen through one reshape, if nothing else reads that.
struct FoldClampIntoLayer : OpRewritePattern<patch::RequantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(patch::RequantizeOp op,
                                PatternRewriter &rewriter) const override {
    patch::RequantAttr clamp = op.getRequant();
    if (op.getInput().getType() != op.getOutput().getType() ||
        clamp.getMultiplier().front() != kOneMultiplier ||
        clamp.getExponent().front() != kOneExponent ||
        clamp.getZeroPoint() != static_cast<int32_t>(op.getInputZp()))
      return rewriter.notifyMatchFailure(op, "changes more than the bounds");
    Value input = op.getInput();
    Value result = input;
    if (auto reshape = input.getDefiningOp<patch::ReshapeOp>();
        reshape && input.hasOneUse())
      result = reshape.getInput();
    Operation *layer = result.getDefiningOp();
    if (!layer || !result.hasOneUse() || !isI8(result.getType()))
      return rewriter.notifyMatchFailure(
          op, "the input is no layer's result, or is read elsewhere too");

    // clamp(clamp(x, a, b), c, d) = clamp(x, clamp(a, c, d), clamp(b, c, d)).
    auto bound = [&](int32_t value) {
      return std::clamp(value, clamp.getMin(), clamp.getMax());
    };
    if (auto requant = layer->getAttrOfType<patch::RequantAttr>("requant")) {
      auto tighter = patch::RequantAttr::get(
          getContext(), requant.getMultiplier(), requant.getExponent(),
          requant.getZeroPoint(), bound(requant.getMin()),
          bound(requant.getMax()), requant.getRounding());
      rewriter.modifyOpInPlace(layer,
                               [&] { layer->setAttr("requant", tighter); });
    } else if (isa<patch::AvgPool2DOp, patch::MaxPool2DOp>(layer)) {
      auto tighten = [&](StringRef name) {
        auto old = layer->getAttrOfType<IntegerAttr>(name);
        int32_t value = bound(static_cast<int32_t>(old.getInt()));
        layer->setAttr(name, rewriter.getI32IntegerAttr(value));
      };
      rewriter.modifyOpInPlace(layer, [&] {
        tighten("min");
        tighten("max");
      });
    } else {
      return rewriter.notifyMatchFailure(
          op, "the layer that makes the input has no bounds");
    }
    rewriter.replaceOp(op, input);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Add
//===----------------------------------------------------------------------===//

/// An operand of an addition: scale((value - zp) << leftShift, multiplier,
/// exponent), rounded as `meaning` says.
struct AddOperand {
  Value value;
  int32_t zp = 0;
  int32_t leftShift = 0;
  int32_t multiplier = kOneMultiplier;
  int32_t exponent = kOneExponent;
  patch::Rounding meaning = patch::Rounding::Single;

  ScaledValues values() const {
    return {i8Values(zp).maxMagnitude << leftShift, leftShift};
  }
  RoundingSet roundings() const {
    return agreeingRoundings(meaning, multiplier, exponent, values());
  }

  /// Raises the shift to `target` and says which roundings then still give what
  /// was meant. Of TOSA's two only single rounding moves along: the second term
  /// of DOUBLE_ROUND is a fixed 2^30.
  RoundingSet raiseShift(int32_t target) {
    RoundingSet before = roundings();
    if (target == leftShift)
      return before;
    exponent -= target - leftShift;
    leftShift = target;
    if (exponent < -31 || !before.single)
      return {};
    meaning = patch::Rounding::Single;
    return roundings();
  }
};

/// The exponent k if the scaling is an exact multiplication by 2^k, k in
/// [0, 22], of data without an offset behind it; i8 data then fits 32 bits.
std::optional<int32_t> getExactShift(const Scaling &scaling) {
  if (scaling.isPerChannel() || scaling.outputZp != 0 ||
      scaling.multipliers.front() <= 0)
    return std::nullopt;
  auto multiplier = static_cast<uint32_t>(scaling.multipliers.front());
  if (!llvm::isPowerOf2_32(multiplier))
    return std::nullopt;
  int32_t shift = static_cast<int32_t>(llvm::Log2_32(multiplier)) - 31 +
                  scaling.exponents.front();
  if (shift < 0 || shift > 22)
    return std::nullopt;
  return shift;
}

struct ConvertAdd : OpRewritePattern<tosa::AddOp> {
  using OpRewritePattern::OpRewritePattern;

  /// Follows an i32 operand of `add` back to the i8 data it is made from.
  static FailureOr<AddOperand> readOperand(tosa::AddOp add, Value sum,
                                           PatternRewriter &rewriter) {
    AddOperand operand;
    if (auto cast = sum.getDefiningOp<tosa::CastOp>();
        cast && isI8(cast.getInput().getType())) {
      operand.value = cast.getInput();
      return operand;
    }
    auto rescale = sum.getDefiningOp<tosa::RescaleOp>();
    if (!rescale)
      return rewriter.notifyMatchFailure(
          add, "an operand is made neither by tosa.rescale nor by tosa.cast "
               "from i8");
    FailureOr<Scaling> scaling = readScaling(rescale, add, rewriter);
    if (failed(scaling))
      return failure();
    if (scaling->isPerChannel() || scaling->outputZp != 0)
      return rewriter.notifyMatchFailure(
          add, "an operand is scaled per channel or has an offset");
    operand.multiplier = scaling->multipliers.front();
    operand.exponent = scaling->exponents.front();
    operand.meaning = scaling->meaning;
    operand.zp = scaling->inputZp;
    operand.value = rescale.getInput();
    if (isI8(operand.value.getType()))
      return operand;

    auto shiftLeft = operand.value.getDefiningOp<tosa::RescaleOp>();
    if (!shiftLeft || !isI8(shiftLeft.getInput().getType()) ||
        scaling->inputZp != 0)
      return rewriter.notifyMatchFailure(
          add, "an operand is not scaled from i8 in one or two steps");
    FailureOr<Scaling> shiftScaling = readScaling(shiftLeft, add, rewriter);
    if (failed(shiftScaling))
      return failure();
    std::optional<int32_t> exact = getExactShift(*shiftScaling);
    if (!exact)
      return rewriter.notifyMatchFailure(
          add, "the first of two rescales of an operand is not an exact shift "
               "to the left");
    operand.value = shiftLeft.getInput();
    operand.zp = shiftScaling->inputZp;
    operand.leftShift = *exact;
    return operand;
  }

  LogicalResult matchAndRewrite(tosa::AddOp op,
                                PatternRewriter &rewriter) const override {
    if (!isI32(op.getType()))
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "only sums in i32 are supported, not " << op.getType();
      });
    if (op.getInput1().getType() != op.getInput2().getType())
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "broadcasting is not supported: " << op.getInput1().getType()
             << " and " << op.getInput2().getType();
      });
    RankedTensorType type = getMapType(op.getType());
    if (!type)
      return rewriter.notifyMatchFailure(
          op, "the shape is dynamic, empty or too large");
    FailureOr<AddOperand> lhs = readOperand(op, op.getInput1(), rewriter);
    if (failed(lhs))
      return failure();
    FailureOr<AddOperand> rhs = readOperand(op, op.getInput2(), rewriter);
    if (failed(rhs))
      return failure();
    FailureOr<Accumulator> accumulator = followAccumulator(op, rewriter);
    if (failed(accumulator))
      return failure();
    if (!accumulator->bias.empty())
      return rewriter.notifyMatchFailure(
          op, "a second addition follows before the rescale");
    FailureOr<Scaling> scaling =
        readScaling(accumulator->rescale, op, rewriter);
    if (failed(scaling))
      return failure();
    if (scaling->isPerChannel())
      return rewriter.notifyMatchFailure(op, "the sum is scaled per channel");

    int32_t leftShift = std::max(lhs->leftShift, rhs->leftShift);
    RoundingSet allowed =
        lhs->raiseShift(leftShift) & rhs->raiseShift(leftShift);
    FailureOr<patch::RequantAttr> requant =
        getRequant(*scaling, ScaledValues{}, allowed, op, rewriter);
    if (failed(requant))
      return failure();

    Location loc = op.getLoc();
    type = type.clone(rewriter.getI8Type());
    auto layer = patch::AddOp::create(
        rewriter, loc, type, viewAs(rewriter, loc, lhs->value, type),
        viewAs(rewriter, loc, rhs->value, type), leftShift, lhs->zp,
        lhs->multiplier, lhs->exponent, rhs->zp, rhs->multiplier, rhs->exponent,
        *requant);
    tosa::RescaleOp rescale = accumulator->rescale;
    rewriter.replaceOp(rescale,
                       viewAs(rewriter, loc, layer.getOutput(),
                              cast<RankedTensorType>(rescale.getType())));
    return success();
  }
};

} // namespace

void tosa_to_patch::populateElementwisePatterns(RewritePatternSet &patterns) {
  patterns.add<ConvertRescale, ConvertClamp, FoldClampIntoLayer, ConvertAdd>(
      patterns.getContext());
}
