//===- Add.cpp - The DSP addition kernel ----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// TensorFlow Lite scales the operands by their scales over twice the larger
// one, after a shift by 20 to the left. So the operand of the larger scale, a,
// is scaled by exactly 1/2: (a - zp) << 19. The other one, b, takes a
// multiplication. Doubling sums so that the upper word of a product is the
// doubling high product, and folding zero points:
//
//   X = (b << 21) - (zp_b << 21)
//   t = (SMMLAR(X, m_b, 2^(k-1)) + (X >> 31)) >> k       k = -exponent_b
//   D = (a << 20) - (zp_a << 20) + 2 * t
//   result = SSAT8((SMMLAR(D, m, 2^(s-1) + (zp << s)) + (D >> 31)) >> s)
//
// The additions of a sign make ties go away from zero; for a result's zero
// point of -128 the last one is left out, as negative sums are clamped. The
// shifts k and s are immediates and part of the symbol.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "../RowAccess.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {
/// Facts of the descriptor, in the order of the assembly's operands 4 to 9.
enum Fact : unsigned {
  /// -(zp_a << 20), -(zp_b << 21), m_b, 2^(k-1), m, 2^(s-1) + (zp << s).
  FirstStart,
  SecondStart,
  SecondMultiplier,
  SecondRounding,
  OutputMultiplier,
  OutputRounding,
  Channels,
  NumFacts
};

/// What the code depends on.
struct AddShape {
  /// The operand whose scale is exactly 1/2 is the right one.
  bool isSwapped = false;
  int32_t secondShift = 0, outputShift = 1;
  /// The result's zero point is -128.
  bool isRelu = false;

  std::string symbol() const {
    return llvm::formatv("dsp_add_i8_{0}{1}_{2}_{3}",
                         isSwapped ? "swapped_" : "", secondShift, outputShift,
                         isRelu ? "relu" : "signed")
        .str();
  }
};

/// A layer's numbers with a and b in place.
struct AddLayer {
  AddShape shape;
  int32_t zeroPoints[2], multiplier;
};
} // namespace

/// Operands of the assembly: $0-$3 a, b, result, count; $4-$6 temporaries;
/// $11-$16 the facts.
static std::string buildAddAsm(const AddShape &shape) {
  std::string element = "ldrsb $4, [$0], #1\n"
                        "ldrsb $5, [$1], #1\n"
                        "add $4, $11, $4, lsl #20\n"
                        "add $5, $12, $5, lsl #21\n";
  if (shape.secondShift == 0)
    element += "smmulr $6, $5, $13\n";
  else
    element += llvm::formatv("smmlar $6, $5, $13, $14\n"
                             "add $6, $6, $5, asr #31\n"
                             "asr $6, $6, #{0}\n",
                             shape.secondShift)
                   .str();
  element += "add $4, $4, $6, lsl #1\n"
             "smmlar $5, $4, $15, $16\n";
  if (!shape.isRelu)
    element += "add $5, $5, $4, asr #31\n";
  element += llvm::formatv("ssat $5, #8, $5, asr #{0}\n"
                           "strb $5, [$2], #1\n",
                           shape.outputShift)
                 .str();
  return "subs $3, $3, #4\n"
         "blt 2f\n"
         "1:\n" +
         element + element + element + element +
         "subs $3, $3, #4\n"
         "bge 1b\n"
         "2:\n"
         "adds $3, $3, #4\n"
         "beq 4f\n"
         "3:\n" +
         element +
         "subs $3, $3, #1\n"
         "bne 3b\n"
         "4:\n";
}

static void buildAdd(KernelBuilder &k, const KernelArgs &args,
                     const AddShape &shape) {
  Val channels = args.fact(Channels);
  auto operand = [&](unsigned index) {
    return args.get(ArgRole::InBase, index) +
           args.get(ArgRole::InOffset, index) +
           args.get(ArgRole::InFirstColumn, index) * channels;
  };
  SmallVector<Value> operands = {
      operand(shape.isSwapped).value, operand(!shape.isSwapped).value,
      args.output().value, (args.get(ArgRole::Count) * channels).value};
  for (unsigned fact = FirstStart; fact <= OutputRounding; ++fact)
    operands.push_back(args.fact(fact).value);
  MLIRContext *context = k.builder.getContext();
  Type pointer = LLVM::LLVMPointerType::get(context),
       i32 = IntegerType::get(context, 32);
  auto results = LLVM::LLVMStructType::getLiteral(
      context, {pointer, pointer, pointer, i32, i32, i32, i32});
  LLVM::InlineAsmOp::create(
      k.builder, k.loc, results, operands, buildAddAsm(shape),
      "=r,=r,=r,=r,=&r,=&r,=&r,0,1,2,3,r,r,r,r,r,r,~{cc},~{memory}",
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::tailcallkind::TailCallKind::None,
      LLVM::AsmDialectAttr::get(context, LLVM::AsmDialect::AD_ATT),
      /*operand_attrs=*/ArrayAttr());
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

/// The layer as the assembly computes it, if it can.
static std::optional<AddLayer> analyse(patch::AddOp add) {
  patch::RequantAttr requant = add.getRequant();
  auto word = [](uint32_t value) { return static_cast<int32_t>(value); };
  int32_t multipliers[] = {word(add.getLhsMultiplier()),
                           word(add.getRhsMultiplier())};
  int32_t exponents[] = {word(add.getLhsExponent()),
                         word(add.getRhsExponent())};
  int32_t zeroPoints[] = {word(add.getLhsZp()), word(add.getRhsZp())};
  auto isByte = [](int32_t value) { return value >= -128 && value <= 127; };
  int32_t zeroPoint = requant.getZeroPoint(),
          shift = -requant.getExponent().front();
  if (requant.getRounding() != patch::Rounding::TFLite ||
      add.getLeftShift() != 20 || requant.getMin() != -128 ||
      requant.getMax() != 127 || !isByte(zeroPoint) || !isByte(zeroPoints[0]) ||
      !isByte(zeroPoints[1]) || requant.getMultiplier().front() <= 0)
    return std::nullopt;
  // |D| < 2^30, so that the upper word of its product is below 2^29; with the
  // rounding, at most 2^(shift + 7) + 2^(shift - 1), it stays below 2^31.
  if (shift < 1 || shift > 22)
    return std::nullopt;
  for (bool isSwapped : {false, true}) {
    int32_t first = isSwapped, second = !isSwapped;
    if (multipliers[first] != 1 << 30 || exponents[first] != 0 ||
        multipliers[second] <= 0 || exponents[second] > 0 ||
        exponents[second] < -30)
      continue;
    AddLayer layer;
    layer.shape = {isSwapped, -exponents[second], shift, zeroPoint == -128};
    layer.zeroPoints[0] = zeroPoints[first];
    layer.zeroPoints[1] = zeroPoints[second];
    layer.multiplier = multipliers[second];
    return layer;
  }
  return std::nullopt;
}

static FailureOr<RowKernel> selectAdd(Operation *op) {
  auto add = cast<patch::AddOp>(op);
  AddLayer layer = *analyse(add);
  AddShape shape = layer.shape;
  patch::RequantAttr requant = add.getRequant();
  SmallVector<KernelArg> args = {{ArgRole::OutBase}, {ArgRole::OutOffset}};
  for (unsigned operand : {0, 1})
    args.append({{ArgRole::InBase, operand},
                 {ArgRole::InOffset, operand},
                 {ArgRole::InFirstColumn, operand}});
  args.append({{ArgRole::Count}, {ArgRole::Constant}});
  RowKernel kernel = makeKernel(
      shape.symbol(), args, [shape](KernelBuilder &k, const KernelArgs &args) {
        buildAdd(k, args, shape);
      });

  Descriptor descriptor(NumFacts);
  descriptor[FirstStart] = -layer.zeroPoints[0] * (1 << 20);
  descriptor[SecondStart] = -layer.zeroPoints[1] * (1 << 21);
  descriptor[SecondMultiplier] = layer.multiplier;
  descriptor[SecondRounding] =
      shape.secondShift ? 1 << (shape.secondShift - 1) : 0;
  descriptor[OutputMultiplier] = requant.getMultiplier().front();
  descriptor[OutputRounding] =
      (1 << (shape.outputShift - 1)) +
      requant.getZeroPoint() * (1 << shape.outputShift);
  descriptor[Channels] = static_cast<int32_t>(
      cast<ShapedType>(add.getOutput().getType()).getDimSize(3));
  kernel.constants = {descriptor.build(op->getContext())};
  return kernel;
}

static bool acceptsAdd(Operation *op) {
  return isInt8Layer<patch::AddOp>(op) && analyse(cast<patch::AddOp>(op));
}

KernelProvider kernels::getDSPAdd() { return {acceptsAdd, selectAdd}; }
