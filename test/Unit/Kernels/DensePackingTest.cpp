//===- DensePackingTest.cpp - Packed weights and fused scales -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DSP/DensePacking.h"
#include "DSP/DenseAsm.h"

#include "llvm/ADT/StringRef.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::dsp;
using llvm::SmallVector;
using llvm::StringRef;

namespace {

using Random = std::mt19937;

int32_t pick(Random &random, int32_t low, int32_t high) {
  return std::uniform_int_distribution<int32_t>(low, high)(random);
}

std::vector<int8_t> randomWeights(Random &random, size_t count, int32_t low) {
  std::vector<int8_t> weights(count);
  for (int8_t &w : weights)
    w = static_cast<int8_t>(pick(random, low, 127));
  return weights;
}

/// Halfword `index` of packed weights.
int32_t halfword(const SmallVector<int8_t> &packed, size_t index) {
  return static_cast<int16_t>(static_cast<uint8_t>(packed[2 * index]) |
                              packed[2 * index + 1] * 256);
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

// SXTB16 takes bytes 0 and 2 of a word, then 1 and 3. Two runs of five: a quad
// each, then the byte that each leaves over, then padding to a multiple of
// four.
TEST(DensePackingTest, panelOrder) {
  EXPECT_EQ(panelOrder(1, 4), (SmallVector<int32_t>{0, 2, 1, 3}));
  EXPECT_EQ(panelOrder(2, 5),
            (SmallVector<int32_t>{0, 2, 1, 3, 5, 7, 6, 8, 4, 9, -1, -1}));
  EXPECT_EQ(panelOrder(3, 1), (SmallVector<int32_t>{0, 1, 2, -1}));
}

TEST(DensePackingTest, pairsUnpack) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    int32_t rows = pick(random, 1, 4), run = pick(random, 1, 12);
    auto first = randomWeights(random, rows * run, -127);
    auto second = randomWeights(random, rows * run, -127);
    ASSERT_TRUE(canPair(first, second));
    SmallVector<int32_t> order = panelOrder(rows, run);
    SmallVector<int8_t> packed;
    packPair(first, second, order, packed);
    ASSERT_EQ(packed.size(), 2 * order.size());
    std::vector<int> seen(first.size());
    for (size_t i = 0; i < order.size(); ++i) {
      int32_t h = halfword(packed, i);
      // What SXTB16 leaves of it, and what is left without that.
      auto low = static_cast<int8_t>(h);
      if (order[i] < 0) {
        EXPECT_EQ(h, 0);
        continue;
      }
      EXPECT_EQ(low, first[order[i]]);
      EXPECT_EQ((h - low) / 256, second[order[i]]);
      ++seen[order[i]];
    }
    EXPECT_EQ(seen, std::vector<int>(first.size(), 1));
  }
}

// 256 * -128 - 1 = -32769 does not fit. 127 * 128 * 516 = 8388096 is below 2^23
// = 8388608, with 517 values it is above.
TEST(DensePackingTest, canPair) {
  EXPECT_TRUE(canPair({0, 127, -128}, {-128, -128, 127}));
  EXPECT_FALSE(canPair({-1}, {-128}));
  EXPECT_TRUE(canPair({-128}, {-127}));
  std::vector<int8_t> large(516, 127), small(516, -1);
  EXPECT_TRUE(canPair(small, large));
  large.push_back(127);
  small.push_back(-1);
  EXPECT_FALSE(canPair(small, large));
  // Only the second channel is multiplied by 256.
  EXPECT_TRUE(canPair(large, small));
}

// Channels 0 and 1 cannot share halfwords; 4 is left over and goes with 3.
// Alone, or where that does not fit, a channel is single.
TEST(DensePackingTest, blocks) {
  ChannelBlocks blocks = blockChannels({-1, -128, 5, 6, 7}, 5);
  EXPECT_EQ(blocks.pairs, (SmallVector<int32_t>{2, 3}));
  EXPECT_EQ(blocks.singles, (SmallVector<int32_t>{0, 1}));
  EXPECT_EQ(blockChannels({5, 6}, 1).singles, (SmallVector<int32_t>{0}));
  blocks = blockChannels({5, -6, -128}, 3);
  EXPECT_EQ(blocks.pairs, (SmallVector<int32_t>{0}));
  EXPECT_EQ(blocks.singles, (SmallVector<int32_t>{2}));
}

//===----------------------------------------------------------------------===//
// Requantisation
//===----------------------------------------------------------------------===//

int32_t reference(const ChannelScale &scale, int32_t sum) {
  int64_t moved = int64_t(scaleValue(patch::Rounding::TFLite, sum,
                                     scale.multiplier, scale.exponent)) +
                  scale.zeroPoint;
  return static_cast<int32_t>(std::clamp<int64_t>(moved, scale.min, scale.max));
}

/// Holds the fused form against the reference for sums without bias in [low,
/// high]: both ends, and random ones. `sign` is -1 if the weights were negated.
void checkFused(Random &random, const FusedChannel &fused,
                const ChannelScale &scale, int32_t bias, int32_t low,
                int32_t high, int32_t sign) {
  bool isRelu = scale.zeroPoint == -128 && scale.min == -128;
  for (int32_t i = 0; i < 400; ++i) {
    int32_t sum = i == 0 ? low : i == 1 ? high : pick(random, low, high);
    // Half of them near zero, where signs and ties are.
    if (i % 2 && low < -bias - 300 && -bias + 300 < high)
      sum = -bias + pick(random, -300, 300);
    int32_t total = static_cast<int32_t>(static_cast<uint32_t>(sum) +
                                         static_cast<uint32_t>(bias));
    int32_t expected = reference(scale, total);
    ASSERT_EQ(runFused(fused, sign * sum, false), expected) << "sum " << sum;
    if (isRelu)
      ASSERT_EQ(runFused(fused, sign * sum, true), expected) << "sum " << sum;
  }
}

TEST(DensePackingTest, fusedIsExact) {
  unsigned numFused = 0;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    auto weights = randomWeights(random, pick(random, 1, 300), -127);
    int32_t low = 0, high = 0;
    for (int32_t w : weights) {
      low += std::min(w * -128, w * 127);
      high += std::max(w * -128, w * 127);
    }
    ChannelScale scale;
    int32_t corners[] = {1 << 30, INT32_MAX, 0, 1, (1 << 30) + 1};
    scale.multiplier = pick(random, 0, 3) ? pick(random, 1 << 30, INT32_MAX)
                                          : corners[pick(random, 0, 4)];
    if (pick(random, 0, 4) == 0)
      scale.multiplier = -scale.multiplier;
    scale.exponent = -pick(random, 1, 22);
    scale.zeroPoint = pick(random, 0, 2) ? -128 : pick(random, -128, 127);
    int32_t bias = pick(random, -(1 << pick(random, 1, 29)), 1 << 20);
    auto fusedWeights = weights;
    auto fused = fuseChannel(fusedWeights, bias, scale);
    if (!fused)
      continue;
    ++numFused;
    if (std::all_of(fusedWeights.begin(), fusedWeights.end(),
                    [](int8_t w) { return w == 0; }) &&
        (low != 0 || high != 0)) {
      // A constant: no sum is left.
      for (int32_t sum : {low, high, pick(random, low, high)})
        ASSERT_EQ(runFused(*fused, 0, false), reference(scale, sum + bias));
      continue;
    }
    int32_t sign = scale.multiplier < 0 ? -1 : 1;
    for (size_t i = 0; i < weights.size(); ++i)
      ASSERT_EQ(fusedWeights[i], sign * weights[i]);
    checkFused(random, *fused, scale, bias, low, high, sign);
    if (HasFatalFailure())
      return;
  }
  EXPECT_GT(numFused, 3000u);
}

// A dead channel of a real network: the bias is as large as it can be, the
// scale as small; 2^31 * 2^-31 * 0.5 rounds to 1 or 0 below what the clamp
// shows.
TEST(DensePackingTest, deadChannelIsConstant) {
  std::vector<int8_t> weights = {1, -1};
  ChannelScale scale;
  scale.multiplier = 1 << 30;
  scale.exponent = -31;
  scale.zeroPoint = 5;
  auto fused = fuseChannel(weights, INT32_MAX - 1000, scale);
  ASSERT_TRUE(fused);
  EXPECT_EQ(weights, (std::vector<int8_t>{0, 0}));
  EXPECT_EQ(runFused(*fused, 0, false), reference(scale, INT32_MAX - 1000));
}

TEST(DensePackingTest, negative_notFused) {
  std::vector<int8_t> weights = {100, -100};
  ChannelScale scale;
  scale.multiplier = 1 << 30;
  scale.exponent = -4;
  EXPECT_TRUE(fuseChannel(weights, 0, scale));
  for (int32_t exponent : {0, 1}) {
    scale.exponent = exponent;
    EXPECT_FALSE(fuseChannel(weights, 0, scale));
  }
  // 2^30 does not fit doubled, nor does a sum that wraps. (The sums reach
  // 1000 * 127 * 128 = 2^24 to either side, which is 1.9 in the result.)
  std::vector<int8_t> many(1000, 127);
  scale.exponent = -22;
  scale.zeroPoint = -100;
  EXPECT_FALSE(fuseChannel(many, 1 << 30, scale));
  EXPECT_FALSE(fuseChannel(many, INT32_MAX, scale));
  EXPECT_TRUE(fuseChannel(many, 1 << 29, scale));
  // -128 cannot be negated.
  scale.exponent = -4;
  scale.multiplier = -(1 << 30);
  weights = {-128, 3};
  EXPECT_FALSE(fuseChannel(weights, 0, scale));
  scale.multiplier = INT32_MIN;
  EXPECT_FALSE(fuseChannel(weights, 0, scale));
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

TEST(DenseAsmTest, turnsMakeAllSteps) {
  for (int32_t steps = 0; steps < 40; ++steps) {
    Turns turns = countTurns(steps, 4);
    EXPECT_EQ(4 * turns.turns - turns.skippedSteps, steps);
    EXPECT_GE(turns.turns, 1);
    EXPECT_LE(turns.skippedSteps, 4);
  }
}

/// The lines of the loop of a statement: from label `label` to the first SUBS.
std::vector<StringRef> loopLines(const std::string &text, StringRef label) {
  StringRef loop =
      StringRef(text).split((label + ":\n").str()).second.split("\tsubs").first;
  SmallVector<StringRef> lines;
  loop.split(lines, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  return {lines.begin(), lines.end()};
}

// The loops are entered in the middle: a step must be as long as is said. No
// stack, call or division in them.
TEST(DenseAsmTest, stepsAreAsLongAsSaid) {
  for (int32_t pixels : {1, 2, 3}) {
    std::vector<StringRef> widening = loopLines(widen(pixels).text, "1");
    EXPECT_EQ(int32_t(4 * widening.size()),
              widenUnroll * widenStepBytes(pixels));
    for (bool pairs : {false, true}) {
      std::string text = multiply(pixels, pairs, BlockEnd::Signed).text;
      std::vector<StringRef> lines = loopLines(text, "3");
      EXPECT_EQ(int32_t(4 * lines.size()),
                multiplyUnroll(pixels, pairs) *
                    multiplyStepBytes(pixels, pairs));
      for (StringRef line : lines)
        EXPECT_TRUE(line.contains("smlad") || line.contains("sxtb16") ||
                    line.contains("ldm.w") || line.contains("ldrd"))
            << line.str();
    }
  }
}

} // namespace
