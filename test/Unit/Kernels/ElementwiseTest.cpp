//===- ElementwiseTest.cpp - Add, requantise, pad against plain loops -----===//
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

/// One operand of an addition.
struct Addend {
  int32_t zeroPoint = 0, multiplier = 1 << 30, exponent = 0;
};

class ElementwiseTest : public ::testing::Test {
protected:
  Operation *makeAdd(Shape shape, int32_t leftShift, Addend lhs, Addend rhs,
                     const Requant &requant) {
    return patch::AddOp::create(
        harness.builder(), harness.loc(), harness.type(shape),
        harness.activation(shape), harness.activation(shape), leftShift,
        lhs.zeroPoint, lhs.multiplier, lhs.exponent, rhs.zeroPoint,
        rhs.multiplier, rhs.exponent, requant.attr(harness.context()));
  }

  static uint8_t addBytes(uint8_t a, uint8_t b, int32_t leftShift, Addend lhs,
                          Addend rhs, const Requant &requant) {
    auto part = [&](uint8_t byte, Addend addend) {
      int64_t moved = int64_t(static_cast<int8_t>(byte)) - addend.zeroPoint;
      auto shifted = static_cast<int32_t>(
          static_cast<uint32_t>(static_cast<uint64_t>(moved) << leftShift));
      return static_cast<uint32_t>(oracle::scale(
          requant.rounding, shifted, addend.multiplier, addend.exponent));
    };
    return requant.apply(static_cast<int32_t>(part(a, lhs) + part(b, rhs)), 0);
  }

  void check(Operation *layer, ArrayRef<Bytes> inputs, const Bytes &expected) {
    for (Schedule schedule : allSchedules())
      ASSERT_EQ(harness.run(layer, inputs, schedule), expected)
          << "extra rows " << schedule.extraRows << ", strips of "
          << schedule.stripColumns;
  }

  Shape randomShape(Random &random) {
    return {pick(random, 1, 6), pick(random, 1, 7), pick(random, 1, 9)};
  }

  KernelHarness harness;
};

// (5 - 1) << 20 halved, plus (7 + 1) << 20 halved, is 6 << 20; * 2^30 / 2^31 /
// 2^19 = 6; + 10 = 16.
TEST_F(ElementwiseTest, addWorkedExample) {
  Requant requant;
  requant.multiplier = {1 << 30};
  requant.exponent = {-19};
  requant.zeroPoint = 10;
  Addend lhs, rhs;
  lhs.zeroPoint = 1;
  rhs.zeroPoint = -1;
  check(makeAdd({1, 1, 1}, 20, lhs, rhs, requant), {Bytes{5}, Bytes{7}}, {16});
}

// Every pair of bytes, with multipliers as TensorFlow Lite derives them from
// the scales 0.1, 0.07 and 0.13.
TEST_F(ElementwiseTest, addAllPairs) {
  Addend lhs = {-5, 1073741824, 0}, rhs = {4, 1503238554, -1};
  Requant requant;
  requant.multiplier = {1651910498};
  requant.exponent = {-18};
  requant.zeroPoint = -6;
  Bytes a, b, expected;
  for (int i = 0; i < 256; ++i)
    for (int j = 0; j < 256; ++j) {
      a.push_back(static_cast<uint8_t>(i));
      b.push_back(static_cast<uint8_t>(j));
      expected.push_back(addBytes(a.back(), b.back(), 20, lhs, rhs, requant));
    }
  Operation *layer = makeAdd({16, 16, 256}, 20, lhs, rhs, requant);
  EXPECT_EQ(harness.run(layer, {a, b}, {}), expected);
  // Not all the same.
  EXPECT_NE(expected.front(), expected.back());
}

TEST_F(ElementwiseTest, addRandom) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape shape = randomShape(random);
    auto addend = [&] {
      // Zero points of int8, corners of the multipliers now and then.
      Requant scale = randomRequant(random, 1, pick(random, 6, 10));
      return Addend{pick(random, -128, 127), scale.multiplier[0],
                    scale.exponent[0]};
    };
    Addend lhs = addend(), rhs = addend();
    Requant requant = randomRequant(random, 1, 25);
    int32_t leftShift = pick(random, 0, 3) ? 20 : pick(random, 0, 30);
    Bytes a = randomBytes(random, shape.count()),
          b = randomBytes(random, shape.count()), expected;
    for (size_t i = 0; i < a.size(); ++i)
      expected.push_back(addBytes(a[i], b[i], leftShift, lhs, rhs, requant));
    check(makeAdd(shape, leftShift, lhs, rhs, requant), {a, b}, expected);
    if (HasFatalFailure())
      return;
  }
}

TEST_F(ElementwiseTest, requantizeRandom) {
  for (unsigned seed = 400; seed < 600; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape shape = randomShape(random);
    int32_t zeroPoint = pick(random, -128, 127);
    Requant requant = randomRequant(random, 1, pick(random, 6, 10));
    Bytes input = randomBytes(random, shape.count()), expected;
    for (uint8_t byte : input)
      expected.push_back(
          requant.apply(static_cast<int8_t>(byte) - zeroPoint, 0));
    Operation *layer = patch::RequantizeOp::create(
        harness.builder(), harness.loc(), harness.type(shape),
        harness.activation(shape), zeroPoint, requant.attr(harness.context()));
    check(layer, {input}, expected);
    if (HasFatalFailure())
      return;
  }
}

TEST_F(ElementwiseTest, lookupRandom) {
  for (unsigned seed = 600; seed < 650; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape shape = randomShape(random);
    std::vector<int8_t> table;
    for (uint8_t byte : randomBytes(random, 256))
      table.push_back(static_cast<int8_t>(byte));
    Bytes input = randomBytes(random, shape.count()), expected;
    for (uint8_t byte : input)
      expected.push_back(
          static_cast<uint8_t>(table[static_cast<int8_t>(byte) + 128]));
    Operation *layer = patch::LookupOp::create(
        harness.builder(), harness.loc(), harness.type(shape),
        harness.activation(shape), ArrayRef<int8_t>(table));
    check(layer, {input}, expected);
    if (HasFatalFailure())
      return;
  }
}

TEST_F(ElementwiseTest, padRandom) {
  for (unsigned seed = 700; seed < 800; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape in = randomShape(random);
    int32_t pad[4];
    for (int32_t &p : pad)
      p = pick(random, 0, 4);
    Shape out = {in.h + pad[0] + pad[1], in.w + pad[2] + pad[3], in.c};
    int32_t value = pick(random, -128, 127);
    Bytes input = randomBytes(random, in.count());
    Bytes expected(out.count(), static_cast<uint8_t>(value));
    for (int32_t y = 0; y < in.h; ++y)
      std::copy_n(input.begin() + int64_t(y) * in.w * in.c, in.w * in.c,
                  expected.begin() +
                      (int64_t(y + pad[0]) * out.w + pad[2]) * out.c);
    Operation *layer = patch::PadOp::create(harness.builder(), harness.loc(),
                                            harness.type(out),
                                            harness.activation(in), pad, value);
    check(layer, {input}, expected);
    if (HasFatalFailure())
      return;
  }
}

} // namespace
