//===- ImportElementwise.cpp - Layers that keep the shape -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ADD, QUANTIZE, DEQUANTIZE and SOFTMAX. Both operands of ADD are scaled to a
// common scale with 20 more bits: t = ((q − zp) · 2^20) · m, and the result is
// the rescaled sum of the two. In TOSA the shift by 20 is a rescale of its own
// with multiplier 2^30 and shift 10, which rounds nothing.
//
//===----------------------------------------------------------------------===//

#include "OperatorImporter.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"

#include <algorithm>

using namespace mlir;
using namespace tessera;
using namespace tessera::tflite;

/// The bits that ADD puts under the operands: x · 2^20 = x · 2^30 · 2^(11 −
/// 31).
static constexpr int32_t addLeftShift = 20;
static constexpr Multiplier addShiftMultiplier = {1 << 30, addLeftShift + 1};

//===----------------------------------------------------------------------===//
// ADD
//===----------------------------------------------------------------------===//

Reason OperatorImporter::importAdd(const Operator &op) {
  if (Reason reason = checkOperands(op, 2, 2); !reason.empty())
    return reason;
  const Tensor &output = getOutput(op);
  if (getInput(op, 0).isConstant() || getInput(op, 1).isConstant() ||
      getInput(op, 0).shape != getInput(op, 1).shape)
    return importArithmetic(op);
  for (size_t i = 0; i < 2; ++i) {
    if (Reason reason = checkInt8(op, i); !reason.empty())
      return reason;
    if (Reason reason = checkPerTensor(getInput(op, i), "an operand");
        !reason.empty())
      return reason;
  }
  if (Reason reason = checkPerTensor(output, "the result"); !reason.empty())
    return reason;
  if (Reason reason = checkOutputShape(op, getShape(getInput(op, 0)));
      !reason.empty())
    return reason;

  float scales[] = {getInput(op, 0).quantization.scales[0],
                    getInput(op, 1).quantization.scales[0]};
  double twiceMaxScale =
      2 * static_cast<double>(std::max(scales[0], scales[1]));
  double outputScale = output.quantization.scales[0];
  double realOutput = twiceMaxScale / ((1 << addLeftShift) * outputScale);
  Requantization requantization;
  requantization.multipliers = {quantizeMultiplier(realOutput)};
  requantization.zeroPoint = output.quantization.zeroPoints[0];
  if (realOutput >= 1.0 || !requantization.isExactInTosa())
    return "a result scale of less than 2^-19 of the operands'";
  const auto &options = std::get<AddOptions>(op.options);
  if (Reason reason = getRange(op, options.activation, requantization.range);
      !reason.empty())
    return reason;

  Value terms[2];
  for (size_t i = 0; i < 2; ++i) {
    Value shifted =
        createRescale(getValue(op.inputs[i]), getI32(), addShiftMultiplier,
                      getInput(op, i).quantization.zeroPoints[0], 0);
    // At most 1/2, so never scaled up.
    terms[i] = createRescale(
        shifted, getI32(),
        quantizeMultiplier(static_cast<double>(scales[i]) / twiceMaxScale), 0,
        0);
  }
  Value sums =
      tosa::AddOp::create(builder, loc, terms[0].getType(), terms[0], terms[1]);
  setValue(op.outputs[0], requantizeInTosa(sums, requantization));
  return {};
}

//===----------------------------------------------------------------------===//
// QUANTIZE and DEQUANTIZE
//===----------------------------------------------------------------------===//

Reason OperatorImporter::importQuantize(const Operator &op) {
  if (Reason reason = checkOperands(op, 1, 1); !reason.empty())
    return reason;
  const Tensor &input = getInput(op, 0);
  const Tensor &output = getOutput(op);
  auto isByte = [](ElementType type) {
    return type == ElementType::Int8 || type == ElementType::UInt8;
  };
  bool fromFloat = input.type == ElementType::Float32;
  if (fromFloat ? output.type != ElementType::Int8
                : !isByte(input.type) || !isByte(output.type))
    return std::string("from ") + getName(input.type) + " to " +
           getName(output.type);
  if (input.isConstant())
    return "operand 0 is a constant";
  if (Reason reason = checkPerTensor(output, "the result"); !reason.empty())
    return reason;
  if (Reason reason = checkOutputShape(op, getShape(input)); !reason.empty())
    return reason;
  Value value = getValue(op.inputs[0]);

  if (fromFloat) {
    Value map = reshapeInPatch(value, getMapShape(input));
    Value quantized =
        patch::QuantizeOp::create(builder, loc, getI8Type(getMapShape(input)),
                                  map, APFloat(output.quantization.scales[0]),
                                  output.quantization.zeroPoints[0]);
    setValue(op.outputs[0], reshapeInPatch(quantized, getShape(output)));
    return {};
  }

  if (Reason reason = checkPerTensor(input, "the input"); !reason.empty())
    return reason;
  Requantization requantization;
  requantization.multipliers = {
      quantizeMultiplier(static_cast<double>(input.quantization.scales[0]) /
                         static_cast<double>(output.quantization.scales[0]))};
  requantization.zeroPoint = output.quantization.zeroPoints[0];
  if (requantization.multipliers[0].exponent > 30)
    return "a scale of 2^30 and more between operand and result";
  int32_t inputZeroPoint = input.quantization.zeroPoints[0];
  bool isUnsigned =
      input.type == ElementType::UInt8 || output.type == ElementType::UInt8;
  if (output.type == ElementType::UInt8)
    requantization.range = {0, 255};
  if (requantization.isExactInTosa() && !isUnsigned) {
    setValue(op.outputs[0],
             createRescale(value, getI8(), requantization.multipliers,
                           inputZeroPoint, requantization.zeroPoint));
    return {};
  }
  Value map = reshapeInPatch(value, getMapShape(input));
  Type result = getType(output).clone(getMapShape(output));
  Value requantized = patch::RequantizeOp::create(
      builder, loc, result, map, inputZeroPoint, getRequant(requantization));
  setValue(op.outputs[0], reshapeInPatch(requantized, getShape(output)));
  return {};
}

Reason OperatorImporter::importDequantize(const Operator &op) {
  if (Reason reason = checkOperands(op, 1, 1); !reason.empty())
    return reason;
  const Tensor &input = getInput(op, 0);
  const Tensor &output = getOutput(op);
  if (output.type != ElementType::Float32 || input.type != ElementType::Int8)
    return std::string("from ") + getName(input.type) + " to " +
           getName(output.type);
  if (input.isConstant())
    return "operand 0 is a constant";
  if (Reason reason = checkPerTensor(input, "the input"); !reason.empty())
    return reason;
  if (Reason reason = checkOutputShape(op, getShape(input)); !reason.empty())
    return reason;
  Value map = reshapeInPatch(getValue(op.inputs[0]), getMapShape(input));
  Value floats = patch::DequantizeOp::create(
      builder, loc,
      RankedTensorType::get(getMapShape(input), builder.getF32Type()), map,
      APFloat(input.quantization.scales[0]), input.quantization.zeroPoints[0]);
  setValue(op.outputs[0], reshapeInPatch(floats, getShape(output)));
  return {};
}

//===----------------------------------------------------------------------===//
// SOFTMAX
//===----------------------------------------------------------------------===//

Reason OperatorImporter::importSoftmax(const Operator &op) {
  if (Reason reason = checkOperands(op, 1, 1); !reason.empty())
    return reason;
  if (Reason reason = checkInt8(op); !reason.empty())
    return reason;
  const Tensor &input = getInput(op, 0);
  const Tensor &output = getOutput(op);
  if (Reason reason = checkPerTensor(input, "the input"); !reason.empty())
    return reason;
  if (Reason reason = checkPerTensor(output, "the result"); !reason.empty())
    return reason;
  if (input.shape.empty())
    return "a scalar";
  if (Reason reason = checkOutputShape(op, getShape(input)); !reason.empty())
    return reason;
  if (output.quantization.scales[0] != 1.0f / 256 ||
      output.quantization.zeroPoints[0] != -128)
    return "the result's scale is not 1/256 or its zero point not -128";
  SoftmaxParameters parameters = getSoftmaxParameters(
      std::get<SoftmaxOptions>(op.options).beta, input.quantization.scales[0]);
  if (!parameters.isValid)
    return "beta times the input's scale is 2^-26 or less";
  Value map = reshapeInPatch(getValue(op.inputs[0]), getMapShape(input));
  Value result = patch::SoftmaxOp::create(
      builder, loc, map.getType(), map, parameters.multiplier.value,
      parameters.multiplier.exponent, parameters.diffMin);
  setValue(op.outputs[0], reshapeInPatch(result, getShape(output)));
  return {};
}
