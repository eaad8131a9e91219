//===- ImportShapes.cpp - Layers that move and reduce ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// PAD, RESHAPE and MAX_POOL_2D are TOSA's. AVERAGE_POOL_2D and MEAN are layers
// of the patch dialect: TOSA's average rounds otherwise, and its sums are not
// divided in the way of TensorFlow Lite.
//
//===----------------------------------------------------------------------===//

#include "OperatorImporter.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/SmallBitVector.h"

#include <cmath>

using namespace mlir;
using namespace tessera;
using namespace tessera::tflite;

//===----------------------------------------------------------------------===//
// PAD and RESHAPE
//===----------------------------------------------------------------------===//

Reason OperatorImporter::importPad(const Operator &op) {
  if (Reason reason = checkOperands(op, 2, 2); !reason.empty())
    return reason;
  if (Reason reason = checkInt8(op); !reason.empty())
    return reason;
  if (Reason reason = checkMaps(op); !reason.empty())
    return reason;
  if (Reason reason = checkPerTensor(getOutput(op), "the result");
      !reason.empty())
    return reason;
  SmallVector<int32_t> pads;
  if (Reason reason = getIntegers(op, 1, "pads", pads); !reason.empty())
    return reason;
  if (pads.size() != 8)
    return std::to_string(pads.size()) + " pads for 4 dimensions";
  if (llvm::any_of(pads, [](int32_t pad) { return pad < 0; }))
    return "negative pads";
  if (pads[0] != 0 || pads[1] != 0 || pads[6] != 0 || pads[7] != 0)
    return "pads of the batch or of the channels";
  SmallVector<int64_t> expected = getShape(getInput(op, 0));
  for (size_t i = 0; i < expected.size(); ++i)
    expected[i] += int64_t(pads[2 * i]) + pads[2 * i + 1];
  if (Reason reason = checkOutputShape(op, expected); !reason.empty())
    return reason;
  SmallVector<int64_t> padding(pads.begin(), pads.end());
  // A real 0 in the result's quantisation; the input's bytes are copied,
  // whatever its quantisation.
  setValue(
      op.outputs[0],
      tosa::PadOp::create(
          builder, loc, getType(getOutput(op)), getValue(op.inputs[0]),
          createShape(padding),
          createScalar(getI8(), getOutput(op).quantization.zeroPoints[0])));
  return {};
}

Reason OperatorImporter::importReshape(const Operator &op) {
  if (Reason reason = checkOperands(op, 1, 2); !reason.empty())
    return reason;
  if (Reason reason = checkInt8(op); !reason.empty())
    return reason;
  const Tensor &input = getInput(op, 0);
  const Tensor &output = getOutput(op);
  // The result's shape is the file's, which is static; a shape operand can only
  // repeat it, unless it is computed.
  if (op.inputs.size() > 1 && op.inputs[1] != noTensor) {
    SmallVector<int32_t> shape;
    if (Reason reason = getIntegers(op, 1, "a shape", shape); !reason.empty())
      return reason;
  }
  if (input.numElements != output.numElements)
    return "from shape " + formatShape(getShape(input)) + " to " +
           formatShape(getShape(output));
  // Bytes are copied even where the quantisations differ.
  setValue(op.outputs[0],
           reshapeInTosa(getValue(op.inputs[0]), getShape(output)));
  return {};
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

Reason OperatorImporter::importPool(const Operator &op) {
  if (Reason reason = checkOperands(op, 1, 1); !reason.empty())
    return reason;
  if (Reason reason = checkInt8(op); !reason.empty())
    return reason;
  if (Reason reason = checkMaps(op); !reason.empty())
    return reason;
  const Tensor &input = getInput(op, 0);
  const Tensor &output = getOutput(op);
  if (Reason reason = checkPerTensor(input, "the input"); !reason.empty())
    return reason;
  if (Reason reason = checkPerTensor(output, "the result"); !reason.empty())
    return reason;
  // Nothing is requantised; TensorFlow Lite tolerates scales that differ a bit.
  double difference = static_cast<double>(input.quantization.scales[0]) -
                      static_cast<double>(output.quantization.scales[0]);
  if (std::abs(difference) > 1.0e-6 ||
      input.quantization.zeroPoints != output.quantization.zeroPoints)
    return "input and result have different quantisations";

  const auto &options = std::get<PoolOptions>(op.options);
  if (Reason reason =
          checkReach(options.filterY, options.filterX, ConvOptions());
      !reason.empty())
    return reason;
  Window window = {WindowAxis::get(options.padding, input.shape[1],
                                   options.filterY, options.strideY, 1),
                   WindowAxis::get(options.padding, input.shape[2],
                                   options.filterX, options.strideX, 1)};
  if (Reason reason = checkOutputShape(
          op, {1, window.y.outputSize, window.x.outputSize, input.shape[3]});
      !reason.empty())
    return reason;
  ActivationRange range;
  if (Reason reason = getRange(op, options.activation, range); !reason.empty())
    return reason;

  Value value = getValue(op.inputs[0]);
  RankedTensorType type = getType(output);
  if (op.is(Builtin::MaxPool2D)) {
    int64_t kernel[] = {options.filterY, options.filterX};
    int64_t stride[] = {options.strideY, options.strideX};
    value = tosa::MaxPool2dOp::create(builder, loc, type,
                                      sliceToWindow(value, window), kernel,
                                      stride, window.getPad<int64_t>());
    setValue(op.outputs[0], createClamp(value, range));
    return {};
  }
  int32_t kernel[] = {options.filterY, options.filterX};
  int32_t stride[] = {options.strideY, options.strideX};
  setValue(op.outputs[0], patch::AvgPool2DOp::create(
                              builder, loc, type, value, kernel, stride,
                              window.getPad<int32_t>(), range.min, range.max));
  return {};
}

//===----------------------------------------------------------------------===//
// MEAN
//===----------------------------------------------------------------------===//

/// The map 1xHxWxC whose mean over H and W is the mean of a tensor over `axes`.
/// Possible if what is kept lies behind what is reduced. Empty otherwise.
static SmallVector<int64_t, 4> getReducedMap(ArrayRef<int32_t> shape,
                                             const llvm::SmallBitVector &axes) {
  // A map with its own height and width stays as it is.
  if (shape.size() == 4 && shape[0] == 1 && !axes[3] &&
      (axes[1] || shape[1] == 1) && (axes[2] || shape[2] == 1))
    return {1, shape[1], shape[2], shape[3]};
  SmallVector<int64_t, 4> map = {1, 1, 1, 1};
  for (auto [axis, size] : llvm::enumerate(shape)) {
    if (!axes[axis]) {
      map[3] *= size;
      continue;
    }
    if (size != 1 && map[3] != 1)
      return {};
    map[1] *= map[2];
    map[2] = size;
  }
  return map;
}

Reason OperatorImporter::importMean(const Operator &op) {
  if (Reason reason = checkOperands(op, 2, 2); !reason.empty())
    return reason;
  if (Reason reason = checkInt8(op); !reason.empty())
    return reason;
  const Tensor &input = getInput(op, 0);
  const Tensor &output = getOutput(op);
  if (Reason reason = checkPerTensor(input, "the input"); !reason.empty())
    return reason;
  if (Reason reason = checkPerTensor(output, "the result"); !reason.empty())
    return reason;
  SmallVector<int32_t> list;
  if (Reason reason = getIntegers(op, 1, "axes", list); !reason.empty())
    return reason;
  auto rank = static_cast<int32_t>(input.shape.size());
  llvm::SmallBitVector axes(rank);
  for (int32_t axis : list) {
    if (axis < -rank || axis >= rank)
      return "axis " + std::to_string(axis) + " of " + std::to_string(rank);
    axes.set(axis < 0 ? axis + rank : axis);
  }
  SmallVector<int64_t, 4> map = getReducedMap(input.shape, axes);
  if (map.empty())
    return "a mean over channels";
  if (output.numElements != map[3])
    return "the result's shape is " + formatShape(getShape(output)) +
           " for a mean of " + std::to_string(map[3]) + " channels";

  Requantization requantization;
  Multiplier multiplier =
      quantizeMultiplier(static_cast<double>(input.quantization.scales[0]) /
                         static_cast<double>(output.quantization.scales[0]));
  if (multiplier.exponent > 30)
    return "a scale of 2^30 and more between operand and result";
  requantization.multipliers = {divideMultiplier(multiplier, map[1] * map[2])};
  requantization.zeroPoint = output.quantization.zeroPoints[0];
  Value value = reshapeInPatch(getValue(op.inputs[0]), map);
  value = patch::MeanOp::create(builder, loc, getI8Type({1, 1, 1, map[3]}),
                                value, input.quantization.zeroPoints[0],
                                getRequant(requantization));
  setValue(op.outputs[0], reshapeInPatch(value, getShape(output)));
  return {};
}
