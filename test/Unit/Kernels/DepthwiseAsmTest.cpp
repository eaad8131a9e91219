//===- DepthwiseAsmTest.cpp - The DSP depthwise kernel's constants --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the compiler does for the assembly of depthwise layers: the order of
// weights, the choice between the fast requantisation and sums, and the
// arithmetic of the fast one against the reference.
//
//===----------------------------------------------------------------------===//

#include "DSP/DepthwiseAsm.h"
#include "Oracle.h"
#include "Scale.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {

/// Widens packed weights as SXTB16 does, plain and rotated: the low halves are
/// bytes 0 and 1 of a word, the high ones bytes 2 and 3.
std::vector<std::pair<int, int>> unpack(ArrayRef<int8_t> packed) {
  std::vector<std::pair<int, int>> words;
  for (size_t i = 0; i < packed.size(); i += 4) {
    words.push_back({packed[i], packed[i + 2]});
    words.push_back({packed[i + 1], packed[i + 3]});
  }
  return words;
}

using Words = std::vector<std::pair<int, int>>;

TEST(DepthwiseAsmTest, threeByThree) {
  // 1 2 3      rows 0 and 1 column by column: (1, 4) (2, 5) (3, 6)
  // 4 5 6      row 2 from an even column: (7, 8), then 9 is taken from (8, 9);
  // 7 8 9      from an odd column: 7 of (7, 8), then (8, 9)
  DepthwiseShape shape;
  EXPECT_EQ(shape.weightWords(), 5);
  EXPECT_EQ(unpack(packDepthwiseWeights(shape, {1, 2, 3, 4, 5, 6, 7, 8, 9})),
            (Words{{1, 4}, {2, 5}, {3, 6}, {7, 8}, {8, 9}, {0, 0}}));
}

TEST(DepthwiseAsmTest, evenSizes) {
  // 2x2: one pair of rows. 1x4: (1, 2) (3, 4) for even columns, (2, 3) for odd.
  DepthwiseShape shape;
  shape.kernelHeight = shape.kernelWidth = 2;
  EXPECT_EQ(unpack(packDepthwiseWeights(shape, {1, 2, 3, 4})),
            (Words{{1, 3}, {2, 4}}));
  shape.kernelHeight = 1;
  shape.kernelWidth = 4;
  EXPECT_EQ(unpack(packDepthwiseWeights(shape, {1, 2, 3, 4})),
            (Words{{1, 2}, {3, 4}, {2, 3}, {0, 0}}));
}

TEST(DepthwiseAsmTest, weightsTakeFewBytesMoreThanInTheFile) {
  for (auto [size, bytes] : {std::pair(3, 12), {5, 28}, {7, 56}}) {
    DepthwiseShape shape;
    shape.kernelHeight = shape.kernelWidth = size;
    SmallVector<int8_t> weights(size * size, 1);
    EXPECT_EQ(packDepthwiseWeights(shape, weights).size(), size_t(bytes));
  }
}

TEST(DepthwiseAsmTest, runsOfPixelsFitTheScratch) {
  // 3x3, stride 1, 5 pixels: 7 columns are 4 pairs of 3 words for 4 channels.
  DepthwiseShape shape;
  EXPECT_EQ(shape.scratchBytes(5) - shape.planesOffset(), 4 * 3 * 4 * 4);
}

/// SMMLAR, ADD with the sign, ASR, SSAT of the doubled sum.
int32_t fastResult(int32_t sum, int32_t multiplier, int32_t shift,
                   int32_t zeroPoint, bool isRelu) {
  int64_t doubled = 2 * int64_t(sum);
  int64_t rounding =
      (int64_t(1) << shift) / 2 + zeroPoint * (int64_t(1) << shift);
  int64_t value =
      (doubled * multiplier + (rounding << 32) + (int64_t(1) << 31)) >> 32;
  EXPECT_EQ(value, static_cast<int32_t>(value));
  if (!isRelu)
    value += doubled < 0 ? -1 : 0;
  return static_cast<int32_t>(
      std::clamp<int64_t>(value >> shift, INT8_MIN, INT8_MAX));
}

TEST(DepthwiseAsmTest, fastRequantisationIsTheReference) {
  Random random(7);
  for (int trial = 0; trial < 200000; ++trial) {
    int32_t shift = pick(random, 0, 20);
    int32_t multiplier = pick(random, 0, 3) ? pick(random, 1 << 30, INT32_MAX)
                                            : pick(random, 1, INT32_MAX);
    // Sums about ties and the ends of bytes, and anything below 2^28.
    int32_t limit = pick(random, 0, 1) ? 1 << 28 : 300 << shift;
    limit = std::min(limit, 1 << 28);
    int32_t sum = pick(random, -limit, limit);
    for (int32_t zeroPoint : {-128, 0, pick(random, -128, 127)}) {
      bool isRelu = zeroPoint == -128;
      // Without a second rounding only the clamp hides that no sign is added.
      if (shift == 0 && !isRelu)
        continue;
      int32_t scaled =
          scaleValue(patch::Rounding::TFLite, sum, multiplier, -shift);
      int32_t expected = std::clamp(scaled + zeroPoint, -128, 127);
      ASSERT_EQ(fastResult(sum, multiplier, shift, zeroPoint, isRelu), expected)
          << "seed 7: " << sum << " * " << multiplier << " >> " << shift
          << " + " << zeroPoint;
    }
  }
}

class DepthwiseSelectionTest : public ::testing::Test {
protected:
  /// The symbol of a 3x3 layer of four channels; channel 0 has this bias,
  /// multiplier, exponent and all weights.
  std::string symbol(int32_t bias, int32_t multiplier, int32_t exponent,
                     int8_t weight, int32_t zeroPoint = -128,
                     int32_t max = 127) {
    int32_t ones[] = {1, 1}, pads[] = {1, 1, 1, 1};
    SmallVector<int8_t> weights(36, 1);
    for (size_t i = 0; i < weights.size(); i += 4)
      weights[i] = weight;
    auto requant = patch::RequantAttr::get(
        &harness.context(), {multiplier, 1 << 30, 1 << 30, 1 << 30},
        {exponent, -5, -5, -5}, zeroPoint, -128, max, patch::Rounding::TFLite);
    Operation *layer = patch::DepthwiseConv2DOp::create(
        harness.builder(), harness.loc(), harness.type({4, 4, 4}),
        harness.activation({4, 4, 4}), harness.constant({3, 3, 4}, weights),
        harness.constant(ArrayRef<int32_t>{bias, 0, 0, 0}), ones, ones, pads, 0,
        requant);
    auto kernel = selectKernel(layer, KernelSet::DSP);
    return succeeded(kernel) ? kernel->symbol : "";
  }

  KernelHarness harness;
  const std::string stem = "dsp_depthwise_conv2d_i8_3x3_s1_";
};

TEST_F(DepthwiseSelectionTest, byZeroPoint) {
  EXPECT_EQ(symbol(0, 1 << 30, -5, 1), stem + "relu");
  EXPECT_EQ(symbol(0, 1 << 30, -5, 1, /*zeroPoint=*/3), stem + "signed");
  EXPECT_EQ(symbol(0, 1 << 30, -5, 1, /*zeroPoint=*/-128, /*max=*/100),
            stem + "sum_perchannel_tflite");
}

TEST_F(DepthwiseSelectionTest, signsAndLeftShiftsMoveIntoWeights) {
  EXPECT_EQ(symbol(0, -(1 << 30), -5, 127), stem + "relu");
  EXPECT_EQ(symbol(0, -(1 << 30), -5, -128), stem + "sum_perchannel_tflite");
  EXPECT_EQ(symbol(0, 1 << 30, 1, 63), stem + "relu");
  EXPECT_EQ(symbol(0, 1 << 30, 1, 64), stem + "sum_perchannel_tflite_shift");
  // A single rounding needs the clamp at zero.
  EXPECT_EQ(symbol(0, 1 << 30, 0, 1, /*zeroPoint=*/3),
            stem + "sum_perchannel_tflite_shift");
}

TEST_F(DepthwiseSelectionTest, sumsThatMayWrap) {
  // 2^30 - 1 with weights of 0 is the largest sum that can be doubled.
  EXPECT_EQ(symbol((1 << 30) - 1, 1 << 30, -20, 0), stem + "relu");
  EXPECT_EQ(symbol(INT32_MAX, 1 << 30, -5, 1), stem + "sum_perchannel_tflite");
  // With multiplier 0 the result is the zero point, however the sum wraps.
  EXPECT_EQ(symbol(INT32_MAX, 0, -5, 1), stem + "relu");
}

} // namespace
