//===- PatchStages.td - Stages -----------------------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_IR_PATCHSTAGES_TD
#define TESSERA_DIALECT_PATCH_IR_PATCHSTAGES_TD

include "mlir/IR/RegionKindInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "tessera/Dialect/Patch/IR/PatchTypes.td"

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

def Patch_StageOp : Patch_Op<"stage", [
    IsolatedFromAbove, RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "Layers that run as one loop nest over rows";
  let description = [{
    Full tensors exist only at the borders: operands and results of the stage are
    whole, what is between lives in rings of rows. Inside, types are those of
    whole tensors: tiling is written in `plan` alone.

    ```mlir
    %1 = patch.stage(%x = %0 : tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
        plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache]> {
      %a = patch.requantize %x {…} : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
      %b = patch.max_pool2d %a {…} : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
      patch.yield %b : tensor<1x8x8x4xi8>
    }
    ```

    Constraints: G1 operands and block arguments agree in number and type, results
    and yielded values too; G2 the body holds layers, constants and
    `patch.reshape` only; G3 arrays in the plan have an entry per layer; G5 the
    stage holds at least one layer. That the plan can be run (the simulation of the
    loop nest replays without a deadlock) is checked by `patch-verify-plan`.
  }];
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$inputs,
    OptionalAttr<Patch_PlanAttr>:$plan);
  let results = (outs Variadic<AnyStaticShapeTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The layers (ops that make rows) in order.
    ::llvm::SmallVector<::mlir::Operation *> getLayers();
  }];
}

def Patch_YieldOp : Patch_Op<"yield", [Pure, ReturnLike, Terminator,
    HasParent<"StageOp">]> {
  let summary = "The results of a stage";
  let description = [{
    Terminates a `patch.stage` and names its results.

    ```mlir
    patch.yield %b : tensor<1x8x8x4xi8>
    ```
  }];
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$values);
  let builders = [OpBuilder<(ins), "build($_builder, $_state, ::mlir::ValueRange());">];
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // TESSERA_DIALECT_PATCH_IR_PATCHSTAGES_TD
