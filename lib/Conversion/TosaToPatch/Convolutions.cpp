//===- Convolutions.cpp - Convolutions and matrix products ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A convolution with i32 sums and the rescale that reads them become one layer.
// `tosa.matmul` with constant weights is a 1x1 convolution. A convolution that
// reads its whole input at once, where that input is one pixel or a flattened
// map, becomes `patch.fully_connected`, which reads the map row by row.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::tosa_to_patch;

//===----------------------------------------------------------------------===//
// Sliding windows
//===----------------------------------------------------------------------===//

Value tosa_to_patch::skipSlice(Value input, const SlidingWindow &window,
                               RankedTensorType output) {
  auto slice = input.getDefiningOp<tosa::SliceOp>();
  if (!slice)
    return input;
  auto whole = dyn_cast<RankedTensorType>(slice.getInput1().getType());
  auto part = dyn_cast<RankedTensorType>(slice.getType());
  FailureOr<SmallVector<int64_t>> start = getShape(slice.getStart());
  if (!whole || !part || !whole.hasStaticShape() || failed(start) ||
      llvm::any_of(*start, [](int64_t s) { return s != 0; }) ||
      whole.getDimSize(0) != part.getDimSize(0) ||
      whole.getDimSize(3) != part.getDimSize(3))
    return input;
  for (unsigned axis = 0; axis < 2; ++axis) {
    int64_t size = whole.getDimSize(1 + axis);
    if (size == part.getDimSize(1 + axis))
      continue;
    int64_t room = size + window.pad[2 * axis] - window.reach(axis);
    // Padding behind the cut would move.
    if (window.pad[2 * axis + 1] != 0 ||
        room / window.stride[axis] + 1 != output.getDimSize(1 + axis))
      return input;
  }
  return slice.getInput1();
}

/// True if some output of the window reads no pixel of the input at all.
static bool readsOnlyPadding(const SlidingWindow &window,
                             RankedTensorType input, RankedTensorType output) {
  for (unsigned axis = 0; axis < 2; ++axis) {
    int64_t size = input.getDimSize(1 + axis);
    int64_t dilation = window.dilation[axis];
    for (int64_t o = 0; o < output.getDimSize(1 + axis); ++o) {
      int64_t first = o * window.stride[axis] - window.pad[2 * axis];
      int64_t skipped = first < 0 ? (-first + dilation - 1) / dilation : 0;
      if (skipped >= window.kernel[axis] || first + skipped * dilation >= size)
        return true;
    }
  }
  return false;
}

//===----------------------------------------------------------------------===//
// conv2d and depthwise_conv2d
//===----------------------------------------------------------------------===//

namespace {

/// The parts of a layer that convolutions and matrix products share.
struct LayerParts {
  Accumulator accumulator;
  DenseElementsAttr weights;
  SmallVector<int32_t> bias;
  int32_t inputZp = 0;
  patch::RequantAttr requant;
};

} // namespace

/// Checks and collects what a layer with `channels` result channels needs.
/// `bias` is null if there is none. Zero points are those of TOSA's accessors.
static FailureOr<LayerParts>
collectParts(Operation *op, PatternRewriter &rewriter, Value input,
             Value weights, Value bias, FailureOr<int64_t> inputZp,
             FailureOr<int64_t> weightZp, int64_t channels) {
  if (!isI8(input.getType()) || !isI8(weights.getType()) ||
      !isI32(op->getResult(0).getType()))
    return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
      diag << "only i8 inputs and weights with i32 sums are supported, not "
           << input.getType() << " and " << weights.getType() << " with "
           << op->getResult(0).getType();
    });
  LayerParts parts;
  parts.weights = getConstant(weights);
  if (!parts.weights)
    return rewriter.notifyMatchFailure(op, "the weights are not a constant");
  if (failed(inputZp) || failed(weightZp))
    return rewriter.notifyMatchFailure(op, "a zero point is not a constant");
  if (*weightZp != 0)
    return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
      diag << "the weights' zero point is " << *weightZp << ", not 0";
    });
  parts.inputZp = static_cast<int32_t>(*inputZp);
  parts.bias.assign(channels, 0);
  if (bias) {
    FailureOr<SmallVector<int64_t>> values = getIntegers(bias);
    if (failed(values) || (values->size() != 1 &&
                           static_cast<int64_t>(values->size()) != channels))
      return rewriter.notifyMatchFailure(
          op, "the bias is not a constant with one entry per channel");
    for (int64_t o = 0; o < channels; ++o)
      parts.bias[o] =
          static_cast<int32_t>((*values)[values->size() == 1 ? 0 : o]);
  }

  FailureOr<Accumulator> accumulator = followAccumulator(op, rewriter);
  if (failed(accumulator))
    return failure();
  parts.accumulator = *accumulator;
  for (auto [sum, more] : llvm::zip(parts.bias, parts.accumulator.bias))
    sum = static_cast<int32_t>(static_cast<uint32_t>(sum) +
                               static_cast<uint32_t>(more));
  FailureOr<Scaling> scaling =
      readScaling(parts.accumulator.rescale, op, rewriter);
  if (failed(scaling))
    return failure();
  int64_t scales = static_cast<int64_t>(scaling->multipliers.size());
  if (scales != 1 && scales != channels)
    return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
      diag << scales << " multipliers for " << channels << " channels";
    });
  FailureOr<patch::RequantAttr> requant = getRequant(
      *scaling, ScaledValues{}, RoundingSet{true, true, true}, op, rewriter);
  if (failed(requant))
    return failure();
  parts.requant = *requant;
  return parts;
}

namespace {

template <typename TosaOp, typename PatchOp>
struct ConvertConvolution : OpRewritePattern<TosaOp> {
  using OpRewritePattern<TosaOp>::OpRewritePattern;

  static constexpr bool isDepthwise =
      std::is_same_v<TosaOp, tosa::DepthwiseConv2DOp>;

  LogicalResult matchAndRewrite(TosaOp op,
                                PatternRewriter &rewriter) const override {
    auto inputType = dyn_cast<RankedTensorType>(op.getInput().getType());
    auto outputType = dyn_cast<RankedTensorType>(op.getType());
    auto weightType = dyn_cast<RankedTensorType>(op.getWeight().getType());
    if (!inputType || !outputType || !weightType || !getMapType(inputType) ||
        !getMapType(outputType) || !weightType.hasStaticShape())
      return rewriter.notifyMatchFailure(
          op, "a shape is dynamic, empty or too large");
    // conv2d: OHWI. depthwise_conv2d: HWCM, the same bytes as HWO.
    unsigned first = isDepthwise ? 0 : 1;
    SlidingWindow window;
    window.kernel = toI32(weightType.getShape().slice(first, 2));
    window.stride = toI32(op.getStride());
    window.dilation = toI32(op.getDilation());
    window.pad = toI32(op.getPad());

    bool isPointwise =
        llvm::all_of(window.kernel, [](int32_t k) { return k == 1; }) &&
        llvm::all_of(window.stride, [](int32_t s) { return s == 1; }) &&
        llvm::all_of(window.pad, [](int32_t p) { return p == 0; });
    if (inputType.getDimSize(0) != 1 && !isPointwise)
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "the batch is " << inputType.getDimSize(0) << ", not 1";
      });

    int64_t channels = outputType.getDimSize(3);
    FailureOr<LayerParts> parts =
        collectParts(op, rewriter, op.getInput(), op.getWeight(), op.getBias(),
                     op.getInputZeroPoint(), op.getWeightZeroPoint(), channels);
    if (failed(parts))
      return failure();

    Location loc = op.getLoc();
    Value input = skipSlice(op.getInput(), window, outputType);
    input = viewAs(rewriter, loc, input, getMapType(input.getType()));
    inputType = cast<RankedTensorType>(input.getType());
    if (readsOnlyPadding(window, inputType, outputType)) {
      // The dialect has no windows without a tap: keep the padding as data.
      auto padded = RankedTensorType::get(
          {1, inputType.getDimSize(1) + window.pad[0] + window.pad[1],
           inputType.getDimSize(2) + window.pad[2] + window.pad[3],
           inputType.getDimSize(3)},
          inputType.getElementType());
      input = patch::PadOp::create(rewriter, loc, padded, input, window.pad,
                                   parts->inputZp);
      window.pad.assign(4, 0);
    }
    DenseElementsAttr weights = parts->weights;
    if (isDepthwise)
      weights = weights.reshape(
          RankedTensorType::get({window.kernel[0], window.kernel[1], channels},
                                weights.getElementType()));
    RankedTensorType resultType =
        getMapType(parts->accumulator.rescale.getType());
    auto layer = PatchOp::create(
        rewriter, loc, resultType, input,
        arith::ConstantOp::create(rewriter, loc, weights),
        createI32Constant(rewriter, loc, parts->bias), window.stride,
        window.dilation, window.pad, parts->inputZp, parts->requant);
    tosa::RescaleOp rescale = parts->accumulator.rescale;
    rewriter.replaceOp(rescale,
                       viewAs(rewriter, loc, layer.getOutput(),
                              cast<RankedTensorType>(rescale.getType())));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// matmul
//===----------------------------------------------------------------------===//

/// [1, H, C] x [1, C, N] is a 1x1 convolution of a 1xHx1xC map.
struct ConvertMatMul : OpRewritePattern<tosa::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  /// [1, C, N] as OHWI: [N, 1, 1, C].
  static DenseElementsAttr transpose(DenseElementsAttr weights) {
    int64_t in = weights.getType().getDimSize(1);
    int64_t out = weights.getType().getDimSize(2);
    SmallVector<int8_t> values(in * out);
    for (auto [index, value] : llvm::enumerate(weights.getValues<int8_t>()))
      values[index % out * in + index / out] = value;
    return DenseElementsAttr::get(
        RankedTensorType::get({out, 1, 1, in}, weights.getElementType()),
        ArrayRef<int8_t>(values));
  }

  LogicalResult matchAndRewrite(tosa::MatMulOp op,
                                PatternRewriter &rewriter) const override {
    auto outputType = dyn_cast<RankedTensorType>(op.getType());
    auto inputType = dyn_cast<RankedTensorType>(op.getA().getType());
    if (!inputType || !outputType || !getMapType(inputType) ||
        !getMapType(outputType))
      return rewriter.notifyMatchFailure(
          op, "a shape is dynamic, empty or too large");
    if (outputType.getDimSize(0) != 1)
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diag) {
        diag << "the batch is " << outputType.getDimSize(0) << ", not 1";
      });
    int64_t height = outputType.getDimSize(1);
    int64_t channels = outputType.getDimSize(2);
    FailureOr<LayerParts> parts =
        collectParts(op, rewriter, op.getA(), op.getB(), /*bias=*/nullptr,
                     op.getAZeroPoint(), op.getBZeroPoint(), channels);
    if (failed(parts))
      return failure();
    Location loc = op.getLoc();
    Type i8 = inputType.getElementType();
    auto asMap = [&](int64_t depth) {
      return RankedTensorType::get({1, height, 1, depth}, i8);
    };
    Value input =
        viewAs(rewriter, loc, op.getA(), asMap(inputType.getDimSize(2)));
    auto layer = patch::Conv2DOp::create(
        rewriter, loc, asMap(channels), input,
        arith::ConstantOp::create(rewriter, loc, transpose(parts->weights)),
        createI32Constant(rewriter, loc, parts->bias),
        /*stride=*/ArrayRef<int32_t>{1, 1},
        /*dilation=*/ArrayRef<int32_t>{1, 1},
        /*pad=*/ArrayRef<int32_t>{0, 0, 0, 0}, parts->inputZp, parts->requant);
    tosa::RescaleOp rescale = parts->accumulator.rescale;
    rewriter.replaceOp(rescale,
                       viewAs(rewriter, loc, layer.getOutput(),
                              cast<RankedTensorType>(rescale.getType())));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// fully_connected
//===----------------------------------------------------------------------===//

/// The map whose bytes `value` shows under another shape, or null.
Value getReshapedMap(Value value) {
  auto reshape = value.getDefiningOp<patch::ReshapeOp>();
  if (!reshape)
    return nullptr;
  auto type = cast<RankedTensorType>(reshape.getInput().getType());
  return getMapType(type) == type ? reshape.getInput() : Value();
}

/// A convolution over one pixel, or over the whole of a reshaped map.
struct ConvToFullyConnected : OpRewritePattern<patch::Conv2DOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(patch::Conv2DOp op,
                                PatternRewriter &rewriter) const override {
    auto input = cast<RankedTensorType>(op.getInput().getType());
    auto output = cast<RankedTensorType>(op.getOutput().getType());
    DenseElementsAttr weights = getConstant(op.getWeights());
    if (!weights)
      return rewriter.notifyMatchFailure(op, "the weights are not a constant");
    // OHWI against 1HWC.
    bool readsAll =
        weights.getType().getShape().drop_front() ==
            input.getShape().drop_front() &&
        llvm::all_of(op.getPad(), [](int32_t p) { return p == 0; }) &&
        llvm::all_of(op.getDilation(), [](int32_t d) { return d == 1; });
    bool isPixel = input.getDimSize(1) == 1 && input.getDimSize(2) == 1;
    if (!readsAll || (!isPixel && !getReshapedMap(op.getInput())))
      return rewriter.notifyMatchFailure(
          op, "does not read one pixel or the whole of a reshaped map");
    int64_t channels = output.getDimSize(3);
    Value matrix = arith::ConstantOp::create(
        rewriter, op.getWeights().getLoc(),
        weights.reshape(RankedTensorType::get(
            {channels, input.getNumElements()}, weights.getElementType())));
    rewriter.replaceOpWithNewOp<patch::FullyConnectedOp>(
        op, output, op.getInput(), matrix, op.getBias(), op.getInputZp(),
        op.getRequant());
    return success();
  }
};

/// A fully connected layer reads a map as it lies.
struct FoldReshapeIntoFullyConnected
    : OpRewritePattern<patch::FullyConnectedOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(patch::FullyConnectedOp op,
                                PatternRewriter &rewriter) const override {
    Value map = getReshapedMap(op.getInput());
    if (!map)
      return rewriter.notifyMatchFailure(op, "the input is no reshaped map");
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().set(map); });
    return success();
  }
};

} // namespace

void tosa_to_patch::populateConvolutionPatterns(RewritePatternSet &patterns) {
  patterns.add<
      ConvertConvolution<tosa::Conv2DOp, patch::Conv2DOp>,
      ConvertConvolution<tosa::DepthwiseConv2DOp, patch::DepthwiseConv2DOp>,
      ConvertMatMul, ConvToFullyConnected, FoldReshapeIntoFullyConnected>(
      patterns.getContext());
}
