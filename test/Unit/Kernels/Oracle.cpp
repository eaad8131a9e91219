//===- Oracle.cpp - The layers in plain C++ -------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums are formed modulo 2^32 by unsigned arithmetic.
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"

using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::oracle;
using patch::Rounding;

//===----------------------------------------------------------------------===//
// Requantisation
//===----------------------------------------------------------------------===//

/// gemmlowp's saturating rounding doubling high multiplication: the nudge goes
/// by the sign of the product, the division truncates.
static int32_t doublingHighMultiply(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN)
    return INT32_MAX;
  int64_t product = int64_t(a) * b;
  int64_t nudge = product >= 0 ? 1 << 30 : 1 - (1 << 30);
  return static_cast<int32_t>((product + nudge) / (int64_t(1) << 31));
}

/// gemmlowp's rounding division: floor, plus 1 if the remainder is above the
/// half.
static int32_t roundingDivide(int32_t x, int bits) {
  int64_t mask = (int64_t(1) << bits) - 1;
  int64_t remainder = x & mask;
  int64_t threshold = (mask >> 1) + (x < 0);
  return static_cast<int32_t>((int64_t(x) >> bits) + (remainder > threshold));
}

int32_t oracle::scale(Rounding rounding, int32_t value, int32_t multiplier,
                      int32_t exponent) {
  if (rounding == Rounding::TFLite) {
    int left = exponent > 0 ? exponent : 0,
        right = exponent > 0 ? 0 : -exponent;
    auto shifted = static_cast<int32_t>(static_cast<uint32_t>(value) << left);
    return roundingDivide(doublingHighMultiply(shifted, multiplier), right);
  }
  int shift = 31 - exponent;
  int64_t round = int64_t(1) << (shift - 1);
  if (rounding == Rounding::Double && shift > 31)
    round += value >= 0 ? int64_t(1) << 30 : -(int64_t(1) << 30);
  return static_cast<int32_t>((int64_t(value) * multiplier + round) >> shift);
}

uint8_t Requant::apply(int32_t sum, size_t channel) const {
  size_t i = multiplier.size() > 1 ? channel : 0;
  auto scaled = static_cast<uint32_t>(
      oracle::scale(rounding, sum, multiplier[i], exponent[i]));
  auto moved = static_cast<int32_t>(scaled + static_cast<uint32_t>(zeroPoint));
  return static_cast<uint8_t>(std::clamp(moved, min, max));
}

patch::RequantAttr Requant::attr(mlir::MLIRContext &context) const {
  return patch::RequantAttr::get(&context, multiplier, exponent, zeroPoint, min,
                                 max, rounding);
}

Requant oracle::randomRequant(Random &random, int32_t channels,
                              int32_t sumBits) {
  Requant requant;
  requant.rounding = static_cast<Rounding>(
      std::max(0, pick(random, -3, 2))); // TFLite in four of six draws.
  bool corners = pick(random, 0, 3) == 0;
  for (int32_t c = 0; c < channels; ++c) {
    if (corners) {
      constexpr int32_t values[] = {0,         1,          -1,
                                    1 << 30,   -(1 << 30), INT32_MAX,
                                    INT32_MIN, -INT32_MAX, 1431655765};
      requant.multiplier.push_back(values[pick(random, 0, 8)]);
      requant.exponent.push_back(pick(random, -31, 30));
    } else {
      int32_t m = pick(random, 1 << 30, INT32_MAX);
      requant.multiplier.push_back(pick(random, 0, 7) ? m : -m);
      requant.exponent.push_back(
          std::clamp(pick(random, 6, 9) - sumBits, -31, 30));
    }
  }
  requant.zeroPoint = pick(random, -128, 127);
  if (pick(random, 0, 1)) {
    requant.min = pick(random, -128, 0);
    requant.max = pick(random, requant.min, 127);
  }
  return requant;
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

static int32_t resultSize(const Window &w, int32_t size, int axis) {
  int32_t reach = (w.kernel[axis] - 1) * w.dilation[axis] + 1;
  int32_t room = size + w.pad[2 * axis] + w.pad[2 * axis + 1] - reach;
  return room < 0 ? 0 : room / w.stride[axis] + 1;
}

Shape Window::resultShape(Shape input, int32_t channels) const {
  return {resultSize(*this, input.h, 0), resultSize(*this, input.w, 1),
          channels};
}

bool Window::isLegal(Shape input) const {
  int32_t sizes[] = {input.h, input.w};
  for (int axis : {0, 1}) {
    int32_t results = resultSize(*this, sizes[axis], axis);
    for (int32_t r = 0; r < results; ++r) {
      bool reads = false;
      for (int32_t k = 0; k < kernel[axis]; ++k) {
        int32_t at = r * stride[axis] - pad[2 * axis] + k * dilation[axis];
        reads |= at >= 0 && at < sizes[axis];
      }
      if (!reads)
        return false;
    }
    if (results == 0)
      return false;
  }
  return true;
}

Window oracle::randomWindow(Random &random, Shape input, int32_t maxKernel,
                            int32_t maxStride, int32_t maxDilation,
                            bool padded) {
  while (true) {
    Window w;
    for (int axis : {0, 1}) {
      w.kernel[axis] = pick(random, 1, maxKernel);
      w.stride[axis] = pick(random, 1, maxStride);
      w.dilation[axis] = pick(random, 1, maxDilation);
    }
    for (int32_t &pad : w.pad)
      pad = padded ? pick(random, 0, 3) : 0;
    if (w.isLegal(input))
      return w;
  }
}

/// Calls `visit` with the byte offset of each tap of result pixel (y, x) that
/// lies in the map, at channel 0.
static void forTaps(
    Shape input, const Window &w, int32_t y, int32_t x,
    llvm::function_ref<void(int32_t ky, int32_t kx, int64_t offset)> visit) {
  for (int32_t ky = 0; ky < w.kernel[0]; ++ky)
    for (int32_t kx = 0; kx < w.kernel[1]; ++kx) {
      int32_t row = y * w.stride[0] - w.pad[0] + ky * w.dilation[0];
      int32_t column = x * w.stride[1] - w.pad[2] + kx * w.dilation[1];
      if (row >= 0 && row < input.h && column >= 0 && column < input.w)
        visit(ky, kx, (int64_t(row) * input.w + column) * input.c);
    }
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

Bytes Conv::run(const Bytes &data) const {
  Shape result = window.resultShape(input, outputs);
  int32_t groupOutputs = outputs / (input.c / groupInputs);
  Bytes output;
  for (int32_t y = 0; y < result.h; ++y)
    for (int32_t x = 0; x < result.w; ++x)
      for (int32_t o = 0; o < outputs; ++o) {
        int32_t firstChannel = o / groupOutputs * groupInputs;
        auto sum = static_cast<uint32_t>(bias[o]);
        forTaps(
            input, window, y, x, [&](int32_t ky, int32_t kx, int64_t offset) {
              for (int32_t i = 0; i < groupInputs; ++i) {
                int32_t value =
                    static_cast<int8_t>(data[offset + firstChannel + i]) -
                    inputZeroPoint;
                int64_t w =
                    ((int64_t(o) * window.kernel[0] + ky) * window.kernel[1] +
                     kx) *
                        groupInputs +
                    i;
                sum += static_cast<uint32_t>(value * weights[w]);
              }
            });
        output.push_back(requant.apply(static_cast<int32_t>(sum), o));
      }
  return output;
}

Bytes oracle::avgPool(const Bytes &input, Shape shape, const Window &window,
                      int32_t min, int32_t max) {
  Shape result = window.resultShape(shape, shape.c);
  Bytes output;
  for (int32_t y = 0; y < result.h; ++y)
    for (int32_t x = 0; x < result.w; ++x)
      for (int32_t c = 0; c < shape.c; ++c) {
        int32_t sum = 0, count = 0;
        forTaps(shape, window, y, x, [&](int32_t, int32_t, int64_t offset) {
          sum += static_cast<int8_t>(input[offset + c]);
          ++count;
        });
        int32_t mean =
            sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
        output.push_back(static_cast<uint8_t>(std::clamp(mean, min, max)));
      }
  return output;
}

Bytes oracle::maxPool(const Bytes &input, Shape shape, const Window &window,
                      int32_t min, int32_t max) {
  Shape result = window.resultShape(shape, shape.c);
  Bytes output;
  for (int32_t y = 0; y < result.h; ++y)
    for (int32_t x = 0; x < result.w; ++x)
      for (int32_t c = 0; c < shape.c; ++c) {
        int32_t best = -128;
        forTaps(shape, window, y, x, [&](int32_t, int32_t, int64_t offset) {
          best =
              std::max<int32_t>(best, static_cast<int8_t>(input[offset + c]));
        });
        output.push_back(static_cast<uint8_t>(std::clamp(best, min, max)));
      }
  return output;
}
