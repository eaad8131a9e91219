//===- Multiplier.h - Scales as integers ------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How TensorFlow Lite turns real scales into the integers that its kernels
// compute with. Results must agree to the last bit, so every formula says which
// of its steps are in single and which in double precision.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_IMPORT_TFLITE_MULTIPLIER_H
#define TESSERA_IMPORT_TFLITE_MULTIPLIER_H

#include "tessera/Import/TFLite/Model.h"

#include <cstdint>
#include <optional>

namespace tessera::tflite {

/// Stands for value · 2^(exponent − 31).
struct Multiplier {
  int32_t value = 0;
  int32_t exponent = 0;

  bool operator==(const Multiplier &other) const {
    return value == other.value && exponent == other.exponent;
  }
};

/// `real` = q · 2^e with 0.5 <= |q| < 1; value = round(q · 2^31), ties away
/// from zero; a value of 2^31 is halved and e incremented. e < −31 flushes to 0
/// (so do scales below 2^-32). `real` is finite; it may be negative or 0.
Multiplier quantizeMultiplier(double real);

/// The multiplier of a mean over `count` > 0 elements, which divides too: the
/// value is shifted up by k = min(floor(log2 count), 32, 31 + exponent),
/// divided by `count` (truncating) and the exponent is lowered by k.
Multiplier divideMultiplier(Multiplier multiplier, int64_t count);

/// The parameters of a SOFTMAX over INT8.
struct SoftmaxParameters {
  Multiplier multiplier;
  /// Differences from the maximum below this one contribute nothing.
  int32_t diffMin = 0;
  /// Whether TensorFlow Lite accepts these scales: the real multiplier
  /// exceeds 1.
  bool isValid = false;
};

/// real = min(beta · scale · 2^26, 2^31 − 1) in double precision, as a
/// multiplier; diffMin = −floor(31 · 2^26 / 2^exponent).
SoftmaxParameters getSoftmaxParameters(float beta, float scale);

/// Smallest and greatest quantised value after a fused activation.
struct ActivationRange {
  int32_t min = -128;
  int32_t max = 127;
  /// False where TensorFlow Lite refuses: a bound is no 32-bit integer.
  bool isValid = true;
};

/// The range of an INT8 result. A bound b is zeroPoint + round(b / scale) in
/// single precision, ties away from zero, and is cut to [−128, 127].
/// `activation` is None, Relu, Relu6 or ReluN1To1.
ActivationRange getActivationRange(Activation activation, float scale,
                                   int32_t zeroPoint);

/// The same for the real bounds [low, high]; an absent one does not bound.
ActivationRange quantizeRange(std::optional<float> low,
                              std::optional<float> high, float scale,
                              int32_t zeroPoint);

} // namespace tessera::tflite

#endif // TESSERA_IMPORT_TFLITE_MULTIPLIER_H
