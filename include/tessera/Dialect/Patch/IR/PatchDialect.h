//===- PatchDialect.h - The patch dialect -----------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_IR_PATCHDIALECT_H
#define TESSERA_DIALECT_PATCH_IR_PATCHDIALECT_H

#include "tessera/Planning/Graph.h"
#include "tessera/Planning/Window.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "tessera/Dialect/Patch/IR/PatchDialect.h.inc"
#include "tessera/Dialect/Patch/IR/PatchEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "tessera/Dialect/Patch/IR/PatchAttrs.h.inc"

#include "tessera/Dialect/Patch/IR/WindowOpInterface.h.inc"

#define GET_OP_CLASSES
#include "tessera/Dialect/Patch/IR/PatchOps.h.inc"

#endif // TESSERA_DIALECT_PATCH_IR_PATCHDIALECT_H
