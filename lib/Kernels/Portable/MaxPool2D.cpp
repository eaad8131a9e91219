//===- MaxPool2D.cpp - The portable maximum pooling kernel ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The maximum of the taps that are stored, per block of four channels, clamped.
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
  KernelHeight,
  KernelWidth,
  Channels,
  Quads,
  Singles,
  StrideX,
  Min,
  Max,
  NumFacts
};
} // namespace

static void buildMaxPool2D(KernelBuilder &k, const KernelArgs &args,
                           const TapLoops &loops) {
  Val channels = args.fact(Channels), quads = args.fact(Quads),
      singles = args.fact(Singles);
  // Starting from the lower bound of the clamp leaves the upper one.
  Val low = args.fact(Min), high = args.fact(Max);
  WindowFacts facts = {args.fact(KernelHeight), args.fact(KernelWidth),
                       args.fact(StrideX), k.i32(1)};
  forPixels(k, args, facts, channels, [&](const PixelWindow &window, Val out) {
    Val taps = window.taps.end - window.taps.begin;
    Val pixel = window.firstColumn * channels;
    auto block = [&](unsigned size, ArrayRef<Val> c) -> Vals {
      auto row = [&](Val address, ArrayRef<Val> state) -> Vals {
        return loops.takeMax(k, address + pixel + c[0], channels, taps, size,
                             state);
      };
      Vals best = loops.endMax(
          k, size, forTapRows(k, args, loops.startMax(k, size, low), row));
      for (unsigned j = 0; j < size; ++j)
        k.store8(k.min(best[j], high), out + c[0], static_cast<int32_t>(j));
      return {c[0] + static_cast<int32_t>(size)};
    };
    forChannelBlocks(k, quads, singles, {k.i32(0)}, block);
  });
}

FailureOr<RowKernel> kernels::makeMaxPool2D(Operation *layer,
                                            const TapLoops &loops) {
  auto pool = cast<patch::MaxPool2DOp>(layer);
  auto channels = static_cast<int32_t>(
      cast<ShapedType>(pool.getInput().getType()).getDimSize(3));
  RowKernel kernel =
      makeKernel((loops.prefix + "max_pool2d_i8").str(), windowArgs(1),
                 [&loops](KernelBuilder &k, const KernelArgs &args) {
                   buildMaxPool2D(k, args, loops);
                 });
  Descriptor descriptor(NumFacts);
  descriptor[KernelHeight] = pool.getKernel()[0];
  descriptor[KernelWidth] = pool.getKernel()[1];
  descriptor[Channels] = channels;
  descriptor[Quads] = channels / 4;
  descriptor[Singles] = channels % 4;
  descriptor[StrideX] = pool.getStride()[1];
  descriptor[Min] = static_cast<int32_t>(pool.getMin());
  descriptor[Max] = static_cast<int32_t>(pool.getMax());
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

static FailureOr<RowKernel> selectPortable(Operation *layer) {
  return makeMaxPool2D(layer, getPortableTapLoops());
}

KernelProvider kernels::getPortableMaxPool2D() {
  return {isInt8Layer<patch::MaxPool2DOp>, selectPortable};
}
