//===- Quantize.cpp - The portable kernel from floats to int8 -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// q(x) = clamp(round(x / scale) + zero_point) in single precision, ties away
// from zero, grows with x. Flipping all bits but the sign of a negative float
// makes integers of floats that are ordered like them. So q(x) is -128 plus the
// number of thresholds that this integer reaches, where threshold i is the
// first integer whose float gives -128 + i or more: a search of eight steps in
// a table that the compiler makes, and no floating point at run time.
//
// Values that do not fit into 32 bits after rounding, the infinities among
// them, saturate. A NaN gives clamp(zero_point), as Arm's conversion of a NaN
// is 0 (x86's is INT32_MIN, for values out of range too: there C++ leaves the
// cast undefined). Denormals are ordinary numbers.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "../RowAccess.h"

#include "llvm/ADT/bit.h"

#include <cmath>

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor; 256 thresholds stand behind them, the first of
/// which is not read.
enum Fact : unsigned {
  Channels,
  /// What a NaN gives.
  NanResult,
  NumFacts
};
} // namespace

static constexpr int32_t infinityBits = 0x7f800000;

//===----------------------------------------------------------------------===//
// Thresholds
//===----------------------------------------------------------------------===//

/// The float of an ordered integer, which is its own inverse.
static float floatOf(int32_t ordered) {
  return llvm::bit_cast<float>(ordered ^ ((ordered >> 31) & INT32_MAX));
}

/// q(x) of a number that is not a NaN.
static int32_t quantizeValue(float value, float scale, int32_t zeroPoint) {
  float rounded = std::round(value / scale);
  // Far outside of int8 for every zero point, and exact in 64 bits.
  int64_t whole = rounded >= 2147483648.0f   ? INT32_MAX
                  : rounded < -2147483648.0f ? INT32_MIN
                                             : static_cast<int64_t>(rounded);
  return static_cast<int32_t>(
      std::min<int64_t>(std::max<int64_t>(whole + zeroPoint, -128), 127));
}

/// Threshold i for results of -128 + i; above infinity if nothing reaches it.
static SmallVector<int32_t> findThresholds(float scale, int32_t zeroPoint) {
  SmallVector<int32_t> thresholds = {INT32_MIN};
  for (int32_t result = -127; result <= 127; ++result) {
    // The smallest ordered integer in (low, high] that reaches the result.
    int64_t low = int64_t(infinityBits ^ INT32_MIN ^ INT32_MAX) - 1;
    int64_t high = int64_t(infinityBits) + 1;
    while (high - low > 1) {
      int64_t middle = low + (high - low) / 2;
      float value = floatOf(static_cast<int32_t>(middle));
      (quantizeValue(value, scale, zeroPoint) >= result ? high : low) = middle;
    }
    thresholds.push_back(static_cast<int32_t>(high));
  }
  return thresholds;
}

//===----------------------------------------------------------------------===//
// Kernel
//===----------------------------------------------------------------------===//

static void buildQuantize(KernelBuilder &k, const KernelArgs &args) {
  Val channels = args.fact(Channels), nanResult = args.fact(NanResult);
  Val table = args.get(ArgRole::Constant) + k.i32(4 * NumFacts);
  Val input = args.get(ArgRole::InBase) + args.get(ArgRole::InOffset) +
              ((args.get(ArgRole::InFirstColumn) * channels) << 2);
  k.loop(args.get(ArgRole::Count) * channels, {input, args.output()},
         [&](ArrayRef<Val> c) -> Vals {
           Val bits = k.load32(c[0]);
           Val ordered = bits ^ ((bits >> 31) & INT32_MAX);
           // The number of thresholds that are known to be reached.
           Val reached = k.i32(0);
           for (int32_t step = 128; step > 0; step /= 2) {
             Val next = k.load32(table + (reached << 2), 4 * step);
             reached = k.select(ordered >= next, reached + step, reached);
           }
           Val isNan = (bits & INT32_MAX) > infinityBits;
           k.store8(k.select(isNan, nanResult, reached - 128), c[1]);
           return {c[0] + 4, c[1] + 1};
         });
}

static FailureOr<RowKernel> selectQuantize(Operation *layer) {
  auto quantize = cast<patch::QuantizeOp>(layer);
  float scale = quantize.getScale().convertToFloat();
  auto zeroPoint = static_cast<int32_t>(quantize.getZeroPoint());
  KernelArg args[] = {{ArgRole::OutBase},       {ArgRole::OutOffset},
                      {ArgRole::InBase},        {ArgRole::InOffset},
                      {ArgRole::InFirstColumn}, {ArgRole::Count},
                      {ArgRole::Constant}};
  RowKernel kernel = makeKernel("quantize_f32_i8", args, buildQuantize);
  Descriptor descriptor(NumFacts);
  descriptor[Channels] = static_cast<int32_t>(
      cast<ShapedType>(quantize.getInput().getType()).getDimSize(3));
  descriptor[NanResult] = std::min(std::max(zeroPoint, -128), 127);
  descriptor.append(ArrayRef<int32_t>(findThresholds(scale, zeroPoint)));
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

KernelProvider kernels::getPortableQuantize() {
  return {isInt8Layer<patch::QuantizeOp>, selectQuantize};
}
