//===- Passes.h - Passes of the patch dialect -------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_TRANSFORMS_PASSES_H
#define TESSERA_DIALECT_PATCH_TRANSFORMS_PASSES_H

#include "tessera/Dialect/Patch/IR/PatchDialect.h"
#include "tessera/Planning/Planner.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tessera::patch {

#define GEN_PASS_DECL
#include "tessera/Dialect/Patch/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "tessera/Dialect/Patch/Transforms/Passes.h.inc"

} // namespace tessera::patch

#endif // TESSERA_DIALECT_PATCH_TRANSFORMS_PASSES_H
