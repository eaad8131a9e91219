//===- Multiplier.cpp - Scales as integers --------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/Multiplier.h"

#include <algorithm>
#include <cmath>

using namespace tessera::tflite;

Multiplier tessera::tflite::quantizeMultiplier(double real) {
  if (real == 0.0)
    return {};
  int exponent = 0;
  double fraction = std::frexp(real, &exponent);
  int64_t value = std::llround(fraction * 2147483648.0);
  // Rounded up to 1.0. (−2^31 stays: it is a 32-bit integer.)
  if (value == int64_t(1) << 31) {
    value /= 2;
    ++exponent;
  }
  if (exponent < -31)
    return {};
  return {static_cast<int32_t>(value), exponent};
}

Multiplier tessera::tflite::divideMultiplier(Multiplier multiplier,
                                             int64_t count) {
  int shift = 0;
  while (shift < 32 && (count >> (shift + 1)) != 0)
    ++shift;
  shift = std::min(shift, 31 + multiplier.exponent);
  // Not a shift: the value may be negative.
  int64_t value = multiplier.value * (int64_t(1) << shift) / count;
  return {static_cast<int32_t>(value), multiplier.exponent - shift};
}

SoftmaxParameters tessera::tflite::getSoftmaxParameters(float beta,
                                                        float scale) {
  constexpr int integerBits = 5;
  double real =
      std::min(static_cast<double>(beta) * static_cast<double>(scale) *
                   (1 << (31 - integerBits)),
               2147483647.0);
  SoftmaxParameters result;
  if (!(real > 1.0))
    return result;
  result.isValid = true;
  result.multiplier = quantizeMultiplier(real);
  double radius = 31.0 * (int64_t(1) << (31 - integerBits)) /
                  (int64_t(1) << result.multiplier.exponent);
  result.diffMin = -static_cast<int32_t>(std::floor(radius));
  // Exponent 31 leaves only the maximum itself, whose difference 0 scales to 0
  // under any exponent.
  result.multiplier.exponent = std::min(result.multiplier.exponent, 30);
  return result;
}

ActivationRange tessera::tflite::quantizeRange(std::optional<float> low,
                                               std::optional<float> high,
                                               float scale, int32_t zeroPoint) {
  ActivationRange range;
  auto quantize = [&](float bound) -> int32_t {
    float rounded = std::round(bound / scale);
    // 2^31 is a float, 2^31 − 1 is not.
    if (!(rounded >= -2147483648.0f && rounded < 2147483648.0f)) {
      range.isValid = false;
      return zeroPoint;
    }
    // Saturates where a sum would not be a 32-bit integer: far outside INT8.
    int64_t sum = int64_t(zeroPoint) + static_cast<int64_t>(rounded);
    return static_cast<int32_t>(
        std::clamp<int64_t>(sum, -(int64_t(1) << 31), (int64_t(1) << 31) - 1));
  };
  if (low)
    range.min = std::max(range.min, quantize(*low));
  if (high)
    range.max = std::min(range.max, quantize(*high));
  return range;
}

ActivationRange tessera::tflite::getActivationRange(Activation activation,
                                                    float scale,
                                                    int32_t zeroPoint) {
  switch (activation) {
  case Activation::Relu:
    return quantizeRange(0.0f, std::nullopt, scale, zeroPoint);
  case Activation::Relu6:
    return quantizeRange(0.0f, 6.0f, scale, zeroPoint);
  case Activation::ReluN1To1:
    return quantizeRange(-1.0f, 1.0f, scale, zeroPoint);
  default:
    return {};
  }
}
