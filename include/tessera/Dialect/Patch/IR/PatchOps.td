//===- PatchOps.td - All ops of the patch dialect ----------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_IR_PATCHOPS_TD
#define TESSERA_DIALECT_PATCH_IR_PATCHOPS_TD

include "tessera/Dialect/Patch/IR/PatchLayers.td"
include "tessera/Dialect/Patch/IR/PatchLoops.td"
include "tessera/Dialect/Patch/IR/PatchStages.td"

#endif // TESSERA_DIALECT_PATCH_IR_PATCHOPS_TD
