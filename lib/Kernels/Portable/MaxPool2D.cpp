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
#include "../RowAccess.h"

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

static void buildMaxPool2D(KernelBuilder &k, const KernelArgs &args) {
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
      auto tap = [&](ArrayRef<Val> t) -> Vals {
        Vals next = {t[0] + channels};
        for (unsigned j = 0; j < size; ++j)
          next.push_back(
              k.max(t[1 + j], k.load8(t[0], static_cast<int32_t>(j))));
        return next;
      };
      auto row = [&](Val address, ArrayRef<Val> best) -> Vals {
        Vals init = {address + pixel + c[0]};
        init.append(best.begin(), best.end());
        return Vals(llvm::drop_begin(k.loop(taps, init, tap)));
      };
      Vals best = forTapRows(k, args, Vals(size, low), row);
      for (unsigned j = 0; j < size; ++j)
        k.store8(k.min(best[j], high), out + c[0], static_cast<int32_t>(j));
      return {c[0] + static_cast<int32_t>(size)};
    };
    forChannelBlocks(k, quads, singles, {k.i32(0)}, block);
  });
}

static FailureOr<RowKernel> selectMaxPool2D(Operation *layer) {
  auto pool = cast<patch::MaxPool2DOp>(layer);
  auto channels = static_cast<int32_t>(
      cast<ShapedType>(pool.getInput().getType()).getDimSize(3));
  RowKernel kernel = makeKernel("max_pool2d_i8", windowArgs(1), buildMaxPool2D);
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

KernelProvider kernels::getPortableMaxPool2D() {
  return {isInt8Layer<patch::MaxPool2DOp>, selectMaxPool2D};
}
