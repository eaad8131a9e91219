//===- Add.cpp - The portable addition kernel -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Element by element: both operands are scaled to a common fine scale, added
// and requantised. All multipliers are loop invariants. An element is read
// before the result is written, so the result may lie on an operand.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "../RowAccess.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor. Exponents are encoded, see encodeExponent.
enum Fact : unsigned {
  Channels,
  LeftShift,
  LhsZeroPoint,
  LhsMultiplier,
  LhsExponent,
  RhsZeroPoint,
  RhsMultiplier,
  RhsExponent,
  OutputMultiplier,
  OutputExponent,
  OutputZeroPoint,
  Min,
  Max,
  NumFacts
};
} // namespace

static void buildAdd(KernelBuilder &k, const KernelArgs &args,
                     ScaleCode inputCode, ScaleCode outputCode) {
  auto fact = [&](unsigned number) { return args.fact(number); };
  Val channels = fact(Channels), leftShift = fact(LeftShift),
      lhsZeroPoint = fact(LhsZeroPoint), rhsZeroPoint = fact(RhsZeroPoint),
      zeroPoint = fact(OutputZeroPoint), min = fact(Min), max = fact(Max);
  Scale lhsScale(k, inputCode, fact(LhsMultiplier), fact(LhsExponent));
  Scale rhsScale(k, inputCode, fact(RhsMultiplier), fact(RhsExponent));
  Scale scale(k, outputCode, fact(OutputMultiplier), fact(OutputExponent));

  auto operand = [&](unsigned index) {
    return args.get(ArgRole::InBase, index) +
           args.get(ArgRole::InOffset, index) +
           args.get(ArgRole::InFirstColumn, index) * channels;
  };
  k.loop(args.get(ArgRole::Count) * channels,
         {operand(0), operand(1), args.output()}, [&](ArrayRef<Val> c) -> Vals {
           Val lhs = (k.load8(c[0]) - lhsZeroPoint) << leftShift;
           Val rhs = (k.load8(c[1]) - rhsZeroPoint) << leftShift;
           Val sum = lhsScale.apply(k, lhs) + rhsScale.apply(k, rhs);
           Val result = scale.apply(k, sum) + zeroPoint;
           k.store8(k.min(k.max(result, min), max), c[2]);
           return {c[0] + 1, c[1] + 1, c[2] + 1};
         });
}

static FailureOr<RowKernel> selectAdd(Operation *layer) {
  auto add = cast<patch::AddOp>(layer);
  patch::RequantAttr requant = add.getRequant();
  auto word = [](uint32_t value) { return static_cast<int32_t>(value); };
  int32_t inputMultipliers[] = {word(add.getLhsMultiplier()),
                                word(add.getRhsMultiplier())};
  int32_t inputExponents[] = {word(add.getLhsExponent()),
                              word(add.getRhsExponent())};
  ScaleCode inputCode =
      chooseScaleCode(requant.getRounding(), inputMultipliers, inputExponents);
  ScaleCode outputCode = ChannelCode(requant).scale;

  SmallVector<KernelArg> args = {{ArgRole::OutBase}, {ArgRole::OutOffset}};
  for (unsigned operand : {0, 1})
    args.append({{ArgRole::InBase, operand},
                 {ArgRole::InOffset, operand},
                 {ArgRole::InFirstColumn, operand}});
  args.append({{ArgRole::Count}, {ArgRole::Constant}});
  RowKernel kernel = makeKernel(
      ("add_i8_" + stringify(inputCode) + "_" + stringify(outputCode)).str(),
      args, [inputCode, outputCode](KernelBuilder &k, const KernelArgs &args) {
        buildAdd(k, args, inputCode, outputCode);
      });

  Descriptor descriptor(NumFacts);
  descriptor[Channels] = static_cast<int32_t>(
      cast<ShapedType>(add.getOutput().getType()).getDimSize(3));
  descriptor[LeftShift] = word(add.getLeftShift());
  descriptor[LhsZeroPoint] = word(add.getLhsZp());
  descriptor[LhsMultiplier] = inputMultipliers[0];
  descriptor[LhsExponent] = encodeExponent(inputCode, inputExponents[0]);
  descriptor[RhsZeroPoint] = word(add.getRhsZp());
  descriptor[RhsMultiplier] = inputMultipliers[1];
  descriptor[RhsExponent] = encodeExponent(inputCode, inputExponents[1]);
  descriptor[OutputMultiplier] = requant.getMultiplier().front();
  descriptor[OutputExponent] =
      encodeExponent(outputCode, requant.getExponent().front());
  descriptor[OutputZeroPoint] = requant.getZeroPoint();
  descriptor[Min] = requant.getMin();
  descriptor[Max] = requant.getMax();
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

KernelProvider kernels::getPortableAdd() {
  return {isInt8Layer<patch::AddOp>, selectAdd};
}
