//===- RearrangeTest.cpp - Layers that move bytes -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::oracle;

namespace {

class RearrangeTest : public ::testing::Test {
protected:
  void check(Operation *layer, ArrayRef<Bytes> inputs, const Bytes &expected) {
    for (Schedule schedule : allSchedules())
      ASSERT_EQ(harness.run(layer, inputs, schedule), expected)
          << "extra rows " << schedule.extraRows << ", strips of "
          << schedule.stripColumns;
  }

  static uint8_t at(const Bytes &bytes, Shape shape, int32_t y, int32_t x,
                    int32_t c) {
    return bytes[(int64_t(y) * shape.w + x) * shape.c + c];
  }

  KernelHarness harness;
};

// Each byte of the result is looked for in the operand it falls into.
TEST_F(RearrangeTest, concatRandom) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    int32_t axis = pick(random, 1, 3);
    Shape common = {pick(random, 1, 5), pick(random, 1, 6), pick(random, 1, 9)};
    auto along = [&](Shape &shape) -> int32_t & {
      return axis == 1 ? shape.h : axis == 2 ? shape.w : shape.c;
    };
    Shape result = common;
    along(result) = 0;
    SmallVector<Shape> shapes;
    SmallVector<Bytes> inputs;
    SmallVector<Value> operands;
    for (int32_t i = pick(random, 1, 4); i > 0; --i) {
      Shape shape = common;
      along(shape) = pick(random, 1, 5);
      along(result) += along(shape);
      shapes.push_back(shape);
      inputs.push_back(randomBytes(random, shape.count()));
      operands.push_back(harness.activation(shape));
    }
    Bytes expected;
    for (int32_t y = 0; y < result.h; ++y)
      for (int32_t x = 0; x < result.w; ++x)
        for (int32_t c = 0; c < result.c; ++c) {
          int32_t index[] = {y, x, c};
          size_t i = 0;
          while (index[axis - 1] >= along(shapes[i]))
            index[axis - 1] -= along(shapes[i++]);
          expected.push_back(
              at(inputs[i], shapes[i], index[0], index[1], index[2]));
        }
    Operation *layer = patch::ConcatOp::create(
        harness.builder(), harness.loc(), harness.type(result), operands, axis);
    check(layer, inputs, expected);
    if (HasFatalFailure())
      return;
  }
}

// Columns 0 1 2 twice as wide: 0 0 1 1 2 2; two of three: 0 1, and with the
// offset 3 of (2 o * 3 + 3) / 4: 0 2.
TEST_F(RearrangeTest, resizeWorkedExample) {
  auto resize = [&](int32_t width, int32_t stride, int32_t offset,
                    int32_t divisor) {
    int32_t strides[] = {1, stride}, offsets[] = {0, offset},
            divisors[] = {1, divisor};
    Operation *layer = patch::ResizeNearestOp::create(
        harness.builder(), harness.loc(), harness.type({1, width, 1}),
        harness.activation({1, 3, 1}), strides, offsets, divisors);
    return harness.run(layer, {Bytes{0, 1, 2}}, {});
  };
  EXPECT_EQ(resize(6, 1, 0, 2), (Bytes{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(resize(2, 3, 0, 2), (Bytes{0, 1}));
  EXPECT_EQ(resize(2, 6, 3, 4), (Bytes{0, 2}));
}

TEST_F(RearrangeTest, resizeRandom) {
  for (unsigned seed = 300; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape out = {pick(random, 1, 9), pick(random, 1, 9), pick(random, 1, 9)};
    int32_t stride[2], offset[2], divisor[2];
    for (unsigned axis : {0, 1}) {
      stride[axis] = pick(random, 0, 5);
      offset[axis] = pick(random, 0, 7);
      divisor[axis] = pick(random, 1, 5);
    }
    auto source = [&](int32_t o, unsigned axis) {
      return (o * stride[axis] + offset[axis]) / divisor[axis];
    };
    // Rows and columns behind the last one that is read, now and then.
    Shape in = {source(out.h - 1, 0) + 1 + pick(random, 0, 1),
                source(out.w - 1, 1) + 1 + pick(random, 0, 1), out.c};
    Bytes input = randomBytes(random, in.count()), expected;
    for (int32_t y = 0; y < out.h; ++y)
      for (int32_t x = 0; x < out.w; ++x)
        for (int32_t c = 0; c < out.c; ++c)
          expected.push_back(at(input, in, source(y, 0), source(x, 1), c));
    Operation *layer = patch::ResizeNearestOp::create(
        harness.builder(), harness.loc(), harness.type(out),
        harness.activation(in), stride, offset, divisor);
    check(layer, {input}, expected);
    if (HasFatalFailure())
      return;
  }
}

} // namespace
