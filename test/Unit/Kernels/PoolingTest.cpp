//===- PoolingTest.cpp - Pooling and means against plain loops ------------===//
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

class PoolingTest : public ::testing::Test {
protected:
  template <typename OpTy>
  Operation *makePool(Shape input, const Window &window, int32_t min,
                      int32_t max) {
    return OpTy::create(harness.builder(), harness.loc(),
                        harness.type(window.resultShape(input, input.c)),
                        harness.activation(input), window.kernel, window.stride,
                        window.pad, min, max);
  }

  Operation *makeMean(Shape input, int32_t zeroPoint, const Requant &requant) {
    return patch::MeanOp::create(
        harness.builder(), harness.loc(), harness.type({1, 1, input.c}),
        harness.activation(input), zeroPoint, requant.attr(harness.context()));
  }

  void check(Operation *layer, const Bytes &input, const Bytes &expected) {
    for (Schedule schedule : allSchedules())
      ASSERT_EQ(harness.run(layer, {input}, schedule), expected)
          << "extra rows " << schedule.extraRows << ", strips of "
          << schedule.stripColumns;
  }

  KernelHarness harness;
};

// 2x2 windows of 1x4: pairs (1, 2), (-1, -2), with padding right of the second:
// 3/2 -> 2, -3/2 -> -2 (ties away from zero).
TEST_F(PoolingTest, tiesGoAwayFromZero) {
  Window window;
  window.kernel[1] = window.stride[1] = 2;
  Bytes input = {1, 2, static_cast<uint8_t>(-1), static_cast<uint8_t>(-2)};
  Operation *layer = makePool<patch::AvgPool2DOp>({1, 4, 1}, window, -128, 127);
  check(layer, input, {2, static_cast<uint8_t>(-2)});
}

// The divisor counts taps inside the map: a corner of 3x3 with pads 1 has four.
TEST_F(PoolingTest, divisorSkipsPadding) {
  Window window;
  window.kernel[0] = window.kernel[1] = 3;
  for (int32_t &pad : window.pad)
    pad = 1;
  Operation *layer = makePool<patch::AvgPool2DOp>({3, 3, 1}, window, -128, 127);
  check(layer, Bytes(9, 60), Bytes(9, 60));
}

TEST_F(PoolingTest, poolsRandom) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape input = {pick(random, 1, 9), pick(random, 1, 9), pick(random, 1, 10)};
    Window window = randomWindow(random, input, 5, 3, 1,
                                 /*padded=*/pick(random, 0, 2) != 0);
    int32_t min = pick(random, -128, 20), max = pick(random, min, 127);
    Bytes data = randomBytes(random, input.count());
    check(makePool<patch::AvgPool2DOp>(input, window, min, max), data,
          avgPool(data, input, window, min, max));
    check(makePool<patch::MaxPool2DOp>(input, window, min, max), data,
          maxPool(data, input, window, min, max));
    if (HasFatalFailure())
      return;
  }
}

// A window over the whole map is a reduction with sums in the scratch: 4 bytes
// per channel.
TEST_F(PoolingTest, wholeMapRandom) {
  for (unsigned seed = 500; seed < 560; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape input = {pick(random, 1, 9), pick(random, 1, 9), pick(random, 1, 10)};
    Window window;
    window.kernel[0] = input.h;
    window.kernel[1] = input.w;
    int32_t min = pick(random, -128, 20), max = pick(random, min, 127);
    Bytes data = randomBytes(random, input.count());
    Operation *layer = makePool<patch::AvgPool2DOp>(input, window, min, max);
    auto scratch = getScratchSize(layer, KernelSet::Portable);
    ASSERT_TRUE(succeeded(scratch));
    EXPECT_EQ(scratch->bytes, 4 * input.c);
    check(layer, data, avgPool(data, input, window, min, max));
    if (HasFatalFailure())
      return;
  }
}

// 2x2x1 map of 10, 20, 30, 41, zero point 1: sum 101 - 4 = 97; * 2^30 / 2^31
// = 48.5
// -> 49; / 2, ties away from zero: 24.5 -> 25; + 3 = 28.
TEST_F(PoolingTest, meanWorkedExample) {
  Requant requant;
  requant.multiplier = {1 << 30};
  requant.exponent = {-1};
  requant.zeroPoint = 3;
  check(makeMean({2, 2, 1}, 1, requant), {10, 20, 30, 41}, {28});
}

TEST_F(PoolingTest, meanRandom) {
  for (unsigned seed = 600; seed < 700; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape input = {pick(random, 1, 9), pick(random, 1, 9), pick(random, 1, 10)};
    int32_t zeroPoint = pick(random, -128, 127);
    Requant requant = randomRequant(random, 1, 12);
    Bytes data = randomBytes(random, input.count());
    Bytes expected;
    for (int32_t c = 0; c < input.c; ++c) {
      int32_t sum = 0;
      for (int32_t p = 0; p < input.h * input.w; ++p)
        sum += static_cast<int8_t>(data[p * input.c + c]) - zeroPoint;
      expected.push_back(requant.apply(sum, 0));
    }
    check(makeMean(input, zeroPoint, requant), data, expected);
    if (HasFatalFailure())
      return;
  }
}

} // namespace
