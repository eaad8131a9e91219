//===- Rounding.h - Where TOSA's and TFLite's roundings agree ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// TOSA scales by (v * m + 2^(s-1) [± 2^30]) >> s, TensorFlow Lite in two steps:
// a doubling high multiply and a rounding division by a power of two. With
// e = 31 - s, k = s - 31 and h = floor((v * m + 2^30) / 2^31):
//
// * s <= 31: DOUBLE_ROUND adds no second term, so it is SINGLE_ROUND. TFLite
//   shifts v left by e and takes the same floor((v * m * 2^e + 2^30) / 2^31),
//   provided that v * 2^e fits 32 bits (always for s = 31).
//
// * s > 31, m >= 0: DOUBLE_ROUND is TFLite's. For v >= 0,
//     (v * m + 2^30 + 2^(30+k)) >> (31+k)  =  (h + 2^(k-1)) >> k,
//   and h >= 0, which TFLite rounds in just this way. For v < 0,
//     floor((v * m - 2^30) / 2^31) = h - 1,  so the result is
//     (h - 1 + 2^(k-1)) >> k,
//   which is TFLite's rounding of h < 0 (ties away from zero). That leaves h =
//   0: there (2^(k-1) - 1) >> k = 0 = 2^(k-1) >> k. With m < 0 the signs of v
//   and h differ and so do the results, at ties.
//
// * s > 31, v * m always a multiple of 2^s: nothing is rounded, all three
// agree.
//
// * s > 31 otherwise: SINGLE_ROUND agrees with neither.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_CONVERSION_TOSATOPATCH_ROUNDING_H
#define TESSERA_CONVERSION_TOSATOPATCH_ROUNDING_H

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include <cstdint>
#include <optional>

namespace tessera {

/// What is known of the values that are scaled.
struct ScaledValues {
  /// No value is larger in magnitude.
  int64_t maxMagnitude = int64_t(1) << 31;
  /// All values are multiples of 2^trailingZeros.
  int trailingZeros = 0;
};

/// A set of roundings.
struct RoundingSet {
  bool tflite = false;
  bool doubleRound = false;
  bool single = false;

  RoundingSet operator&(const RoundingSet &o) const {
    return {tflite && o.tflite, doubleRound && o.doubleRound,
            single && o.single};
  }
  /// TensorFlow Lite's if it is there, then TOSA's DOUBLE_ROUND.
  std::optional<patch::Rounding> best() const;
};

/// The roundings that give, for each such value, what TOSA's `meaning` (Double
/// or Single) gives. `exponent` is 31 - shift. Never empty.
RoundingSet agreeingRoundings(patch::Rounding meaning, int32_t multiplier,
                              int32_t exponent, ScaledValues values);

} // namespace tessera

#endif // TESSERA_CONVERSION_TOSATOPATCH_ROUNDING_H
