//===- ImportConvolutions.cpp - Layers with weights -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED. In TOSA: a convolution with
// 32-bit sums, a rescale and a clamp. As one layer of the patch dialect where
// the rescale would not be exact (see Requantization::isExactInTosa) and for
// grouped convolutions, which TOSA lacks.
//
//===----------------------------------------------------------------------===//

#include "OperatorImporter.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::tflite;

/// Whether some position of a window reads no row (or column) inside the input.
/// Happens only where the taps of a dilated filter lie further apart than the
/// input is long.
static bool skipsInput(const WindowAxis &axis, int64_t size, int64_t kernel,
                       int64_t stride, int64_t dilation) {
  if (dilation <= size)
    return false;
  for (int64_t i = 0; i < axis.outputSize; ++i) {
    int64_t first = i * stride - axis.padBefore;
    int64_t skipped = first < 0 ? (-first + dilation - 1) / dilation : 0;
    if (skipped >= kernel || first + skipped * dilation >= size)
      return true;
  }
  return false;
}

Value OperatorImporter::createConv(const Operator &op, bool isDepthwise,
                                   Value input, RankedTensorType output,
                                   DenseElementsAttr weights,
                                   const Window &window,
                                   const ConvOptions &options,
                                   const Requantization &requantization) {
  int64_t channels = output.getDimSize(3);
  int64_t inputChannels = cast<RankedTensorType>(input.getType()).getDimSize(3);
  int32_t inputZeroPoint = getInput(op, 0).quantization.zeroPoints[0];
  DenseElementsAttr bias = getBias(op, channels);
  // OHWI; of a depthwise convolution 1HWO.
  ArrayRef<int64_t> shape = weights.getType().getShape();
  bool isGrouped = !isDepthwise && shape[3] != inputChannels;

  if (requantization.isExactInTosa() && !isGrouped) {
    Value reads = sliceToWindow(input, window);
    SmallVector<int64_t> pad(window.getPad<int64_t>());
    int64_t stride[] = {options.strideY, options.strideX};
    int64_t dilation[] = {options.dilationY, options.dilationX};
    Type sumsType = output.clone(getI32());
    Value sums;
    if (isDepthwise) {
      // Channel c · M + m of the file is [c, m] of TOSA: the same bytes.
      auto hwcm = getI8Type(
          {shape[1], shape[2], inputChannels, channels / inputChannels});
      sums = tosa::DepthwiseConv2DOp::create(
          builder, loc, sumsType, reads, createTosaConst(weights.reshape(hwcm)),
          createTosaConst(bias), createScalar(getI8(), inputZeroPoint),
          createScalar(getI8(), 0), pad, stride, dilation, getI32());
    } else {
      sums = tosa::Conv2DOp::create(
          builder, loc, sumsType, reads, createTosaConst(weights),
          createTosaConst(bias), createScalar(getI8(), inputZeroPoint),
          createScalar(getI8(), 0), pad, stride, dilation, getI32());
    }
    return requantizeInTosa(sums, requantization);
  }

  SmallVector<int32_t, 4> pad = window.getPad<int32_t>();
  ArrayRef<int64_t> size = cast<RankedTensorType>(input.getType()).getShape();
  if (skipsInput(window.y, size[1], shape[1], options.strideY,
                 options.dilationY) ||
      skipsInput(window.x, size[2], shape[2], options.strideX,
                 options.dilationX)) {
    // A layer's windows always read something: keep the padding as data.
    auto padded = getI8Type({1, size[1] + pad[0] + pad[1],
                             size[2] + pad[2] + pad[3], inputChannels});
    input =
        patch::PadOp::create(builder, loc, padded, input, pad, inputZeroPoint);
    pad.assign(4, 0);
  }
  int32_t stride[] = {options.strideY, options.strideX};
  int32_t dilation[] = {options.dilationY, options.dilationX};
  patch::RequantAttr requant = getRequant(requantization);
  if (isDepthwise)
    return patch::DepthwiseConv2DOp::create(
        builder, loc, output, input,
        createArithConst(
            weights.reshape(getI8Type({shape[1], shape[2], channels}))),
        createArithConst(bias), stride, dilation, pad, inputZeroPoint, requant);
  return patch::Conv2DOp::create(
      builder, loc, output, input, createArithConst(weights),
      createArithConst(bias), stride, dilation, pad, inputZeroPoint, requant);
}

//===----------------------------------------------------------------------===//
// CONV_2D and DEPTHWISE_CONV_2D
//===----------------------------------------------------------------------===//

Reason OperatorImporter::checkConv(const Operator &op, int32_t dimension,
                                   int64_t &channels) const {
  if (Reason reason = checkOperands(op, 2, 3); !reason.empty())
    return reason;
  if (Reason reason = checkInt8(op); !reason.empty())
    return reason;
  if (Reason reason = checkMaps(op); !reason.empty())
    return reason;
  if (Reason reason = checkPerTensor(getInput(op, 0), "the input");
      !reason.empty())
    return reason;
  if (Reason reason = checkPerTensor(getOutput(op), "the result");
      !reason.empty())
    return reason;
  const Tensor &weights = getInput(op, 1);
  channels = getOutput(op).shape[3];
  if (Reason reason = checkWeights(weights, 4, dimension, channels);
      !reason.empty())
    return reason;
  if (weights.shape[dimension] != channels)
    return "weights of shape " + formatShape(getShape(weights)) + " for " +
           std::to_string(channels) + " channels";
  return checkBias(op, channels);
}

Reason OperatorImporter::importConv2D(const Operator &op) {
  int64_t channels = 0;
  if (Reason reason = checkConv(op, /*dimension=*/0, channels); !reason.empty())
    return reason;
  const auto &options = std::get<ConvOptions>(op.options);
  const Tensor &input = getInput(op, 0);
  const Tensor &weights = getInput(op, 1);
  int64_t depth = weights.shape[3];
  if (input.shape[3] % depth != 0 || channels % (input.shape[3] / depth) != 0)
    return "weights of shape " + formatShape(getShape(weights)) +
           " for an input of shape " + formatShape(getShape(input));
  return importWindowed(op, /*isDepthwise=*/false, options);
}

Reason OperatorImporter::importDepthwiseConv2D(const Operator &op) {
  int64_t channels = 0;
  if (Reason reason = checkConv(op, /*dimension=*/3, channels); !reason.empty())
    return reason;
  const auto &options = std::get<ConvOptions>(op.options);
  const Tensor &input = getInput(op, 0);
  if (getInput(op, 1).shape[0] != 1)
    return "weights of shape " + formatShape(getShape(getInput(op, 1)));
  if (channels != int64_t(input.shape[3]) * options.depthMultiplier)
    return std::to_string(channels) + " channels from " +
           std::to_string(input.shape[3]) + " with depth multiplier " +
           std::to_string(options.depthMultiplier);
  return importWindowed(op, /*isDepthwise=*/true, options);
}

Reason OperatorImporter::importWindowed(const Operator &op, bool isDepthwise,
                                        const ConvOptions &options) {
  const Tensor &input = getInput(op, 0);
  const Tensor &weights = getInput(op, 1);
  if (Reason reason = checkReach(weights.shape[1], weights.shape[2], options);
      !reason.empty())
    return reason;
  Window window = {
      WindowAxis::get(options.padding, input.shape[1], weights.shape[1],
                      options.strideY, options.dilationY),
      WindowAxis::get(options.padding, input.shape[2], weights.shape[2],
                      options.strideX, options.dilationX)};
  RankedTensorType output = getType(getOutput(op));
  if (Reason reason =
          checkOutputShape(op, {1, window.y.outputSize, window.x.outputSize,
                                output.getDimSize(3)});
      !reason.empty())
    return reason;
  Requantization requantization;
  if (Reason reason =
          getConvRequantization(op, options.activation, requantization);
      !reason.empty())
    return reason;
  setValue(op.outputs[0],
           createConv(op, isDepthwise, getValue(op.inputs[0]), output,
                      getData(weights, getI8Type(getShape(weights))), window,
                      options, requantization));
  return {};
}

//===----------------------------------------------------------------------===//
// FULLY_CONNECTED
//===----------------------------------------------------------------------===//

Reason OperatorImporter::importFullyConnected(const Operator &op) {
  if (Reason reason = checkOperands(op, 2, 3); !reason.empty())
    return reason;
  if (Reason reason = checkInt8(op); !reason.empty())
    return reason;
  const Tensor &input = getInput(op, 0);
  const Tensor &weights = getInput(op, 1);
  const Tensor &output = getOutput(op);
  if (Reason reason = checkPerTensor(input, "the input"); !reason.empty())
    return reason;
  if (Reason reason = checkPerTensor(output, "the result"); !reason.empty())
    return reason;
  const auto &options = std::get<FullyConnectedOptions>(op.options);
  if (options.weightsFormat != 0)
    return "shuffled weights";
  int64_t channels = output.shape.empty() ? 1 : output.shape.back();
  if (Reason reason = checkWeights(weights, 2, /*dimension=*/0, channels);
      !reason.empty())
    return reason;
  if (Reason reason = checkBias(op, channels); !reason.empty())
    return reason;
  int64_t depth = weights.shape[1];
  int64_t rows = output.numElements / channels;
  if (weights.shape[0] != channels || rows * depth != input.numElements)
    return "weights of shape " + formatShape(getShape(weights)) +
           " from shape " + formatShape(getShape(input)) + " to " +
           formatShape(getShape(output));

  Requantization requantization;
  if (Reason reason =
          getConvRequantization(op, options.activation, requantization);
      !reason.empty())
    return reason;
  // With one scale for all weights the product of the scales is formed in
  // single precision, and TensorFlow Lite refuses a negative one.
  if (weights.quantization.scales.size() == 1) {
    float product =
        input.quantization.scales[0] * weights.quantization.scales[0];
    if (product < 0.0f)
      return "a negative scale for all weights";
    requantization.multipliers = {
        quantizeMultiplier(static_cast<double>(product) /
                           static_cast<double>(output.quantization.scales[0]))};
    if (requantization.multipliers[0].exponent > 30)
      return "a scale of 2^30 and more between sums and results";
  }

  RankedTensorType result = getI8Type({1, rows, 1, channels});
  SmallVector<int64_t> inputShape = {1, rows, 1, depth};
  Value value = getValue(op.inputs[0]);
  if (!requantization.isExactInTosa() && rows == 1) {
    value = patch::FullyConnectedOp::create(
        builder, loc, result, reshapeInPatch(value, inputShape),
        createArithConst(getData(weights, getI8Type({channels, depth}))),
        createArithConst(getBias(op, channels)),
        input.quantization.zeroPoints[0], getRequant(requantization));
    setValue(op.outputs[0], reshapeInPatch(value, getShape(output)));
    return {};
  }
  // Every row of the input by the same matrix: a 1x1 convolution.
  Window window = {WindowAxis::get(Padding::Valid, rows, 1, 1, 1),
                   WindowAxis::get(Padding::Valid, 1, 1, 1, 1)};
  value =
      createConv(op, /*isDepthwise=*/false, reshapeInTosa(value, inputShape),
                 result, getData(weights, getI8Type({channels, 1, 1, depth})),
                 window, ConvOptions(), requantization);
  setValue(op.outputs[0], reshapeInTosa(value, getShape(output)));
  return {};
}
