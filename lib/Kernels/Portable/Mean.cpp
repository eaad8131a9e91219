//===- Mean.cpp - The portable mean over height and width -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A reduction of plain sums. They start from -H * W * input_zp, so that
// finishing is a requantisation like any other.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "Reduction.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor.
enum Fact : unsigned {
  Height = channel_fact::Count,
  Channels,
  Quads,
  Singles,
  /// -H * W * input_zp.
  Start,
  NumFacts
};
} // namespace

static void buildMean(KernelBuilder &k, const KernelArgs &args,
                      ChannelCode code, const TapLoops &loops) {
  ChannelOutput output(k, args, code, /*constant=*/0);
  Val channels = args.fact(Channels), startValue = args.fact(Start);
  auto start = [&](unsigned size, Val) { return Vals(size, startValue); };
  auto addRow = [&](Val channel, ArrayRef<Val> sums) {
    return addPixels(k, args, loops, channels, channel, sums);
  };
  auto finish = [&](Val channel, ArrayRef<Val> sums) {
    output.store(sums, channel, args.output() + channel);
  };
  Reduction reduction = {args.fact(Height),
                         args.fact(Quads),
                         args.fact(Singles),
                         start,
                         addRow,
                         finish};
  reduction.emit(k, args);
}

FailureOr<RowKernel> kernels::makeMean(Operation *layer,
                                       const TapLoops &loops) {
  auto mean = cast<patch::MeanOp>(layer);
  ArrayRef<int64_t> nhwc =
      cast<ShapedType>(mean.getInput().getType()).getShape();
  ChannelCode code(mean.getRequant());
  RowKernel kernel = makeKernel(
      (loops.prefix + "mean_i8_" + code.suffix()).str(), reductionArgs(1),
      [code, &loops](KernelBuilder &k, const KernelArgs &args) {
        buildMean(k, args, code, loops);
      });
  Descriptor descriptor(NumFacts);
  descriptor[Height] = static_cast<int32_t>(nhwc[1]);
  descriptor[Channels] = static_cast<int32_t>(nhwc[3]);
  descriptor[Quads] = static_cast<int32_t>(nhwc[3] / 4);
  descriptor[Singles] = static_cast<int32_t>(nhwc[3] % 4);
  descriptor[Start] = wrappingMultiply(-static_cast<int32_t>(mean.getInputZp()),
                                       static_cast<int32_t>(nhwc[1] * nhwc[2]));
  describeChannels(descriptor, /*bias=*/{}, /*weightSums=*/{},
                   /*inputZeroPoint=*/0, /*hasPadding=*/false,
                   mean.getRequant());
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

static FailureOr<RowKernel> selectPortable(Operation *layer) {
  return makeMean(layer, getPortableTapLoops());
}

KernelProvider kernels::getPortableMean() {
  return {isInt8Layer<patch::MeanOp>, selectPortable, getReductionScratch};
}
