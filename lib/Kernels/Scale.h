//===- Scale.h - Requantisation, at compile time and in kernels -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The `scale` of #patch.requant in three shapes: a C++ function for what is
// evaluated by the compiler, the operands that a kernel reads from tables, and
// the instructions that a kernel runs. A kernel's code depends on the scale
// code: the two TensorFlow Lite codes that are cheaper than the general one
// serve nearly every layer of real networks.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_SCALE_H
#define TESSERA_LIB_KERNELS_SCALE_H

#include "tessera/Dialect/Patch/IR/PatchDialect.h"
#include "tessera/Kernels/KernelBuilder.h"

namespace tessera::kernels {

/// How the instructions that scale a value look.
enum class ScaleCode {
  /// `tflite` rounding, every exponent <= -1, no multiplier is INT32_MIN.
  TFLite,
  /// `tflite` rounding, any exponent, no multiplier is INT32_MIN.
  TFLiteShift,
  /// `tflite` rounding of anything: INT32_MIN * INT32_MIN saturates.
  TFLiteSaturate,
  /// TOSA's DOUBLE_ROUND and SINGLE_ROUND.
  Double,
  Single,
};

/// The cheapest code that is exact for all these multipliers and exponents.
ScaleCode chooseScaleCode(patch::Rounding rounding,
                          llvm::ArrayRef<int32_t> multipliers,
                          llvm::ArrayRef<int32_t> exponents);

/// "tflite", "tflite_shift", "tflite_saturate", "double" or "single": part of
/// the symbol of a kernel.
llvm::StringRef stringify(ScaleCode code);

/// The byte that a kernel of this code reads for an exponent: -e - 1 for
/// TFLite, e for the two others, 31 - e for Double and Single.
int8_t encodeExponent(ScaleCode code, int32_t exponent);

/// scale(value, multiplier, exponent) as PatchAttrs.td defines it.
int32_t scaleValue(patch::Rounding rounding, int32_t value, int32_t multiplier,
                   int32_t exponent);

/// clamp(scale(value) + zero point) of a requantisation with one multiplier.
int32_t requantizeValue(patch::RequantAttr requant, int32_t value);

/// A multiplier and its exponent in registers, with what the code derives from
/// the exponent alone, so that a loop with one multiplier derives it once.
class Scale {
public:
  /// `exponent` is the encoded byte.
  Scale(KernelBuilder &k, ScaleCode code, Val multiplier, Val exponent);

  /// scale(value).
  Val apply(KernelBuilder &k, Val value) const;

private:
  Val applyTFLite(KernelBuilder &k, Val value) const;
  Val applyWide(KernelBuilder &k, Val value) const;

  ScaleCode code;
  Val multiplier;
  /// TFLite codes: to the right by `right` + `rounds`, `rounds` being 0 only
  /// for a shift by 0; to the left by `left` first. Double, Single: right shift
  /// in all.
  Val left, right, rounds;
};

} // namespace tessera::kernels

#endif // TESSERA_LIB_KERNELS_SCALE_H
