//===- ByteTablesTest.cpp - Elementwise functions against real numbers ----===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/ByteTables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace tessera::tflite;

namespace {

/// Every entry is within one step of the real function, and an `exact` share of
/// them is its rounded value.
template <typename Function>
void expectNear(const ByteTable &table, AffineType input, AffineType output,
                double exact, Function function) {
  int same = 0;
  for (int32_t q = -128; q < 128; ++q) {
    double real = function(input.scale * (q - input.zeroPoint));
    double value = std::clamp(
        std::round(real / output.scale) + output.zeroPoint, -128.0, 127.0);
    EXPECT_NEAR(table[q + 128], value, 1.0) << "entry of " << q;
    same += table[q + 128] == value;
  }
  EXPECT_GE(same, exact * 256);
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

double hardSwish(double x) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; }

double elu(double x) { return x < 0 ? std::expm1(x) : x; }

} // namespace

// 1/2 is 128 steps of 1/256 above -128; beyond +-15 the ends of the range.
TEST(ByteTables, LogisticWorkedExample) {
  ByteTable table = *getLogisticTable({0.5f, 10});
  EXPECT_EQ(table[10 + 128], 0);
  EXPECT_EQ(table[40 + 128], 127);
  EXPECT_EQ(table[-20 + 128], -128);
  // 1 / (1 + e^-1) = 0.731: 187.15 - 128.
  EXPECT_EQ(table[12 + 128], 59);
}

TEST(ByteTables, SigmoidsAreNearTheRealFunctions) {
  for (float scale : {1e-6f, 0.001f, 0.0123f, 0.0625f, 0.1f, 0.9f, 3.0f})
    for (int32_t zeroPoint : {-128, -1, 0, 77, 127}) {
      AffineType input = {scale, zeroPoint};
      SCOPED_TRACE(scale);
      expectNear(*getLogisticTable(input), input, {1 / 256.0f, -128}, 0.9,
                 logistic);
      expectNear(*getTanhTable(input), input, {1 / 128.0f, 0}, 0.9,
                 [](double x) { return std::tanh(x); });
    }
}

// A radius of floor(15 / 40) = 0: even the zero point saturates, downwards.
TEST(ByteTables, CoarseLogisticHasTwoValues) {
  ByteTable table = *getLogisticTable({40.0f, 3});
  EXPECT_EQ(table[3 + 128], -128);
  EXPECT_EQ(table[4 + 128], 127);
}

// The scale's multiplier would have to shift to the right: 2^-29 * 2^27.
TEST(ByteTables, negative_SigmoidsOfTinyScales) {
  EXPECT_FALSE(getLogisticTable({1.8e-9f, 0}).has_value());
  EXPECT_FALSE(getTanhTable({1.8e-9f, 0}).has_value());
}

TEST(ByteTables, HardSwishIsNearTheRealFunction) {
  for (float scale : {0.003f, 0.0235f, 0.05f, 0.1f, 0.6f})
    for (int32_t zeroPoint : {-128, -3, 0, 127}) {
      SCOPED_TRACE(scale);
      AffineType input = {scale, zeroPoint};
      AffineType output = {scale * 0.75f, -90};
      expectNear(*getHardSwishTable(input, output), input, output, 0.7,
                 hardSwish);
    }
}

// The operand is scaled by 2^-7 / 2^-8 > 1: TensorFlow Lite refuses. With
// 2^-7 / 2^10 = 0.5 * 2^-16 more than 15 bits would be shifted out.
TEST(ByteTables, negative_HardSwishOfDistantScales) {
  EXPECT_FALSE(getHardSwishTable({1.0f, 0}, {1 / 256.0f, 0}).has_value());
  EXPECT_FALSE(getHardSwishTable({1.0f, 0}, {1024.0f, 0}).has_value());
}

// Scale 1/2 to 1/4: 10 becomes 20; alpha -1: -10 becomes 20 as well.
TEST(ByteTables, LeakyReluWorkedExample) {
  ByteTable table = *getLeakyReluTable({0.5f, 1}, {0.25f, 2}, -1.0f);
  EXPECT_EQ(table[11 + 128], 22);
  EXPECT_EQ(table[-9 + 128], 22);
  EXPECT_EQ(table[1 + 128], 2);
  EXPECT_EQ(table[127 + 128], 127);
}

TEST(ByteTables, negative_LeakyReluOfDistantScales) {
  EXPECT_FALSE(getLeakyReluTable({3e9f, 0}, {1.0f, 0}, 0.1f).has_value());
  EXPECT_FALSE(getLeakyReluTable({1e30f, 0}, {1e-30f, 0}, 0.1f).has_value());
}

TEST(ByteTables, EluIsTheRealFunction) {
  for (float scale : {0.01f, 0.05f, 0.1f}) {
    AffineType input = {scale, 20}, output = {scale * 0.9f, -60};
    expectNear(*getEluTable(input, output), input, output, 0.99, elu);
  }
}

TEST(ByteTables, negative_EluOfATinyResultScale) {
  EXPECT_FALSE(getEluTable({1.0f, 0}, {1e-39f, 0}).has_value());
}

// Ties of the first rounding go up (-1 / 2 to 0), of the second away from zero
// (-1 / 2 to -1).
TEST(ByteTables, ScaleRoundsTwice) {
  EXPECT_EQ(scaleByMultiplier(-1, {1 << 30, 0}), 0);
  EXPECT_EQ(scaleByMultiplier(1, {1 << 30, 0}), 1);
  EXPECT_EQ(scaleByMultiplier(-2, {1 << 30, -1}), -1);
  // 1 << 30 doubled wraps around.
  EXPECT_EQ(scaleByMultiplier(1 << 30, {1 << 30, 1}), -(1 << 30));
}
