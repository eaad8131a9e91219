//===- Oracle.h - The layers in plain C++ -----------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The meaning of the layers, written for the reader: one loop per axis, no
// packing, no folding, 64-bit arithmetic where a formula has it. The kernels
// are compared with these byte for byte.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_TEST_UNIT_KERNELS_ORACLE_H
#define TESSERA_TEST_UNIT_KERNELS_ORACLE_H

#include "KernelHarness.h"

namespace tessera::kernels::oracle {

/// #patch.requant without its IR.
struct Requant {
  std::vector<int32_t> multiplier, exponent;
  int32_t zeroPoint = 0, min = -128, max = 127;
  patch::Rounding rounding = patch::Rounding::TFLite;

  patch::RequantAttr attr(mlir::MLIRContext &context) const;
  /// clamp(scale(sum) + zero point) of an output channel.
  uint8_t apply(int32_t sum, size_t channel) const;
};

/// The value scaled, by the definitions of gemmlowp (two roundings) and TOSA.
int32_t scale(patch::Rounding rounding, int32_t value, int32_t multiplier,
              int32_t exponent);

/// A requantisation of `channels` multipliers. One in four draws takes
/// multipliers and exponents from the corners of their ranges; the others bring
/// sums of about `sumBits` bits to int8.
Requant randomRequant(Random &random, int32_t channels, int32_t sumBits);

/// Sliding windows; pairs are [y, x], pad is [top, bottom, left, right].
struct Window {
  int32_t kernel[2] = {1, 1}, stride[2] = {1, 1}, dilation[2] = {1, 1},
          pad[4] = {0, 0, 0, 0};

  Shape resultShape(Shape input, int32_t channels) const;
  /// True if every result reads a tap along both axes.
  bool isLegal(Shape input) const;
};

/// Draws until legal for that input.
Window randomWindow(Random &random, Shape input, int32_t maxKernel,
                    int32_t maxStride, int32_t maxDilation, bool padded);

struct Conv {
  Shape input;
  Window window;
  /// Input channels of a group.
  int32_t groupInputs = 1;
  int32_t outputs = 1;
  /// OHWI.
  std::vector<int8_t> weights;
  std::vector<int32_t> bias;
  int32_t inputZeroPoint = 0;
  Requant requant;

  Bytes run(const Bytes &input) const;
};

Bytes avgPool(const Bytes &input, Shape shape, const Window &window,
              int32_t min, int32_t max);
Bytes maxPool(const Bytes &input, Shape shape, const Window &window,
              int32_t min, int32_t max);

} // namespace tessera::kernels::oracle

#endif // TESSERA_TEST_UNIT_KERNELS_ORACLE_H
