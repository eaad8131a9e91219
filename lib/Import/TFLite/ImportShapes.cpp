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

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace tessera;
using namespace tessera::tflite;

/// Keeps the products of sizes far inside 32 bits.
static constexpr int32_t maxResizedSize = 16384;

//===----------------------------------------------------------------------===//
// PAD and RESHAPE
//===----------------------------------------------------------------------===//

Reason OperatorImporter::importPad(const Operator &op) {
  size_t count = op.is(Builtin::PadV2) ? 3 : 2;
  if (Reason reason = checkOperands(op, count, count); !reason.empty())
    return reason;
  if (Reason reason = checkInt8(op); !reason.empty())
    return reason;
  if (Reason reason = checkMaps(op); !reason.empty())
    return reason;
  if (Reason reason = checkPerTensor(getOutput(op), "the result");
      !reason.empty())
    return reason;
  // A real 0 in the result's quantisation, or the byte that PADV2 gives.
  int32_t value = getOutput(op).quantization.zeroPoints[0];
  if (op.is(Builtin::PadV2)) {
    const Tensor &constant = getInput(op, 2);
    if (constant.type != ElementType::Int8 || !constant.isConstant() ||
        constant.isSparse || constant.numElements != 1)
      return "a value that is no INT8 constant";
    value = static_cast<int8_t>(constant.data[0]);
  }
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
  // The input's bytes are copied, whatever its quantisation.
  setValue(op.outputs[0],
           tosa::PadOp::create(builder, loc, getType(getOutput(op)),
                               getValue(op.inputs[0]), createShape(padding),
                               createScalar(getI8(), value)));
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
// CONCATENATION
//===----------------------------------------------------------------------===//

Reason OperatorImporter::importConcatenation(const Operator &op) {
  if (Reason reason = checkOperands(op, 1, op.inputs.size()); !reason.empty())
    return reason;
  const auto &options = std::get<ConcatenationOptions>(op.options);
  if (options.activation != Activation::None)
    return "a fused activation";
  const Tensor &output = getOutput(op);
  auto rank = static_cast<int32_t>(output.shape.size());
  int32_t axis = options.axis < 0 ? options.axis + rank : options.axis;
  if (axis < 0 || axis >= rank)
    return "axis " + std::to_string(options.axis) + " of " +
           std::to_string(rank);
  int64_t total = 0;
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i] == noTensor)
      return "operand " + std::to_string(i) + " is left out";
    if (Reason reason = checkInt8(op, i); !reason.empty())
      return reason;
    std::vector<int32_t> shape = getInput(op, i).shape;
    if (shape.size() == output.shape.size()) {
      total += shape[axis];
      shape[axis] = output.shape[axis];
    }
    if (shape != output.shape)
      return "operand " + std::to_string(i) + " of shape " +
             formatShape(getShape(getInput(op, i))) +
             " for a result of shape " + formatShape(getShape(output));
  }
  if (total != output.shape[axis])
    return "the result's shape is " + formatShape(getShape(output)) +
           ", and the operands have " + std::to_string(total) + " along axis " +
           std::to_string(axis);

  // A map stays what it is. Otherwise the dimensions in front of the axis are
  // rows, or pixels if it is the last one.
  bool isMap = rank == 4 && output.shape[0] == 1 && axis > 0;
  uint32_t mapAxis = axis;
  int64_t outer = 1, inner = 1;
  if (!isMap) {
    for (int32_t i = 0; i < axis; ++i)
      outer *= output.shape[i];
    for (int32_t i = axis + 1; i < rank; ++i)
      inner *= output.shape[i];
    mapAxis = axis + 1 == rank ? 3 : 2;
  }
  auto getMap = [&](const Tensor &tensor) -> SmallVector<int64_t, 4> {
    if (isMap)
      return {tensor.shape.begin(), tensor.shape.end()};
    if (mapAxis == 3)
      return {1, 1, outer, tensor.shape[axis]};
    return {1, outer, tensor.shape[axis], inner};
  };
  // The bytes are copied, whatever their quantisation.
  SmallVector<Value> operands;
  for (int32_t input : op.inputs)
    operands.push_back(
        reshapeInPatch(getValue(input), getMap(model.tensors[input])));
  Value result = patch::ConcatOp::create(
      builder, loc, getI8Type(getMap(output)), operands, mapAxis);
  setValue(op.outputs[0], reshapeInPatch(result, getShape(output)));
  return {};
}

//===----------------------------------------------------------------------===//
// RESIZE_NEAREST_NEIGHBOR
//===----------------------------------------------------------------------===//

namespace {
/// Index o of the result reads index (o · stride + offset) / divisor.
struct LinearMap {
  int64_t stride, offset, divisor;
};
} // namespace

/// What TensorFlow Lite reads for index `o`, in single precision.
static int64_t getNearest(int64_t o, int64_t in, int64_t out,
                          const ResizeOptions &options) {
  float scale = options.alignCorners && out > 1
                    ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                    : static_cast<float>(in) / static_cast<float>(out);
  float position =
      (static_cast<float>(o) + (options.halfPixelCenters ? 0.5f : 0.0f)) *
      scale;
  float index =
      options.alignCorners ? std::round(position) : std::floor(position);
  return std::clamp<int64_t>(static_cast<int64_t>(index), 0, in - 1);
}

/// The map in whole numbers that reads the same; none if rounding in single
/// precision (or at the end, of both options together) makes another one.
static std::optional<LinearMap> getLinearMap(int64_t in, int64_t out,
                                             const ResizeOptions &options) {
  LinearMap map = {in, 0, out};
  if (options.alignCorners && out > 1) {
    // round(o · (in − 1) / (out − 1)).
    map = {2 * (in - 1), out - 1, 2 * (out - 1)};
    if (options.halfPixelCenters)
      map.offset += in - 1;
  } else if (options.halfPixelCenters) {
    map = {2 * in, in, 2 * out};
  }
  int64_t factor = std::gcd(map.divisor, std::gcd(map.stride, map.offset));
  map = {map.stride / factor, map.offset / factor, map.divisor / factor};
  for (int64_t o = 0; o < out; ++o)
    if ((o * map.stride + map.offset) / map.divisor !=
        getNearest(o, in, out, options))
      return std::nullopt;
  return map;
}

Reason OperatorImporter::importResizeNearest(const Operator &op) {
  if (Reason reason = checkOperands(op, 2, 2); !reason.empty())
    return reason;
  if (Reason reason = checkInt8(op); !reason.empty())
    return reason;
  if (Reason reason = checkMaps(op); !reason.empty())
    return reason;
  SmallVector<int32_t> size;
  if (Reason reason = getIntegers(op, 1, "a size", size); !reason.empty())
    return reason;
  if (size.size() != 2)
    return std::to_string(size.size()) + " sizes for height and width";
  const Tensor &input = getInput(op, 0);
  if (Reason reason =
          checkOutputShape(op, {1, size[0], size[1], input.shape[3]});
      !reason.empty())
    return reason;
  SmallVector<int32_t> stride, offset, divisor;
  for (size_t axis = 0; axis < 2; ++axis) {
    if (std::max(input.shape[1 + axis], size[axis]) > maxResizedSize)
      return "a size above " + std::to_string(maxResizedSize);
    std::optional<LinearMap> map = getLinearMap(
        input.shape[1 + axis], size[axis], std::get<ResizeOptions>(op.options));
    if (!map)
      return "from " + std::to_string(input.shape[1 + axis]) + " to " +
             std::to_string(size[axis]) + (axis == 0 ? " rows" : " columns") +
             ", which single precision does not divide evenly";
    stride.push_back(static_cast<int32_t>(map->stride));
    offset.push_back(static_cast<int32_t>(map->offset));
    divisor.push_back(static_cast<int32_t>(map->divisor));
  }
  // The bytes are copied, whatever their quantisation.
  setValue(op.outputs[0], patch::ResizeNearestOp::create(
                              builder, loc, getType(getOutput(op)),
                              getValue(op.inputs[0]), stride, offset, divisor));
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
