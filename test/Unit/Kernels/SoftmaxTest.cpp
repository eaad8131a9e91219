//===- SoftmaxTest.cpp - Softmax against the reference's fixed point ------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The reference evaluates gemmlowp's exponential for each element; here it is
// written with explicit fixed-point steps, one function per gemmlowp operation.
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {

//===----------------------------------------------------------------------===//
// gemmlowp
//===----------------------------------------------------------------------===//

int32_t mul(int32_t a, int32_t b) {
  return oracle::scale(patch::Rounding::TFLite, a, b, 0);
}

int32_t divide(int32_t x, int bits) {
  int64_t mask = (int64_t(1) << bits) - 1, remainder = x & mask;
  int64_t threshold = (mask >> 1) + (x < 0);
  return static_cast<int32_t>((int64_t(x) >> bits) + (remainder > threshold));
}

int32_t saturate(int64_t x) {
  return static_cast<int32_t>(
      std::min<int64_t>(std::max<int64_t>(x, INT32_MIN), INT32_MAX));
}

/// The constant nearest to a real number with that many bits behind the point.
int32_t fixed(double value, int fractionBits) {
  return saturate(std::llround(std::ldexp(value, fractionBits)));
}

int32_t expNegative(int32_t a) {
  constexpr int fractionBits = 26;
  int32_t quarter = fixed(0.25, fractionBits);
  int32_t inQuarter = (a & (quarter - 1)) - quarter;
  // From 26 to 31 bits behind the point.
  int32_t x = saturate(int64_t(inQuarter) << 5) + fixed(0.125, 31);
  int32_t x2 = mul(x, x), x3 = mul(x2, x), x4 = mul(x2, x2);
  int32_t inner = mul(divide(x4, 2) + x3, fixed(1.0 / 3, 31)) + x2;
  int32_t constant = fixed(std::exp(-0.125), 31);
  int32_t result = constant + mul(constant, x + divide(inner, 1));
  int32_t remainder = static_cast<int32_t>(static_cast<uint32_t>(inQuarter) -
                                           static_cast<uint32_t>(a));
  for (int exponent = -2; exponent <= 4; ++exponent)
    if (remainder & (1 << (fractionBits + exponent)))
      result = mul(result, fixed(std::exp(-std::ldexp(1.0, exponent)), 31));
  return a == 0 ? INT32_MAX : result;
}

int32_t oneOverOnePlus(int32_t a) {
  int64_t sum = int64_t(a) + INT32_MAX;
  auto half = static_cast<int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
  int32_t x = fixed(48.0 / 17, 29) + mul(half, fixed(-32.0 / 17, 29));
  for (int i = 0; i < 3; ++i) {
    int32_t error = fixed(1, 29) - mul(half, x);
    x += saturate(int64_t(mul(x, error)) * 4);
  }
  return saturate(int64_t(x) * 2);
}

/// The parameters of a softmax and one row.
struct Row {
  int32_t multiplier, exponent, diffMin;

  Bytes run(ArrayRef<uint8_t> input) const {
    int32_t largest = -128;
    for (uint8_t byte : input)
      largest = std::max<int32_t>(largest, static_cast<int8_t>(byte));
    auto expOf = [&](int32_t difference) {
      auto shifted =
          static_cast<int32_t>(static_cast<uint32_t>(difference) << exponent);
      return expNegative(mul(shifted, multiplier));
    };
    uint32_t sum = 0;
    for (uint8_t byte : input) {
      int32_t difference = static_cast<int8_t>(byte) - largest;
      if (difference >= diffMin)
        sum += static_cast<uint32_t>(divide(expOf(difference), 12));
    }
    int headroom = 0;
    while (!(sum << headroom >> 31))
      ++headroom;
    int32_t scale = oneOverOnePlus(
        static_cast<int32_t>((sum << headroom) - (uint32_t(1) << 31)));
    Bytes output;
    for (uint8_t byte : input) {
      int32_t difference = static_cast<int8_t>(byte) - largest;
      int32_t result = -128;
      if (difference >= diffMin)
        result = std::min(
            127, divide(mul(scale, expOf(difference)), 12 - headroom + 31 - 8) -
                     128);
      output.push_back(static_cast<uint8_t>(result));
    }
    return output;
  }
};

/// Multiplier, exponent and least difference for a scale of the input, as
/// TensorFlow Lite derives them.
Row rowOf(double scale) {
  double real = std::min(scale * (1 << 26), 2147483647.0);
  int exponent;
  double fraction = std::frexp(real, &exponent);
  int64_t multiplier = std::llround(std::ldexp(fraction, 31));
  if (multiplier == int64_t(1) << 31) {
    multiplier /= 2;
    ++exponent;
  }
  auto diffMin = -static_cast<int32_t>(
      std::floor(31.0 * (1 << 26) / std::ldexp(1, exponent)));
  return {static_cast<int32_t>(multiplier), exponent, diffMin};
}

//===----------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------===//

class SoftmaxTest : public ::testing::Test {
protected:
  Operation *makeSoftmax(Shape shape, Row row) {
    return patch::SoftmaxOp::create(
        harness.builder(), harness.loc(), harness.type(shape),
        harness.activation(shape), row.multiplier, row.exponent, row.diffMin);
  }

  KernelHarness harness;
};

// Two equal inputs: 0.5 each, which is 128 / 256, stored as 128 - 128 = 0. A
// single one: 1.0 does not fit and saturates at 255 / 256.
TEST_F(SoftmaxTest, workedExample) {
  Row row = rowOf(1.0 / 16);
  EXPECT_EQ(harness.run(makeSoftmax({1, 1, 2}, row), {Bytes{7, 7}}, {}),
            (Bytes{0, 0}));
  EXPECT_EQ(harness.run(makeSoftmax({1, 1, 1}, row), {Bytes{7}}, {}),
            (Bytes{127}));
}

// The exponential is what it says. The polynomial leaves out x^5 / 120 with
// |x| <= 1/8: 2.5e-7, less than 2^-21.
TEST_F(SoftmaxTest, oracleIsAnExponential) {
  for (int32_t a = 0; a > -(1 << 30); a -= 1234567)
    EXPECT_NEAR(std::ldexp(expNegative(a), -31), std::exp(std::ldexp(a, -26)),
                std::ldexp(1.0, -21));
}

TEST_F(SoftmaxTest, random) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape shape = {pick(random, 1, 3), pick(random, 1, 4),
                   pick(random, 1, 2) == 1 ? pick(random, 1, 12)
                                           : pick(random, 13, 1100)};
    Row row = rowOf(std::ldexp(pick(random, 1, 4096), -pick(random, 8, 20)));
    ASSERT_GE(row.exponent, 0);
    Bytes input = randomBytes(random, shape.count());
    // Narrow rows spread the probability, so that the sums are large.
    if (pick(random, 0, 1))
      for (uint8_t &byte : input)
        byte &= 7;
    Bytes expected;
    for (int32_t p = 0; p < shape.h * shape.w; ++p) {
      Bytes result = row.run(ArrayRef(input).slice(p * shape.c, shape.c));
      expected.insert(expected.end(), result.begin(), result.end());
    }
    for (Schedule schedule : allSchedules())
      ASSERT_EQ(harness.run(makeSoftmax(shape, row), {input}, schedule),
                expected);
  }
}

// As many channels as the sum has room for, all equal: 4095 * 2^19 < 2^31.
TEST_F(SoftmaxTest, manyChannels) {
  Row row = rowOf(0.1);
  Bytes input(4095, 3);
  EXPECT_EQ(harness.run(makeSoftmax({1, 1, 4095}, row), {input}, {}),
            row.run(input));
}

TEST_F(SoftmaxTest, negative_tooManyChannels) {
  EXPECT_EQ(
      harness.selectionError(makeSoftmax({1, 1, 4096}, rowOf(0.1))),
      "'patch.softmax' op has no row kernel for 4096 channels: the sum of "
      "more than 4095 exponentials does not fit into 32 bits");
}

} // namespace
