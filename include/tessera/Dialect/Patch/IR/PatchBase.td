//===- PatchBase.td - The patch dialect --------------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_IR_PATCHBASE_TD
#define TESSERA_DIALECT_PATCH_IR_PATCHBASE_TD

include "mlir/IR/OpBase.td"

def Patch_Dialect : Dialect {
  let name = "patch";
  let cppNamespace = "::tessera::patch";
  let summary = "Quantised layers, and the stages that run them patch by patch";
  let description = [{
    The `patch` dialect holds a quantised convolutional network on its way from
    TOSA to loops.

    *Layers* (`patch.conv2d`, `patch.add`, …) are pure ops on tensors. One op is
    one quantised layer: bias, requantisation and clamp are fused, and the
    requantisation is kept exactly as TensorFlow Lite states it. Activations are
    `tensor<1xHxWxCxi8>` (NHWC, batch 1).

    A *stage* (`patch.stage`) groups layers that run as one loop nest over rows.
    How it is tiled lives only in its plan attribute (`#patch.plan`).

    *Loop ops* (`patch.arena_slice`, `patch.ring_offset`, `patch.call_kernel`)
    are what stages become: calls of row kernels on parts of one arena.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect", "::mlir::tensor::TensorDialect"
  ];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

#endif // TESSERA_DIALECT_PATCH_IR_PATCHBASE_TD
