//===- AvgPool2D.cpp - The portable average pooling kernels ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums of blocks of four channels over the taps that are stored, divided by
// their number with ties away from zero, clamped. A window that covers the
// whole input is a reduction over its rows instead. The division is one
// instruction per output on every target and stands outside the loops over
// taps.
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

/// Stores clamp(sum / count), ties away from zero.
static void storeMeans(KernelBuilder &k, const KernelArgs &args,
                       ArrayRef<Val> sums, Val count, Val out) {
  Val half = count >> 1, low = args.fact(Min), high = args.fact(Max);
  for (auto [number, sum] : llvm::enumerate(sums)) {
    // Moves by half the count away from zero, then truncates towards it; a sum
    // of 0 gives 0 either way.
    Val sign = sum >> 31;
    Val mean = k.divide(sum + ((half ^ sign) - sign), count);
    k.store8(k.min(k.max(mean, low), high), out, static_cast<int32_t>(number));
  }
}

static void buildAvgPool2D(KernelBuilder &k, const KernelArgs &args,
                           const TapLoops &loops) {
  Val channels = args.fact(Channels), quads = args.fact(Quads),
      singles = args.fact(Singles);
  Val tapRows = args.get(ArgRole::TapEnd) - args.get(ArgRole::TapBegin);
  WindowFacts facts = {args.fact(KernelHeight), args.fact(KernelWidth),
                       args.fact(StrideX), k.i32(1)};
  forPixels(k, args, facts, channels, [&](const PixelWindow &window, Val out) {
    Val taps = window.taps.end - window.taps.begin;
    Val pixel = window.firstColumn * channels;
    auto block = [&](unsigned size, ArrayRef<Val> c) -> Vals {
      auto row = [&](Val address, ArrayRef<Val> sums) -> Vals {
        return loops.add(k, address + pixel + c[0], channels, taps, sums);
      };
      Vals sums = forTapRows(k, args, Vals(size, k.i32(0)), row);
      storeMeans(k, args, sums, taps * tapRows, out + c[0]);
      return {c[0] + static_cast<int32_t>(size)};
    };
    forChannelBlocks(k, quads, singles, {k.i32(0)}, block);
  });
}

static void buildWholeAvgPool2D(KernelBuilder &k, const KernelArgs &args,
                                const TapLoops &loops) {
  Val channels = args.fact(Channels), height = args.fact(KernelHeight);
  Val count = height * args.fact(KernelWidth);
  auto start = [&](unsigned size, Val) { return Vals(size, k.i32(0)); };
  auto addRow = [&](Val channel, ArrayRef<Val> sums) {
    return addPixels(k, args, loops, channels, channel, sums);
  };
  auto finish = [&](Val channel, ArrayRef<Val> sums) {
    storeMeans(k, args, sums, count, args.output() + channel);
  };
  Reduction reduction = {height, args.fact(Quads), args.fact(Singles),
                         start,  addRow,           finish};
  reduction.emit(k, args);
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

FailureOr<RowKernel> kernels::makeAvgPool2D(Operation *layer,
                                            const TapLoops &loops) {
  auto pool = cast<patch::AvgPool2DOp>(layer);
  auto channels = static_cast<int32_t>(
      cast<ShapedType>(pool.getInput().getType()).getDimSize(3));
  bool isWhole = pool.getRowKind() == planning::OpKind::Reduce;
  std::string symbol =
      (loops.prefix + (isWhole ? "avg_pool2d_whole_i8" : "avg_pool2d_i8"))
          .str();
  auto build = isWhole ? buildWholeAvgPool2D : buildAvgPool2D;
  RowKernel kernel =
      makeKernel(symbol, isWhole ? reductionArgs(1) : windowArgs(1),
                 [build, &loops](KernelBuilder &k, const KernelArgs &args) {
                   build(k, args, loops);
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

ScratchSize kernels::getAvgPool2DScratch(Operation *layer) {
  auto pool = cast<patch::AvgPool2DOp>(layer);
  if (pool.getRowKind() == planning::OpKind::Rows)
    return {};
  return getReductionScratch(layer);
}

static FailureOr<RowKernel> selectPortable(Operation *layer) {
  return makeAvgPool2D(layer, getPortableTapLoops());
}

KernelProvider kernels::getPortableAvgPool2D() {
  return {isInt8Layer<patch::AvgPool2DOp>, selectPortable, getAvgPool2DScratch};
}
