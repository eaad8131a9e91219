//===- MultiplierTest.cpp - Scales as integers ----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/Multiplier.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace tessera::tflite;

TEST(QuantizeMultiplier, PowersOfTwo) {
  // 1 = 0.5 · 2^1; 0.5 · 2^31 = 2^30.
  EXPECT_EQ(quantizeMultiplier(1.0), (Multiplier{1 << 30, 1}));
  EXPECT_EQ(quantizeMultiplier(0.5), (Multiplier{1 << 30, 0}));
  EXPECT_EQ(quantizeMultiplier(0.25), (Multiplier{1 << 30, -1}));
  EXPECT_EQ(quantizeMultiplier(0.75), (Multiplier{3 << 29, 0}));
}

TEST(QuantizeMultiplier, Negative) {
  EXPECT_EQ(quantizeMultiplier(-0.75), (Multiplier{-(3 << 29), 0}));
}

TEST(QuantizeMultiplier, RoundsUpToOne) {
  // (1 − 2^-33) · 2^31 rounds to 2^31, which becomes 2^30 with an exponent
  // more.
  EXPECT_EQ(quantizeMultiplier(1.0 - std::ldexp(1.0, -33)),
            (Multiplier{1 << 30, 1}));
  // −2^31 fits into 32 bits and stays.
  EXPECT_EQ(quantizeMultiplier(-(1.0 - std::ldexp(1.0, -33))),
            (Multiplier{INT32_MIN, 0}));
}

TEST(QuantizeMultiplier, FlushesTinyScales) {
  // 2^-32 = 0.5 · 2^-31 is the least that is kept.
  EXPECT_EQ(quantizeMultiplier(std::ldexp(1.0, -32)),
            (Multiplier{1 << 30, -31}));
  EXPECT_EQ(quantizeMultiplier(std::ldexp(0.99, -32)), (Multiplier{0, 0}));
  EXPECT_EQ(quantizeMultiplier(1.4e-23), (Multiplier{0, 0}));
  EXPECT_EQ(quantizeMultiplier(0.0), (Multiplier{0, 0}));
}

TEST(DivideMultiplier, PowerOfTwo) {
  // 1 / 4: k = 2, 2^30 · 4 / 4 = 2^30, exponent 1 − 2.
  EXPECT_EQ(divideMultiplier({1 << 30, 1}, 4), (Multiplier{1 << 30, -1}));
}

TEST(DivideMultiplier, Truncates) {
  // 49 elements: k = floor(log2 49) = 5; 2^30 · 32 / 49 = 701219150.37.
  EXPECT_EQ(divideMultiplier({1 << 30, 1}, 49), (Multiplier{701219150, -4}));
}

TEST(DivideMultiplier, KeepsTheExponentInRange) {
  // k = min(5, 31 − 29) = 2: 2^30 · 4 / 49 = 87652393.8.
  EXPECT_EQ(divideMultiplier({1 << 30, -29}, 49), (Multiplier{87652393, -31}));
}

TEST(DivideMultiplier, OneElement) {
  EXPECT_EQ(divideMultiplier({123456789 * 9, 1}, 1),
            (Multiplier{123456789 * 9, 1}));
}

TEST(Softmax, Scale) {
  // 1 · 1/16 · 2^26 = 2^22 = 0.5 · 2^23; −floor(31 · 2^26 / 2^23) = −248.
  SoftmaxParameters parameters = getSoftmaxParameters(1.0f, 0.0625f);
  EXPECT_TRUE(parameters.isValid);
  EXPECT_EQ(parameters.multiplier, (Multiplier{1 << 30, 23}));
  EXPECT_EQ(parameters.diffMin, -248);
}

TEST(Softmax, HugeScaleLeavesTheMaximumOnly) {
  SoftmaxParameters parameters = getSoftmaxParameters(1.0f, 100.0f);
  EXPECT_EQ(parameters.multiplier.exponent, 30);
  EXPECT_EQ(parameters.diffMin, 0);
}

TEST(Softmax, negative_TinyScale) {
  EXPECT_FALSE(getSoftmaxParameters(1.0f, 1e-9f).isValid);
  EXPECT_FALSE(getSoftmaxParameters(-1.0f, 0.1f).isValid);
}

TEST(ActivationRange, Bounds) {
  // Scale 1/16: 6 is 96 above the zero point, −1 is 16 below.
  ActivationRange range = getActivationRange(Activation::Relu6, 0.0625f, -28);
  EXPECT_EQ(range.min, -28);
  EXPECT_EQ(range.max, 68);
  range = getActivationRange(Activation::ReluN1To1, 0.0625f, 4);
  EXPECT_EQ(range.min, -12);
  EXPECT_EQ(range.max, 20);
  range = getActivationRange(Activation::Relu, 0.0625f, 4);
  EXPECT_EQ(range.min, 4);
  EXPECT_EQ(range.max, 127);
  range = getActivationRange(Activation::None, 0.0625f, 4);
  EXPECT_EQ(range.min, -128);
  EXPECT_EQ(range.max, 127);
}

TEST(ActivationRange, CutToTheType) {
  ActivationRange range = getActivationRange(Activation::Relu6, 0.001f, -128);
  EXPECT_EQ(range.min, -128);
  EXPECT_EQ(range.max, 127);
}

TEST(ActivationRange, TiesAwayFromZero) {
  // 6 / 4 = 1.5 and −1 / 2 = −0.5.
  EXPECT_EQ(getActivationRange(Activation::Relu6, 4.0f, 0).max, 2);
  EXPECT_EQ(getActivationRange(Activation::ReluN1To1, 2.0f, 0).min, -1);
}

TEST(ActivationRange, negative_BoundBeyondInt32) {
  EXPECT_FALSE(getActivationRange(Activation::Relu6, 1e-10f, 0).isValid);
}
