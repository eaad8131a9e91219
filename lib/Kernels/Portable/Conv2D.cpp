//===- Conv2D.cpp - The portable convolution kernel -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Per pixel, per block of four output channels: four sums over all taps, so
// that each activation is loaded once for four products. In NHWC the taps of
// one kernel row of an undilated, ungrouped convolution are one run of bytes;
// otherwise each tap is a run of its own. The packed weights are read in order:
// [group][block][ky][kx][i][4], the rest of a group's channels behind its
// blocks as [channel][ky][kx][i].
//
// Pixels all of whose taps are stored start from the folded bias. Border pixels
// start from the bias and subtract the input's zero point from each value, and
// skip the taps that are padding.
//
//===----------------------------------------------------------------------===//

#include "Conv2D.h"

#include "../KernelProvider.h"
#include "../RowAccess.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor.
enum Fact : unsigned {
  KernelHeight = channel_fact::Count,
  KernelWidth,
  InputChannels,
  GroupInputs,
  Groups,
  OutputChannels,
  /// Blocks of four and single output channels of one group.
  Quads,
  Singles,
  StrideX,
  DilationX,
  /// 1 if the taps of a kernel row are one run of bytes, else 0.
  RowIsOneRun,
  InputZeroPoint,
  NumFacts
};

enum ConstantNumber : unsigned { WeightsConstant, DescriptorConstant };
} // namespace

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

SmallVector<int32_t> kernels::sumWeights(ArrayRef<int8_t> weights,
                                         int64_t outputChannels) {
  SmallVector<int32_t> sums;
  size_t size = weights.size() / outputChannels;
  for (int64_t o = 0; o < outputChannels; ++o) {
    uint32_t sum = 0;
    for (int8_t w : weights.slice(o * size, size))
      sum += static_cast<uint32_t>(w);
    sums.push_back(static_cast<int32_t>(sum));
  }
  return sums;
}

SmallVector<int8_t> kernels::packChannelBlocks(ArrayRef<int8_t> weights,
                                               int64_t outputChannels,
                                               int64_t groupOutputs) {
  SmallVector<int8_t> packed;
  packed.reserve(weights.size());
  int64_t size = weights.size() / outputChannels;
  for (int64_t o = 0, blockSize; o < outputChannels; o += blockSize) {
    blockSize = groupOutputs - o % groupOutputs >= 4 ? 4 : 1;
    for (int64_t i = 0; i < size; ++i)
      for (int64_t j = 0; j < blockSize; ++j)
        packed.push_back(weights[(o + j) * size + i]);
  }
  return packed;
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

namespace {
/// Emits the body of the kernel.
class Conv2DBody {
public:
  Conv2DBody(KernelBuilder &k, const KernelArgs &args, ChannelCode code)
      : k(k), args(args), output(k, args, code, DescriptorConstant),
        kernelHeight(fact(KernelHeight)), kernelWidth(fact(KernelWidth)),
        inputChannels(fact(InputChannels)), groupInputs(fact(GroupInputs)),
        rowIsOneRun(fact(RowIsOneRun) == 1), zeroPoint(fact(InputZeroPoint)),
        tapBytes(fact(DilationX) * inputChannels),
        rowWeights(kernelWidth * groupInputs),
        channelWeights(kernelHeight * rowWeights) {}

  void emit();

private:
  Val fact(unsigned number) { return args.fact(number, DescriptorConstant); }
  void emitPixel(const PixelWindow &window, Val out);
  Vals sumTaps(const PixelWindow &window, Val firstPixel, Val weights,
               Val rowPitch, Vals sums, bool subtractZeroPoint);

  KernelBuilder &k;
  const KernelArgs &args;
  ChannelOutput output;
  Val kernelHeight, kernelWidth, inputChannels, groupInputs, rowIsOneRun,
      zeroPoint;
  /// Bytes from a tap to the next; weights of an output channel in a kernel row
  /// and in all.
  Val tapBytes, rowWeights, channelWeights;
};
} // namespace

/// Adds the products of all tap rows to the sums of a block of channels.
/// `firstPixel` is the offset of the first tap's first channel in a row,
/// `weights` points to the weight of that tap in row TapBegin, `rowPitch` is
/// the distance of the block's weights from one kernel row to the next.
Vals Conv2DBody::sumTaps(const PixelWindow &window, Val firstPixel, Val weights,
                         Val rowPitch, Vals sums, bool subtractZeroPoint) {
  auto size = static_cast<int32_t>(sums.size());
  Val taps = window.taps.end - window.taps.begin;
  Val runs = k.select(rowIsOneRun, k.i32(1), taps);
  Val runBytes = k.select(rowIsOneRun, taps * groupInputs, groupInputs);

  auto product = [&](ArrayRef<Val> c) -> Vals {
    Val value = k.load8(c[0]);
    if (subtractZeroPoint)
      value = value - zeroPoint;
    Vals next = {c[0] + 1, c[1] + size};
    for (int32_t j = 0; j < size; ++j)
      next.push_back(c[2 + j] + value * k.load8(c[1], j));
    return next;
  };
  auto run = [&](ArrayRef<Val> c) -> Vals {
    // Most of the time is spent here, in pixels inside the map.
    bool unroll = size > 1 && !subtractZeroPoint;
    Vals next = k.unrolledLoop(runBytes, unroll ? 2 : 1, c, product);
    next[0] = c[0] + tapBytes;
    return next;
  };
  auto row = [&](Val address, ArrayRef<Val> c) -> Vals {
    Vals carried = {address + firstPixel};
    carried.append(c.begin(), c.end());
    Vals next(llvm::drop_begin(k.loop(runs, carried, run)));
    next[0] = c[0] + rowPitch;
    return next;
  };
  Vals init = {weights};
  init.append(sums);
  return Vals(llvm::drop_begin(forTapRows(k, args, init, row)));
}

void Conv2DBody::emitPixel(const PixelWindow &window, Val out) {
  Val firstTap =
      (args.get(ArgRole::TapBegin) * kernelWidth + window.taps.begin) *
      groupInputs;
  Val pixel = window.firstColumn * inputChannels;
  Val quads = fact(Quads), singles = fact(Singles);

  auto group = [&](ArrayRef<Val> g) -> Vals {
    Val firstPixel = g[0];
    // Carried: the first output channel of the block, and its weights.
    auto block = [&](unsigned size, ArrayRef<Val> c) -> Vals {
      Val channel = c[0];
      Val factor = k.i32(static_cast<int32_t>(size));
      Val weights = c[1] + firstTap * factor;
      auto sums = [&](bool isBorder) {
        Val bias = isBorder ? output.bias(channel) : output.foldedBias(channel);
        Vals init;
        for (unsigned j = 0; j < size; ++j)
          init.push_back(k.load32(bias, static_cast<int32_t>(4 * j)));
        return sumTaps(window, firstPixel, weights, rowWeights * factor, init,
                       /*subtractZeroPoint=*/isBorder);
      };
      Vals total = k.ifElse(
          window.interior, [&] { return sums(false); },
          [&] { return sums(true); });
      output.store(total, channel, out + channel);
      return {channel + static_cast<int32_t>(size),
              c[1] + channelWeights * factor};
    };
    Vals next = forChannelBlocks(k, quads, singles, {g[1], g[2]}, block);
    return {firstPixel + groupInputs, next[0], next[1]};
  };
  k.loop(fact(Groups),
         {pixel, k.i32(0), args.get(ArgRole::Constant, WeightsConstant)},
         group);
}

void Conv2DBody::emit() {
  WindowFacts facts = {kernelHeight, kernelWidth, fact(StrideX),
                       fact(DilationX)};
  forPixels(
      k, args, facts, fact(OutputChannels),
      [&](const PixelWindow &window, Val out) { emitPixel(window, out); });
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

RowKernel kernels::makeConv2D(const ConvShape &shape, ArrayRef<int8_t> weights,
                              ArrayRef<int32_t> bias,
                              patch::RequantAttr requant) {
  ChannelCode code(requant);
  RowKernel kernel =
      makeKernel("conv2d_i8_" + code.suffix(), windowArgs(2),
                 [code](KernelBuilder &k, const KernelArgs &args) {
                   Conv2DBody(k, args, code).emit();
                 });

  int32_t groups = shape.inputChannels / shape.groupInputs;
  int32_t groupOutputs = shape.outputChannels / groups;
  Descriptor descriptor(NumFacts);
  descriptor[KernelHeight] = shape.kernelHeight;
  descriptor[KernelWidth] = shape.kernelWidth;
  descriptor[InputChannels] = shape.inputChannels;
  descriptor[GroupInputs] = shape.groupInputs;
  descriptor[Groups] = groups;
  descriptor[OutputChannels] = shape.outputChannels;
  descriptor[Quads] = groupOutputs / 4;
  descriptor[Singles] = groupOutputs % 4;
  descriptor[StrideX] = shape.strideX;
  descriptor[DilationX] = shape.dilationX;
  descriptor[RowIsOneRun] = groups == 1 && shape.dilationX == 1;
  descriptor[InputZeroPoint] = shape.inputZeroPoint;
  describeChannels(descriptor, bias, sumWeights(weights, shape.outputChannels),
                   shape.inputZeroPoint, shape.hasPadding, requant);

  MLIRContext *context = requant.getContext();
  kernel.constants = {
      makeWeights(context, packChannelBlocks(weights, shape.outputChannels,
                                             groupOutputs)),
      descriptor.build(context)};
  return kernel;
}

static FailureOr<RowKernel> selectConv2D(Operation *layer) {
  auto conv = cast<patch::Conv2DOp>(layer);
  auto weights = getConstantBytes(layer, conv.getWeights(), "weights");
  auto bias = getConstantWords(layer, conv.getBias(), "bias");
  if (failed(weights) || failed(bias))
    return failure();
  ArrayRef<int64_t> ohwi =
      cast<ShapedType>(conv.getWeights().getType()).getShape();
  ConvShape shape;
  shape.kernelHeight = static_cast<int32_t>(ohwi[1]);
  shape.kernelWidth = static_cast<int32_t>(ohwi[2]);
  shape.inputChannels = static_cast<int32_t>(
      cast<ShapedType>(conv.getInput().getType()).getDimSize(3));
  shape.groupInputs = static_cast<int32_t>(ohwi[3]);
  shape.outputChannels = static_cast<int32_t>(ohwi[0]);
  shape.strideX = conv.getStride()[1];
  shape.dilationX = conv.getDilation()[1];
  shape.hasPadding =
      llvm::any_of(conv.getPad(), [](int32_t p) { return p > 0; });
  shape.inputZeroPoint = static_cast<int32_t>(conv.getInputZp());
  return makeConv2D(shape, *weights, *bias, conv.getRequant());
}

KernelProvider kernels::getPortableConv2D() {
  return {isInt8Layer<patch::Conv2DOp>, selectConv2D};
}
