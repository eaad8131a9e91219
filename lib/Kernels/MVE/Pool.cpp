//===- Pool.cpp - Sums over whole maps on MVE -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Average pooling over a whole map, and mean: reductions as in
// ../Portable/Reduction.h, with sums of four channels in one vector while a row
// is added. What is left of the channels, and the end of each sum, is scalar.
//
//===----------------------------------------------------------------------===//

#include "../Portable/Reduction.h"
#include "Providers.h"
#include "VectorScale.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::mve;

/// `addPixels` with vectors for blocks of four channels.
static Vals addVectors(KernelBuilder &k, const KernelArgs &args, Val channels,
                       Val channel, ArrayRef<Val> sums) {
  if (sums.size() != 4)
    return addPixels(k, args, channels, channel, sums);
  Val first = args.get(ArgRole::InBase) + args.get(ArgRole::InOffset) + channel;
  Assembly a;
  a.line("vmov q0[2], q0[0], r0, r2");
  a.line("vmov q0[3], q0[1], r1, r3");
  a.line("wls lr, r6, 2f");
  a.line("1:");
  a.line("vldrb.s32 q1, [r4]");
  a.line("add r4, r5");
  a.line("vadd.i32 q0, q0, q1");
  a.line("le lr, 1b");
  a.line("2:");
  a.line("vmov r0, r2, q0[2], q0[0]");
  a.line("vmov r1, r3, q0[3], q0[1]");
  AsmInput inputs[] = {{"r0", sums[0]},
                       {"r1", sums[1]},
                       {"r2", sums[2]},
                       {"r3", sums[3]},
                       {"r4", first},
                       {"r5", channels},
                       {"r6", args.get(ArgRole::Count)}};
  Vals after = emitAssembly(k, a, inputs, "lr q0 q1");
  after.resize(4);
  return after;
}

//===----------------------------------------------------------------------===//
// Average pooling
//===----------------------------------------------------------------------===//

namespace {
/// Facts of the descriptor.
enum PoolFact : unsigned {
  Height,
  Pixels,
  Channels,
  Quads,
  Singles,
  Min,
  Max,
  NumPoolFacts
};
} // namespace

static void buildAvgPool(KernelBuilder &k, const KernelArgs &args) {
  Val channels = args.fact(Channels), count = args.fact(Pixels);
  Val half = count >> 1, low = args.fact(Min), high = args.fact(Max);
  auto start = [&](unsigned size, Val) { return Vals(size, k.i32(0)); };
  auto addRow = [&](Val channel, ArrayRef<Val> sums) {
    return addVectors(k, args, channels, channel, sums);
  };
  auto finish = [&](Val channel, ArrayRef<Val> sums) {
    Val out = args.output() + channel;
    for (auto [number, sum] : llvm::enumerate(sums)) {
      // Ties away from zero.
      Val sign = sum >> 31;
      Val mean = k.divide(sum + ((half ^ sign) - sign), count);
      k.store8(k.min(k.max(mean, low), high), out,
               static_cast<int32_t>(number));
    }
  };
  Reduction reduction = {args.fact(Height),
                         args.fact(Quads),
                         args.fact(Singles),
                         start,
                         addRow,
                         finish};
  reduction.emit(k, args);
}

static bool acceptsAvgPool(Operation *layer) {
  return isInt8Layer<patch::AvgPool2DOp>(layer) &&
         cast<patch::AvgPool2DOp>(layer).getRowKind() ==
             planning::OpKind::Reduce;
}

static FailureOr<RowKernel> selectAvgPool(Operation *layer) {
  auto pool = cast<patch::AvgPool2DOp>(layer);
  auto channels = static_cast<int32_t>(
      cast<ShapedType>(pool.getInput().getType()).getDimSize(3));
  RowKernel kernel =
      makeKernel("avg_pool2d_whole_i8_mve", reductionArgs(1), buildAvgPool);
  Descriptor descriptor(NumPoolFacts);
  descriptor[Height] = pool.getKernel()[0];
  descriptor[Pixels] = pool.getKernel()[0] * pool.getKernel()[1];
  descriptor[Channels] = channels;
  descriptor[Quads] = channels / 4;
  descriptor[Singles] = channels % 4;
  descriptor[Min] = static_cast<int32_t>(pool.getMin());
  descriptor[Max] = static_cast<int32_t>(pool.getMax());
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

KernelProvider mve::getAvgPool2D() {
  return {acceptsAvgPool, selectAvgPool, getReductionScratch};
}

//===----------------------------------------------------------------------===//
// Mean
//===----------------------------------------------------------------------===//

namespace {
/// Facts of the descriptor.
enum MeanFact : unsigned {
  MeanHeight = channel_fact::Count,
  MeanChannels,
  MeanQuads,
  MeanSingles,
  /// -H * W * input_zp.
  MeanStart,
  NumMeanFacts
};
} // namespace

static void buildMean(KernelBuilder &k, const KernelArgs &args,
                      ChannelCode code) {
  ChannelOutput output(k, args, code, /*constant=*/0);
  Val channels = args.fact(MeanChannels), startValue = args.fact(MeanStart);
  auto start = [&](unsigned size, Val) { return Vals(size, startValue); };
  auto addRow = [&](Val channel, ArrayRef<Val> sums) {
    return addVectors(k, args, channels, channel, sums);
  };
  auto finish = [&](Val channel, ArrayRef<Val> sums) {
    output.store(sums, channel, args.output() + channel);
  };
  Reduction reduction = {args.fact(MeanHeight),
                         args.fact(MeanQuads),
                         args.fact(MeanSingles),
                         start,
                         addRow,
                         finish};
  reduction.emit(k, args);
}

static bool acceptsMean(Operation *layer) {
  return isInt8Layer<patch::MeanOp>(layer);
}

static FailureOr<RowKernel> selectMean(Operation *layer) {
  auto mean = cast<patch::MeanOp>(layer);
  ArrayRef<int64_t> nhwc =
      cast<ShapedType>(mean.getInput().getType()).getShape();
  auto channels = static_cast<int32_t>(nhwc[3]);
  ChannelCode code(mean.getRequant());
  RowKernel kernel =
      makeKernel("mean_i8_mve_" + code.suffix(), reductionArgs(1),
                 [code](KernelBuilder &k, const KernelArgs &args) {
                   buildMean(k, args, code);
                 });
  Descriptor descriptor(NumMeanFacts);
  descriptor[MeanHeight] = static_cast<int32_t>(nhwc[1]);
  descriptor[MeanChannels] = channels;
  descriptor[MeanQuads] = channels / 4;
  descriptor[MeanSingles] = channels % 4;
  descriptor[MeanStart] =
      wrappingMultiply(-static_cast<int32_t>(mean.getInputZp()),
                       static_cast<int32_t>(nhwc[1] * nhwc[2]));
  describeChannels(descriptor, /*bias=*/{}, /*weightSums=*/{},
                   /*inputZeroPoint=*/0, /*hasPadding=*/false,
                   mean.getRequant());
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

KernelProvider mve::getMean() {
  return {acceptsMean, selectMean, getReductionScratch};
}
