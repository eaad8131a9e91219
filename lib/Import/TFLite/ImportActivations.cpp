//===- ImportActivations.cpp - Activation functions of their own ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions of one INT8 element. The curved ones (and LEAKY_RELU) become
// patch.lookup with a table of the 256 results; RELU and its relatives are a
// requantisation with a clamp.
//
//===----------------------------------------------------------------------===//

#include "OperatorImporter.h"

#include "tessera/Import/TFLite/ByteTables.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::tflite;

Reason OperatorImporter::checkElementwise(const Operator &op) const {
  if (Reason reason = checkOperands(op, 1, 1); !reason.empty())
    return reason;
  if (Reason reason = checkInt8(op); !reason.empty())
    return reason;
  if (Reason reason = checkPerTensor(getInput(op, 0), "the input");
      !reason.empty())
    return reason;
  if (Reason reason = checkPerTensor(getOutput(op), "the result");
      !reason.empty())
    return reason;
  return checkOutputShape(op, getShape(getInput(op, 0)));
}

static AffineType getAffineType(const Tensor &tensor) {
  return {tensor.quantization.scales[0], tensor.quantization.zeroPoints[0]};
}

/// The table of an operator; none where its scales leave the range in which
/// TensorFlow Lite defines it.
static std::optional<ByteTable> getTable(const Operator &op, AffineType input,
                                         AffineType output) {
  switch (op.code) {
  case static_cast<int32_t>(Builtin::Logistic):
    return getLogisticTable(input);
  case static_cast<int32_t>(Builtin::Tanh):
    return getTanhTable(input);
  case static_cast<int32_t>(Builtin::HardSwish):
    return getHardSwishTable(input, output);
  case static_cast<int32_t>(Builtin::LeakyRelu):
    return getLeakyReluTable(input, output,
                             std::get<LeakyReluOptions>(op.options).alpha);
  default:
    return getEluTable(input, output);
  }
}

Reason OperatorImporter::importLookup(const Operator &op) {
  if (Reason reason = checkElementwise(op); !reason.empty())
    return reason;
  const Tensor &input = getInput(op, 0);
  const Tensor &output = getOutput(op);
  AffineType outputType = getAffineType(output);
  // What the fixed-point kernels produce, whatever the file says.
  if (op.is(Builtin::Logistic) && outputType.zeroPoint != -128)
    return "the result's zero point is not -128";
  std::optional<ByteTable> table =
      getTable(op, getAffineType(input), outputType);
  if (!table)
    return "scales outside the range of its fixed-point arithmetic";
  Value map = reshapeInPatch(getValue(op.inputs[0]), getMapShape(input));
  Value result = patch::LookupOp::create(builder, loc, map.getType(), map,
                                         ArrayRef<int8_t>(*table));
  setValue(op.outputs[0], reshapeInPatch(result, getShape(output)));
  return {};
}

Reason OperatorImporter::importRelu(const Operator &op) {
  if (Reason reason = checkElementwise(op); !reason.empty())
    return reason;
  const Tensor &input = getInput(op, 0);
  const Tensor &output = getOutput(op);
  AffineType inputType = getAffineType(input);
  AffineType outputType = getAffineType(output);
  std::optional<float> low = 0.0f, high;
  double ratio = static_cast<double>(inputType.scale) /
                 static_cast<double>(outputType.scale);
  if (!op.is(Builtin::Relu)) {
    // TensorFlow Lite divides in single precision here. TensorFlow Lite Micro's
    // RELU6 does not requantise at all: the two agree if there is no need to.
    ratio = static_cast<double>(inputType.scale / outputType.scale);
    high = op.is(Builtin::Relu6) ? 6.0f : 1.0f;
    if (op.is(Builtin::ReluN1To1))
      low = -1.0f;
    if (op.is(Builtin::Relu6) && (inputType.scale != outputType.scale ||
                                  inputType.zeroPoint != outputType.zeroPoint))
      return "input and result have different quantisations";
  }
  Requantization requantization;
  requantization.multipliers = {quantizeMultiplier(ratio)};
  requantization.zeroPoint = outputType.zeroPoint;
  requantization.range =
      quantizeRange(low, high, outputType.scale, outputType.zeroPoint);
  if (requantization.multipliers[0].exponent > 30)
    return "a scale of 2^30 and more between operand and result";
  if (!requantization.range.isValid)
    return "the result's scale is too small for the function's bounds";
  Value map = reshapeInPatch(getValue(op.inputs[0]), getMapShape(input));
  Value result = patch::RequantizeOp::create(builder, loc, map.getType(), map,
                                             inputType.zeroPoint,
                                             getRequant(requantization));
  setValue(op.outputs[0], reshapeInPatch(result, getShape(output)));
  return {};
}
