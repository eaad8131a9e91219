//===- ImportArithmetic.cpp - Sums and products that broadcast ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MUL, SUB, and the ADD that TOSA's form does not take. A sum scales both
// operands to a common scale with 20 more bits, as in ImportElementwise.cpp; a
// product is requantised once. With a single constant number the whole layer is
// a function of one byte, hence patch.lookup.
//
//===----------------------------------------------------------------------===//

#include "OperatorImporter.h"

#include "tessera/Import/TFLite/ByteTables.h"

#include <algorithm>

using namespace mlir;
using namespace tessera;
using namespace tessera::tflite;

static constexpr int32_t leftShift = 20;

namespace {
/// The arithmetic of one layer.
struct Arithmetic {
  bool isProduct = false, isDifference = false;
  int32_t zeroPoints[2] = {0, 0};
  /// Of a sum.
  Multiplier multipliers[2];
  Requantization requantization;

  /// The result for two elements.
  int8_t apply(int32_t lhs, int32_t rhs) const;
};
} // namespace

int8_t Arithmetic::apply(int32_t lhs, int32_t rhs) const {
  int32_t terms[] = {lhs - zeroPoints[0], rhs - zeroPoints[1]};
  int32_t value = terms[0] * terms[1];
  if (!isProduct) {
    // Each is less than 2^28: scaled by 1/2 at most.
    for (int i = 0; i < 2; ++i)
      terms[i] = scaleByMultiplier(terms[i] * (1 << leftShift), multipliers[i]);
    value = isDifference ? terms[0] - terms[1] : terms[0] + terms[1];
  }
  int64_t result =
      int64_t(scaleByMultiplier(value, requantization.multipliers[0])) +
      requantization.zeroPoint;
  return static_cast<int8_t>(std::clamp<int64_t>(
      result, requantization.range.min, requantization.range.max));
}

/// The map that `operand` is under a result of shape `output`, which
/// getMapShape makes a map of; empty if it is none.
static SmallVector<int64_t, 4> getBroadcastMap(ArrayRef<int32_t> operand,
                                               ArrayRef<int32_t> output) {
  size_t rank = output.size();
  if (operand.size() > rank)
    return {};
  SmallVector<int64_t, 4> padded(rank - operand.size(), 1);
  padded.append(operand.begin(), operand.end());
  for (size_t i = 0; i < rank; ++i)
    if (padded[i] != 1 && padded[i] != output[i])
      return {};
  if (rank == 4)
    return padded;
  if (rank == 0)
    return {1, 1, 1, 1};
  // The dimensions in front of the last one are pixels of one row: all of them
  // are broadcast, or none.
  int64_t pixels = 1, outputPixels = 1;
  for (size_t i = 0; i + 1 < rank; ++i) {
    pixels *= padded[i];
    outputPixels *= output[i];
  }
  if (pixels != 1 && pixels != outputPixels)
    return {};
  return {1, 1, pixels, padded.back()};
}

Reason OperatorImporter::importArithmetic(const Operator &op) {
  if (Reason reason = checkOperands(op, 2, 2); !reason.empty())
    return reason;
  const Tensor &output = getOutput(op);
  const Tensor *inputs[] = {&getInput(op, 0), &getInput(op, 1)};
  if (inputs[0]->isConstant() && inputs[1]->isConstant())
    return "both operands are constants";
  SmallVector<int64_t, 4> maps[2];
  for (size_t i = 0; i < 2; ++i) {
    const Tensor &input = *inputs[i];
    if (input.isConstant()) {
      if (input.type != ElementType::Int8 || input.isSparse)
        return std::string(getName(input.type)) +
               (input.isSparse ? " sparse constant" : " constant");
    } else if (Reason reason = checkInt8(op, i); !reason.empty()) {
      return reason;
    }
    if (Reason reason = checkPerTensor(input, "an operand"); !reason.empty())
      return reason;
    maps[i] = getBroadcastMap(input.shape, output.shape);
  }
  if (Reason reason = checkPerTensor(output, "the result"); !reason.empty())
    return reason;
  SmallVector<int64_t, 4> map = getMapShape(output);
  if (maps[0].empty() || maps[1].empty() || map[0] != 1)
    return "operands of shapes " + formatShape(getShape(*inputs[0])) + " and " +
           formatShape(getShape(*inputs[1])) + " for a result of shape " +
           formatShape(getShape(output));
  for (size_t axis = 0; axis < 4; ++axis)
    if (std::max(maps[0][axis], maps[1][axis]) != map[axis])
      return "a result of shape " + formatShape(getShape(output));
  for (size_t i = 0; i < 2; ++i)
    if (inputs[i]->isConstant() && (maps[i][1] != 1 || maps[i][2] != 1))
      return "operand " + std::to_string(i) +
             " is a constant that varies over rows or columns";

  Arithmetic arithmetic;
  arithmetic.isProduct = op.is(Builtin::Mul);
  arithmetic.isDifference = op.is(Builtin::Sub);
  double scales[2];
  for (size_t i = 0; i < 2; ++i) {
    scales[i] = inputs[i]->quantization.scales[0];
    arithmetic.zeroPoints[i] = inputs[i]->quantization.zeroPoints[0];
  }
  double outputScale = output.quantization.scales[0];
  double realOutput = scales[0] * scales[1] / outputScale;
  if (!arithmetic.isProduct) {
    if (scales[0] <= 0 || scales[1] <= 0)
      return "a constant with a scale that is not positive";
    double twiceMaxScale = 2 * std::max(scales[0], scales[1]);
    realOutput = twiceMaxScale / ((1 << leftShift) * outputScale);
    if (realOutput >= 1.0)
      return "a result scale of less than 2^-19 of the operands'";
    for (size_t i = 0; i < 2; ++i)
      arithmetic.multipliers[i] = quantizeMultiplier(scales[i] / twiceMaxScale);
  }
  Requantization &requantization = arithmetic.requantization;
  requantization.multipliers = {quantizeMultiplier(realOutput)};
  if (requantization.multipliers[0].exponent > 30)
    return "a scale of 2^30 and more between products and results";
  requantization.zeroPoint = output.quantization.zeroPoints[0];
  if (Reason reason = getRange(op, std::get<AddOptions>(op.options).activation,
                               requantization.range);
      !reason.empty())
    return reason;

  Value values[2];
  for (size_t i = 0; i < 2; ++i)
    values[i] = inputs[i]->isConstant()
                    ? createArithConst(getData(*inputs[i], getI8Type(maps[i])))
                    : reshapeInPatch(getValue(op.inputs[i]), maps[i]);
  Value result;
  for (size_t i = 0; i < 2; ++i) {
    if (inputs[i]->numElements != 1 || !inputs[i]->isConstant() ||
        maps[1 - i] != map)
      continue;
    auto constant = static_cast<int8_t>(inputs[i]->data[0]);
    SmallVector<int8_t> table;
    for (int32_t q = -128; q < 128; ++q)
      table.push_back(i == 0 ? arithmetic.apply(constant, q)
                             : arithmetic.apply(q, constant));
    result = patch::LookupOp::create(builder, loc, getI8Type(map),
                                     values[1 - i], ArrayRef<int8_t>(table));
  }
  patch::RequantAttr requant = getRequant(requantization);
  if (result) {
    // A function of one byte.
  } else if (arithmetic.isProduct) {
    result = patch::MulOp::create(builder, loc, getI8Type(map), values[0],
                                  values[1], arithmetic.zeroPoints[0],
                                  arithmetic.zeroPoints[1], requant);
  } else {
    result = patch::BroadcastAddOp::create(
        builder, loc, getI8Type(map), values[0], values[1], leftShift,
        arithmetic.zeroPoints[0], arithmetic.multipliers[0].value,
        arithmetic.multipliers[0].exponent, arithmetic.zeroPoints[1],
        arithmetic.multipliers[1].value, arithmetic.multipliers[1].exponent,
        arithmetic.isDifference, requant);
  }
  setValue(op.outputs[0], reshapeInPatch(result, getShape(output)));
  return {};
}
