//===- DensePacking.cpp - Constants of the DSP dense kernels --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bounds that make the fast forms exact are checked here, per channel, from
// its weights: a sum of products lies in [low, high] whatever the activations,
// and everything follows from that interval.
//
//===----------------------------------------------------------------------===//

#include "DensePacking.h"

#include <algorithm>
#include <cstdlib>

using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::dsp;
using llvm::ArrayRef;
using llvm::MutableArrayRef;
using llvm::SmallVector;
using llvm::SmallVectorImpl;

SmallVector<int32_t> dsp::panelOrder(int32_t rows, int32_t runLength) {
  SmallVector<int32_t> order;
  int32_t whole = runLength / 4 * 4;
  for (int32_t r = 0; r < rows; ++r)
    for (int32_t i = 0; i < whole; i += 4)
      for (int32_t j : {0, 2, 1, 3})
        order.push_back(r * runLength + i + j);
  for (int32_t r = 0; r < rows; ++r)
    for (int32_t i = whole; i < runLength; ++i)
      order.push_back(r * runLength + i);
  while (order.size() % 4 != 0)
    order.push_back(-1);
  return order;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

namespace {
/// All values that a sum of products can take lie in [low, high].
struct Interval {
  int64_t low = 0, high = 0;
};
} // namespace

static Interval boundSum(ArrayRef<int8_t> weights) {
  Interval bound;
  for (int64_t w : weights) {
    bound.low += std::min(w * -128, w * 127);
    bound.high += std::max(w * -128, w * 127);
  }
  return bound;
}

bool dsp::canPair(ArrayRef<int8_t> first, ArrayRef<int8_t> second) {
  for (auto [w0, w1] : llvm::zip_equal(first, second))
    if (256 * w1 + w0 < INT16_MIN)
      return false;
  Interval bound = boundSum(second);
  return bound.low >= -(1 << 23) && bound.high < (1 << 23);
}

static void packHalfwords(ArrayRef<int32_t> order,
                          llvm::function_ref<int32_t(int32_t)> value,
                          SmallVectorImpl<int8_t> &packed) {
  for (int32_t index : order) {
    auto bits = static_cast<uint32_t>(index < 0 ? 0 : value(index));
    packed.push_back(static_cast<int8_t>(bits));
    packed.push_back(static_cast<int8_t>(bits >> 8));
  }
}

void dsp::packPair(ArrayRef<int8_t> first, ArrayRef<int8_t> second,
                   ArrayRef<int32_t> order, SmallVectorImpl<int8_t> &packed) {
  packHalfwords(
      order, [&](int32_t i) { return 256 * second[i] + first[i]; }, packed);
}

void dsp::packSingle(ArrayRef<int8_t> weights, ArrayRef<int32_t> order,
                     SmallVectorImpl<int8_t> &packed) {
  packHalfwords(order, [&](int32_t i) { return int32_t(weights[i]); }, packed);
}

ChannelBlocks dsp::blockChannels(ArrayRef<int8_t> weights, int32_t channels) {
  size_t taps = weights.size() / channels;
  auto fit = [&](int32_t c) {
    return canPair(weights.slice(c * taps, taps),
                   weights.slice((c + 1) * taps, taps));
  };
  ChannelBlocks blocks;
  int32_t even = channels / 2 * 2;
  for (int32_t c = 0; c < even; c += 2) {
    if (fit(c))
      blocks.pairs.push_back(c);
    else
      blocks.singles.append({c, c + 1});
  }
  if (even == channels)
    return blocks;
  if (channels > 1 && fit(channels - 2))
    blocks.pairs.push_back(channels - 2);
  else
    blocks.singles.push_back(channels - 1);
  return blocks;
}

//===----------------------------------------------------------------------===//
// Requantisation
//===----------------------------------------------------------------------===//

static int32_t requantize(const ChannelScale &scale, int32_t sum) {
  int64_t moved = int64_t(scaleValue(patch::Rounding::TFLite, sum,
                                     scale.multiplier, scale.exponent)) +
                  scale.zeroPoint;
  return static_cast<int32_t>(
      std::min<int64_t>(std::max<int64_t>(moved, scale.min), scale.max));
}

std::optional<FusedChannel> dsp::fuseChannel(MutableArrayRef<int8_t> weights,
                                             int32_t foldedBias,
                                             const ChannelScale &scale) {
  ChannelScale positive = scale;
  if (scale.exponent > 0 || scale.multiplier == INT32_MIN)
    return std::nullopt;
  if (scale.multiplier < 0) {
    // (-sum) * (-multiplier) is the same product.
    if (llvm::is_contained(weights, INT8_MIN) || foldedBias == INT32_MIN)
      return std::nullopt;
    for (int8_t &w : weights)
      w = static_cast<int8_t>(-w);
    foldedBias = -foldedBias;
    positive.multiplier = -scale.multiplier;
  }

  Interval bound = boundSum(weights);
  int64_t low = bound.low + foldedBias, high = bound.high + foldedBias;
  if (low < INT32_MIN || high > INT32_MAX) {
    // The sum wraps: it can be anything.
    low = INT32_MIN;
    high = INT32_MAX;
  }
  // Requantisation grows with the sum.
  int32_t result = requantize(positive, static_cast<int32_t>(low));
  if (result == requantize(positive, static_cast<int32_t>(high))) {
    // h = (sum + 1) / 2 with this multiplier; 8 bits to the right.
    std::fill(weights.begin(), weights.end(), 0);
    FusedChannel constant;
    constant.shift = 8;
    constant.doubledBias = (result - scale.zeroPoint) * (1 << 10);
    constant.multiplier = 1 << 30;
    constant.rounding = (2 * scale.zeroPoint + 1) * (1 << 7);
    return constant;
  }

  constexpr int64_t limit = int64_t(1) << 30;
  int32_t shift = -scale.exponent;
  if (low <= -limit || high >= limit || shift < 1 || shift > 22)
    return std::nullopt;
  FusedChannel fused;
  fused.doubledBias = 2 * foldedBias;
  fused.multiplier = positive.multiplier;
  fused.rounding = (2 * scale.zeroPoint + 1) * (1 << (shift - 1));
  fused.shift = shift;
  return fused;
}

int32_t dsp::runFused(const FusedChannel &channel, int32_t sum, bool isRelu) {
  auto doubled =
      static_cast<int32_t>(2 * static_cast<uint32_t>(sum) +
                           static_cast<uint32_t>(channel.doubledBias));
  auto wide = static_cast<uint64_t>(int64_t(doubled) * channel.multiplier) +
              (uint64_t(1) << 31);
  auto high = static_cast<uint32_t>(wide >> 32) +
              static_cast<uint32_t>(channel.rounding);
  if (!isRelu)
    high += static_cast<uint32_t>(doubled >> 31);
  int32_t shifted = static_cast<int32_t>(high) >> channel.shift;
  return std::min(std::max(shifted, -128), 127);
}
