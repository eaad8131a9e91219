//===- PatchDialect.cpp - The patch dialect -------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tessera::patch;

#include "tessera/Dialect/Patch/IR/PatchDialect.cpp.inc"
#include "tessera/Dialect/Patch/IR/PatchEnums.cpp.inc"
#include "tessera/Dialect/Patch/IR/WindowOpInterface.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "tessera/Dialect/Patch/IR/PatchAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "tessera/Dialect/Patch/IR/PatchOps.cpp.inc"

void PatchDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "tessera/Dialect/Patch/IR/PatchAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tessera/Dialect/Patch/IR/PatchOps.cpp.inc"
      >();
}

Operation *PatchDialect::materializeConstant(OpBuilder &builder,
                                             Attribute value, Type type,
                                             Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}
