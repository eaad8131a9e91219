//===- OperatorImporter.cpp - What the operators' importers share ---------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorImporter.h"

#include "tessera/Dialect/Patch/IR/LayerName.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::tflite;

/// Keeps window sizes and padding far inside 32 bits.
static constexpr int64_t maxWindowReach = 65535;

std::string tessera::tflite::formatShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string result;
  for (int64_t size : shape)
    result += (result.empty() ? "" : "x") + std::to_string(size);
  return result;
}

SmallVector<int64_t, 4> tessera::tflite::getMapShape(const Tensor &tensor) {
  if (tensor.shape.size() == 4)
    return {tensor.shape.begin(), tensor.shape.end()};
  int64_t channels = tensor.shape.empty() ? 1 : tensor.shape.back();
  int64_t pixels = channels == 0 ? 0 : tensor.numElements / channels;
  return {1, 1, pixels, channels};
}

WindowAxis WindowAxis::get(Padding padding, int64_t size, int64_t kernel,
                           int64_t stride, int64_t dilation) {
  WindowAxis axis;
  int64_t extent = (kernel - 1) * dilation + 1;
  if (padding == Padding::Same) {
    axis.outputSize = (size + stride - 1) / stride;
    int64_t total =
        std::max<int64_t>(0, (axis.outputSize - 1) * stride + extent - size);
    axis.padBefore = total / 2;
    axis.padAfter = total - axis.padBefore;
  } else {
    axis.outputSize = size < extent ? 0 : (size - extent) / stride + 1;
  }
  axis.readSize =
      (axis.outputSize - 1) * stride + extent - axis.padBefore - axis.padAfter;
  return axis;
}

bool Requantization::isExactInTosa() const {
  return llvm::all_of(multipliers, [](Multiplier multiplier) {
    return multiplier.value >= 0 && multiplier.exponent <= 0 &&
           multiplier.exponent >= -31;
  });
}

//===----------------------------------------------------------------------===//
// Dispatch
//===----------------------------------------------------------------------===//

RankedTensorType OperatorImporter::getType(const Tensor &tensor) const {
  Type type = builder.getI8Type();
  if (tensor.type == ElementType::Float32)
    type = builder.getF32Type();
  else if (tensor.type == ElementType::UInt8)
    type = builder.getIntegerType(8, /*isSigned=*/false);
  return RankedTensorType::get(getShape(tensor), type);
}

Reason OperatorImporter::importOperator(size_t index) {
  const Operator &op = model.operators[index];
  loc = getLayerLocation(builder.getContext(), index, op.name);
  Reason reason = [&]() -> Reason {
    for (int32_t input : op.inputs)
      if (input != noTensor && model.tensors[input].isVariable)
        return "state that is kept between inferences";
    switch (op.code) {
    case static_cast<int32_t>(Builtin::Conv2D):
      return importConv2D(op);
    case static_cast<int32_t>(Builtin::DepthwiseConv2D):
      return importDepthwiseConv2D(op);
    case static_cast<int32_t>(Builtin::FullyConnected):
      return importFullyConnected(op);
    case static_cast<int32_t>(Builtin::Add):
      return importAdd(op);
    case static_cast<int32_t>(Builtin::Mul):
    case static_cast<int32_t>(Builtin::Sub):
      return importArithmetic(op);
    case static_cast<int32_t>(Builtin::Concatenation):
      return importConcatenation(op);
    case static_cast<int32_t>(Builtin::ResizeNearestNeighbor):
      return importResizeNearest(op);
    case static_cast<int32_t>(Builtin::Shape):
      return importShape(op);
    case static_cast<int32_t>(Builtin::Pack):
      return importPack(op);
    case static_cast<int32_t>(Builtin::StridedSlice):
      return importStridedSlice(op);
    case static_cast<int32_t>(Builtin::Pad):
    case static_cast<int32_t>(Builtin::PadV2):
      return importPad(op);
    case static_cast<int32_t>(Builtin::AveragePool2D):
    case static_cast<int32_t>(Builtin::MaxPool2D):
      return importPool(op);
    case static_cast<int32_t>(Builtin::Mean):
      return importMean(op);
    case static_cast<int32_t>(Builtin::Reshape):
    case static_cast<int32_t>(Builtin::Squeeze):
    case static_cast<int32_t>(Builtin::ExpandDims):
      return importReshape(op);
    case static_cast<int32_t>(Builtin::Softmax):
      return importSoftmax(op);
    case static_cast<int32_t>(Builtin::Quantize):
      return importQuantize(op);
    case static_cast<int32_t>(Builtin::Dequantize):
      return importDequantize(op);
    case static_cast<int32_t>(Builtin::Logistic):
    case static_cast<int32_t>(Builtin::Tanh):
    case static_cast<int32_t>(Builtin::HardSwish):
    case static_cast<int32_t>(Builtin::LeakyRelu):
    case static_cast<int32_t>(Builtin::Elu):
      return importLookup(op);
    case static_cast<int32_t>(Builtin::Relu):
    case static_cast<int32_t>(Builtin::Relu6):
    case static_cast<int32_t>(Builtin::ReluN1To1):
    case static_cast<int32_t>(Builtin::Relu0To1):
      return importRelu(op);
    case static_cast<int32_t>(Builtin::Custom):
      return "custom operator";
    default:
      return "operator not supported";
    }
  }();
  if (reason.empty())
    return reason;
  for (int32_t output : op.outputs)
    setValue(output,
             UnrealizedConversionCastOp::create(
                 builder, loc, getType(model.tensors[output]), ValueRange())
                 .getResult(0));
  return reason;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

Reason OperatorImporter::checkOperands(const Operator &op, size_t minInputs,
                                       size_t maxInputs) const {
  if (op.inputs.size() < minInputs || op.inputs.size() > maxInputs)
    return std::to_string(op.inputs.size()) + " operands instead of " +
           std::to_string(minInputs);
  for (size_t i = 0; i < minInputs; ++i)
    if (op.inputs[i] == noTensor)
      return "operand " + std::to_string(i) + " is left out";
  if (op.outputs.size() != 1)
    return std::to_string(op.outputs.size()) + " results instead of 1";
  if (getOutput(op).numElements == 0)
    return "an empty result";
  return {};
}

Reason OperatorImporter::checkInt8(const Operator &op, size_t index) const {
  const Tensor &input = getInput(op, index);
  const Tensor &output = getOutput(op);
  if (input.type != ElementType::Int8) {
    std::string type = getName(input.type);
    for (int32_t other : op.inputs)
      if (other != noTensor && input.type == ElementType::Float32 &&
          model.tensors[other].type == ElementType::Int8)
        return type + " activations with INT8 weights";
    return type + " activations";
  }
  if (output.type != ElementType::Int8)
    return std::string(getName(output.type)) + " result";
  if (input.isConstant())
    return "operand " + std::to_string(index) + " is a constant";
  if (input.numElements == 0)
    return "an empty operand";
  return {};
}

Reason OperatorImporter::checkPerTensor(const Tensor &tensor,
                                        StringRef what) const {
  if (tensor.quantization.isCustom)
    return (what + " has a custom quantisation").str();
  if (tensor.quantization.scales.empty())
    return (what + " is not quantised").str();
  if (tensor.quantization.scales.size() > 1)
    return (what + " has a scale per channel").str();
  return {};
}

Reason OperatorImporter::checkMaps(const Operator &op) const {
  for (const Tensor *tensor : {&getInput(op, 0), &getOutput(op)}) {
    if (tensor->shape.size() != 4)
      return "shape " + formatShape(getShape(*tensor)) + " is not 1xHxWxC";
    if (tensor->shape[0] != 1)
      return "batch size " + std::to_string(tensor->shape[0]);
  }
  return {};
}

Reason OperatorImporter::checkOutputShape(const Operator &op,
                                          ArrayRef<int64_t> expected) const {
  SmallVector<int64_t> shape = getShape(getOutput(op));
  if (ArrayRef(shape) == expected)
    return {};
  return "the result's shape is " + formatShape(shape) +
         ", and operands and options give " + formatShape(expected);
}

Reason OperatorImporter::checkWeights(const Tensor &weights, size_t rank,
                                      int32_t dimension,
                                      int64_t channels) const {
  if (weights.type != ElementType::Int8)
    return std::string(getName(weights.type)) + " weights";
  if (!weights.isConstant())
    return "weights that are not constant";
  if (weights.isSparse)
    return "sparse weights";
  if (weights.shape.size() != rank)
    return "weights of shape " + formatShape(getShape(weights));
  const Quantization &quantization = weights.quantization;
  if (quantization.isCustom)
    return "the weights have a custom quantisation";
  if (quantization.scales.empty())
    return "the weights are not quantised";
  if (llvm::any_of(quantization.zeroPoints, [](int32_t zp) { return zp != 0; }))
    return "the weights' zero point is not 0";
  if (quantization.scales.size() > 1 &&
      (quantization.dimension != dimension ||
       static_cast<int64_t>(quantization.scales.size()) != channels))
    return "the weights' scales are not per output channel";
  return {};
}

Reason OperatorImporter::checkBias(const Operator &op, int64_t channels) const {
  if (op.inputs.size() < 3 || op.inputs[2] == noTensor)
    return {};
  const Tensor &bias = getInput(op, 2);
  if (bias.type != ElementType::Int32)
    return std::string(getName(bias.type)) + " bias";
  if (!bias.isConstant() || bias.isSparse)
    return "a bias that is not constant";
  if (bias.numElements != channels)
    return "a bias of " + std::to_string(bias.numElements) + " for " +
           std::to_string(channels) + " channels";
  return {};
}

Reason OperatorImporter::getRange(const Operator &op, Activation activation,
                                  ActivationRange &range) const {
  if (activation == Activation::Tanh || activation == Activation::SignBit)
    return activation == Activation::Tanh ? "fused TANH" : "fused SIGN_BIT";
  const Quantization &quantization = getOutput(op).quantization;
  range = getActivationRange(activation, quantization.scales[0],
                             quantization.zeroPoints[0]);
  if (!range.isValid)
    return "the result's scale is too small for the fused activation";
  return {};
}

Reason OperatorImporter::checkReach(int64_t kernelY, int64_t kernelX,
                                    const ConvOptions &options) const {
  int64_t reach = std::max((kernelY - 1) * options.dilationY,
                           (kernelX - 1) * options.dilationX);
  if (reach > maxWindowReach)
    return "a window that reaches over " + std::to_string(reach + 1) +
           " rows or columns";
  return {};
}

Reason
OperatorImporter::getConvRequantization(const Operator &op,
                                        Activation activation,
                                        Requantization &requantization) const {
  double inputScale = getInput(op, 0).quantization.scales[0];
  double outputScale = getOutput(op).quantization.scales[0];
  for (float scale : getInput(op, 1).quantization.scales) {
    Multiplier multiplier = quantizeMultiplier(
        inputScale * static_cast<double>(scale) / outputScale);
    if (multiplier.exponent > 30)
      return "a scale of 2^30 and more between sums and results";
    requantization.multipliers.push_back(multiplier);
  }
  requantization.zeroPoint = getOutput(op).quantization.zeroPoints[0];
  return getRange(op, activation, requantization.range);
}

Reason OperatorImporter::getIntegers(const Operator &op, size_t index,
                                     StringRef what,
                                     SmallVector<int32_t> &result) const {
  const Tensor &tensor = getInput(op, index);
  if (tensor.type != ElementType::Int32)
    return (Twine(what) + " of type " + getName(tensor.type)).str();
  if (auto known = integers.find(op.inputs[index]); known != integers.end()) {
    result.append(known->second);
    return {};
  }
  if (tensor.numElements != 0 && (!tensor.isConstant() || tensor.isSparse))
    return (what + " computed at run time").str();
  for (int64_t i = 0; i < tensor.numElements; ++i)
    result.push_back(llvm::support::endian::read32le(tensor.data + 4 * i));
  return {};
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

DenseElementsAttr OperatorImporter::getData(const Tensor &tensor,
                                            RankedTensorType type) const {
  // One element would be taken for a splat of a larger type, which is the same.
  return DenseElementsAttr::getFromRawBuffer(
      type,
      ArrayRef(reinterpret_cast<const char *>(tensor.data), tensor.dataBytes));
}

DenseElementsAttr OperatorImporter::getBias(const Operator &op,
                                            int64_t channels) const {
  SmallVector<int32_t> values(channels, 0);
  if (op.inputs.size() > 2 && op.inputs[2] != noTensor) {
    const uint8_t *data = getInput(op, 2).data;
    for (int64_t i = 0; i < channels; ++i)
      values[i] = llvm::support::endian::read32le(data + 4 * i);
  }
  return DenseElementsAttr::get(RankedTensorType::get({channels}, getI32()),
                                ArrayRef<int32_t>(values));
}

Value OperatorImporter::createTosaConst(DenseElementsAttr values) {
  return tosa::ConstOp::create(builder, loc, values.getType(), values);
}

Value OperatorImporter::createArithConst(DenseElementsAttr values) {
  return arith::ConstantOp::create(builder, loc, values);
}

Value OperatorImporter::createScalar(Type type, int64_t value) {
  return createTosaConst(
      DenseElementsAttr::get(RankedTensorType::get({1}, type),
                             Attribute(builder.getIntegerAttr(type, value))));
}

Value OperatorImporter::createShape(ArrayRef<int64_t> values) {
  auto rank = static_cast<int64_t>(values.size());
  return tosa::ConstShapeOp::create(
      builder, loc, tosa::shapeType::get(builder.getContext(), rank),
      DenseIntElementsAttr::get(
          RankedTensorType::get({rank}, builder.getIndexType()), values));
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

Value OperatorImporter::reshapeInTosa(Value value, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == shape)
    return value;
  return tosa::ReshapeOp::create(builder, loc, type.clone(shape), value,
                                 createShape(shape));
}

Value OperatorImporter::reshapeInPatch(Value value, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == shape)
    return value;
  return patch::ReshapeOp::create(builder, loc, type.clone(shape), value);
}

Value OperatorImporter::sliceToWindow(Value input, const Window &window) {
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> size(type.getShape());
  size[1] = window.y.readSize;
  size[2] = window.x.readSize;
  if (type.getShape() == ArrayRef(size))
    return input;
  return tosa::SliceOp::create(builder, loc, type.clone(size), input,
                               createShape({0, 0, 0, 0}), createShape(size));
}

//===----------------------------------------------------------------------===//
// Requantisation
//===----------------------------------------------------------------------===//

Value OperatorImporter::createRescale(Value value, Type elementType,
                                      ArrayRef<Multiplier> multipliers,
                                      int64_t inputZeroPoint,
                                      int64_t outputZeroPoint) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int32_t> factors;
  SmallVector<int8_t> shifts;
  for (Multiplier multiplier : multipliers) {
    factors.push_back(multiplier.value);
    shifts.push_back(static_cast<int8_t>(31 - multiplier.exponent));
  }
  auto count = static_cast<int64_t>(multipliers.size());
  Value factor = createTosaConst(DenseElementsAttr::get(
      RankedTensorType::get({count}, getI32()), ArrayRef<int32_t>(factors)));
  Value shift = createTosaConst(DenseElementsAttr::get(
      RankedTensorType::get({count}, getI8()), ArrayRef<int8_t>(shifts)));
  return tosa::RescaleOp::create(
      builder, loc, type.clone(elementType), value, factor, shift,
      createScalar(type.getElementType(), inputZeroPoint),
      createScalar(elementType, outputZeroPoint),
      /*scale32=*/true, tosa::RoundingMode::DOUBLE_ROUND,
      /*per_channel=*/count > 1, /*input_unsigned=*/false,
      /*output_unsigned=*/false);
}

Value OperatorImporter::createClamp(Value value, const ActivationRange &range) {
  if (range.min == -128 && range.max == 127)
    return value;
  return tosa::ClampOp::create(builder, loc, value.getType(), value,
                               builder.getI8IntegerAttr(range.min),
                               builder.getI8IntegerAttr(range.max));
}

Value OperatorImporter::requantizeInTosa(Value sums,
                                         const Requantization &requantization) {
  return createClamp(createRescale(sums, getI8(), requantization.multipliers,
                                   /*inputZeroPoint=*/0,
                                   requantization.zeroPoint),
                     requantization.range);
}

patch::RequantAttr
OperatorImporter::getRequant(const Requantization &requantization) const {
  SmallVector<int32_t> factors, exponents;
  for (Multiplier multiplier : requantization.multipliers) {
    factors.push_back(multiplier.value);
    exponents.push_back(multiplier.exponent);
  }
  return patch::RequantAttr::get(
      builder.getContext(), factors, exponents, requantization.zeroPoint,
      requantization.range.min, requantization.range.max,
      patch::Rounding::TFLite);
}
