//===- ScaleTest.cpp - Requantisation against its definitions -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scale.h"
#include "Oracle.h"
#include "RowAccess.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using patch::Rounding;

namespace {

/// A kernel that scales a list of words: InBase in words, OutBase out words,
/// InColumns the multiplier, InFirstColumn the encoded exponent, Count.
RowKernel makeScaleKernel(ScaleCode code) {
  KernelArg args[] = {{ArgRole::OutBase},
                      {ArgRole::InBase},
                      {ArgRole::InColumns},
                      {ArgRole::InFirstColumn},
                      {ArgRole::Count}};
  return makeKernel(
      ("scale_" + stringify(code)).str(), args,
      [code](KernelBuilder &k, const KernelArgs &args) {
        Scale scale(k, code, args.get(ArgRole::InColumns),
                    args.get(ArgRole::InFirstColumn));
        k.loop(args.get(ArgRole::Count),
               {args.get(ArgRole::InBase), args.get(ArgRole::OutBase)},
               [&](ArrayRef<Val> c) -> Vals {
                 k.store32(scale.apply(k, k.load32(c[0])), c[1]);
                 return {c[0] + 4, c[1] + 4};
               });
      });
}

std::vector<int32_t> cornerWords() {
  std::vector<int32_t> words = {0, INT32_MIN, INT32_MIN + 1};
  for (int bit = 0; bit < 31; ++bit)
    for (int32_t delta : {-1, 0, 1})
      for (int32_t sign : {1, -1})
        words.push_back(sign *
                        static_cast<int32_t>((int64_t(1) << bit) + delta));
  for (int32_t delta = 0; delta < 4; ++delta)
    words.push_back(INT32_MAX - delta);
  return words;
}

struct ScaleTest : ::testing::Test {
  /// Compares kernel and compiler with the oracle for all these values.
  void check(Rounding rounding, ScaleCode code, int32_t multiplier,
             int32_t exponent, std::vector<int32_t> &values) {
    std::vector<int32_t> results(values.size());
    void *in = values.data(), *out = results.data();
    auto count = static_cast<int32_t>(values.size());
    int32_t encoded = encodeExponent(code, exponent);
    void *packed[] = {&out, &in, &multiplier, &encoded, &count};
    harness.compile(makeScaleKernel(code))(packed);
    for (size_t i = 0; i < values.size(); ++i) {
      int32_t expected =
          oracle::scale(rounding, values[i], multiplier, exponent);
      ASSERT_EQ(results[i], expected)
          << values[i] << " * " << multiplier << " * 2^" << exponent
          << " rounded as " << patch::stringifyRounding(rounding).str()
          << ", code " << stringify(code).str();
      ASSERT_EQ(scaleValue(rounding, values[i], multiplier, exponent),
                expected);
    }
  }

  /// The codes that must be exact for this multiplier and exponent.
  static std::vector<ScaleCode> codesFor(Rounding rounding, int32_t multiplier,
                                         int32_t exponent) {
    if (rounding != Rounding::TFLite)
      return {chooseScaleCode(rounding, multiplier, exponent)};
    std::vector<ScaleCode> codes = {ScaleCode::TFLiteSaturate};
    if (multiplier != INT32_MIN) {
      codes.push_back(ScaleCode::TFLiteShift);
      if (exponent < 0)
        codes.push_back(ScaleCode::TFLite);
    }
    return codes;
  }

  KernelHarness harness;
};

// 5 * 2^30 / 2^31 = 2.5 -> 3 (half up), -5: -2.5 -> -2 (half up); then / 2,
// ties away from zero: 1.5 -> 2 and -1 -> -1.
TEST_F(ScaleTest, workedExample) {
  EXPECT_EQ(scaleValue(Rounding::TFLite, 5, 1 << 30, 0), 3);
  EXPECT_EQ(scaleValue(Rounding::TFLite, -5, 1 << 30, 0), -2);
  EXPECT_EQ(scaleValue(Rounding::TFLite, 5, 1 << 30, -1), 2);
  EXPECT_EQ(scaleValue(Rounding::TFLite, -5, 1 << 30, -1), -1);
  // One rounding: -5 / 4 = -1.25 -> -1; 6 / 4 = 1.5 -> 2; -6 / 4 -> -1 (half
  // up).
  EXPECT_EQ(scaleValue(Rounding::Single, -5, 1 << 30, -1), -1);
  EXPECT_EQ(scaleValue(Rounding::Single, 6, 1 << 30, -1), 2);
  EXPECT_EQ(scaleValue(Rounding::Single, -6, 1 << 30, -1), -1);
  // DOUBLE_ROUND takes 1/2 to 1 more from the tie below zero: -6 / 4 -> -2.
  EXPECT_EQ(scaleValue(Rounding::Double, -6, 1 << 30, -1), -2);
  // The shift to the left wraps: 2^30 << 2 = 0.
  EXPECT_EQ(scaleValue(Rounding::TFLite, 1 << 30, INT32_MAX, 2), 0);
  // The only product that saturates.
  EXPECT_EQ(scaleValue(Rounding::TFLite, INT32_MIN, INT32_MIN, 0), INT32_MAX);
}

TEST_F(ScaleTest, chosenCodeIsTheCheapest) {
  auto choose = [](ArrayRef<int32_t> m, ArrayRef<int32_t> e) {
    return chooseScaleCode(Rounding::TFLite, m, e);
  };
  EXPECT_EQ(choose({1, 2}, {-1, -31}), ScaleCode::TFLite);
  EXPECT_EQ(choose({1, 2}, {-1, 0}), ScaleCode::TFLiteShift);
  EXPECT_EQ(choose({1, INT32_MIN}, {-1, -1}), ScaleCode::TFLiteSaturate);
}

TEST_F(ScaleTest, corners) {
  std::vector<int32_t> words = cornerWords();
  for (Rounding rounding :
       {Rounding::TFLite, Rounding::Double, Rounding::Single})
    for (int32_t exponent = -31; exponent <= 30; ++exponent)
      for (int32_t multiplier : words)
        for (ScaleCode code : codesFor(rounding, multiplier, exponent)) {
          check(rounding, code, multiplier, exponent, words);
          if (HasFatalFailure())
            return;
        }
}

TEST_F(ScaleTest, random) {
  constexpr unsigned seed = 20;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 3000; ++round) {
    auto rounding = static_cast<Rounding>(pick(random, 0, 2));
    int32_t multiplier =
        pick(random, INT32_MIN, INT32_MAX) >> pick(random, 0, 3) * 8;
    int32_t exponent = pick(random, -31, 30);
    std::vector<int32_t> values;
    for (int i = 0; i < 500; ++i)
      values.push_back(pick(random, INT32_MIN, INT32_MAX) >>
                       pick(random, 0, 31));
    for (ScaleCode code : codesFor(rounding, multiplier, exponent)) {
      check(rounding, code, multiplier, exponent, values);
      if (HasFatalFailure())
        return;
    }
  }
}

} // namespace
