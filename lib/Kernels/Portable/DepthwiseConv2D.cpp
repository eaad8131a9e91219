//===- DepthwiseConv2D.cpp - The portable depthwise kernel ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Per pixel, per block of four channels: four sums over all taps, channels
// being neighbours in memory. Weights are packed [block][ky][kx][4], the last C
// mod 4 channels as [channel][ky][kx]. Widths 3, 5 and 7 have kernels whose row
// of taps is unrolled for pixels inside the map. Borders are treated as in
// Conv2D.cpp.
//
// A layer with more than one output per input channel is a convolution in as
// many groups as it has input channels, and runs as one.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "../RowAccess.h"
#include "Conv2D.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor.
enum Fact : unsigned {
  KernelHeight = channel_fact::Count,
  KernelWidth,
  Channels,
  Quads,
  Singles,
  StrideX,
  DilationX,
  InputZeroPoint,
  NumFacts
};

enum ConstantNumber : unsigned { WeightsConstant, DescriptorConstant };

/// Emits the body of the kernel.
class DepthwiseBody {
public:
  /// `unrolledWidth` is the kernel's width, or 0 for any.
  DepthwiseBody(KernelBuilder &k, const KernelArgs &args, ChannelCode code,
                int32_t unrolledWidth)
      : k(k), args(args), unrolledWidth(unrolledWidth),
        output(k, args, code, DescriptorConstant),
        kernelHeight(fact(KernelHeight)),
        kernelWidth(unrolledWidth ? k.i32(unrolledWidth) : fact(KernelWidth)),
        channels(fact(Channels)), zeroPoint(fact(InputZeroPoint)),
        tapBytes(fact(DilationX) * channels),
        channelWeights(kernelHeight * kernelWidth) {}

  void emit();

private:
  Val fact(unsigned number) { return args.fact(number, DescriptorConstant); }
  void emitPixel(const PixelWindow &window, Val out);
  Vals sumTaps(const PixelWindow &window, Val firstPixel, Val weights,
               Vals sums, bool isBorder);

  KernelBuilder &k;
  const KernelArgs &args;
  int32_t unrolledWidth;
  ChannelOutput output;
  Val kernelHeight, kernelWidth, channels, zeroPoint;
  /// Bytes from a tap to the next; weights of a channel.
  Val tapBytes, channelWeights;
};
} // namespace

/// Adds the products of all taps to the sums of a block of channels.
/// `firstPixel` is the offset of the first tap's channel in a row, `weights`
/// its weight in row TapBegin.
Vals DepthwiseBody::sumTaps(const PixelWindow &window, Val firstPixel,
                            Val weights, Vals sums, bool isBorder) {
  auto size = static_cast<int32_t>(sums.size());
  auto tap = [&](ArrayRef<Val> c) -> Vals {
    Vals next = {c[0] + tapBytes, c[1] + size};
    for (int32_t j = 0; j < size; ++j) {
      Val value = k.load8(c[0], j);
      if (isBorder)
        value = value - zeroPoint;
      next.push_back(c[2 + j] + value * k.load8(c[1], j));
    }
    return next;
  };
  auto row = [&](Val address, ArrayRef<Val> c) -> Vals {
    Vals carried = {address + firstPixel};
    carried.append(c.begin(), c.end());
    if (!isBorder && unrolledWidth)
      for (int32_t kx = 0; kx < unrolledWidth; ++kx)
        carried = tap(carried);
    else
      carried = k.loop(window.taps.end - window.taps.begin, carried, tap);
    Vals next(llvm::drop_begin(carried));
    next[0] = c[0] + kernelWidth * size;
    return next;
  };
  Vals init = {weights};
  init.append(sums);
  return Vals(llvm::drop_begin(forTapRows(k, args, init, row)));
}

void DepthwiseBody::emitPixel(const PixelWindow &window, Val out) {
  Val firstTap = args.get(ArgRole::TapBegin) * kernelWidth + window.taps.begin;
  Val pixel = window.firstColumn * channels;
  auto block = [&](unsigned size, ArrayRef<Val> c) -> Vals {
    Val channel = c[0];
    Val factor = k.i32(static_cast<int32_t>(size));
    auto sums = [&](bool isBorder) {
      Val bias = isBorder ? output.bias(channel) : output.foldedBias(channel);
      Vals init;
      for (unsigned j = 0; j < size; ++j)
        init.push_back(k.load32(bias, static_cast<int32_t>(4 * j)));
      Val weights = isBorder ? c[1] + firstTap * factor : c[1];
      return sumTaps(window, pixel + channel, weights, init, isBorder);
    };
    Vals total = k.ifElse(
        window.interior, [&] { return sums(false); },
        [&] { return sums(true); });
    output.store(total, channel, out + channel);
    return {channel + static_cast<int32_t>(size),
            c[1] + channelWeights * factor};
  };
  forChannelBlocks(k, fact(Quads), fact(Singles),
                   {k.i32(0), args.get(ArgRole::Constant, WeightsConstant)},
                   block);
}

void DepthwiseBody::emit() {
  WindowFacts facts = {kernelHeight, kernelWidth, fact(StrideX),
                       fact(DilationX)};
  forPixels(k, args, facts, channels, [&](const PixelWindow &window, Val out) {
    emitPixel(window, out);
  });
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

/// HWO to OHW.
static SmallVector<int8_t> transpose(ArrayRef<int8_t> weights,
                                     int64_t channels) {
  SmallVector<int8_t> result;
  result.reserve(weights.size());
  for (int64_t o = 0; o < channels; ++o)
    for (size_t i = o; i < weights.size(); i += channels)
      result.push_back(weights[i]);
  return result;
}

static FailureOr<RowKernel> selectDepthwiseConv2D(Operation *layer) {
  auto conv = cast<patch::DepthwiseConv2DOp>(layer);
  auto hwo = getConstantBytes(layer, conv.getWeights(), "weights");
  auto bias = getConstantWords(layer, conv.getBias(), "bias");
  if (failed(hwo) || failed(bias))
    return failure();
  ArrayRef<int64_t> dims =
      cast<ShapedType>(conv.getWeights().getType()).getShape();
  auto kernelHeight = static_cast<int32_t>(dims[0]);
  auto kernelWidth = static_cast<int32_t>(dims[1]);
  auto outputs = static_cast<int32_t>(dims[2]);
  auto inputs = static_cast<int32_t>(
      cast<ShapedType>(conv.getInput().getType()).getDimSize(3));
  bool hasPadding =
      llvm::any_of(conv.getPad(), [](int32_t p) { return p > 0; });
  auto inputZeroPoint = static_cast<int32_t>(conv.getInputZp());
  SmallVector<int8_t> weights = transpose(*hwo, outputs);

  if (outputs != inputs) {
    ConvShape shape;
    shape.kernelHeight = kernelHeight;
    shape.kernelWidth = kernelWidth;
    shape.inputChannels = inputs;
    shape.groupInputs = 1;
    shape.outputChannels = outputs;
    shape.strideX = conv.getStride()[1];
    shape.dilationX = conv.getDilation()[1];
    shape.hasPadding = hasPadding;
    shape.inputZeroPoint = inputZeroPoint;
    return makeConv2D(shape, weights, *bias, conv.getRequant());
  }

  ChannelCode code(conv.getRequant());
  bool unroll = kernelWidth == 3 || kernelWidth == 5 || kernelWidth == 7;
  int32_t unrolledWidth = unroll ? kernelWidth : 0;
  std::string width = unroll ? "w" + std::to_string(kernelWidth) + "_" : "";
  RowKernel kernel = makeKernel(
      "depthwise_conv2d_i8_" + width + code.suffix(), windowArgs(2),
      [code, unrolledWidth](KernelBuilder &k, const KernelArgs &args) {
        DepthwiseBody(k, args, code, unrolledWidth).emit();
      });
  Descriptor descriptor(NumFacts);
  descriptor[KernelHeight] = kernelHeight;
  descriptor[KernelWidth] = kernelWidth;
  descriptor[Channels] = outputs;
  descriptor[Quads] = outputs / 4;
  descriptor[Singles] = outputs % 4;
  descriptor[StrideX] = conv.getStride()[1];
  descriptor[DilationX] = conv.getDilation()[1];
  descriptor[InputZeroPoint] = inputZeroPoint;
  describeChannels(descriptor, *bias, sumWeights(weights, outputs),
                   inputZeroPoint, hasPadding, conv.getRequant());
  MLIRContext *context = layer->getContext();
  kernel.constants = {
      makeWeights(context, packChannelBlocks(weights, outputs, outputs)),
      descriptor.build(context)};
  return kernel;
}

KernelProvider kernels::getPortableDepthwiseConv2D() {
  return {isInt8Layer<patch::DepthwiseConv2DOp>, selectDepthwiseConv2D};
}
