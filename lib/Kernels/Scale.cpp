//===- Scale.cpp - Requantisation, at compile time and in kernels ---------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// TensorFlow Lite's two roundings, without a branch and exact for all 32-bit
// values. With h = floor((v * m + 2^30) / 2^31):
//
// - |h| <= 2^31 - 1 unless v = m = INT32_MIN, where the reference saturates.
// - h / 2^s, ties away from zero, is floor((h' + 2^(s-1)) / 2^s) with
//   h' = h - (h < 0). As the sum may not fit into 32 bits, t = h' >> (s - 1) is
//   formed first; the result is floor((t + 1) / 2) = (t >> 1) + (t & 1).
//
//===----------------------------------------------------------------------===//

#include "Scale.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using patch::Rounding;

//===----------------------------------------------------------------------===//
// At compile time
//===----------------------------------------------------------------------===//

ScaleCode kernels::chooseScaleCode(Rounding rounding,
                                   ArrayRef<int32_t> multipliers,
                                   ArrayRef<int32_t> exponents) {
  if (rounding == Rounding::Double)
    return ScaleCode::Double;
  if (rounding == Rounding::Single)
    return ScaleCode::Single;
  if (llvm::is_contained(multipliers, INT32_MIN))
    return ScaleCode::TFLiteSaturate;
  bool onlyRight = llvm::all_of(exponents, [](int32_t e) { return e <= -1; });
  return onlyRight ? ScaleCode::TFLite : ScaleCode::TFLiteShift;
}

StringRef kernels::stringify(ScaleCode code) {
  switch (code) {
  case ScaleCode::TFLite:
    return "tflite";
  case ScaleCode::TFLiteShift:
    return "tflite_shift";
  case ScaleCode::TFLiteSaturate:
    return "tflite_saturate";
  case ScaleCode::Double:
    return "double";
  case ScaleCode::Single:
    return "single";
  }
  llvm_unreachable("all codes are named above");
}

int8_t kernels::encodeExponent(ScaleCode code, int32_t exponent) {
  switch (code) {
  case ScaleCode::TFLite:
    return static_cast<int8_t>(-exponent - 1);
  case ScaleCode::TFLiteShift:
  case ScaleCode::TFLiteSaturate:
    return static_cast<int8_t>(exponent);
  case ScaleCode::Double:
  case ScaleCode::Single:
    return static_cast<int8_t>(31 - exponent);
  }
  llvm_unreachable("all codes are handled above");
}

int32_t kernels::scaleValue(Rounding rounding, int32_t value,
                            int32_t multiplier, int32_t exponent) {
  if (rounding != Rounding::TFLite) {
    int shift = 31 - exponent;
    int64_t sum = int64_t(value) * multiplier + (int64_t(1) << (shift - 1));
    if (rounding == Rounding::Double && shift > 31)
      sum += value >= 0 ? int64_t(1) << 30 : -(int64_t(1) << 30);
    return static_cast<int32_t>(sum >> shift);
  }
  uint32_t shifted = static_cast<uint32_t>(value) << std::max(exponent, 0);
  int64_t high = (int64_t(static_cast<int32_t>(shifted)) * multiplier +
                  (int64_t(1) << 30)) >>
                 31;
  high = std::min<int64_t>(high, INT32_MAX);
  int right = std::max(-exponent, 0);
  if (right == 0)
    return static_cast<int32_t>(high);
  return static_cast<int32_t>(
      (high - (high < 0) + (int64_t(1) << (right - 1))) >> right);
}

int32_t kernels::requantizeValue(patch::RequantAttr requant, int32_t value) {
  uint32_t scaled = static_cast<uint32_t>(
      scaleValue(requant.getRounding(), value, requant.getMultiplier().front(),
                 requant.getExponent().front()));
  auto moved = static_cast<int32_t>(
      scaled + static_cast<uint32_t>(requant.getZeroPoint()));
  return std::min(std::max(moved, requant.getMin()), requant.getMax());
}

//===----------------------------------------------------------------------===//
// In kernels
//===----------------------------------------------------------------------===//

Scale::Scale(KernelBuilder &k, ScaleCode code, Val multiplier, Val exponent)
    : code(code), multiplier(multiplier), right(exponent) {
  if (code != ScaleCode::TFLiteShift && code != ScaleCode::TFLiteSaturate)
    return;
  left = k.max(exponent, k.i32(0));
  Val amount = left - exponent;
  rounds = k.min(amount, k.i32(1));
  right = amount - rounds;
}

Val Scale::applyTFLite(KernelBuilder &k, Val value) const {
  if (code == ScaleCode::TFLite) {
    Val high = k.multiplyHigh(value, multiplier);
    Val half = (high + (high >> 31)) >> right;
    return (half >> 1) + (half & 1);
  }
  Val high = k.multiplyHigh(value << left, multiplier);
  if (code == ScaleCode::TFLiteSaturate)
    high = k.select(high == INT32_MIN, k.i32(INT32_MAX), high);
  // With rounds = 0 nothing is added and nothing is shifted.
  Val half = (high - (k.shiftRightUnsigned(high, k.i32(31)) & rounds)) >> right;
  return (half >> rounds) + (half & rounds);
}

/// The two TOSA roundings add before one shift, in 64 bits.
Val Scale::applyWide(KernelBuilder &k, Val value) const {
  OpBuilder &b = k.builder;
  Type i64 = b.getI64Type();
  auto wide = [&](Val v) -> Value {
    return arith::ExtSIOp::create(b, k.loc, i64, v.value);
  };
  Value one = arith::ConstantIntOp::create(b, k.loc, 1, 64);
  Value half = arith::ShLIOp::create(b, k.loc, one, wide(right - 1));
  Value sum = arith::MulIOp::create(b, k.loc, wide(value), wide(multiplier));
  sum = arith::AddIOp::create(b, k.loc, sum, half);
  if (code == ScaleCode::Double) {
    // +-2^30 by the sign of the value if the shift is above 31, else 0.
    Val nudge = k.select(right > 31, k.i32(1 << 30), k.i32(0));
    Val sign = value >> 31;
    sum = arith::AddIOp::create(b, k.loc, sum, wide((nudge ^ sign) - sign));
  }
  Value shifted = arith::ShRSIOp::create(b, k.loc, sum, wide(right));
  return k.wrap(arith::TruncIOp::create(b, k.loc, b.getI32Type(), shifted));
}

Val Scale::apply(KernelBuilder &k, Val value) const {
  if (code == ScaleCode::Double || code == ScaleCode::Single)
    return applyWide(k, value);
  return applyTFLite(k, value);
}
