//===- RowAccess.cpp - What the bodies of row kernels share ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A window is clipped by counting: with taps at columns c, c + d, ..., the
// first stored tap is the number of taps left of column 0, the last one the
// number of taps left of InColumns. That takes no division, and only border
// pixels do it.
//
//===----------------------------------------------------------------------===//

#include "RowAccess.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

Val KernelArgs::get(ArgRole role, unsigned index) const {
  for (auto [number, arg] : llvm::enumerate(roles))
    if (arg.role == role && arg.index == index)
      return k.wrap(values[number]);
  llvm_unreachable("a kernel body uses an argument that it did not ask for");
}

Val KernelArgs::output() const {
  return get(ArgRole::OutBase) + get(ArgRole::OutOffset);
}

Val KernelArgs::fact(unsigned fact, unsigned constant) const {
  return k.load32(get(ArgRole::Constant, constant),
                  static_cast<int32_t>(4 * fact));
}

RowKernel kernels::makeKernel(
    StringRef symbol, ArrayRef<KernelArg> args,
    std::function<void(KernelBuilder &, const KernelArgs &)> build) {
  RowKernel kernel;
  kernel.symbol = symbol.str();
  kernel.args.append(args.begin(), args.end());
  kernel.buildBody = [roles = kernel.args, build = std::move(build)](
                         OpBuilder &builder, func::FuncOp function) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(function.addEntryBlock());
    KernelBuilder k(builder, function.getLoc());
    build(k, KernelArgs(k, roles, function.getArguments()));
    func::ReturnOp::create(builder, function.getLoc());
  };
  return kernel;
}

SmallVector<KernelArg> kernels::windowArgs(unsigned numConstants) {
  SmallVector<KernelArg> args = {
      {ArgRole::OutBase},       {ArgRole::OutOffset},  {ArgRole::InBase},
      {ArgRole::InOffset},      {ArgRole::InTapPitch}, {ArgRole::InRingBytes},
      {ArgRole::InFirstColumn}, {ArgRole::InColumns},  {ArgRole::TapBegin},
      {ArgRole::TapEnd},        {ArgRole::Count}};
  for (unsigned i = 0; i < numConstants; ++i)
    args.push_back({ArgRole::Constant, i});
  return args;
}

Val kernels::copyBytes(KernelBuilder &k, Val out, Val in, Val bytes) {
  Vals last = k.loop(bytes >> 2, {out, in}, [&](ArrayRef<Val> c) -> Vals {
    k.store32Unaligned(k.load32Unaligned(c[1]), c[0]);
    return {c[0] + 4, c[1] + 4};
  });
  return k.loop(bytes & 3, last, [&](ArrayRef<Val> c) -> Vals {
    k.store8(k.load8(c[1]), c[0]);
    return {c[0] + 1, c[1] + 1};
  })[0];
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

Vals kernels::forTapRows(KernelBuilder &k, const KernelArgs &args,
                         ArrayRef<Val> init,
                         llvm::function_ref<Vals(Val, ArrayRef<Val>)> body) {
  Val base = args.get(ArgRole::InBase), pitch = args.get(ArgRole::InTapPitch),
      ringBytes = args.get(ArgRole::InRingBytes);
  Vals carried = {args.get(ArgRole::InOffset)};
  carried.append(init.begin(), init.end());
  Val rows = args.get(ArgRole::TapEnd) - args.get(ArgRole::TapBegin);
  Vals last = k.loop(rows, carried, [&](ArrayRef<Val> c) -> Vals {
    Val next = c[0] + pitch;
    next = k.select(next >= ringBytes, next - ringBytes, next);
    Vals result = {next};
    result.append(body(base + c[0], c.drop_front()));
    return result;
  });
  return Vals(llvm::drop_begin(last));
}

void kernels::forPixels(
    KernelBuilder &k, const KernelArgs &args, const WindowFacts &facts,
    Val outPixelBytes,
    llvm::function_ref<void(const PixelWindow &, Val out)> body) {
  Val columns = args.get(ArgRole::InColumns), zero = k.i32(0);
  Val reach = (facts.kernelWidth - 1) * facts.dilationX;
  Val allRows = args.get(ArgRole::TapEnd) - args.get(ArgRole::TapBegin) ==
                facts.kernelHeight;
  k.loop(args.get(ArgRole::Count),
         {args.get(ArgRole::InFirstColumn), args.output()},
         [&](ArrayRef<Val> c) -> Vals {
           Val column = c[0], out = c[1];
           PixelWindow window;
           Val allColumns = (column >= 0) & (column + reach < columns);
           window.interior = allRows & allColumns;
           auto count = [&]() -> Vals {
             Vals counted =
                 k.loop(facts.kernelWidth, {column, zero, zero},
                        [&](ArrayRef<Val> t) -> Vals {
                          Val one = k.i32(1);
                          return {t[0] + facts.dilationX,
                                  t[1] + k.select(t[0] < 0, one, zero),
                                  t[2] + k.select(t[0] < columns, one, zero)};
                        });
             return {counted[1], counted[2],
                     column + counted[1] * facts.dilationX};
           };
           Vals taps = k.ifElse(
               allColumns,
               [&]() -> Vals { return {zero, facts.kernelWidth, column}; },
               count);
           window.taps = {taps[0], taps[1]};
           window.firstColumn = taps[2];
           body(window, out);
           return {column + facts.strideX, out + outPixelBytes};
         });
}

Vals kernels::forChannelBlocks(
    KernelBuilder &k, Val quads, Val singles, ArrayRef<Val> init,
    llvm::function_ref<Vals(unsigned, ArrayRef<Val>)> body) {
  Vals carried =
      k.loop(quads, init, [&](ArrayRef<Val> c) -> Vals { return body(4, c); });
  return k.loop(singles, carried,
                [&](ArrayRef<Val> c) -> Vals { return body(1, c); });
}

//===----------------------------------------------------------------------===//
// Requantised channels
//===----------------------------------------------------------------------===//

ChannelOutput::ChannelOutput(KernelBuilder &k, const KernelArgs &args,
                             ChannelCode code, unsigned constant)
    : k(k), code(code) {
  Val descriptor = args.get(ArgRole::Constant, constant);
  auto fact = [&](unsigned number) { return args.fact(number, constant); };
  folded = descriptor + fact(channel_fact::FoldedBias);
  plain = descriptor + fact(channel_fact::Bias);
  multipliers = descriptor + fact(channel_fact::Multiplier);
  exponents = descriptor + fact(channel_fact::Exponent);
  zeroPoint = fact(channel_fact::OutputZeroPoint);
  min = fact(channel_fact::Min);
  max = fact(channel_fact::Max);
  if (!code.perChannel)
    tensorScale.emplace(k, code.scale, k.load32(multipliers),
                        k.load8(exponents));
}

void ChannelOutput::store(ArrayRef<Val> sums, Val channel, Val out) const {
  Val multiplier = multipliers, exponent = exponents;
  if (code.perChannel) {
    multiplier = multipliers + (channel << 2);
    exponent = exponents + channel;
  }
  for (auto [number, sum] : llvm::enumerate(sums)) {
    auto i = static_cast<int32_t>(number);
    Scale scale = tensorScale
                      ? *tensorScale
                      : Scale(k, code.scale, k.load32(multiplier, 4 * i),
                              k.load8(exponent, i));
    Val result = scale.apply(k, sum) + zeroPoint;
    k.store8(k.min(k.max(result, min), max), out, i);
  }
}
