//===- ChannelRanges.cpp - What values a channel can have -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Intervals, forward through the layers. All requantisations are monotone in
// the sum as long as nothing wraps, so that the range of a result is that of
// the two ends of the range of the sum, computed by the very function that the
// kernels' tests are held against. TOSA's DOUBLE_ROUND is not monotone for a
// negative multiplier (its nudge follows the sign of the value): then nothing
// is concluded.
//
// A 32-bit sum is a sum modulo 2^32 in any order, so that only the whole sum
// has to lie within 32 bits, not each partial one.
//
//===----------------------------------------------------------------------===//

#include "ChannelRanges.h"

#include "Scale.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

static constexpr ChannelRange kInt8{-128, 127};

//===----------------------------------------------------------------------===//
// Requantisation of ranges
//===----------------------------------------------------------------------===//

static bool fitsInt32(int64_t lo, int64_t hi) {
  return lo >= INT32_MIN && hi <= INT32_MAX;
}

/// The range of scale(v) for v in `values`; none if something may wrap.
static std::optional<ChannelRange> scaleRange(ChannelRange values,
                                              Rounding rounding,
                                              int32_t multiplier,
                                              int32_t exponent) {
  if (!fitsInt32(values.lo, values.hi))
    return std::nullopt;
  if (rounding == Rounding::TFLite) {
    int64_t factor = int64_t(1) << std::max(exponent, 0);
    if (!fitsInt32(values.lo * factor, values.hi * factor))
      return std::nullopt;
  } else {
    if (rounding == Rounding::Double && multiplier < 0)
      return std::nullopt;
    // The result must fit into 32 bits with room for the nudges.
    int shift = 31 - exponent;
    int64_t largest = std::max(std::abs(values.lo), std::abs(values.hi));
    __int128 product = __int128(largest) * std::abs(int64_t(multiplier));
    if (product + (int64_t(1) << 31) >= (__int128(1) << (30 + shift)))
      return std::nullopt;
  }
  auto scale = [&](int64_t value) -> int64_t {
    return kernels::scaleValue(rounding, static_cast<int32_t>(value),
                               multiplier, exponent);
  };
  int64_t a = scale(values.lo), b = scale(values.hi);
  return ChannelRange{std::min(a, b), std::max(a, b)};
}

/// The range of clamp(scale(sum) + zero point); the clamp's if something may
/// wrap. `entry` is that of the multiplier.
static ChannelRange requantize(RequantAttr requant, size_t entry,
                               ChannelRange sum) {
  ChannelRange clamp{requant.getMin(), requant.getMax()};
  if (clamp.lo < kInt8.lo || clamp.hi > kInt8.hi)
    return kInt8;
  std::optional<ChannelRange> scaled =
      scaleRange(sum, requant.getRounding(), requant.getMultiplier()[entry],
                 requant.getExponent()[entry]);
  int64_t zeroPoint = requant.getZeroPoint();
  if (!scaled || !fitsInt32(scaled->lo + zeroPoint, scaled->hi + zeroPoint))
    return clamp;
  return {std::clamp(scaled->lo + zeroPoint, clamp.lo, clamp.hi),
          std::clamp(scaled->hi + zeroPoint, clamp.lo, clamp.hi)};
}

//===----------------------------------------------------------------------===//
// Layer by layer
//===----------------------------------------------------------------------===//

SmallVector<ChannelRange, 0>
ChannelRanges::visitWeighted(const WeightedLayer &layer) {
  ArrayRef<ChannelRange> input = ranges[layer.op->getOperand(0)];
  SmallVector<ChannelRange, 0> result;
  SmallVector<int32_t, 0> &least = sums[layer.op];
  for (int64_t o = 0; o < layer.outputChannels; ++o) {
    ChannelRange sum{layer.bias[o], layer.bias[o]};
    int64_t first = layer.isDepthwise() ? o / layer.multiplier : 0;
    int64_t end = layer.isDepthwise() ? first + 1 : layer.inputChannels;
    for (int64_t tap = 0; tap < layer.taps; ++tap) {
      for (int64_t i = first; i < end; ++i) {
        int64_t w = layer.weight(o, tap, i);
        int64_t a = w * (input[i].lo - layer.inputZp);
        int64_t b = w * (input[i].hi - layer.inputZp);
        int64_t outside = layer.isPadded ? 0 : a;
        sum.lo += std::min({a, b, outside});
        sum.hi += std::max({a, b, outside});
      }
    }
    size_t entry = layer.requant.getMultiplier().size() == 1 ? 0 : o;
    result.push_back(requantize(layer.requant, entry, sum));
    // Read only of constant channels; a sum that may wrap is no such sum unless
    // the clamp itself is one value, where every sum serves.
    least.push_back(fitsInt32(sum.lo, sum.hi) ? static_cast<int32_t>(sum.lo)
                                              : 0);
  }
  return result;
}

static ChannelRange clampRange(ChannelRange range, int64_t min, int64_t max) {
  if (min < kInt8.lo || max > kInt8.hi)
    return kInt8;
  return {std::clamp(range.lo, min, max), std::clamp(range.hi, min, max)};
}

static ChannelRange addRange(AddOp add, ChannelRange lhs, ChannelRange rhs) {
  Rounding rounding = add.getRequant().getRounding();
  auto scaled = [&](ChannelRange range, int32_t zp, int32_t multiplier,
                    int32_t exponent) {
    int64_t factor = int64_t(1) << add.getLeftShift();
    return scaleRange({(range.lo - zp) * factor, (range.hi - zp) * factor},
                      rounding, multiplier, exponent);
  };
  std::optional<ChannelRange> a =
      scaled(lhs, add.getLhsZp(), add.getLhsMultiplier(), add.getLhsExponent());
  std::optional<ChannelRange> b =
      scaled(rhs, add.getRhsZp(), add.getRhsMultiplier(), add.getRhsExponent());
  if (!a || !b)
    return clampRange(kInt8, add.getRequant().getMin(),
                      add.getRequant().getMax());
  return requantize(add.getRequant(), 0, {a->lo + b->lo, a->hi + b->hi});
}

void ChannelRanges::visit(Operation &op) {
  for (Value result : op.getResults())
    if (isa<RankedTensorType>(result.getType()))
      ranges[result].assign(getNumChannels(result), kInt8);
  if (std::optional<WeightedLayer> layer = WeightedLayer::get(&op)) {
    ranges[op.getResult(0)] = visitWeighted(*layer);
    layers.try_emplace(&op, std::move(*layer));
    return;
  }
  if (op.getNumOperands() == 0 || op.getNumResults() != 1 ||
      !llvm::all_of(op.getOperands(), isInt8) || !isInt8(op.getResult(0)))
    return;
  MutableArrayRef<ChannelRange> result = ranges[op.getResult(0)];
  ArrayRef<ChannelRange> input = ranges[op.getOperand(0)];
  auto forEach = [&](auto &&function) {
    for (size_t c = 0; c < result.size(); ++c)
      result[c] = function(input[c]);
  };
  if (auto pool = dyn_cast<AvgPool2DOp>(op)) {
    // A mean lies between the least and the largest, rounded or not.
    forEach([&](ChannelRange in) {
      return clampRange(in, static_cast<int32_t>(pool.getMin()),
                        static_cast<int32_t>(pool.getMax()));
    });
  } else if (auto pool = dyn_cast<MaxPool2DOp>(op)) {
    forEach([&](ChannelRange in) {
      return clampRange(in, static_cast<int32_t>(pool.getMin()),
                        static_cast<int32_t>(pool.getMax()));
    });
  } else if (auto mean = dyn_cast<MeanOp>(op)) {
    auto type = cast<RankedTensorType>(mean.getInput().getType());
    int64_t pixels = type.getDimSize(1) * type.getDimSize(2);
    int64_t zp = static_cast<int32_t>(mean.getInputZp());
    forEach([&](ChannelRange in) {
      return requantize(mean.getRequant(), 0,
                        {pixels * (in.lo - zp), pixels * (in.hi - zp)});
    });
  } else if (auto requant = dyn_cast<RequantizeOp>(op)) {
    int64_t zp = static_cast<int32_t>(requant.getInputZp());
    forEach([&](ChannelRange in) {
      return requantize(requant.getRequant(), 0, {in.lo - zp, in.hi - zp});
    });
  } else if (auto lookup = dyn_cast<LookupOp>(op)) {
    ArrayRef<int8_t> table = lookup.getTable();
    forEach([&](ChannelRange in) -> ChannelRange {
      ArrayRef<int8_t> part = table.slice(in.lo + 128, in.hi - in.lo + 1);
      return {*llvm::min_element(part), *llvm::max_element(part)};
    });
  } else if (isa<ResizeNearestOp>(op)) {
    llvm::copy(input, result.begin());
  } else if (auto concat = dyn_cast<ConcatOp>(op)) {
    // Behind one another, or parts of the same channels.
    bool byChannel = concat.getAxis() == 3;
    size_t start = 0;
    for (auto [number, operand] : llvm::enumerate(concat.getInputs())) {
      ArrayRef<ChannelRange> part = ranges[operand];
      for (size_t c = 0; c < part.size(); ++c) {
        ChannelRange &out = result[start + c];
        bool first = byChannel || number == 0;
        out = {first ? part[c].lo : std::min(out.lo, part[c].lo),
               first ? part[c].hi : std::max(out.hi, part[c].hi)};
      }
      start += byChannel ? part.size() : 0;
    }
  } else if (auto pad = dyn_cast<PadOp>(op)) {
    int64_t value = static_cast<int32_t>(pad.getValue());
    if (value >= kInt8.lo && value <= kInt8.hi)
      forEach([&](ChannelRange in) -> ChannelRange {
        return {std::min(in.lo, value), std::max(in.hi, value)};
      });
  } else if (auto add = dyn_cast<AddOp>(op)) {
    ArrayRef<ChannelRange> rhs = ranges[add.getRhs()];
    for (size_t c = 0; c < result.size(); ++c)
      result[c] = addRange(add, input[c], rhs[c]);
  } else if (isa<ReshapeOp>(op)) {
    // Element e is of channel e modulo the number of channels, before and
    // after.
    int64_t elements =
        cast<RankedTensorType>(op.getOperand(0).getType()).getNumElements();
    std::fill(result.begin(), result.end(), ChannelRange{127, -128});
    for (int64_t e = 0; e < elements; ++e) {
      ChannelRange in = input[e % input.size()];
      ChannelRange &out = result[e % result.size()];
      out = {std::min(out.lo, in.lo), std::max(out.hi, in.hi)};
    }
  }
}

ChannelRanges::ChannelRanges(func::FuncOp func) {
  for (BlockArgument argument : func.getArguments())
    if (isa<RankedTensorType>(argument.getType()))
      ranges[argument].assign(getNumChannels(argument), kInt8);
  for (Operation &op : func.getBody().front().without_terminator())
    visit(op);
}
