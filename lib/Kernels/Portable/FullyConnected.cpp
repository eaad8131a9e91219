//===- FullyConnected.cpp - The portable fully connected kernels ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On one input row the layer is a convolution whose kernel covers that row, and
// runs as one. On more rows it is a reduction: the row's part of each output's
// weights is added to the output's sum. Weights are packed [block][k][4] with k
// over all input bytes, the last N mod 4 outputs as [output][k].
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "Conv2D.h"
#include "Reduction.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor.
enum Fact : unsigned {
  Height = channel_fact::Count,
  /// Input bytes of a row and in all.
  RowBytes,
  InputBytes,
  Quads,
  Singles,
  NumFacts
};

enum ConstantNumber : unsigned { WeightsConstant, DescriptorConstant };
} // namespace

static void buildFullyConnectedRows(KernelBuilder &k, const KernelArgs &args,
                                    ChannelCode code) {
  auto fact = [&](unsigned number) {
    return args.fact(number, DescriptorConstant);
  };
  ChannelOutput output(k, args, code, DescriptorConstant);
  Val inputBytes = fact(InputBytes), rowBytes = fact(RowBytes);
  Val firstWeight = args.get(ArgRole::Row) * rowBytes;
  Val input = args.get(ArgRole::InBase) + args.get(ArgRole::InOffset);

  auto start = [&](unsigned size, Val channel) -> Vals {
    Vals sums;
    for (unsigned j = 0; j < size; ++j)
      sums.push_back(
          k.load32(output.foldedBias(channel), static_cast<int32_t>(4 * j)));
    return sums;
  };
  auto addRow = [&](Val channel, ArrayRef<Val> sums) -> Vals {
    auto size = static_cast<int32_t>(sums.size());
    Val weights = args.get(ArgRole::Constant, WeightsConstant) +
                  channel * inputBytes + firstWeight * size;
    Vals init = {input, weights};
    init.append(sums.begin(), sums.end());
    auto product = [&](ArrayRef<Val> c) -> Vals {
      Val value = k.load8(c[0]);
      Vals next = {c[0] + 1, c[1] + size};
      for (int32_t j = 0; j < size; ++j)
        next.push_back(c[2 + j] + value * k.load8(c[1], j));
      return next;
    };
    return Vals(llvm::drop_begin(
        k.unrolledLoop(rowBytes, size > 1 ? 2 : 1, init, product), 2));
  };
  auto finish = [&](Val channel, ArrayRef<Val> sums) {
    output.store(sums, channel, args.output() + channel);
  };
  Reduction reduction = {fact(Height), fact(Quads), fact(Singles),
                         start,        addRow,      finish};
  reduction.emit(k, args);
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

static FailureOr<RowKernel> selectFullyConnected(Operation *layer) {
  auto connected = cast<patch::FullyConnectedOp>(layer);
  auto weights = getConstantBytes(layer, connected.getWeights(), "weights");
  auto bias = getConstantWords(layer, connected.getBias(), "bias");
  if (failed(weights) || failed(bias))
    return failure();
  ArrayRef<int64_t> nhwc =
      cast<ShapedType>(connected.getInput().getType()).getShape();
  auto outputs = static_cast<int32_t>(bias->size());
  auto inputZeroPoint = static_cast<int32_t>(connected.getInputZp());

  if (connected.getRowKind() == planning::OpKind::Rows) {
    ConvShape shape;
    shape.kernelWidth = static_cast<int32_t>(nhwc[2]);
    shape.inputChannels = shape.groupInputs = static_cast<int32_t>(nhwc[3]);
    shape.outputChannels = outputs;
    shape.inputZeroPoint = inputZeroPoint;
    return makeConv2D(shape, *weights, *bias, connected.getRequant());
  }

  ChannelCode code(connected.getRequant());
  RowKernel kernel =
      makeKernel("fully_connected_rows_i8_" + code.suffix(), reductionArgs(2),
                 [code](KernelBuilder &k, const KernelArgs &args) {
                   buildFullyConnectedRows(k, args, code);
                 });
  Descriptor descriptor(NumFacts);
  descriptor[Height] = static_cast<int32_t>(nhwc[1]);
  descriptor[RowBytes] = static_cast<int32_t>(nhwc[2] * nhwc[3]);
  descriptor[InputBytes] = static_cast<int32_t>(nhwc[1] * nhwc[2] * nhwc[3]);
  descriptor[Quads] = outputs / 4;
  descriptor[Singles] = outputs % 4;
  describeChannels(descriptor, *bias, sumWeights(*weights, outputs),
                   inputZeroPoint, /*hasPadding=*/false,
                   connected.getRequant());
  MLIRContext *context = layer->getContext();
  kernel.constants = {
      makeWeights(context, packChannelBlocks(*weights, outputs, outputs)),
      descriptor.build(context)};
  return kernel;
}

static ScratchSize getFullyConnectedScratch(Operation *layer) {
  auto connected = cast<patch::FullyConnectedOp>(layer);
  if (connected.getRowKind() == planning::OpKind::Rows)
    return {};
  return getReductionScratch(layer);
}

KernelProvider kernels::getPortableFullyConnected() {
  return {isInt8Layer<patch::FullyConnectedOp>, selectFullyConnected,
          getFullyConnectedScratch};
}
