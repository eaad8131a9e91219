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

static void buildAvgPool2D(KernelBuilder &k, const KernelArgs &args) {
  Val channels = args.fact(Channels), quads = args.fact(Quads),
      singles = args.fact(Singles);
  Val tapRows = args.get(ArgRole::TapEnd) - args.get(ArgRole::TapBegin);
  WindowFacts facts = {args.fact(KernelHeight), args.fact(KernelWidth),
                       args.fact(StrideX), k.i32(1)};
  forPixels(k, args, facts, channels, [&](const PixelWindow &window, Val out) {
    Val taps = window.taps.end - window.taps.begin;
    Val pixel = window.firstColumn * channels;
    auto block = [&](unsigned size, ArrayRef<Val> c) -> Vals {
      auto tap = [&](ArrayRef<Val> t) -> Vals {
        Vals next = {t[0] + channels};
        for (unsigned j = 0; j < size; ++j)
          next.push_back(t[1 + j] + k.load8(t[0], static_cast<int32_t>(j)));
        return next;
      };
      auto row = [&](Val address, ArrayRef<Val> sums) -> Vals {
        Vals init = {address + pixel + c[0]};
        init.append(sums.begin(), sums.end());
        return Vals(llvm::drop_begin(k.loop(taps, init, tap)));
      };
      Vals sums = forTapRows(k, args, Vals(size, k.i32(0)), row);
      storeMeans(k, args, sums, taps * tapRows, out + c[0]);
      return {c[0] + static_cast<int32_t>(size)};
    };
    forChannelBlocks(k, quads, singles, {k.i32(0)}, block);
  });
}

static void buildWholeAvgPool2D(KernelBuilder &k, const KernelArgs &args) {
  Val channels = args.fact(Channels), height = args.fact(KernelHeight);
  Val count = height * args.fact(KernelWidth);
  auto start = [&](unsigned size, Val) { return Vals(size, k.i32(0)); };
  auto addRow = [&](Val channel, ArrayRef<Val> sums) {
    return addPixels(k, args, channels, channel, sums);
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

static FailureOr<RowKernel> selectAvgPool2D(Operation *layer) {
  auto pool = cast<patch::AvgPool2DOp>(layer);
  auto channels = static_cast<int32_t>(
      cast<ShapedType>(pool.getInput().getType()).getDimSize(3));
  bool isWhole = pool.getRowKind() == planning::OpKind::Reduce;
  RowKernel kernel =
      isWhole ? makeKernel("avg_pool2d_whole_i8", reductionArgs(1),
                           buildWholeAvgPool2D)
              : makeKernel("avg_pool2d_i8", windowArgs(1), buildAvgPool2D);
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

static ScratchSize getAvgPool2DScratch(Operation *layer) {
  auto pool = cast<patch::AvgPool2DOp>(layer);
  if (pool.getRowKind() == planning::OpKind::Rows)
    return {};
  return getReductionScratch(layer);
}

KernelProvider kernels::getPortableAvgPool2D() {
  return {isInt8Layer<patch::AvgPool2DOp>, selectAvgPool2D,
          getAvgPool2DScratch};
}
