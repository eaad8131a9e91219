//===- Arithmetic.cpp - Sums and products that broadcast ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operand is a pointer that moves by a step per channel and another one
// per pixel: (1, 0) for a map, (1, -C) for a value per channel, (0, 1) for one
// per pixel, (0, 0) for a single value. Of a constant the terms are computed by
// the compiler and read as words; of an activation they are computed here. An
// element is read before the result is written, so the result may lie on an
// operand of its shape.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "../RowAccess.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor: the result's, then those of each operand.
enum Fact : unsigned {
  Channels,
  LeftShift,
  OutputMultiplier,
  OutputExponent,
  OutputZeroPoint,
  Min,
  Max,
  FirstOperand
};
enum OperandFact : unsigned {
  /// Of an activation; the exponent is encoded, see encodeExponent.
  ZeroPoint,
  Multiplier,
  Exponent,
  PixelBytes,
  /// Of a constant: offset of its terms in the descriptor.
  Terms,
  /// Bytes from a channel to the next, and after a pixel's last channel.
  ChannelStep,
  PixelStep,
  NumOperandFacts
};
constexpr unsigned numFacts = FirstOperand + 2 * NumOperandFacts;

enum class Operator { Add, Subtract, Multiply };

/// What the code depends on.
struct Code {
  Operator op;
  /// Of the operands of a sum, and of the result.
  ScaleCode input, output;
  bool isConstant[2];

  std::string symbol() const {
    StringRef name = op == Operator::Add        ? "broadcast_add_i8"
                     : op == Operator::Subtract ? "broadcast_sub_i8"
                                                : "mul_i8";
    std::string result = name.str();
    for (bool constant : isConstant)
      result += constant ? "_c" : "_x";
    if (op != Operator::Multiply)
      result += ("_" + stringify(input)).str();
    return (result + "_" + stringify(output)).str();
  }

  /// The activation number of an operand.
  unsigned activation(unsigned operand) const {
    return operand == 1 && !isConstant[0] ? 1 : 0;
  }
};

/// The quantisation of an operand; only sums scale it.
struct OperandScale {
  int32_t zeroPoint = 0, multiplier = 0, exponent = 0;
};
} // namespace

static unsigned operandFact(unsigned operand, unsigned fact) {
  return FirstOperand + operand * NumOperandFacts + fact;
}

static void buildArithmetic(KernelBuilder &k, const KernelArgs &args,
                            Code code) {
  Val leftShift = args.fact(LeftShift), zeroPoint = args.fact(OutputZeroPoint),
      min = args.fact(Min), max = args.fact(Max);
  Scale outputScale(k, code.output, args.fact(OutputMultiplier),
                    args.fact(OutputExponent));
  Vals start, channelStep, pixelStep;
  SmallVector<std::function<Val(Val)>> term;
  for (unsigned i : {0, 1}) {
    auto fact = [&](unsigned number) {
      return args.fact(operandFact(i, number));
    };
    channelStep.push_back(fact(ChannelStep));
    pixelStep.push_back(fact(PixelStep));
    if (code.isConstant[i]) {
      start.push_back(args.get(ArgRole::Constant) + fact(Terms));
      term.push_back([&k](Val pointer) { return k.load32(pointer); });
      continue;
    }
    unsigned a = code.activation(i);
    start.push_back(args.get(ArgRole::InBase, a) +
                    args.get(ArgRole::InOffset, a) +
                    args.get(ArgRole::InFirstColumn, a) * fact(PixelBytes));
    Val inputZeroPoint = fact(ZeroPoint);
    if (code.op == Operator::Multiply) {
      term.push_back([&k, inputZeroPoint](Val pointer) {
        return k.load8(pointer) - inputZeroPoint;
      });
      continue;
    }
    Scale scale(k, code.input, fact(Multiplier), fact(Exponent));
    term.push_back([&k, inputZeroPoint, leftShift, scale](Val pointer) {
      return scale.apply(k, (k.load8(pointer) - inputZeroPoint) << leftShift);
    });
  }
  start.push_back(args.output());
  Val channels = args.fact(Channels);
  k.loop(args.get(ArgRole::Count), start, [&](ArrayRef<Val> pixel) -> Vals {
    Vals last = k.loop(channels, pixel, [&](ArrayRef<Val> c) -> Vals {
      Val lhs = term[0](c[0]), rhs = term[1](c[1]);
      Val value = code.op == Operator::Add        ? lhs + rhs
                  : code.op == Operator::Subtract ? lhs - rhs
                                                  : lhs * rhs;
      Val result = outputScale.apply(k, value) + zeroPoint;
      k.store8(k.min(k.max(result, min), max), c[2]);
      return {c[0] + channelStep[0], c[1] + channelStep[1], c[2] + 1};
    });
    return {last[0] + pixelStep[0], last[1] + pixelStep[1], last[2]};
  });
}

/// `scales` are those of lhs and rhs.
static FailureOr<RowKernel> selectArithmetic(Operation *layer, Operator op,
                                             int32_t leftShift,
                                             ArrayRef<OperandScale> scales,
                                             patch::RequantAttr requant) {
  auto window = cast<patch::WindowOpInterface>(layer);
  SmallVector<OpOperand *> activations = window.getActivationOperands();
  Code code = {op, ScaleCode::TFLite, ChannelCode(requant).scale, {}};
  if (op != Operator::Multiply)
    code.input = chooseScaleCode(requant.getRounding(),
                                 {scales[0].multiplier, scales[1].multiplier},
                                 {scales[0].exponent, scales[1].exponent});
  for (unsigned i : {0, 1})
    code.isConstant[i] =
        !llvm::is_contained(activations, &layer->getOpOperand(i));

  auto resultType = cast<ShapedType>(layer->getResult(0).getType());
  auto channels = static_cast<int32_t>(resultType.getDimSize(3));
  Descriptor descriptor(numFacts);
  descriptor[Channels] = channels;
  descriptor[LeftShift] = leftShift;
  descriptor[OutputMultiplier] = requant.getMultiplier().front();
  descriptor[OutputExponent] =
      encodeExponent(code.output, requant.getExponent().front());
  descriptor[OutputZeroPoint] = requant.getZeroPoint();
  descriptor[Min] = requant.getMin();
  descriptor[Max] = requant.getMax();

  SmallVector<KernelArg> args = {{ArgRole::OutBase}, {ArgRole::OutOffset}};
  for (unsigned i : {0, 1}) {
    auto fact = [&](unsigned number) -> int32_t & {
      return descriptor[operandFact(i, number)];
    };
    auto type = cast<ShapedType>(layer->getOperand(i).getType());
    auto pixelBytes = static_cast<int32_t>(type.getDimSize(3));
    // A width of 1 under a result of width 1 is not broadcast, and no second
    // pixel is read.
    bool perPixel = type.getDimSize(2) != 1;
    bool perChannel = pixelBytes != 1;
    int32_t elementBytes = code.isConstant[i] ? 4 : 1;
    fact(ChannelStep) = perChannel ? elementBytes : 0;
    if (perChannel)
      fact(PixelStep) = perPixel ? 0 : -elementBytes * channels;
    else
      fact(PixelStep) = perPixel ? elementBytes : 0;
    fact(ZeroPoint) = scales[i].zeroPoint;
    fact(Multiplier) = scales[i].multiplier;
    fact(Exponent) = encodeExponent(code.input, scales[i].exponent);
    fact(PixelBytes) = pixelBytes;
    if (!code.isConstant[i]) {
      unsigned a = code.activation(i);
      args.append({{ArgRole::InBase, a},
                   {ArgRole::InOffset, a},
                   {ArgRole::InFirstColumn, a}});
      continue;
    }
    FailureOr<SmallVector<int8_t>> values =
        getConstantBytes(layer, layer->getOperand(i), i ? "rhs" : "lhs");
    if (failed(values))
      return failure();
    SmallVector<int32_t> terms;
    for (int8_t value : *values) {
      int32_t centred = value - scales[i].zeroPoint;
      if (op != Operator::Multiply)
        centred = scaleValue(requant.getRounding(),
                             wrappingMultiply(centred, int32_t(1) << leftShift),
                             scales[i].multiplier, scales[i].exponent);
      terms.push_back(centred);
    }
    fact(Terms) = descriptor.append(ArrayRef<int32_t>(terms));
  }
  args.append({{ArgRole::Count}, {ArgRole::Constant}});
  RowKernel kernel = makeKernel(
      code.symbol(), args, [code](KernelBuilder &k, const KernelArgs &args) {
        buildArithmetic(k, args, code);
      });
  kernel.constants = {descriptor.build(layer->getContext())};
  return kernel;
}

static int32_t word(uint32_t value) { return static_cast<int32_t>(value); }

static FailureOr<RowKernel> selectBroadcastAdd(Operation *layer) {
  auto add = cast<patch::BroadcastAddOp>(layer);
  OperandScale scales[] = {{word(add.getLhsZp()), word(add.getLhsMultiplier()),
                            word(add.getLhsExponent())},
                           {word(add.getRhsZp()), word(add.getRhsMultiplier()),
                            word(add.getRhsExponent())}};
  return selectArithmetic(
      layer, add.getSubtract() ? Operator::Subtract : Operator::Add,
      word(add.getLeftShift()), scales, add.getRequant());
}

static FailureOr<RowKernel> selectMul(Operation *layer) {
  auto mul = cast<patch::MulOp>(layer);
  OperandScale scales[] = {{word(mul.getLhsZp())}, {word(mul.getRhsZp())}};
  return selectArithmetic(layer, Operator::Multiply, /*leftShift=*/0, scales,
                          mul.getRequant());
}

KernelProvider kernels::getPortableBroadcastAdd() {
  return {isInt8Layer<patch::BroadcastAddOp>, selectBroadcastAdd};
}

KernelProvider kernels::getPortableMul() {
  return {isInt8Layer<patch::MulOp>, selectMul};
}
