//===- PatchStage.cpp - Stages: syntax, verifier --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tessera::patch;

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

/// `(%x = %0 : type, …) -> types plan = #patch.plan<…> {body} attr-dict`
ParseResult StageOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SmallVector<Type> types;
  SMLoc loc = parser.getCurrentLocation();
  auto parseInput = [&]() -> ParseResult {
    OpAsmParser::Argument &argument = arguments.emplace_back();
    if (parser.parseArgument(argument) || parser.parseEqual() ||
        parser.parseOperand(operands.emplace_back()) ||
        parser.parseColonType(argument.type))
      return failure();
    types.push_back(argument.type);
    return success();
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren,
                                     parseInput) ||
      parser.resolveOperands(operands, types, loc, result.operands) ||
      parser.parseArrowTypeList(result.types))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("plan"))) {
    PlanAttr plan;
    if (parser.parseEqual() || parser.parseAttribute(plan))
      return failure();
    result.addAttribute("plan", plan);
  }
  Region *body = result.addRegion();
  if (parser.parseRegion(*body, arguments) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  ensureTerminator(*body, parser.getBuilder(), result.location);
  return success();
}

void StageOp::print(OpAsmPrinter &printer) {
  printer << '(';
  llvm::interleaveComma(llvm::zip_equal(getBody().getArguments(), getInputs()),
                        printer, [&](auto pair) {
                          auto [argument, input] = pair;
                          printer << argument << " = " << input << " : "
                                  << input.getType();
                        });
  printer << ')';
  printer.printArrowTypeList(getResultTypes());
  if (PlanAttr plan = getPlanAttr())
    printer << " plan = " << plan;
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"plan"});
}

//===----------------------------------------------------------------------===//
// Verifier
//===----------------------------------------------------------------------===//

SmallVector<Operation *> StageOp::getLayers() {
  SmallVector<Operation *> layers;
  for (Operation &op : getBody().front())
    if (isa<WindowOpInterface>(op))
      layers.push_back(&op);
  return layers;
}

LogicalResult StageOp::verify() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getOperandTypes())
    return emitOpError("G1: operands and block arguments must agree in number "
                       "and type");
  auto yield = cast<YieldOp>(block.getTerminator());
  if (yield.getOperandTypes() != getResultTypes())
    return yield.emitOpError("G1: yielded values and results of the stage must "
                             "agree in number and type");
  for (Operation &op : block.without_terminator()) {
    if (isa<ReshapeOp>(op) || op.hasTrait<OpTrait::ConstantLike>())
      continue;
    if (!isa<WindowOpInterface>(op))
      return op.emitOpError("G2: a stage holds layers, constants and "
                            "'patch.reshape' only");
  }
  size_t layers = getLayers().size();
  if (layers == 0)
    return emitOpError("G5: a stage holds at least one layer");
  PlanAttr plan = getPlanAttr();
  if (!plan)
    return success();
  auto checkSize = [&](StringRef name, size_t size) -> LogicalResult {
    if (size == 0 || size == layers)
      return success();
    return emitOpError("G3: ") << name << " of the plan has " << size
                               << " entries for " << layers << " layers";
  };
  if (failed(checkSize("rings", plan.getRings().size())) ||
      failed(checkSize("offsets", plan.getOffsets().size())) ||
      failed(checkSize("scratch", plan.getScratch().size())))
    return failure();
  return success();
}
