//===- ByteTables.h - Functions of one INT8 value ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The 256 results of each elementwise function, as TensorFlow Lite Micro's
// reference kernels compute them: in fixed point (LOGISTIC, TANH, HARD_SWISH,
// LEAKY_RELU) or in single precision (ELU).
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_IMPORT_TFLITE_BYTETABLES_H
#define TESSERA_IMPORT_TFLITE_BYTETABLES_H

#include "tessera/Import/TFLite/Multiplier.h"

#include <array>
#include <cstdint>
#include <optional>

namespace tessera::tflite {

/// The result for value q is entry q + 128.
using ByteTable = std::array<int8_t, 256>;

/// real value = scale · (q − zeroPoint), with a finite and positive scale.
struct AffineType {
  float scale = 1.0f;
  int32_t zeroPoint = 0;
};

/// value · multiplier / 2^31 · 2^exponent with TensorFlow Lite's two roundings;
/// a positive exponent shifts first, in 32 bits that wrap around. The exponent
/// is in [−31, 30].
int32_t scaleByMultiplier(int32_t value, Multiplier multiplier);

/// 1 / (1 + exp(−x)). The result has scale 1/256 and zero point −128, whatever
/// the file says. None for scales below 2^-28, which the fixed point cannot
/// hold.
std::optional<ByteTable> getLogisticTable(AffineType input);

/// The hyperbolic tangent; the result has scale 1/128 and zero point 0. None as
/// for getLogisticTable.
std::optional<ByteTable> getTanhTable(AffineType input);

/// x · min(max(x + 3, 0), 6) / 6 in 16-bit fixed point. None where the ratio of
/// the scales leaves its range.
std::optional<ByteTable> getHardSwishTable(AffineType input, AffineType output);

/// x for x >= 0, else alpha · x. None where a ratio of scales reaches 2^30 or
/// is no finite number.
std::optional<ByteTable> getLeakyReluTable(AffineType input, AffineType output,
                                           float alpha);

/// x for x >= 0, else exp(x) − 1. None if 1 / (output scale) is not finite in
/// single precision.
std::optional<ByteTable> getEluTable(AffineType input, AffineType output);

} // namespace tessera::tflite

#endif // TESSERA_IMPORT_TFLITE_BYTETABLES_H
