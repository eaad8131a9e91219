//===- Pool.cpp - The DSP pooling and mean kernels ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The portable kernels with loops over taps that take four channels at once.
// SXTAB16 adds channels 0 and 2, or rotated 1 and 3, to two 16-bit sums, which
// hold 255 bytes each; SSUB8 and SEL take four maxima.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "../Portable/Reduction.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

/// Most taps of a row that 16-bit sums hold: 255 * 128 < 2^15.
static constexpr int64_t maxTaps = 255;

/// Runs `tap` `count` times, four copies per trip. It uses $1 and, for a
/// packed state, $0; $2 and $3 are temporaries, $4 the address, which it
/// advances by the pitch, $6.
static std::string loopOverTaps(StringRef start, StringRef tap) {
  std::string text = start.str();
  text += "subs $5, $5, #4\n"
          "blt 2f\n"
          "1:\n";
  for (int copy = 0; copy < 4; ++copy)
    text += tap;
  text += "subs $5, $5, #4\n"
          "bge 1b\n"
          "2:\n"
          "adds $5, $5, #4\n"
          "beq 4f\n"
          "3:\n";
  text += tap;
  text += "subs $5, $5, #1\n"
          "bne 3b\n"
          "4:\n";
  return text;
}

/// Emits the loop; `state` starts $0. Returns $0 and $1.
static std::pair<Val, Val> emitLoop(KernelBuilder &k, StringRef text, Val state,
                                    Val first, Val pitch, Val count) {
  MLIRContext *context = k.builder.getContext();
  Type pointer = LLVM::LLVMPointerType::get(context),
       i32 = IntegerType::get(context, 32);
  auto types = LLVM::LLVMStructType::getLiteral(
      context, {i32, i32, i32, i32, pointer, i32});
  Value operands[] = {pitch.value, state.value, first.value, count.value};
  auto loop = LLVM::InlineAsmOp::create(
      k.builder, k.loc, types, operands, text,
      "=&r,=&r,=&r,=&r,=&r,=&r,r,0,4,5,~{cc},~{memory}",
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::tailcallkind::TailCallKind::None,
      LLVM::AsmDialectAttr::get(context, LLVM::AsmDialect::AD_ATT),
      /*operand_attrs=*/ArrayAttr());
  auto result = [&](int64_t index) {
    return k.wrap(LLVM::ExtractValueOp::create(k.builder, k.loc,
                                               loop.getResult(0), index));
  };
  return {result(0), result(1)};
}

static Vals addTaps(KernelBuilder &k, Val first, Val pitch, Val count,
                    ArrayRef<Val> sums) {
  if (sums.size() != 4)
    return getPortableTapLoops().add(k, first, pitch, count, sums);
  static const std::string text =
      loopOverTaps("mov $1, #0\n", "ldr $2, [$4]\n"
                                   "add $4, $4, $6\n"
                                   "sxtab16 $0, $0, $2\n"
                                   "sxtab16 $1, $1, $2, ror #8\n");
  auto [even, odd] = emitLoop(k, text, k.i32(0), first, pitch, count);
  return {sums[0] + ((even << 16) >> 16), sums[1] + ((odd << 16) >> 16),
          sums[2] + (even >> 16), sums[3] + (odd >> 16)};
}

static Vals startMax(KernelBuilder &k, unsigned size, Val least) {
  if (size != 4)
    return getPortableTapLoops().startMax(k, size, least);
  return {(least & 0xFF) * 0x01010101};
}

static Vals takeMax(KernelBuilder &k, Val first, Val pitch, Val count,
                    unsigned size, ArrayRef<Val> state) {
  if (size != 4)
    return getPortableTapLoops().takeMax(k, first, pitch, count, size, state);
  // SSUB8 sets a flag for each byte of $0 that is not less.
  static const std::string text = loopOverTaps("", "ldr $2, [$4]\n"
                                                   "add $4, $4, $6\n"
                                                   "ssub8 $1, $0, $2\n"
                                                   "sel $0, $0, $2\n");
  return {emitLoop(k, text, state[0], first, pitch, count).first};
}

static Vals endMax(KernelBuilder &k, unsigned size, ArrayRef<Val> state) {
  if (size != 4)
    return getPortableTapLoops().endMax(k, size, state);
  Vals values;
  for (int32_t byte = 0; byte < 4; ++byte)
    values.push_back((state[0] << (24 - 8 * byte)) >> 24);
  return values;
}

static const TapLoops &getLoops() {
  static const TapLoops loops = {"dsp_", addTaps, startMax, takeMax, endMax};
  return loops;
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

/// An int8 layer whose rows have at most as many taps as 16-bit sums hold.
template <typename OpTy>
static bool accepts(Operation *layer) {
  return isInt8Layer<OpTy>(layer) &&
         cast<ShapedType>(layer->getOperand(0).getType()).getDimSize(2) <=
             maxTaps;
}

/// A packed state holds what a byte holds.
static bool acceptsMaxPool2D(Operation *layer) {
  if (!isInt8Layer<patch::MaxPool2DOp>(layer))
    return false;
  auto least = static_cast<int32_t>(cast<patch::MaxPool2DOp>(layer).getMin());
  return least >= -128 && least <= 127;
}

KernelProvider kernels::getDSPAvgPool2D() {
  auto select = [](Operation *layer) {
    return makeAvgPool2D(layer, getLoops());
  };
  return {accepts<patch::AvgPool2DOp>, select, getAvgPool2DScratch};
}

KernelProvider kernels::getDSPMaxPool2D() {
  auto select = [](Operation *layer) {
    return makeMaxPool2D(layer, getLoops());
  };
  return {acceptsMaxPool2D, select};
}

KernelProvider kernels::getDSPMean() {
  auto select = [](Operation *layer) { return makeMean(layer, getLoops()); };
  return {accepts<patch::MeanOp>, select, getReductionScratch};
}
