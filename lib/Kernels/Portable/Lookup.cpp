//===- Lookup.cpp - Portable kernels that look bytes up -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A layer that maps each byte by itself has only 256 possible results: they are
// computed by the compiler. Requantisation and patch.lookup have a table of
// bytes, dequantisation one of the bits of floats. The table starts at the
// entry of byte -128.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "../RowAccess.h"

#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor; the table's entries stand behind them.
enum Fact : unsigned { Channels, NumFacts };
} // namespace

/// `resultBytes` is 1 or 4.
static void buildLookup(KernelBuilder &k, const KernelArgs &args,
                        int32_t resultBytes) {
  Val channels = args.fact(Channels);
  Val table = args.get(ArgRole::Constant) + k.i32(4 * NumFacts);
  Val input = args.get(ArgRole::InBase) + args.get(ArgRole::InOffset) +
              args.get(ArgRole::InFirstColumn) * channels;
  k.loop(args.get(ArgRole::Count) * channels, {input, args.output()},
         [&](ArrayRef<Val> c) -> Vals {
           // Flipping the sign bit numbers the bytes -128 ... 127 from 0.
           Val entry = k.load8Unsigned(c[0]) ^ 128;
           if (resultBytes == 1)
             k.store8(k.load8(table + entry), c[1]);
           else
             k.store32(k.load32(table + (entry << 2)), c[1]);
           return {c[0] + 1, c[1] + resultBytes};
         });
}

static RowKernel makeLookup(StringRef symbol, int32_t resultBytes) {
  KernelArg args[] = {{ArgRole::OutBase},       {ArgRole::OutOffset},
                      {ArgRole::InBase},        {ArgRole::InOffset},
                      {ArgRole::InFirstColumn}, {ArgRole::Count},
                      {ArgRole::Constant}};
  return makeKernel(symbol, args,
                    [resultBytes](KernelBuilder &k, const KernelArgs &args) {
                      buildLookup(k, args, resultBytes);
                    });
}

static Descriptor makeDescriptor(Value input) {
  Descriptor descriptor(NumFacts);
  descriptor[Channels] =
      static_cast<int32_t>(cast<ShapedType>(input.getType()).getDimSize(3));
  return descriptor;
}

/// The kernel that replaces each byte of `input` by its entry.
static RowKernel makeByteLookup(Value input, ArrayRef<int8_t> table) {
  Descriptor descriptor = makeDescriptor(input);
  descriptor.append(table);
  RowKernel kernel = makeLookup("lookup_i8", /*resultBytes=*/1);
  kernel.constants = {descriptor.build(input.getContext())};
  return kernel;
}

static FailureOr<RowKernel> selectTable(Operation *layer) {
  auto lookup = cast<patch::LookupOp>(layer);
  return makeByteLookup(lookup.getInput(), lookup.getTable());
}

static FailureOr<RowKernel> selectRequantize(Operation *layer) {
  auto requantize = cast<patch::RequantizeOp>(layer);
  auto inputZeroPoint = static_cast<int32_t>(requantize.getInputZp());
  bool isUnsigned = cast<ShapedType>(requantize.getInput().getType())
                        .getElementType()
                        .isUnsignedInteger();
  SmallVector<int8_t> table;
  for (int32_t byte = -128; byte < 128; ++byte) {
    // The entry of an unsigned byte is that of the signed one with its bits.
    int32_t value = isUnsigned ? byte & 255 : byte;
    table.push_back(static_cast<int8_t>(requantizeValue(
        requantize.getRequant(), wrappingAdd(value, -inputZeroPoint))));
  }
  return makeByteLookup(requantize.getInput(), table);
}

static FailureOr<RowKernel> selectDequantize(Operation *layer) {
  auto dequantize = cast<patch::DequantizeOp>(layer);
  float scale = dequantize.getScale().convertToFloat();
  auto zeroPoint = static_cast<int32_t>(dequantize.getZeroPoint());
  SmallVector<int32_t> table;
  for (int32_t byte = -128; byte < 128; ++byte) {
    float value = scale * static_cast<float>(wrappingAdd(byte, -zeroPoint));
    table.push_back(llvm::bit_cast<int32_t>(value));
  }
  Descriptor descriptor = makeDescriptor(dequantize.getInput());
  descriptor.append(ArrayRef<int32_t>(table));
  RowKernel kernel = makeLookup("lookup_f32", /*resultBytes=*/4);
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

KernelProvider kernels::getPortableRequantize() {
  return {isInt8Layer<patch::RequantizeOp>, selectRequantize};
}

KernelProvider kernels::getPortableLookup() {
  return {isInt8Layer<patch::LookupOp>, selectTable};
}

KernelProvider kernels::getPortableDequantize() {
  return {isInt8Layer<patch::DequantizeOp>, selectDequantize};
}
