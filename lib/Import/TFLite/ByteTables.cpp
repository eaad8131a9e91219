//===- ByteTables.cpp - Functions of one INT8 value -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A fixed-point number Qm.n here is an int32_t of n fraction bits. LOGISTIC and
// TANH come from one exponential of a value <= 0, which is split into a part in
// [-1/4, 0), done by a polynomial, and powers of two, whose exponentials are
// constants; 1 / (1 + x) takes three steps of Newton and Raphson. Every product
// is rounded as gemmlowp rounds it, so that no bit differs.
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/ByteTables.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace tessera::tflite;

namespace {
constexpr int32_t int32Min = std::numeric_limits<int32_t>::min();
constexpr int32_t int32Max = std::numeric_limits<int32_t>::max();
} // namespace

//===----------------------------------------------------------------------===//
// Fixed point
//===----------------------------------------------------------------------===//

/// a · b / 2^31, ties upwards.
static int32_t multiplyHigh(int32_t a, int32_t b) {
  if (a == int32Min && b == int32Min)
    return int32Max;
  return static_cast<int32_t>((int64_t(a) * b + (int64_t(1) << 30)) >> 31);
}

/// value / 2^exponent, ties away from zero; the exponent is in [0, 31].
static int32_t divideByPowerOfTwo(int32_t value, int exponent) {
  int64_t half = exponent == 0 ? 0 : int64_t(1) << (exponent - 1);
  return static_cast<int32_t>((value + half - (value < 0 && exponent > 0)) >>
                              exponent);
}

static int32_t saturate(int64_t value) {
  return static_cast<int32_t>(std::clamp<int64_t>(value, int32Min, int32Max));
}

static int8_t saturateToByte(int64_t value) {
  return static_cast<int8_t>(std::clamp<int64_t>(value, -128, 127));
}

int32_t tessera::tflite::scaleByMultiplier(int32_t value,
                                           Multiplier multiplier) {
  int left = std::max(multiplier.exponent, 0);
  int right = std::max(-multiplier.exponent, 0);
  auto shifted = static_cast<int32_t>(static_cast<uint32_t>(value) << left);
  return divideByPowerOfTwo(multiplyHigh(shifted, multiplier.value), right);
}

/// exp(a) for a in [-1/4, 0), both Q0.31: the series of degree 4 around -1/8.
static int32_t expOfFraction(int32_t a) {
  constexpr int32_t expOfMinusEighth = 1895147668, oneThird = 715827883;
  int32_t x = a + (1 << 28);
  int32_t x2 = multiplyHigh(x, x);
  int32_t x3 = multiplyHigh(x2, x);
  int32_t x4 = multiplyHigh(x2, x2);
  int32_t cubic = multiplyHigh(divideByPowerOfTwo(x4, 2) + x3, oneThird);
  int32_t higher = divideByPowerOfTwo(cubic + x2, 1);
  return expOfMinusEighth + multiplyHigh(expOfMinusEighth, x + higher);
}

/// exp(a) for a <= 0 with `fractionBits` (26 or 27) fraction bits, as Q0.31.
static int32_t expOfNegative(int32_t a, int fractionBits) {
  if (a == 0)
    return int32Max;
  // exp(-2^k) for k from -2.
  constexpr int32_t expOfPower[] = {
      1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  int32_t quarter = 1 << (fractionBits - 2);
  int32_t fraction = (a & (quarter - 1)) - quarter;
  int32_t result = expOfFraction(fraction * (1 << (31 - fractionBits)));
  int32_t remainder = fraction - a;
  for (int i = 0; fractionBits - 2 + i < 31; ++i)
    if ((remainder >> (fractionBits - 2 + i)) & 1)
      result = multiplyHigh(result, expOfPower[i]);
  return result;
}

/// 2 / (1 + a) for a in [0, 1): Q0.31 to Q2.29.
static int32_t twoOverOnePlus(int32_t a) {
  auto halfDenominator = static_cast<int32_t>((int64_t(a) + int32Max + 1) / 2);
  // 48/17 - 32/17 d is the usual first guess of 1 / d in [1, 2].
  int32_t x = 1515870810 + multiplyHigh(halfDenominator, -1010580540);
  for (int i = 0; i < 3; ++i) {
    int32_t error = (1 << 29) - multiplyHigh(halfDenominator, x);
    x += saturate(int64_t(multiplyHigh(x, error)) * 4);
  }
  return x;
}

/// The logistic function: Q4.27 to Q0.31.
static int32_t logistic(int32_t x) {
  if (x == 0)
    return 1 << 30;
  int32_t exp = expOfNegative(x > 0 ? -x : x, 27);
  int32_t positive = saturate(int64_t(twoOverOnePlus(exp)) * 2);
  return x > 0 ? positive : int32Max - positive;
}

/// The hyperbolic tangent: Q4.27 to Q0.31. -tanh(x) = (1 - e) / (1 + e) with
/// e = exp(2 x) for x < 0: the same bits read as Q5.26.
static int32_t tanhOf(int32_t x) {
  if (x == 0)
    return 0;
  int32_t exp = expOfNegative(x > 0 ? -x : x, 26);
  int32_t magnitude = saturate((int64_t(twoOverOnePlus(exp)) - (1 << 29)) * 4);
  return x > 0 ? magnitude : -magnitude;
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

/// The entries f(q) for all q.
template <typename Function>
static ByteTable tabulate(Function function) {
  ByteTable table;
  for (int32_t q = -128; q < 128; ++q)
    table[q + 128] = function(q);
  return table;
}

/// Inputs as Q4.27 through `function`, whose Q0.31 is rounded to `resultBits`
/// bits; beyond ±15 the result saturates.
static std::optional<ByteTable> getSigmoidTable(AffineType input,
                                                int32_t (*function)(int32_t),
                                                int resultBits,
                                                int32_t zeroPoint) {
  Multiplier multiplier =
      quantizeMultiplier(static_cast<double>(input.scale) * (1 << 27));
  if (multiplier.exponent < 0 || multiplier.value == 0)
    return std::nullopt;
  double radius = std::floor(std::ldexp(15.0, 27 - multiplier.exponent));
  return tabulate([&](int32_t q) -> int8_t {
    int32_t centred = q - input.zeroPoint;
    if (centred <= -radius)
      return -128;
    if (centred >= radius)
      return 127;
    int32_t result = function(scaleByMultiplier(centred, multiplier));
    return saturateToByte(int64_t(divideByPowerOfTwo(result, 31 - resultBits)) +
                          zeroPoint);
  });
}

std::optional<ByteTable> tessera::tflite::getLogisticTable(AffineType input) {
  return getSigmoidTable(input, logistic, 8, -128);
}

std::optional<ByteTable> tessera::tflite::getTanhTable(AffineType input) {
  return getSigmoidTable(input, tanhOf, 7, 0);
}

/// Rounds the 31 fraction bits of a multiplier to 15.
static int16_t roundMultiplier(int32_t value) {
  constexpr int32_t half = 1 << 15;
  if (value >= int32Max - half)
    return std::numeric_limits<int16_t>::max();
  return static_cast<int16_t>((value + half) >> 16);
}

/// a · b / 2^15 in 16 bits, ties upwards.
static int16_t multiplyHigh16(int16_t a, int16_t b) {
  return static_cast<int16_t>((int32_t(a) * b + (1 << 14)) >> 15);
}

static int16_t shiftLeft16(int16_t value, int amount) {
  // 16 saturates all but 0.
  int64_t shifted = int64_t(value) * (int64_t(1) << std::min(amount, 16));
  return static_cast<int16_t>(std::clamp<int64_t>(shifted, -32768, 32767));
}

std::optional<ByteTable> tessera::tflite::getHardSwishTable(AffineType input,
                                                            AffineType output) {
  float fineScale = (1.0f / 128.0f) * input.scale;
  float ratio = fineScale / output.scale;
  float reluRatio = fineScale / (3.0f / 32768.0f);
  if (!std::isfinite(ratio) || !std::isfinite(reluRatio))
    return std::nullopt;
  Multiplier outputScale = quantizeMultiplier(static_cast<double>(ratio));
  Multiplier reluScale = quantizeMultiplier(static_cast<double>(reluRatio));
  // Left shifts are refused, and 16-bit values have 15 bits to shift out.
  if (outputScale.exponent > 0 || outputScale.exponent < -15 ||
      reluScale.exponent < -15)
    return std::nullopt;
  int16_t outputFactor = roundMultiplier(outputScale.value);
  int16_t reluFactor = roundMultiplier(reluScale.value);
  int reluShift = reluScale.exponent;
  return tabulate([&](int32_t q) -> int8_t {
    auto fine = static_cast<int16_t>((q - input.zeroPoint) * 128);
    int16_t scaled = multiplyHigh16(fine, outputFactor);
    // x / 3, saturated to [-1, 1]; then (x / 3 + 1) / 2.
    int16_t relu = fine;
    if (reluShift > 0)
      relu = shiftLeft16(relu, reluShift - 1);
    relu = multiplyHigh16(relu, reluFactor);
    if (reluShift > 0)
      relu = shiftLeft16(relu, 1);
    if (reluShift < 0)
      relu = static_cast<int16_t>(divideByPowerOfTwo(relu, -reluShift));
    relu = static_cast<int16_t>((relu + (1 << 15)) >> 1);
    // The last product truncates towards zero, and the sum wraps in 16 bits.
    auto product = static_cast<int16_t>(int32_t(relu) * scaled / (1 << 15));
    int32_t shifted = divideByPowerOfTwo(product, -outputScale.exponent);
    return saturateToByte(static_cast<int16_t>(shifted + output.zeroPoint));
  });
}

std::optional<ByteTable> tessera::tflite::getLeakyReluTable(AffineType input,
                                                            AffineType output,
                                                            float alpha) {
  float identityRatio = input.scale / output.scale;
  float alphaRatio = input.scale * alpha / output.scale;
  if (!std::isfinite(identityRatio) || !std::isfinite(alphaRatio))
    return std::nullopt;
  Multiplier identity = quantizeMultiplier(static_cast<double>(identityRatio));
  Multiplier leak = quantizeMultiplier(static_cast<double>(alphaRatio));
  if (identity.exponent > 30 || leak.exponent > 30)
    return std::nullopt;
  return tabulate([&](int32_t q) {
    int32_t centred = q - input.zeroPoint;
    return saturateToByte(
        int64_t(output.zeroPoint) +
        scaleByMultiplier(centred, centred >= 0 ? identity : leak));
  });
}

std::optional<ByteTable> tessera::tflite::getEluTable(AffineType input,
                                                      AffineType output) {
  float inverseScale = 1.0f / output.scale;
  if (!std::isfinite(inverseScale))
    return std::nullopt;
  return tabulate([&](int32_t q) {
    float x = input.scale * static_cast<float>(q - input.zeroPoint);
    float result = x < 0.0f ? std::exp(x) - 1.0f : x;
    float rounded = std::round(result * inverseScale) +
                    static_cast<float>(output.zeroPoint);
    return static_cast<int8_t>(std::clamp(rounded, -128.0f, 127.0f));
  });
}
