//===- ConvolutionTest.cpp - Convolutions against plain loops -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::oracle;

namespace {

class ConvolutionTest : public ::testing::Test {
protected:
  /// A layer with random numbers. `bits` is about the size of its sums.
  Conv randomConv(Random &random, Shape input, Window window,
                  int32_t groupInputs, int32_t outputs) {
    Conv conv;
    conv.input = input;
    conv.window = window;
    conv.groupInputs = groupInputs;
    conv.outputs = outputs;
    int32_t taps = window.kernel[0] * window.kernel[1] * groupInputs;
    bool wraps = pick(random, 0, 5) == 0;
    for (int64_t i = 0; i < int64_t(taps) * outputs; ++i)
      conv.weights.push_back(
          static_cast<int8_t>(pick(random, 0, 9) ? random() : -128));
    for (int32_t o = 0; o < outputs; ++o) {
      int32_t extremes[] = {INT32_MAX, INT32_MIN, INT32_MAX - 1000, 0};
      conv.bias.push_back(wraps ? extremes[pick(random, 0, 3)]
                                : pick(random, -20000, 20000));
    }
    conv.inputZeroPoint = pick(random, -128, 127);
    int32_t sumBits = 13;
    for (int32_t n = taps; n > 1; n /= 4)
      ++sumBits;
    bool perChannel = pick(random, 0, 2) != 0;
    conv.requant =
        randomRequant(random, perChannel ? outputs : 1, wraps ? 31 : sumBits);
    return conv;
  }

  Operation *makeConv2D(const Conv &conv) {
    Value weights = harness.constant({conv.outputs, conv.window.kernel[0],
                                      conv.window.kernel[1], conv.groupInputs},
                                     conv.weights);
    return patch::Conv2DOp::create(
        harness.builder(), harness.loc(),
        harness.type(conv.window.resultShape(conv.input, conv.outputs)),
        harness.activation(conv.input), weights, harness.constant(conv.bias),
        conv.window.stride, conv.window.dilation, conv.window.pad,
        conv.inputZeroPoint, conv.requant.attr(harness.context()));
  }

  /// OHWI weights with one input channel per output, as HWO.
  Operation *makeDepthwise(const Conv &conv) {
    int32_t taps = conv.window.kernel[0] * conv.window.kernel[1];
    std::vector<int8_t> hwo;
    for (int32_t t = 0; t < taps; ++t)
      for (int32_t o = 0; o < conv.outputs; ++o)
        hwo.push_back(conv.weights[o * taps + t]);
    Value weights = harness.constant(
        {conv.window.kernel[0], conv.window.kernel[1], conv.outputs}, hwo);
    return patch::DepthwiseConv2DOp::create(
        harness.builder(), harness.loc(),
        harness.type(conv.window.resultShape(conv.input, conv.outputs)),
        harness.activation(conv.input), weights, harness.constant(conv.bias),
        conv.window.stride, conv.window.dilation, conv.window.pad,
        conv.inputZeroPoint, conv.requant.attr(harness.context()));
  }

  Operation *makeFullyConnected(const Conv &conv) {
    Value weights =
        harness.constant({conv.outputs, conv.input.count()}, conv.weights);
    return patch::FullyConnectedOp::create(
        harness.builder(), harness.loc(), harness.type({1, 1, conv.outputs}),
        harness.activation(conv.input), weights, harness.constant(conv.bias),
        conv.inputZeroPoint, conv.requant.attr(harness.context()));
  }

  void check(Random &random, const Conv &conv, Operation *layer) {
    Bytes input = randomBytes(random, conv.input.count());
    Bytes expected = conv.run(input);
    for (Schedule schedule : allSchedules())
      ASSERT_EQ(harness.run(layer, {input}, schedule), expected)
          << "extra rows " << schedule.extraRows << ", strips of "
          << schedule.stripColumns;
  }

  Shape randomShape(Random &random, int32_t channels) {
    return {pick(random, 1, 9), pick(random, 1, 9), channels};
  }

  KernelHarness harness;
};

// 1x1x4 input, one output: 3·(2 − 1) + 5·(−4 − 1) + 0·(0 − 1) + 1·(7 − 1) + 100
// = 3 − 25 + 0 + 6 + 100 = 84; · 0.5 = 42; + 3 = 45.
TEST_F(ConvolutionTest, workedExample) {
  Conv conv;
  conv.input = {1, 1, 4};
  conv.groupInputs = 4;
  conv.weights = {3, 5, 0, 1};
  conv.bias = {100};
  conv.inputZeroPoint = 1;
  conv.requant.multiplier = {1 << 30};
  conv.requant.exponent = {0};
  conv.requant.zeroPoint = 3;
  Bytes input = {2, static_cast<uint8_t>(-4), 0, 7};
  Operation *layer = makeConv2D(conv);
  EXPECT_EQ(harness.run(layer, {input}, {}), Bytes{45});
  EXPECT_EQ(conv.run(input), Bytes{45});
}

// 3x3 map, 3x3 kernel of ones, pads 1, zero point 10, all inputs 11: each tap
// in the map adds 1, each tap in the padding nothing. Corners have 4 taps,
// edges 6, the middle 9.
TEST_F(ConvolutionTest, paddingCountsAsZeroPoint) {
  Conv conv;
  conv.input = {3, 3, 1};
  conv.window.kernel[0] = conv.window.kernel[1] = 3;
  for (int32_t &pad : conv.window.pad)
    pad = 1;
  conv.weights.assign(9, 1);
  conv.bias = {0};
  conv.inputZeroPoint = 10;
  conv.requant.multiplier = {1 << 30};
  conv.requant.exponent = {1};
  for (Schedule schedule : allSchedules()) {
    EXPECT_EQ(harness.run(makeConv2D(conv), {Bytes(9, 11)}, schedule),
              (Bytes{4, 6, 4, 6, 9, 6, 4, 6, 4}));
    EXPECT_EQ(harness.run(makeDepthwise(conv), {Bytes(9, 11)}, schedule),
              (Bytes{4, 6, 4, 6, 9, 6, 4, 6, 4}));
  }
}

TEST_F(ConvolutionTest, conv2DRandom) {
  for (unsigned seed = 0; seed < 250; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape input = randomShape(random, pick(random, 1, 9));
    bool dilated = pick(random, 0, 3) == 0;
    Window window = randomWindow(random, input, 5, 3, dilated ? 3 : 1,
                                 /*padded=*/pick(random, 0, 3) != 0);
    Conv conv = randomConv(random, input, window, input.c, pick(random, 1, 11));
    check(random, conv, makeConv2D(conv));
    if (HasFatalFailure())
      return;
  }
}

TEST_F(ConvolutionTest, groupedConv2DRandom) {
  for (unsigned seed = 1000; seed < 1100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    int32_t groups = pick(random, 2, 4), groupInputs = pick(random, 1, 4);
    Shape input = randomShape(random, groups * groupInputs);
    Window window = randomWindow(random, input, 4, 2, 2, /*padded=*/true);
    Conv conv = randomConv(random, input, window, groupInputs,
                           groups * pick(random, 1, 6));
    check(random, conv, makeConv2D(conv));
    if (HasFatalFailure())
      return;
  }
}

TEST_F(ConvolutionTest, depthwiseRandom) {
  for (unsigned seed = 2000; seed < 2250; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape input = randomShape(random, pick(random, 1, 10));
    bool dilated = pick(random, 0, 3) == 0;
    Window window = randomWindow(random, input, 7, 3, dilated ? 3 : 1,
                                 /*padded=*/pick(random, 0, 3) != 0);
    int32_t multiplier = std::max(1, pick(random, -4, 5));
    Conv conv = randomConv(random, input, window, 1, input.c * multiplier);
    check(random, conv, makeDepthwise(conv));
    if (HasFatalFailure())
      return;
  }
}

TEST_F(ConvolutionTest, fullyConnectedRandom) {
  for (unsigned seed = 3000; seed < 3120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    // Half of them on one row, as most layers are.
    Shape input = {std::max(1, pick(random, -4, 6)), pick(random, 1, 5),
                   pick(random, 1, 12)};
    Window window;
    window.kernel[0] = input.h;
    window.kernel[1] = input.w;
    Conv conv = randomConv(random, input, window, input.c, pick(random, 1, 10));
    check(random, conv, makeFullyConnected(conv));
    if (HasFatalFailure())
      return;
  }
}

// Weights are packed, not padded; tables have 4 + 4 + 1 bytes per channel (4
// more for a bias that border pixels start from).
TEST_F(ConvolutionTest, constantsAreSmall) {
  Random random(1);
  for (int32_t outputs : {1, 3, 10, 64}) {
    Window window;
    window.kernel[0] = window.kernel[1] = 3;
    Conv conv = randomConv(random, {8, 8, 5}, window, 5, outputs);
    conv.requant.multiplier.assign(outputs, 1 << 30);
    conv.requant.exponent.assign(outputs, -8);
    auto kernel = selectKernel(makeConv2D(conv), KernelSet::Portable);
    ASSERT_TRUE(succeeded(kernel));
    ASSERT_EQ(kernel->constants.size(), 2u);
    EXPECT_EQ(kernel->constants[0].kind, ConstantKind::Weights);
    EXPECT_EQ(kernel->constants[0].data.getNumElements(), 45 * outputs);
    EXPECT_EQ(kernel->constants[1].kind, ConstantKind::Table);
    EXPECT_LE(4 * kernel->constants[1].data.getNumElements(),
              9 * outputs + 3 + 4 * 20);
  }
}

} // namespace
