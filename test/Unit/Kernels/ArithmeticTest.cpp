//===- ArithmeticTest.cpp - Sums and products that broadcast --------------===//
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

enum class Kind { Add, Subtract, Multiply };

/// An operand: its shape has the result's sizes or 1.
struct Operand {
  Shape shape;
  bool isConstant = false;
  int32_t zeroPoint = 0, multiplier = 1 << 30, exponent = 0;
  Bytes bytes;

  int32_t at(int32_t y, int32_t x, int32_t c) const {
    int64_t row = shape.h == 1 ? 0 : y, column = shape.w == 1 ? 0 : x,
            channel = shape.c == 1 ? 0 : c;
    return static_cast<int8_t>(
        bytes[(row * shape.w + column) * shape.c + channel]);
  }
};

class ArithmeticTest : public ::testing::Test {
protected:
  Value value(const Operand &operand) {
    if (!operand.isConstant)
      return harness.activation(operand.shape);
    SmallVector<int8_t> data(operand.bytes.begin(), operand.bytes.end());
    return harness.constant(
        {1, operand.shape.h, operand.shape.w, operand.shape.c},
        ArrayRef<int8_t>(data));
  }

  /// Runs the layer with all schedules and compares with one loop per axis.
  void check(Kind kind, Shape result, const Operand &lhs, const Operand &rhs,
             int32_t leftShift, const Requant &requant) {
    patch::RequantAttr attr = requant.attr(harness.context());
    Value a = value(lhs), b = value(rhs);
    Operation *layer;
    if (kind == Kind::Multiply)
      layer = patch::MulOp::create(harness.builder(), harness.loc(),
                                   harness.type(result), a, b, lhs.zeroPoint,
                                   rhs.zeroPoint, attr);
    else
      layer = patch::BroadcastAddOp::create(
          harness.builder(), harness.loc(), harness.type(result), a, b,
          leftShift, lhs.zeroPoint, lhs.multiplier, lhs.exponent, rhs.zeroPoint,
          rhs.multiplier, rhs.exponent, kind == Kind::Subtract, attr);

    auto term = [&](const Operand &operand, int32_t byte) {
      int64_t moved = int64_t(byte) - operand.zeroPoint;
      if (kind == Kind::Multiply)
        return static_cast<uint32_t>(moved);
      auto shifted = static_cast<int32_t>(
          static_cast<uint32_t>(static_cast<uint64_t>(moved) << leftShift));
      return static_cast<uint32_t>(oracle::scale(
          requant.rounding, shifted, operand.multiplier, operand.exponent));
    };
    Bytes expected;
    for (int32_t y = 0; y < result.h; ++y)
      for (int32_t x = 0; x < result.w; ++x)
        for (int32_t c = 0; c < result.c; ++c) {
          uint32_t p = term(lhs, lhs.at(y, x, c)),
                   q = term(rhs, rhs.at(y, x, c));
          uint32_t sum = kind == Kind::Add        ? p + q
                         : kind == Kind::Subtract ? p - q
                                                  : p * q;
          expected.push_back(requant.apply(static_cast<int32_t>(sum), 0));
        }
    SmallVector<Bytes> inputs;
    for (const Operand *operand : {&lhs, &rhs})
      if (!operand->isConstant)
        inputs.push_back(operand->bytes);
    for (Schedule schedule : allSchedules())
      ASSERT_EQ(harness.run(layer, inputs, schedule), expected)
          << "extra rows " << schedule.extraRows << ", strips of "
          << schedule.stripColumns;
  }

  KernelHarness harness;
};

// (5 - 1) * (7 + 1) = 32; * 2^30 / 2^31 / 2 = 8; + 10 = 18.
TEST_F(ArithmeticTest, mulWorkedExample) {
  Requant requant;
  requant.multiplier = {1 << 30};
  requant.exponent = {-1};
  requant.zeroPoint = 10;
  Operation *layer = patch::MulOp::create(
      harness.builder(), harness.loc(), harness.type({1, 1, 1}),
      harness.activation({1, 1, 1}), harness.activation({1, 1, 1}), 1, -1,
      requant.attr(harness.context()));
  EXPECT_EQ(harness.run(layer, {Bytes{5}, Bytes{7}}, {}), Bytes{18});
}

// A tie that a negated multiplier would round otherwise: 1 << 10 times 2^20 /
// 2^31 = 1/2, which becomes 1, and 0 - 1 = -1; times -2^20 it would become 0.
TEST_F(ArithmeticTest, subtractionRoundsBeforeItSubtracts) {
  Requant requant;
  requant.multiplier = {1 << 30};
  requant.exponent = {1};
  Operation *layer = patch::BroadcastAddOp::create(
      harness.builder(), harness.loc(), harness.type({1, 1, 1}),
      harness.activation({1, 1, 1}), harness.activation({1, 1, 1}), 10, 0,
      1 << 20, 0, 0, 1 << 20, 0, /*subtract=*/true,
      requant.attr(harness.context()));
  EXPECT_EQ(harness.run(layer, {Bytes{0}, Bytes{1}}, {}), Bytes{255});
}

TEST_F(ArithmeticTest, random) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Shape result = {pick(random, 1, 5), pick(random, 1, 6), pick(random, 1, 7)};
    Operand operands[2];
    int constant = pick(random, 0, 5);
    for (int i = 0; i < 2; ++i) {
      Operand &operand = operands[i];
      operand.shape = result;
      operand.isConstant = constant == i;
      auto one = [&] { return pick(random, 0, 3) == 0; };
      // Only one of the two shrinks along an axis.
      if (operand.isConstant || (constant != 1 - i && i == 1 && one()))
        operand.shape.h = 1;
      if (operand.isConstant || (constant != 1 - i && i == 1 && one()))
        operand.shape.w = 1;
      if (constant != 1 - i && (operand.isConstant || i == 0) && one())
        operand.shape.c = 1;
      Requant scale = randomRequant(random, 1, pick(random, 6, 10));
      operand.zeroPoint = pick(random, -128, 127);
      operand.multiplier = scale.multiplier[0];
      operand.exponent = scale.exponent[0];
      operand.bytes = randomBytes(random, operand.shape.count());
    }
    Kind kind = static_cast<Kind>(pick(random, 0, 2));
    Requant requant =
        randomRequant(random, 1, kind == Kind::Multiply ? 14 : 25);
    check(kind, result, operands[0], operands[1],
          pick(random, 0, 3) ? 20 : pick(random, 0, 30), requant);
    if (HasFatalFailure())
      return;
  }
}

} // namespace
