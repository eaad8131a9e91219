//===- Concat.cpp - The portable concatenation kernel ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Along height and width each operand fills a run of pixels of the row, which
// may be empty; along the channels each fills a part of every pixel.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "../RowAccess.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor: the result's, then those of each operand.
enum Fact : unsigned { Channels, FirstOperand };
enum OperandFact : unsigned {
  /// Rows of the result that the operand has a part in.
  RowBegin,
  RowEnd,
  OperandChannels,
  /// Where its channels begin.
  FirstChannel,
  NumOperandFacts
};
} // namespace

static void buildConcat(KernelBuilder &k, const KernelArgs &args,
                        unsigned numOperands, bool alongChannels) {
  Val channels = args.fact(Channels), count = args.get(ArgRole::Count),
      row = args.get(ArgRole::Row), zero = k.i32(0);
  for (unsigned i = 0; i < numOperands; ++i) {
    auto fact = [&](unsigned number) {
      return args.fact(FirstOperand + i * NumOperandFacts + number);
    };
    // Result columns [left, end) come from this operand.
    Val first = args.get(ArgRole::InFirstColumn, i);
    Val left = k.min(k.max(zero - first, zero), count);
    Val end =
        k.min(k.max(args.get(ArgRole::InColumns, i) - first, left), count);
    Val hasRow = (row >= fact(RowBegin)) & (row < fact(RowEnd));
    Val pixels = k.select(hasRow, end - left, zero);
    Val pixelBytes = fact(OperandChannels);
    Val input = args.get(ArgRole::InBase, i) + args.get(ArgRole::InOffset, i) +
                (first + left) * pixelBytes;
    Val output = args.output() + left * channels;
    if (!alongChannels) {
      copyBytes(k, output, input, pixels * channels);
      continue;
    }
    k.loop(pixels, {output + fact(FirstChannel), input},
           [&](ArrayRef<Val> c) -> Vals {
             copyBytes(k, c[0], c[1], pixelBytes);
             return {c[0] + channels, c[1] + pixelBytes};
           });
  }
}

static FailureOr<RowKernel> selectConcat(Operation *layer) {
  auto concat = cast<patch::ConcatOp>(layer);
  auto type = cast<ShapedType>(concat.getOutput().getType());
  unsigned axis = concat.getAxis(), numOperands = concat.getInputs().size();
  SmallVector<KernelArg> args = {{ArgRole::OutBase}, {ArgRole::OutOffset}};
  Descriptor descriptor(FirstOperand + numOperands * NumOperandFacts);
  descriptor[Channels] = static_cast<int32_t>(type.getDimSize(3));
  for (unsigned i = 0; i < numOperands; ++i) {
    args.append({{ArgRole::InBase, i},
                 {ArgRole::InOffset, i},
                 {ArgRole::InFirstColumn, i},
                 {ArgRole::InColumns, i}});
    auto fact = [&](unsigned number) -> int32_t & {
      return descriptor[FirstOperand + i * NumOperandFacts + number];
    };
    auto operand = cast<ShapedType>(concat.getInputs()[i].getType());
    auto start = static_cast<int32_t>(concat.getStart(i));
    fact(RowBegin) = axis == 1 ? start : 0;
    fact(RowEnd) = fact(RowBegin) + static_cast<int32_t>(operand.getDimSize(1));
    fact(OperandChannels) = static_cast<int32_t>(operand.getDimSize(3));
    fact(FirstChannel) = axis == 3 ? start : 0;
  }
  args.append({{ArgRole::Row}, {ArgRole::Count}, {ArgRole::Constant}});
  bool alongChannels = axis == 3;
  RowKernel kernel = makeKernel(
      ("concat_i8_" + Twine(numOperands) + (alongChannels ? "_channels" : ""))
          .str(),
      args,
      [numOperands, alongChannels](KernelBuilder &k, const KernelArgs &args) {
        buildConcat(k, args, numOperands, alongChannels);
      });
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

KernelProvider kernels::getPortableConcat() {
  return {isInt8Layer<patch::ConcatOp>, selectConcat};
}
