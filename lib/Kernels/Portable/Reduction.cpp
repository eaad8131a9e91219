//===- Reduction.cpp - Sums over the rows of a map ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Blocks of four channels keep their sums in registers for one row: they are
// loaded from the scratch (or started) before it and stored (or finished) after
// it.
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

SmallVector<KernelArg> kernels::reductionArgs(unsigned numConstants) {
  SmallVector<KernelArg> args = {{ArgRole::OutBase}, {ArgRole::OutOffset},
                                 {ArgRole::InBase},  {ArgRole::InOffset},
                                 {ArgRole::Count},   {ArgRole::Row},
                                 {ArgRole::Scratch}};
  for (unsigned i = 0; i < numConstants; ++i)
    args.push_back({ArgRole::Constant, i});
  return args;
}

ScratchSize kernels::getReductionScratch(Operation *layer) {
  auto result = cast<ShapedType>(layer->getResult(0).getType());
  return {/*bytes=*/4 * result.getDimSize(3), /*bytesPerColumn=*/0};
}

void Reduction::emit(KernelBuilder &k, const KernelArgs &args) const {
  Val row = args.get(ArgRole::Row), scratch = args.get(ArgRole::Scratch);
  Val isFirst = row == 0, isLast = row == height - 1;
  auto block = [&](unsigned size, ArrayRef<Val> c) -> Vals {
    Val channel = c[0], stored = scratch + (channel << 2);
    auto load = [&]() -> Vals {
      Vals sums;
      for (unsigned j = 0; j < size; ++j)
        sums.push_back(k.load32(stored, static_cast<int32_t>(4 * j)));
      return sums;
    };
    Vals sums = k.ifElse(isFirst, [&] { return start(size, channel); }, load);
    sums = addRow(channel, sums);
    auto write = [&]() -> Vals {
      finish(channel, sums);
      return {};
    };
    auto keep = [&]() -> Vals {
      for (unsigned j = 0; j < size; ++j)
        k.store32(sums[j], stored, static_cast<int32_t>(4 * j));
      return {};
    };
    k.ifElse(isLast, write, keep);
    return {channel + static_cast<int32_t>(size)};
  };
  forChannelBlocks(k, quads, singles, {k.i32(0)}, block);
}

//===----------------------------------------------------------------------===//
// Loops over taps
//===----------------------------------------------------------------------===//

static Vals addTaps(KernelBuilder &k, Val first, Val pitch, Val count,
                    ArrayRef<Val> sums) {
  Vals init = {first};
  init.append(sums.begin(), sums.end());
  auto tap = [&](ArrayRef<Val> c) -> Vals {
    Vals next = {c[0] + pitch};
    for (size_t j = 1; j < c.size(); ++j)
      next.push_back(c[j] + k.load8(c[0], static_cast<int32_t>(j - 1)));
    return next;
  };
  return Vals(llvm::drop_begin(k.loop(count, init, tap)));
}

static Vals startMax(KernelBuilder &, unsigned size, Val least) {
  return Vals(size, least);
}

static Vals takeMax(KernelBuilder &k, Val first, Val pitch, Val count,
                    unsigned size, ArrayRef<Val> state) {
  Vals init = {first};
  init.append(state.begin(), state.end());
  auto tap = [&](ArrayRef<Val> c) -> Vals {
    Vals next = {c[0] + pitch};
    for (unsigned j = 0; j < size; ++j)
      next.push_back(k.max(c[1 + j], k.load8(c[0], static_cast<int32_t>(j))));
    return next;
  };
  return Vals(llvm::drop_begin(k.loop(count, init, tap)));
}

static Vals endMax(KernelBuilder &, unsigned, ArrayRef<Val> state) {
  return Vals(state);
}

const TapLoops &kernels::getPortableTapLoops() {
  static const TapLoops loops = {"", addTaps, startMax, takeMax, endMax};
  return loops;
}

Vals kernels::addPixels(KernelBuilder &k, const KernelArgs &args,
                        const TapLoops &loops, Val channels, Val channel,
                        ArrayRef<Val> sums) {
  Val first = args.get(ArgRole::InBase) + args.get(ArgRole::InOffset) + channel;
  return loops.add(k, first, channels, args.get(ArgRole::Count), sums);
}
