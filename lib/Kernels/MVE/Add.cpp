//===- Add.cpp - Addition on MVE ------------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Four elements per trip of one tail-predicated loop, in 32-bit lanes; scalars
// in core registers. TensorFlow Lite scales the operand of the larger scale by
// one half, a multiplier of 2^30: that is a shift without rounding, and one
// VMLA adds it to the other operand.
//
//===----------------------------------------------------------------------===//

#include "../RowAccess.h"
#include "Providers.h"
#include "VectorScale.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::mve;

namespace {
/// Facts of the descriptor. From FirstScalar on: the registers r3 to r12 of the
/// loop, in order.
enum Fact : unsigned {
  Channels,
  Min,
  Max,
  FirstScalar,
  /// Of the scaled operand: minus its zero point, shift to the left, multiplier
  /// and exponent.
  NegatedZeroPoint = FirstScalar,
  LeftShift,
  Multiplier,
  Exponent,
  /// The same of the second operand if it is scaled; else the power of two by
  /// which it is multiplied and what is added with it.
  OtherNegatedZeroPoint,
  OtherMultiplier,
  OtherExponent,
  OtherFactor = OtherNegatedZeroPoint,
  OtherOffset,
  OutputMultiplier = OtherExponent + 1,
  OutputExponent,
  /// The tenth register holds the zero point.
  ScalarZeroPoint,
  NumFacts
};

/// One operand's scaling.
struct AddOperand {
  unsigned index;
  int32_t zeroPoint, multiplier, exponent;

  /// (x - zp) << leftShift is scaled to (x - zp) << exactShift(leftShift)
  /// without rounding; -1: it is not.
  int32_t exactShift(int32_t leftShift) const {
    // Up to 23, the shift of a difference of bytes does not wrap.
    if (multiplier != 1 << 30 || leftShift < 1 || leftShift > 23)
      return -1;
    return std::max(leftShift - 1 + exponent, -1);
  }
};

/// A layer, its operands in the order in which the loop takes them: the exactly
/// scaled one last.
struct AddLayer {
  AddOperand operands[2];
  int32_t leftShift;
  patch::RequantAttr requant;

  explicit AddLayer(patch::AddOp add)
      : leftShift(static_cast<int32_t>(add.getLeftShift())),
        requant(add.getRequant()) {
    auto word = [](uint32_t value) { return static_cast<int32_t>(value); };
    operands[0] = {0, word(add.getLhsZp()), word(add.getLhsMultiplier()),
                   word(add.getLhsExponent())};
    operands[1] = {1, word(add.getRhsZp()), word(add.getRhsMultiplier()),
                   word(add.getRhsExponent())};
    if (operands[1].exactShift(leftShift) < 0 &&
        operands[0].exactShift(leftShift) >= 0)
      std::swap(operands[0], operands[1]);
  }
  bool otherIsExact() const { return operands[1].exactShift(leftShift) >= 0; }
};

/// What the code of a kernel depends on.
struct AddClass {
  /// Operand number 1 comes first.
  bool swaps;
  bool otherIsExact;
  /// The scaled operands have exponents below 0.
  bool shifts[2];
  bool hasNegatives;

  explicit AddClass(const AddLayer &layer)
      : swaps(layer.operands[0].index == 1), otherIsExact(layer.otherIsExact()),
        shifts{layer.operands[0].exponent < 0, layer.operands[1].exponent < 0},
        hasNegatives(VectorScale(layer.requant).hasNegatives) {}

  std::string symbol() const {
    std::string result = "add_i8_mve";
    if (swaps)
      result += "_swapped";
    if (shifts[0])
      result += "_shift";
    if (!otherIsExact)
      result += shifts[1] ? "_scaled_shift" : "_scaled";
    if (hasNegatives)
      result += "_signed";
    return result;
  }
};
} // namespace

/// Divides `vector` by a power of two, half away from zero.
static void writeShift(Assembly &a, StringRef vector, StringRef exponent,
                       bool hasNegatives) {
  if (hasNegatives) {
    a.line("vshr.s32 q3, " + vector + ", #31");
    a.line("vqadd.s32 " + vector + ", " + vector + ", q3");
  }
  a.line("vrshl.s32 " + vector + ", " + exponent);
}

static Assembly writeLoop(const AddClass &c) {
  Assembly a;
  // r0, r1 operands, r2 result, r3 facts, lr number of elements.
  a.line("ldrd r4, r5, [r3, #" + Twine(4 * Min) + "]");
  a.line("vdup.32 q4, r4");
  a.line("vdup.32 q5, r5");
  a.line("adds r3, #" + Twine(4 * FirstScalar));
  a.line("ldm r3, {r3, r4, r5, r6, r7, r8, r9, r10, r11, r12}");
  a.line("dlstp.32 lr, lr");
  a.line("1:");
  auto scale = [&](StringRef vector, StringRef pointer, StringRef zeroPoint,
                   StringRef multiplier, StringRef exponent, bool shifts) {
    a.line("vldrb.s32 " + vector + ", [" + pointer + "], #4");
    a.line("vadd.i32 " + vector + ", " + vector + ", " + zeroPoint);
    a.line("vshl.s32 " + vector + ", r4");
    a.line("vqrdmulh.s32 " + vector + ", " + vector + ", " + multiplier);
    if (shifts)
      writeShift(a, vector, exponent, /*hasNegatives=*/true);
  };
  scale("q0", "r0", "r3", "r5", "r6", c.shifts[0]);
  if (c.otherIsExact) {
    a.line("vldrb.s32 q1, [r1], #4");
    a.line("vmla.s32 q0, q1, r7");
    a.line("vadd.i32 q0, q0, r8");
  } else {
    scale("q1", "r1", "r7", "r8", "r9", c.shifts[1]);
    a.line("vadd.i32 q0, q0, q1");
  }
  a.line("vqrdmulh.s32 q0, q0, r10");
  writeShift(a, "q0", "r11", c.hasNegatives);
  a.line("vadd.i32 q0, q0, r12");
  a.line("vmax.s32 q0, q0, q4");
  a.line("vmin.s32 q0, q0, q5");
  a.line("vstrb.32 q0, [r2], #4");
  a.line("letp lr, 1b");
  return a;
}

static void buildAdd(KernelBuilder &k, const KernelArgs &args,
                     const AddClass &c) {
  Val channels = args.fact(Channels);
  auto operand = [&](unsigned index) {
    return args.get(ArgRole::InBase, index) +
           args.get(ArgRole::InOffset, index) +
           args.get(ArgRole::InFirstColumn, index) * channels;
  };
  Val first = operand(c.swaps ? 1 : 0), second = operand(c.swaps ? 0 : 1);
  AsmInput inputs[] = {{"r0", first},
                       {"r1", second},
                       {"r2", args.output()},
                       {"r3", args.get(ArgRole::Constant)},
                       {"lr", args.get(ArgRole::Count) * channels}};
  emitAssembly(k, writeLoop(c), inputs,
               "r4 r5 r6 r7 r8 r9 r10 r11 r12 q0 q1 q3 q4 q5 vpr");
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

static bool acceptsAdd(Operation *layer) {
  if (!isInt8Layer<patch::AddOp>(layer))
    return false;
  AddLayer add(cast<patch::AddOp>(layer));
  auto isScaled = [](const AddOperand &operand) {
    return operand.exponent <= 0 && llvm::isInt<8>(operand.zeroPoint);
  };
  return isVectorScale(add.requant) && add.leftShift >= 0 &&
         add.leftShift < 32 && isScaled(add.operands[0]) &&
         isScaled(add.operands[1]) && !VectorScale(add.requant).shiftsLeft;
}

static FailureOr<RowKernel> selectAdd(Operation *layer) {
  auto op = cast<patch::AddOp>(layer);
  AddLayer add(op);
  AddClass addClass(add);
  SmallVector<KernelArg> args = {{ArgRole::OutBase}, {ArgRole::OutOffset}};
  for (unsigned operand : {0, 1})
    args.append({{ArgRole::InBase, operand},
                 {ArgRole::InOffset, operand},
                 {ArgRole::InFirstColumn, operand}});
  args.append({{ArgRole::Count}, {ArgRole::Constant}});
  RowKernel kernel =
      makeKernel(addClass.symbol(), args,
                 [addClass](KernelBuilder &k, const KernelArgs &args) {
                   buildAdd(k, args, addClass);
                 });

  const AddOperand &first = add.operands[0], &other = add.operands[1];
  Descriptor descriptor(NumFacts);
  descriptor[Channels] = static_cast<int32_t>(
      cast<ShapedType>(op.getOutput().getType()).getDimSize(3));
  descriptor[Min] = add.requant.getMin();
  descriptor[Max] = add.requant.getMax();
  descriptor[NegatedZeroPoint] = -first.zeroPoint;
  descriptor[LeftShift] = add.leftShift;
  descriptor[Multiplier] = first.multiplier;
  descriptor[Exponent] = first.exponent;
  if (addClass.otherIsExact) {
    int32_t factor = 1 << other.exactShift(add.leftShift);
    descriptor[OtherFactor] = factor;
    descriptor[OtherOffset] = wrappingMultiply(-other.zeroPoint, factor);
  } else {
    descriptor[OtherNegatedZeroPoint] = -other.zeroPoint;
    descriptor[OtherMultiplier] = other.multiplier;
    descriptor[OtherExponent] = other.exponent;
  }
  descriptor[OutputMultiplier] = channelMultipliers(add.requant, 1).front();
  descriptor[OutputExponent] = channelExponents(add.requant, 1).front();
  descriptor[ScalarZeroPoint] = add.requant.getZeroPoint();
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

KernelProvider mve::getAdd() { return {acceptsAdd, selectAdd}; }
