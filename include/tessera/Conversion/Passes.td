//===- Passes.td - Conversions between dialects ------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_CONVERSION_PASSES_TD
#define TESSERA_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTosaToPatchPass : Pass<"convert-tosa-to-patch",
                                  "::mlir::func::FuncOp"> {
  let summary = "Turn quantised TOSA into patch layers";
  let description = [{
    Each group of TOSA ops that is one quantised layer becomes one op of the
    `patch` dialect on 1xHxWxC maps: `tosa.conv2d` with its `tosa.rescale` becomes
    `patch.conv2d` with a requantisation, a `tosa.clamp` behind it tightens the
    bounds of that requantisation, a `tosa.slice` before it that only cuts what is
    not read disappears, a `tosa.pad` before it folds into its padding.

    Tensors of other ranks are seen as maps through `patch.reshape`: [K] as
    1x1x1xK, [M, K] as 1xMx1xK, [A, B, C] as 1xAxBxC. The signature of the function
    and its attributes stay as they are. A layer keeps the location of its main op.

    The results are the same bytes, for every input for which TOSA defines them.
    Where TOSA's rounding and TensorFlow Lite's agree for all values, TensorFlow
    Lite's is chosen, for which the kernels are written.

    Ops that are not understood stay, unless `full` asks for an error that lists
    all of them with the reasons.

    ```mlir
    // Before: a 1x1 convolution, 2 channels to 1, rounded by 1/2 * 2^-7.
    %sum = tosa.conv2d %input, %weights, %bias, %input_zp, %weight_zp
        {acc_type = i32, dilation = array<i64: 1, 1>,
         pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>}
      : (tensor<1x4x4x2xi8>, tensor<1x1x1x2xi8>, tensor<1xi32>, tensor<1xi8>,
         tensor<1xi8>) -> tensor<1x4x4x1xi32>
    %out = tosa.rescale %sum, %multiplier, %shift, %zero, %output_zp
        {input_unsigned = false, output_unsigned = false, per_channel = false,
         rounding_mode = DOUBLE_ROUND, scale32 = true}
      : (tensor<1x4x4x1xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>,
         tensor<1xi8>) -> tensor<1x4x4x1xi8>

    // After, with multiplier 2^30 and shift 38: exponent 31 - 38 = -7.
    %out = patch.conv2d %input, %weights, %bias {
        stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>,
        pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32,
        requant = #patch.requant<multiplier = [1073741824], exponent = [-7],
          zero_point = -128, min = -128, max = 127, rounding = tflite>}
      : (tensor<1x4x4x2xi8>, tensor<1x1x1x2xi8>, tensor<1xi32>)
        -> tensor<1x4x4x1xi8>
    ```
  }];
  let options = [
    Option<"full", "full", "bool", /*default=*/"false",
           "Fail with one error that lists every TOSA op that is left">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::tessera::patch::PatchDialect"
  ];
}

def ConvertPatchToLLVMPass : Pass<"convert-patch-to-llvm",
                                  "::mlir::ModuleOp"> {
  let summary = "Lower loops over row kernels to the LLVM dialect";
  let description = [{
    Lowers the loop ops of the `patch` dialect together with `arith`, `cf`, `func`
    and `memref` (run `convert-scf-to-cf` before). Memrefs are passed as bare
    pointers. Everything but the entry functions gets internal linkage. A kernel
    call keeps its layer's number as its source line (number + 1), so that
    instructions can be attributed to layers in the finished object.

    ```mlir
    %slice = patch.arena_slice %arena[64] : memref<4096xi8> -> memref<256xi8>
    patch.call_kernel @kernel(%slice, %offset) layer 3 : (memref<256xi8>, i32)
    // becomes
    %p = llvm.getelementptr %arena[64] : (!llvm.ptr) -> !llvm.ptr, i8
    llvm.call @kernel(%p, %offset) : (!llvm.ptr, i32) -> ()
    ```
  }];
  let options = [
    Option<"indexBitwidth", "index-bitwidth", "unsigned", /*default=*/"32",
           "Bits of an index and of size_t">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // TESSERA_CONVERSION_PASSES_TD
