//===- Pad.cpp - The portable padding kernel ------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row is `left` pixels of the value, a run of pixels of the operand's row,
// and the rest of the value again; a row that lies in the padding has no run.
// Runs of bytes are written as words as far as they go, then as bytes.
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
  Channels,
  /// The value in each byte of a word.
  Value4,
  NumFacts
};
} // namespace

/// Writes `bytes` bytes of the value and returns the address behind them.
static Val fill(KernelBuilder &k, Val out, Val bytes, Val value) {
  Vals last = k.loop(bytes >> 2, {out}, [&](ArrayRef<Val> c) -> Vals {
    k.store32Unaligned(value, c[0]);
    return {c[0] + 4};
  });
  return k.loop(bytes & 3, last, [&](ArrayRef<Val> c) -> Vals {
    k.store8(value, c[0]);
    return {c[0] + 1};
  })[0];
}

static void buildPad(KernelBuilder &k, const KernelArgs &args) {
  Val channels = args.fact(Channels), value = args.fact(Value4);
  Val first = args.get(ArgRole::InFirstColumn), zero = k.i32(0),
      count = args.get(ArgRole::Count);
  Val hasRow = args.get(ArgRole::TapBegin) < args.get(ArgRole::TapEnd);

  // Result columns [left, end) come from the operand.
  Val left = k.min(k.max(zero - first, zero), count);
  Val end = k.min(k.max(args.get(ArgRole::InColumns) - first, left), count);
  left = k.select(hasRow, left, count);
  end = k.select(hasRow, end, count);
  Val input = args.get(ArgRole::InBase) + args.get(ArgRole::InOffset) +
              (first + left) * channels;
  Val out = fill(k, args.output(), left * channels, value);
  out = copyBytes(k, out, input, (end - left) * channels);
  fill(k, out, (count - end) * channels, value);
}

static FailureOr<RowKernel> selectPad(Operation *layer) {
  auto pad = cast<patch::PadOp>(layer);
  KernelArg args[] = {{ArgRole::OutBase},       {ArgRole::OutOffset},
                      {ArgRole::InBase},        {ArgRole::InOffset},
                      {ArgRole::InFirstColumn}, {ArgRole::InColumns},
                      {ArgRole::TapBegin},      {ArgRole::TapEnd},
                      {ArgRole::Count},         {ArgRole::Constant}};
  RowKernel kernel = makeKernel("pad_i8", args, buildPad);
  Descriptor descriptor(NumFacts);
  descriptor[Channels] = static_cast<int32_t>(
      cast<ShapedType>(pad.getInput().getType()).getDimSize(3));
  uint32_t byte = pad.getValue() & 0xff;
  descriptor[Value4] = static_cast<int32_t>(byte * 0x01010101u);
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

KernelProvider kernels::getPortablePad() {
  return {isInt8Layer<patch::PadOp>, selectPad};
}
