//===- PatchLoopOps.cpp - Slices of the arena and calls of row kernels ----===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace tessera::patch;

LogicalResult ArenaSliceOp::verify() {
  auto arena = cast<MemRefType>(getArena().getType());
  auto slice = cast<MemRefType>(getSlice().getType());
  if (!arena.hasStaticShape() || !slice.hasStaticShape() ||
      static_cast<int64_t>(getOffset()) < 0 ||
      static_cast<int64_t>(getOffset()) >
          arena.getDimSize(0) - slice.getDimSize(0))
    return emitOpError("V3: bytes [")
           << getOffset() << ", " << getOffset() + slice.getDimSize(0)
           << ") do not lie in " << arena;
  return success();
}

LogicalResult RingOffsetOp::verify() {
  if (static_cast<int32_t>(getRows()) < 1 ||
      static_cast<int32_t>(getPitch()) < 1)
    return emitOpError("V4: rows and pitch must be at least 1");
  return success();
}

OpFoldResult RingOffsetOp::fold(FoldAdaptor adaptor) {
  auto i32 = IntegerType::get(getContext(), 32);
  if (getRows() == 1 && !getNoWrap())
    return IntegerAttr::get(i32, 0);
  if (auto row = dyn_cast_if_present<IntegerAttr>(adaptor.getRow())) {
    uint32_t index = static_cast<uint32_t>(row.getInt());
    if (!getNoWrap())
      index %= getRows();
    return IntegerAttr::get(i32, static_cast<int32_t>(index * getPitch()));
  }
  return {};
}

LogicalResult
CallKernelOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto kernel =
      symbolTable.lookupNearestSymbolFrom<func::FuncOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("K1: no function named ") << getKernelAttr();
  FunctionType type = kernel.getFunctionType();
  if (type.getNumResults() != 0)
    return emitOpError("K1: a row kernel returns nothing, but ")
           << getKernelAttr() << " has type " << type;
  if (type.getNumInputs() != getArgs().size())
    return emitOpError("K1: ")
           << getKernelAttr() << " takes " << type.getNumInputs()
           << " arguments, not " << getArgs().size();
  for (auto [index, arg] : llvm::enumerate(getArgs())) {
    Type given = arg.getType();
    if (isa<MemRefType>(given))
      given = LLVM::LLVMPointerType::get(getContext());
    if (given != type.getInput(index))
      return emitOpError("K1: argument ")
             << index << " of " << getKernelAttr() << " has type "
             << type.getInput(index) << ", not " << arg.getType();
  }
  return success();
}
