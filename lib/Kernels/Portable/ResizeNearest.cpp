//===- ResizeNearest.cpp - The portable kernel of nearest resizing --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The columns are walked as a line is drawn: stride = quotient * divisor +
// remainder, and the remainders add up to one column more now and then. So
// there is no division, and a strip may begin anywhere.
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
  /// Bytes to the next column, without those of the remainders.
  StepBytes,
  Remainder,
  Divisor,
  NumFacts
};
} // namespace

static void buildResizeNearest(KernelBuilder &k, const KernelArgs &args) {
  Val channels = args.fact(Channels), stepBytes = args.fact(StepBytes),
      remainder = args.fact(Remainder), divisor = args.fact(Divisor),
      zero = k.i32(0);
  Val input = args.get(ArgRole::InBase) + args.get(ArgRole::InOffset) +
              args.get(ArgRole::InFirstColumn) * channels;
  k.loop(args.get(ArgRole::Count),
         {input, args.get(ArgRole::InColumnRemainder), args.output()},
         [&](ArrayRef<Val> c) -> Vals {
           Val out = copyBytes(k, c[2], c[0], channels);
           Val sum = c[1] + remainder;
           Val carry = sum >= divisor;
           return {c[0] + (stepBytes + k.select(carry, channels, zero)),
                   sum - k.select(carry, divisor, zero), out};
         });
}

static FailureOr<RowKernel> selectResizeNearest(Operation *layer) {
  auto resize = cast<patch::ResizeNearestOp>(layer);
  KernelArg args[] = {{ArgRole::OutBase},       {ArgRole::OutOffset},
                      {ArgRole::InBase},        {ArgRole::InOffset},
                      {ArgRole::InFirstColumn}, {ArgRole::InColumnRemainder},
                      {ArgRole::Count},         {ArgRole::Constant}};
  RowKernel kernel = makeKernel("resize_nearest_i8", args, buildResizeNearest);
  auto channels = static_cast<int32_t>(
      cast<ShapedType>(resize.getInput().getType()).getDimSize(3));
  int32_t stride = resize.getStride()[1], divisor = resize.getDivisor()[1];
  Descriptor descriptor(NumFacts);
  descriptor[Channels] = channels;
  descriptor[StepBytes] = stride / divisor * channels;
  descriptor[Remainder] = stride % divisor;
  descriptor[Divisor] = divisor;
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

KernelProvider kernels::getPortableResizeNearest() {
  return {isInt8Layer<patch::ResizeNearestOp>, selectResizeNearest};
}
