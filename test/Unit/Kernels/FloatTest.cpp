//===- FloatTest.cpp - Quantise and dequantise against float arithmetic ---===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"

#include "llvm/ADT/bit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {

class FloatTest : public ::testing::Test {
protected:
  Bytes quantize(ArrayRef<float> values, float scale, int32_t zeroPoint,
                 Schedule schedule = {}) {
    Shape shape = {1, static_cast<int32_t>(values.size()), 1};
    if (values.size() % 3 == 0)
      shape = {1, shape.w / 3, 3};
    Operation *layer = patch::QuantizeOp::create(
        harness.builder(), harness.loc(), harness.type(shape),
        harness.activation(shape, harness.builder().getF32Type()),
        llvm::APFloat(scale), zeroPoint);
    Bytes input(4 * values.size());
    std::memcpy(input.data(), values.data(), input.size());
    return harness.run(layer, {input}, schedule);
  }

  /// The formula, in single precision; saturates, a NaN counts as 0.
  static uint8_t expected(float value, float scale, int32_t zeroPoint) {
    float rounded = std::round(value / scale);
    if (std::isnan(rounded))
      rounded = 0;
    double moved = static_cast<double>(rounded) + zeroPoint;
    return static_cast<uint8_t>(
        static_cast<int8_t>(std::min(127.0, std::max(-128.0, moved))));
  }

  void check(ArrayRef<float> values, float scale, int32_t zeroPoint) {
    Bytes results = quantize(values, scale, zeroPoint);
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(int(int8_t(results[i])),
                int(int8_t(expected(values[i], scale, zeroPoint))))
          << values[i] << " / " << scale << " + " << zeroPoint;
  }

  static std::vector<float> specialFloats() {
    std::vector<float> values;
    for (uint32_t bits :
         {0x00000000u, 0x80000000u, 0x00000001u, 0x80000001u, 0x007fffffu,
          0x807fffffu, 0x00800000u, 0x7f7fffffu, 0xff7fffffu, 0x7f800000u,
          0xff800000u, 0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xff800001u,
          0x7fffffffu, 0xffffffffu, 0x3f000000u})
      values.push_back(llvm::bit_cast<float>(bits));
    return values;
  }

  KernelHarness harness;
};

// 0.25 / 0.5 = 0.5 -> 1 (away from zero), -0.25 -> -1, 0.2 -> 0; + 10.
TEST_F(FloatTest, quantizeWorkedExample) {
  EXPECT_EQ(quantize({0.25f, -0.25f, 0.2f, 1e9f, -1e9f}, 0.5f, 10),
            (Bytes{11, 9, 10, 127, static_cast<uint8_t>(-128)}));
}

TEST_F(FloatTest, quantizeSpecialValues) {
  for (float scale : {1e-30f, 1.0f / 256, 0.0235294f, 1.0f, 1e30f, 1e-45f})
    for (int32_t zeroPoint : {-128, -1, 0, 127, 300})
      check(specialFloats(), scale, zeroPoint);
}

// Around each of the 255 places where the result changes.
TEST_F(FloatTest, quantizeThresholdNeighbours) {
  for (float scale : {1.0f / 255, 0.0235294f, 0.5f, 1.7e-5f, 3.3e7f, 1e-40f})
    for (int32_t zeroPoint : {-128, -3, 0, 127}) {
      std::vector<float> values;
      for (int32_t q = -128; q <= 127; ++q) {
        float middle = static_cast<float>((q - zeroPoint - 0.5) *
                                          static_cast<double>(scale));
        auto bits = llvm::bit_cast<int32_t>(middle);
        for (int32_t step = -3; step <= 3; ++step)
          values.push_back(llvm::bit_cast<float>(bits + step));
      }
      check(values, scale, zeroPoint);
      if (HasFatalFailure())
        return;
    }
}

TEST_F(FloatTest, quantizeRandom) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    float scale = std::ldexp(static_cast<float>(pick(random, 1, 1 << 24)),
                             pick(random, -50, 0));
    int32_t zeroPoint = pick(random, -128, 127);
    std::vector<float> values;
    for (int i = 0; i < 3000; ++i)
      values.push_back(
          i % 2 ? llvm::bit_cast<float>(uint32_t(random()))
                : scale * static_cast<float>(pick(random, -4000, 4000)) / 16);
    check(values, scale, zeroPoint);
    if (HasFatalFailure())
      return;
  }
}

TEST_F(FloatTest, quantizeInStrips) {
  std::vector<float> values = specialFloats();
  Bytes whole = quantize(values, 0.1f, 5);
  for (Schedule schedule : allSchedules())
    EXPECT_EQ(quantize(values, 0.1f, 5, schedule), whole);
}

// Every byte, for every schedule: scale * (q - zero point) in single precision.
TEST_F(FloatTest, dequantize) {
  for (float scale : {1.0f / 256, 0.0235294f, 1e-44f, 1e37f})
    for (int32_t zeroPoint : {-128, 0, 17}) {
      Shape shape = {4, 16, 4};
      Bytes input, bytes(1024);
      for (int32_t q = 0; q < 256; ++q) {
        input.push_back(static_cast<uint8_t>(q));
        float value = scale * static_cast<float>(int8_t(q) - zeroPoint);
        std::memcpy(&bytes[4 * q], &value, 4);
      }
      Operation *layer = patch::DequantizeOp::create(
          harness.builder(), harness.loc(),
          harness.type(shape, harness.builder().getF32Type()),
          harness.activation(shape), llvm::APFloat(scale), zeroPoint);
      for (Schedule schedule : allSchedules())
        EXPECT_EQ(harness.run(layer, {input}, schedule), bytes);
    }
}

} // namespace
