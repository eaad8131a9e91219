//===- Dense.cpp - Convolution and fully connected with SMLAD -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Three result pixels at a time: their windows are widened to 16 bits into a
// panel in the scratch, padding as the zero point, and one assembly statement
// multiplies the panel with all output channels, two at a time. As the padding
// is in the panel, the zero point folds into the bias everywhere and no pixel
// is special behind the panel.
//
// What fills the panel depends on the window:
//
// - Point: one tap, or a whole row; bytes straight from the map.
// - Taps: channels in multiples of four. Inside, a kernel row of a pixel is one
//   run of bytes; at the borders (or dilated) each tap is one, those outside
//   from a row of zero points among the constants.
// - Bytes: other channel counts, such as those of a first layer. A kernel row
// of
//   a pixel at the border (or dilated) is put together in the scratch.
//
// Where memory is short, two pixels or one at a time.
//
//===----------------------------------------------------------------------===//

#include "DenseBody.h"
#include "DensePacking.h"

#include "../KernelProvider.h"
#include "../Portable/Conv2D.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::dsp;
using namespace tessera::kernels::dsp::dense;

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

namespace {
/// A layer of this file without its IR.
struct DenseLayer {
  ConvShape shape;
  bool onePixel = false;
  /// The clamp is narrower than the type.
  bool clamps = false;
  /// Elements of its input and result.
  int64_t elements = 0;

  int32_t runBytes() const { return shape.kernelWidth * shape.inputChannels; }
  int32_t taps() const { return shape.kernelHeight * runBytes(); }
  int32_t pixelPanelBytes() const { return llvm::alignTo(taps(), 4) * 2; }
  int32_t stageBytes() const { return llvm::alignTo(runBytes(), 4); }
  PanelSource source() const;
  int32_t mostPixels() const;
  ScratchSize scratch() const;
};
} // namespace

PanelSource DenseLayer::source() const {
  if (shape.kernelHeight == 1 && shape.kernelWidth == 1 && !shape.hasPadding)
    return PanelSource::Point;
  return shape.inputChannels % 4 == 0 ? PanelSource::Taps : PanelSource::Bytes;
}

/// The panel may take 2,304 bytes, or a sixteenth of the maps if that is more.
int32_t DenseLayer::mostPixels() const {
  if (onePixel)
    return 1;
  int64_t budget = std::max<int64_t>(2304, elements / 16);
  return static_cast<int32_t>(
      std::clamp<int64_t>(budget / pixelPanelBytes(), 1, 3));
}

ScratchSize DenseLayer::scratch() const {
  int64_t bytes = int64_t(mostPixels()) * pixelPanelBytes() +
                  (clamps ? control::BytesWithClamp : control::Bytes);
  if (source() == PanelSource::Bytes)
    bytes += int64_t(mostPixels()) * stageBytes();
  return {bytes, /*bytesPerColumn=*/0};
}

static int64_t countElements(Value value) {
  return cast<ShapedType>(value.getType()).getNumElements();
}

static bool isClamping(patch::RequantAttr requant) {
  return requant.getMin() > -128 || requant.getMax() < 127;
}

static patch::RequantAttr getRequant(Operation *layer) {
  return TypeSwitch<Operation *, patch::RequantAttr>(layer)
      .Case<patch::Conv2DOp, patch::DepthwiseConv2DOp, patch::FullyConnectedOp>(
          [](auto op) { return op.getRequant(); });
}

/// What a convolution and a depthwise one have in common.
template <typename OpTy>
static void getWindow(OpTy conv, ConvShape &shape) {
  shape.strideX = conv.getStride()[1];
  shape.dilationX = conv.getDilation()[1];
  shape.hasPadding =
      llvm::any_of(conv.getPad(), [](int32_t p) { return p > 0; });
  shape.inputZeroPoint = static_cast<int32_t>(conv.getInputZp());
}

/// The shape of a layer that these kernels make.
static std::optional<DenseLayer> getLayer(Operation *layer) {
  // A pixel's panel stays below 8 KiB.
  constexpr int64_t maxTaps = 4096;
  DenseLayer dense;
  bool isDepthwise = isInt8Layer<patch::DepthwiseConv2DOp>(layer);
  if (isDepthwise || isInt8Layer<patch::Conv2DOp>(layer)) {
    Value input = layer->getOperand(0);
    int64_t channels = cast<ShapedType>(input.getType()).getDimSize(3);
    ArrayRef<int64_t> weights =
        cast<ShapedType>(layer->getOperand(1).getType()).getShape();
    // OHWI, or HWO on one input channel.
    if (isDepthwise ? channels != 1 : channels != weights[3])
      return std::nullopt;
    ArrayRef<int64_t> window = weights.slice(isDepthwise ? 0 : 1, 2);
    if (window[0] * window[1] * channels > maxTaps)
      return std::nullopt;
    dense.shape.kernelHeight = static_cast<int32_t>(window[0]);
    dense.shape.kernelWidth = static_cast<int32_t>(window[1]);
    dense.shape.inputChannels = static_cast<int32_t>(channels);
    dense.shape.outputChannels =
        static_cast<int32_t>(weights[isDepthwise ? 2 : 0]);
    if (isDepthwise)
      getWindow(cast<patch::DepthwiseConv2DOp>(layer), dense.shape);
    else
      getWindow(cast<patch::Conv2DOp>(layer), dense.shape);
    dense.clamps = isClamping(getRequant(layer));
    dense.elements = countElements(input) + countElements(layer->getResult(0));
    return dense;
  }
  if (!isInt8Layer<patch::FullyConnectedOp>(layer))
    return std::nullopt;
  auto connected = cast<patch::FullyConnectedOp>(layer);
  int64_t taps = countElements(connected.getInput());
  if (connected.getRowKind() != planning::OpKind::Rows || taps > maxTaps)
    return std::nullopt;
  dense.shape.inputChannels = static_cast<int32_t>(taps);
  dense.shape.outputChannels =
      static_cast<int32_t>(countElements(layer->getResult(0)));
  dense.shape.inputZeroPoint = static_cast<int32_t>(connected.getInputZp());
  dense.onePixel = true;
  dense.clamps = isClamping(getRequant(layer));
  return dense;
}

static bool acceptsDense(Operation *layer) {
  return getLayer(layer).has_value();
}

static ScratchSize getDenseScratch(Operation *layer) {
  return getLayer(layer)->scratch();
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static void describeLoops(Descriptor &descriptor, const DenseLayer &layer) {
  const ConvShape &shape = layer.shape;
  int32_t steps = layer.pixelPanelBytes() / 8;
  Turns fours = countTurns(steps, multiplyUnroll(2, /*pairs=*/true));
  descriptor[SkippedSteps] = fours.skippedSteps;
  descriptor[StepTurns] = fours.turns;
  Turns longer = countTurns(steps, multiplyUnroll(3, /*pairs=*/true));
  descriptor[LongSkippedSteps] = longer.skippedSteps;
  descriptor[LongTurns] = longer.turns;
  Turns eights = countTurns(steps / 2, multiplyUnroll(1, /*pairs=*/true));
  descriptor[EightEntry] =
      2 * eights.skippedSteps * multiplyStepBytes(1, /*pairs=*/true) +
      steps % 2;
  descriptor[EightTurns] = eights.turns;

  int32_t runQuads = layer.runBytes() / 4;
  Turns run = countTurns(runQuads, widenUnroll);
  descriptor[RunSkippedSteps] = run.skippedSteps;
  descriptor[RunTurns] = run.turns;
  Turns tap = countTurns(shape.inputChannels / 4, widenUnroll);
  descriptor[TapSkippedSteps] = tap.skippedSteps;
  descriptor[TapTurns] = tap.turns;
  descriptor[RunBytes] = layer.runBytes();
  descriptor[RunRest] = layer.runBytes() % 4;
  descriptor[QuadPanelBytes] = shape.kernelHeight * runQuads * 8;
}

/// The requantisation of every channel, fused, if all channels have it and
/// agree on how a block ends. Changes the weights; see fuseChannel.
static std::optional<SmallVector<FusedChannel>>
fuseChannels(MutableArrayRef<int8_t> weights, ArrayRef<int32_t> bias,
             int32_t inputZeroPoint, patch::RequantAttr requant) {
  if (requant.getRounding() != patch::Rounding::TFLite)
    return std::nullopt;
  SmallVector<FusedChannel> fused;
  size_t taps = weights.size() / bias.size();
  bool perChannel = requant.getMultiplier().size() > 1;
  SmallVector<int32_t> sums =
      sumWeights(weights, static_cast<int64_t>(bias.size()));
  for (size_t o = 0; o < bias.size(); ++o) {
    size_t scaleIndex = perChannel ? o : 0;
    ChannelScale scale;
    scale.multiplier = requant.getMultiplier()[scaleIndex];
    scale.exponent = requant.getExponent()[scaleIndex];
    scale.zeroPoint = requant.getZeroPoint();
    scale.min = requant.getMin();
    scale.max = requant.getMax();
    int32_t folded =
        wrappingAdd(bias[o], wrappingMultiply(-inputZeroPoint, sums[o]));
    std::optional<FusedChannel> channel =
        fuseChannel(weights.slice(o * taps, taps), folded, scale);
    if (!channel)
      return std::nullopt;
    fused.push_back(*channel);
  }
  return fused;
}

static BlockEnd chooseEnd(patch::RequantAttr requant) {
  if (isClamping(requant))
    return BlockEnd::Clamp;
  return requant.getZeroPoint() == -128 ? BlockEnd::Relu : BlockEnd::Signed;
}

/// Appends the rows of the table of blocks.
static void describeBlocks(Descriptor &descriptor, const ChannelBlocks &blocks,
                           ArrayRef<FusedChannel> fused, bool isFused) {
  SmallVector<int32_t> pairs, singles;
  // The channel is relative to the last one: what is not negative ends the
  // loop.
  auto scale = [&](SmallVectorImpl<int32_t> &row, int32_t c, int32_t relative) {
    row.append({fused[c].multiplier, fused[c].rounding,
                relative * (1 << 8) + fused[c].shift});
  };
  for (int32_t c : blocks.pairs) {
    if (!isFused) {
      pairs.push_back(c);
      continue;
    }
    int32_t relative = c - blocks.pairs.back();
    pairs.append({fused[c].doubledBias, fused[c + 1].doubledBias});
    scale(pairs, c, relative);
    scale(pairs, c + 1, relative);
  }
  for (int32_t c : blocks.singles) {
    if (!isFused) {
      singles.push_back(c);
      continue;
    }
    singles.push_back(fused[c].doubledBias);
    scale(singles, c, c - blocks.singles.back());
  }
  if (!blocks.pairs.empty())
    descriptor[LastPair] = blocks.pairs.back();
  if (!blocks.singles.empty())
    descriptor[LastSingle] = blocks.singles.back();
  descriptor[Table] = descriptor.append(pairs);
  descriptor.append(singles);
  descriptor[PairTableBytes] = static_cast<int32_t>(4 * pairs.size());
  descriptor[SingleTableBytes] = static_cast<int32_t>(4 * singles.size());
}

static SmallVector<int8_t> packWeights(ArrayRef<int8_t> weights,
                                       const DenseLayer &layer,
                                       const ChannelBlocks &blocks) {
  SmallVector<int32_t> order =
      panelOrder(layer.shape.kernelHeight, layer.runBytes());
  auto channel = [&](int32_t c) {
    return weights.slice(size_t(c) * layer.taps(), layer.taps());
  };
  SmallVector<int8_t> packed;
  for (int32_t c : blocks.pairs)
    packPair(channel(c), channel(c + 1), order, packed);
  for (int32_t c : blocks.singles)
    packSingle(channel(c), order, packed);
  return packed;
}

/// Weights HWO as OHW.
static SmallVector<int8_t> transpose(ArrayRef<int8_t> weights,
                                     int32_t channels) {
  SmallVector<int8_t> transposed;
  for (int32_t c = 0; c < channels; ++c)
    for (size_t i = c; i < weights.size(); i += channels)
      transposed.push_back(weights[i]);
  return transposed;
}

static FailureOr<RowKernel> selectDense(Operation *operation) {
  DenseLayer layer = *getLayer(operation);
  const ConvShape &shape = layer.shape;
  patch::RequantAttr requant = getRequant(operation);
  auto weights =
      getConstantBytes(operation, operation->getOperand(1), "weights");
  auto bias = getConstantWords(operation, operation->getOperand(2), "bias");
  if (failed(weights) || failed(bias))
    return failure();
  if (isa<patch::DepthwiseConv2DOp>(operation))
    weights = transpose(*weights, shape.outputChannels);

  SmallVector<int8_t> fusedWeights(*weights);
  auto fused = fuseChannels(fusedWeights, *bias, shape.inputZeroPoint, requant);
  ArrayRef<int8_t> used = fused ? fusedWeights : *weights;
  ChannelBlocks blocks = blockChannels(used, shape.outputChannels);

  DenseCode code = {layer.source(), layer.onePixel, !blocks.singles.empty(),
                    fused ? chooseEnd(requant) : BlockEnd::Sums,
                    ChannelCode(requant)};
  SmallVector<KernelArg> args = windowArgs(2);
  args.push_back({ArgRole::Scratch});
  RowKernel kernel = makeKernel(
      code.symbol(), args, [code](KernelBuilder &k, const KernelArgs &args) {
        buildBody(k, args, code);
      });

  Descriptor descriptor(NumFacts);
  if (fused) {
    descriptor[channel_fact::Min] = requant.getMin();
    descriptor[channel_fact::Max] = requant.getMax();
  } else {
    describeChannels(descriptor, *bias, sumWeights(*weights, bias->size()),
                     shape.inputZeroPoint, /*hasPadding=*/false, requant);
  }
  describeLoops(descriptor, layer);
  describeBlocks(descriptor, blocks,
                 fused ? *fused : SmallVector<FusedChannel>(),
                 fused.has_value());
  descriptor[SingleWeights] =
      static_cast<int32_t>(blocks.pairs.size()) * layer.pixelPanelBytes();
  descriptor[PixelPanelBytes] = layer.pixelPanelBytes();
  descriptor[PanelBytes] = layer.mostPixels() * layer.pixelPanelBytes();
  descriptor[StageBytes] = layer.stageBytes();
  descriptor[MostPixels] = layer.mostPixels();
  descriptor[KernelHeight] = shape.kernelHeight;
  descriptor[KernelWidth] = shape.kernelWidth;
  descriptor[InputChannels] = shape.inputChannels;
  descriptor[OutputChannels] = shape.outputChannels;
  descriptor[StrideX] = shape.strideX;
  descriptor[DilationX] = shape.dilationX;
  descriptor[InputZeroPoint] = shape.inputZeroPoint;
  if (layer.source() == PanelSource::Taps && shape.hasPadding)
    descriptor[ZeroPoints] = descriptor.append(SmallVector<int8_t>(
        shape.inputChannels, static_cast<int8_t>(shape.inputZeroPoint)));

  MLIRContext *context = operation->getContext();
  kernel.constants = {makeWeights(context, packWeights(used, layer, blocks)),
                      descriptor.build(context)};
  return kernel;
}

KernelProvider kernels::getDSPDense() {
  return {acceptsDense, selectDense, getDenseScratch};
}
