//===- Softmax.cpp - The portable softmax kernel --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An element's exponential depends on nothing but its difference from the
// maximum, which is one of 256 values: the compiler evaluates gemmlowp's
// polynomial for all of them, and the table holds the results in Q0.31 (0 below
// diff_min, where the reference writes the least output, as 0 would). What is
// left for run time, per pixel: the maximum, the sum in Q12.19, its reciprocal
// by three Newton steps, and a product per channel.
//
// Q m.n below: m bits before the point besides the sign, n bits behind it.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "../RowAccess.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor; 256 exponentials stand behind them, by the
/// difference from the maximum.
enum Fact : unsigned { Channels, NumFacts };
} // namespace

/// Bits before the point of the sum: it must stay below 2^12.
static constexpr int32_t sumIntegerBits = 12;
static constexpr int32_t maxChannels = (1 << sumIntegerBits) - 1;

//===----------------------------------------------------------------------===//
// Exponentials
//===----------------------------------------------------------------------===//

/// round(a * b / 2^31), the product of fixed-point numbers.
static int32_t multiplyFixed(int32_t a, int32_t b) {
  return scaleValue(patch::Rounding::TFLite, a, b, /*exponent=*/0);
}

/// round(a / 2^bits), ties away from zero. A multiplication by -2^31 / 2^31
/// would lose the sign, so this is not scaleValue.
static int32_t divideByPowerOfTwo(int32_t a, int bits) {
  int64_t wide = a;
  return static_cast<int32_t>(
      (wide - (wide < 0) + (int64_t(1) << (bits - 1))) >> bits);
}

/// exp(a) for a in [-1/4, 0), Q0.31 to Q0.31: with x = a + 1/8,
/// exp(-1/8) * (1 + x + x^2/2 + x^3/6 + x^4/24).
static int32_t expSmall(int32_t a) {
  constexpr int32_t expMinusEighth = 1895147668, third = 715827883;
  int32_t x = a + (1 << 28);
  int32_t x2 = multiplyFixed(x, x);
  int32_t x3 = multiplyFixed(x2, x);
  int32_t x4 = multiplyFixed(x2, x2);
  int32_t cubic = multiplyFixed(divideByPowerOfTwo(x4, 2) + x3, third);
  int32_t higher = divideByPowerOfTwo(cubic + x2, 1);
  return expMinusEighth + multiplyFixed(expMinusEighth, x + higher);
}

/// exp(a) for a <= 0, Q5.26 to Q0.31: a small part in [-1/4, 0), times
/// exp(-2^i) for each bit 2^i that is left.
static int32_t expNegative(int32_t a) {
  if (a == 0)
    return INT32_MAX;
  struct Factor {
    int bit;
    int32_t value;
  };
  // exp(-1/4), exp(-1/2), exp(-1), ..., exp(-16) by the bit of Q5.26.
  constexpr Factor factors[] = {
      {24, 1672461947}, {25, 1302514674}, {26, 790015084}, {27, 290630308},
      {28, 39332535},   {29, 720401},     {30, 242}};
  constexpr int32_t quarter = 1 << 24;
  int32_t fraction = (a & (quarter - 1)) - quarter;
  uint32_t rest = static_cast<uint32_t>(fraction) - static_cast<uint32_t>(a);
  int32_t result = expSmall(fraction * (1 << 5));
  for (const Factor &factor : factors)
    if (rest >> factor.bit & 1)
      result = multiplyFixed(result, factor.value);
  return result;
}

static SmallVector<int32_t> makeExponentials(patch::SoftmaxOp softmax) {
  auto multiplier = static_cast<int32_t>(softmax.getMultiplier());
  auto exponent = static_cast<int32_t>(softmax.getExponent());
  auto diffMin = static_cast<int32_t>(softmax.getDiffMin());
  SmallVector<int32_t> table;
  for (int32_t below = 0; below < 256; ++below) {
    int32_t scaled =
        scaleValue(patch::Rounding::TFLite, -below, multiplier, exponent);
    table.push_back(-below < diffMin ? 0 : expNegative(scaled));
  }
  return table;
}

//===----------------------------------------------------------------------===//
// Kernel
//===----------------------------------------------------------------------===//

/// floor(2^30 / d) for d in Q0.31, [1/2, 1), as the reference approximates it:
/// the reciprocal of 1 + a in Q0.31 where d = (1 + a) / 2.
static Val reciprocal(KernelBuilder &k, Val a) {
  // Non-negative, so the half sum of a and 1 rounds up by adding 1.
  Val half = (a >> 1) + (1 << 30);
  // 48/17 - 32/17 * d in Q2.29.
  Val x = k.multiplyHigh(half, k.i32(-1010580540)) + 1515870810;
  for (int step = 0; step < 3; ++step) {
    Val error = k.i32(1 << 29) - k.multiplyHigh(half, x);
    // |error| <= 2^29 / 17, so that the shift cannot overflow.
    x = x + (k.multiplyHigh(x, error) << 2);
  }
  // From Q1.30 to Q0.31 with saturation: a = 0 gives 1.
  return k.select(x > (INT32_MAX >> 1), k.i32(INT32_MAX), x << 1);
}

static void buildSoftmax(KernelBuilder &k, const KernelArgs &args) {
  Val channels = args.fact(Channels);
  Val table = args.get(ArgRole::Constant) + k.i32(4 * NumFacts);
  Val input = args.get(ArgRole::InBase) + args.get(ArgRole::InOffset) +
              args.get(ArgRole::InFirstColumn) * channels;
  auto pixel = [&](ArrayRef<Val> p) -> Vals {
    Val largest =
        k.loop(channels, {p[0], k.i32(-128)}, [&](ArrayRef<Val> c) -> Vals {
          return {c[0] + 1, k.max(c[1], k.load8(c[0]))};
        })[1];
    auto exponential = [&](Val address) {
      return k.load32(table + ((largest - k.load8(address)) << 2));
    };
    // Q0.31 to Q12.19: to the right by 12, rounding half up.
    Val sum = k.loop(channels, {p[0], k.i32(0)}, [&](ArrayRef<Val> c) -> Vals {
      Val half = exponential(c[0]) >> (sumIntegerBits - 1);
      return {c[0] + 1, c[1] + ((half >> 1) + (half & 1))};
    })[1];
    // sum = 2^(12 - headroom) * (1 + a).
    Val headroom = k.countLeadingZeros(sum);
    Val scale = reciprocal(k, (sum << headroom) ^ INT32_MIN);
    // By 12 - headroom for the sum and by 31 - 8 for the result's scale of
    // 2^-8, less 1 that is done last. A shift of 32 or more leaves nothing of
    // 31 bits.
    Val right = k.min(k.i32(sumIntegerBits + 31 - 8 - 1) - headroom, k.i32(31));
    Vals last = k.loop(channels, {p[0], p[1]}, [&](ArrayRef<Val> c) -> Vals {
      Val half = k.multiplyHigh(scale, exponential(c[0])) >> right;
      Val result = (half >> 1) + (half & 1) - 128;
      k.store8(k.min(result, k.i32(127)), c[1]);
      return {c[0] + 1, c[1] + 1};
    });
    return last;
  };
  k.loop(args.get(ArgRole::Count), {input, args.output()}, pixel);
}

static FailureOr<RowKernel> selectSoftmax(Operation *layer) {
  auto softmax = cast<patch::SoftmaxOp>(layer);
  int64_t channels =
      cast<ShapedType>(softmax.getInput().getType()).getDimSize(3);
  if (channels > maxChannels)
    return layer->emitOpError("has no row kernel for ")
           << channels << " channels: the sum of more than " << maxChannels
           << " exponentials does not fit into 32 bits";
  KernelArg args[] = {{ArgRole::OutBase},       {ArgRole::OutOffset},
                      {ArgRole::InBase},        {ArgRole::InOffset},
                      {ArgRole::InFirstColumn}, {ArgRole::Count},
                      {ArgRole::Constant}};
  RowKernel kernel = makeKernel("softmax_i8", args, buildSoftmax);
  Descriptor descriptor(NumFacts);
  descriptor[Channels] = static_cast<int32_t>(channels);
  descriptor.append(ArrayRef<int32_t>(makeExponentials(softmax)));
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

KernelProvider kernels::getPortableSoftmax() {
  return {isInt8Layer<patch::SoftmaxOp>, selectSoftmax};
}
