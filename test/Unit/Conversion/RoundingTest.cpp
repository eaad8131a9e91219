//===- RoundingTest.cpp - Roundings against their definitions -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The three ways to scale are written down from their specifications, and what
// agreeingRoundings claims is compared with them value by value.
//
//===----------------------------------------------------------------------===//

#include "tessera/Conversion/TosaToPatch/Rounding.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <random>

using namespace tessera;
using patch::Rounding;

//===----------------------------------------------------------------------===//
// Definitions
//===----------------------------------------------------------------------===//

/// TensorFlow Lite's MultiplyByQuantizedMultiplier: a wrapping shift to the
/// left, gemmlowp's saturating doubling high multiply (nudge by the sign of the
/// product, division towards zero), and its rounding division by a power of
/// two.
static int64_t scaleTFLite(int32_t value, int32_t multiplier, int exponent) {
  constexpr int32_t lowest = std::numeric_limits<int32_t>::min();
  int left = std::max(exponent, 0), right = std::max(-exponent, 0);
  auto shifted = static_cast<int32_t>(static_cast<uint32_t>(value) << left);
  int64_t high;
  if (shifted == lowest && multiplier == lowest) {
    high = std::numeric_limits<int32_t>::max();
  } else {
    int64_t product = int64_t(shifted) * multiplier;
    int64_t nudge = product >= 0 ? int64_t(1) << 30 : 1 - (int64_t(1) << 30);
    high = (product + nudge) / (int64_t(1) << 31);
  }
  int64_t mask = (int64_t(1) << right) - 1;
  int64_t remainder = high & mask;
  int64_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  return (high >> right) + (remainder > threshold ? 1 : 0);
}

/// TOSA's apply_scale_32.
static int64_t scaleTosa(int32_t value, int32_t multiplier, int exponent,
                         bool doubleRound) {
  int shift = 31 - exponent;
  int64_t round = int64_t(1) << (shift - 1);
  if (doubleRound && shift > 31)
    round += value >= 0 ? int64_t(1) << 30 : -(int64_t(1) << 30);
  return (int64_t(value) * multiplier + round) >> shift;
}

static int64_t scale(Rounding rounding, int32_t value, int32_t multiplier,
                     int exponent) {
  return rounding == Rounding::TFLite ? scaleTFLite(value, multiplier, exponent)
                                      : scaleTosa(value, multiplier, exponent,
                                                  rounding == Rounding::Double);
}

static bool contains(RoundingSet set, Rounding rounding) {
  switch (rounding) {
  case Rounding::TFLite:
    return set.tflite;
  case Rounding::Double:
    return set.doubleRound;
  case Rounding::Single:
    return set.single;
  }
  return false;
}

static constexpr Rounding allRoundings[] = {Rounding::TFLite, Rounding::Double,
                                            Rounding::Single};

/// Checks the claim for one scaling on one value (a multiple of
/// 2^trailingZeros).
static void checkValue(Rounding meaning, int32_t value, int32_t multiplier,
                       int exponent, RoundingSet set) {
  int64_t meant = scale(meaning, value, multiplier, exponent);
  for (Rounding rounding : allRoundings)
    if (contains(set, rounding))
      ASSERT_EQ(meant, scale(rounding, value, multiplier, exponent))
          << "value " << value << ", multiplier " << multiplier << ", exponent "
          << exponent << ", " << patch::stringifyRounding(rounding).str()
          << " for " << patch::stringifyRounding(meaning).str();
}

//===----------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------===//

// Values at which the three differ, worked out by hand. m = 2^30 and e = -1:
// h = floor((v * 2^30 + 2^30) / 2^31) = floor((v + 1) / 2), then h / 2.
TEST(RoundingTest, worked_examples) {
  constexpr int32_t half = 1 << 30;
  // 1 / 4: rounded up to 1 first, then 1 / 2 to 1.
  EXPECT_EQ(1, scaleTFLite(1, half, -1));
  EXPECT_EQ(1, scaleTosa(1, half, -1, /*doubleRound=*/true));
  EXPECT_EQ(0, scaleTosa(1, half, -1, /*doubleRound=*/false));
  // -2 / 4 = -0.5: h = -1, then -1 / 2 away from zero.
  EXPECT_EQ(-1, scaleTFLite(-2, half, -1));
  EXPECT_EQ(-1, scaleTosa(-2, half, -1, /*doubleRound=*/true));
  EXPECT_EQ(0, scaleTosa(-2, half, -1, /*doubleRound=*/false));
  // A negative multiplier: 1 * -1 / 4 has h = 0, but DOUBLE_ROUND looks at v.
  EXPECT_EQ(0, scaleTFLite(1, -half, -1));
  EXPECT_EQ(0, scaleTosa(1, -half, -1, /*doubleRound=*/true));
  // 2 * -1 / 4 = -0.5: TensorFlow Lite away from zero, TOSA towards plus.
  EXPECT_EQ(-1, scaleTFLite(2, -half, -1));
  EXPECT_EQ(0, scaleTosa(2, -half, -1, /*doubleRound=*/true));
}

TEST(RoundingTest, sets_for_accumulators) {
  // Any 32-bit value: DOUBLE_ROUND with m >= 0 is TensorFlow Lite's.
  RoundingSet set = agreeingRoundings(Rounding::Double, 1610612736, -9, {});
  EXPECT_EQ(Rounding::TFLite, set.best());
  EXPECT_FALSE(set.single);
  // Shift 31: all three.
  set = agreeingRoundings(Rounding::Single, 1610612736, 0, {});
  EXPECT_TRUE(set.tflite && set.doubleRound && set.single);
  // To the left, 32-bit values would wrap.
  set = agreeingRoundings(Rounding::Double, 1610612736, 1, {});
  EXPECT_FALSE(set.tflite);
  EXPECT_EQ(Rounding::Double, set.best());
  // i8 less a zero point of 127 is at most 255: 255 * 2^23 < 2^31 <= 255 *
  // 2^24.
  EXPECT_TRUE(agreeingRoundings(Rounding::Double, 3, 23, {255, 0}).tflite);
  EXPECT_FALSE(agreeingRoundings(Rounding::Double, 3, 24, {255, 0}).tflite);
}

TEST(RoundingTest, negative_multiplier_is_not_tflite) {
  RoundingSet set = agreeingRoundings(Rounding::Double, -1610612736, -9, {});
  EXPECT_FALSE(set.tflite);
  EXPECT_EQ(Rounding::Double, set.best());
}

TEST(RoundingTest, nothing_to_round) {
  // (v << 20) * 2^30 is a multiple of 2^50.
  RoundingSet set = agreeingRoundings(Rounding::Single, 1 << 30, -19,
                                      {int64_t(255) << 20, 20});
  EXPECT_TRUE(set.tflite && set.doubleRound && set.single);
  // One bit more is rounded off.
  set = agreeingRoundings(Rounding::Single, 1 << 30, -20,
                          {int64_t(255) << 20, 20});
  EXPECT_FALSE(set.tflite || set.doubleRound);
}

// Small products meet every tie: all values of 9 bits with all multipliers of 6
// bits at the top of the word.
TEST(RoundingTest, small_values_exhaustively) {
  for (Rounding meaning : {Rounding::Double, Rounding::Single})
    for (int exponent = -12; exponent <= 3; ++exponent)
      for (int32_t top = -32; top < 32; ++top) {
        auto multiplier =
            static_cast<int32_t>(static_cast<uint32_t>(top) << 26);
        RoundingSet set =
            agreeingRoundings(meaning, multiplier, exponent, {256, 0});
        ASSERT_TRUE(contains(set, meaning));
        for (int32_t value = -256; value <= 256; ++value)
          checkValue(meaning, value, multiplier, exponent, set);
      }
}

TEST(RoundingTest, random_values) {
  constexpr uint32_t seed = 20240607;
  RecordProperty("seed", static_cast<int>(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 300000; ++i) {
    auto meaning = random() % 2 ? Rounding::Double : Rounding::Single;
    int exponent = 29 - static_cast<int>(random() % 61);
    // Shorter numbers have more ties.
    int trailingZeros = static_cast<int>(random() % 24);
    auto value = static_cast<int32_t>(random()) >> (random() % 31);
    value = static_cast<int32_t>(static_cast<uint32_t>(value) << trailingZeros);
    int32_t multiplier = static_cast<int32_t>(random()) >> (random() % 31);
    if (random() % 2)
      multiplier = static_cast<int32_t>(static_cast<uint32_t>(multiplier)
                                        << (random() % 31));
    int64_t magnitude = std::abs(int64_t(value));
    RoundingSet set = agreeingRoundings(meaning, multiplier, exponent,
                                        {magnitude, trailingZeros});
    // A result that does not fit 32 bits has no meaning in TOSA.
    if (std::abs(scale(meaning, value, multiplier, exponent)) >= int64_t(1)
                                                                     << 31)
      continue;
    checkValue(meaning, value, multiplier, exponent, set);
  }
}

// What Pooling.cpp says of TOSA's reciprocal: S/n, ties away from zero, for all
// sums of up to 300 values of i8, and at the ends of the range for more.
TEST(RoundingTest, tosa_average_is_a_division) {
  auto check = [](int64_t taps, int64_t sum) {
    int k = 0;
    while ((int64_t(1) << k) < taps)
      ++k;
    auto multiplier =
        static_cast<int32_t>((((int64_t(1) << 30) + 1) << k) / taps);
    int64_t magnitude = (std::abs(sum) + taps / 2) / taps;
    ASSERT_EQ(sum < 0 ? -magnitude : magnitude,
              scaleTosa(static_cast<int32_t>(sum), multiplier, 1 - k,
                        /*doubleRound=*/false))
        << sum << " / " << taps;
  };
  for (int64_t taps = 1; taps <= 300; ++taps)
    for (int64_t sum = -255 * taps; sum <= 255 * taps; ++sum)
      check(taps, sum);
  for (int64_t taps : {(1 << 20) - 1, 1 << 20, (1 << 19) + 1})
    for (int64_t near = -3; near <= 3; ++near)
      for (int64_t whole = -255; whole <= 254; ++whole)
        check(taps, whole * taps + taps / 2 + near);
}
