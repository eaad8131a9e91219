//===- Rounding.cpp - Where TOSA's and TFLite's roundings agree -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Conversion/TosaToPatch/Rounding.h"

#include "llvm/ADT/bit.h"

#include <limits>

using namespace tessera;

std::optional<patch::Rounding> RoundingSet::best() const {
  if (tflite)
    return patch::Rounding::TFLite;
  if (doubleRound)
    return patch::Rounding::Double;
  if (single)
    return patch::Rounding::Single;
  return std::nullopt;
}

RoundingSet tessera::agreeingRoundings(patch::Rounding meaning,
                                       int32_t multiplier, int32_t exponent,
                                       ScaledValues values) {
  constexpr int64_t int32Max = std::numeric_limits<int32_t>::max();
  if (exponent >= 0) {
    // -2^31 * -2^31 is the one product that TFLite saturates.
    bool fits = exponent == 0 || (exponent < 32 && values.maxMagnitude <=
                                                       (int32Max >> exponent));
    return {fits && multiplier != std::numeric_limits<int32_t>::min(), true,
            true};
  }
  int zeros = multiplier == 0
                  ? 64
                  : llvm::countr_zero(static_cast<uint32_t>(multiplier));
  if (zeros + values.trailingZeros >= 31 - exponent)
    return {true, true, true};
  if (meaning == patch::Rounding::Single)
    return {false, false, true};
  return {multiplier >= 0, true, false};
}
