// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From phase `patch` to phase `llvm`. See plan-stages.mlir for the sizes of the
// arena.

// RUN: tessera-opt %s --tessera-plan-and-lower | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: tessera-opt %s --tessera-plan-and-lower="schedule=layer" | FileCheck %s --check-prefixes=CHECK,LAYER
// RUN: tessera-opt %s --tessera-plan-and-lower="schedule=stream input=rows section-weights=.flash2" | FileCheck %s --check-prefixes=ROWS
// RUN: tessera-opt %s --tessera-plan-and-lower="schedule=patch input=windows index-bitwidth=64 max-recompute=1" | FileCheck %s --check-prefixes=WIDE
// RUN: not tessera-opt %s --tessera-plan-and-lower="ram-limit=271" 2>&1 | FileCheck %s --check-prefixes=LIMIT
// RUN: not tessera-opt %s --tessera-plan-and-lower="max-recompute=0.5" 2>&1 | FileCheck %s --check-prefixes=FACTOR

// LIMIT: error: the plan of least RAM needs 272 bytes but the limit is 271; the peak is at
// FACTOR: error: the bound on recompute is 0.5 but no plan has a factor below 1

// CHECK-DAG:   llvm.mlir.global internal unnamed_addr constant @net_descriptor_0({{.*}}section = ".rodata.net.tables"
// CHECK-LABEL: llvm.func @net_run(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// AUTO:          llvm.mlir.constant(272 : index)
// LAYER:         llvm.mlir.constant(512 : index)
// CHECK:         llvm.call @lookup_i8
// CHECK:         llvm.call @max_pool2d_i8
// CHECK:         llvm.return
// CHECK-NOT:   {{(scf|memref|arith|patch|func)\.}}

// ROWS-DAG:   llvm.mlir.global internal unnamed_addr constant @net_descriptor_0({{.*}}section = ".flash2"
// ROWS-LABEL: llvm.func @net_run
// ROWS:         llvm.call %{{.*}} : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr) -> i32

// WIDE-LABEL: llvm.func @net_run
// WIDE:         llvm.call %{{.*}} : !llvm.ptr, (!llvm.ptr, i32, i32, i32, i32, !llvm.ptr, i64) -> i32
func.func @net(%input: tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8> {
  %0 = patch.requantize %input {input_zp = 3 : i32, requant = #patch.requant<
    multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128,
    max = 127, rounding = tflite>}
    : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
  %1 = patch.max_pool2d %0 {kernel = array<i32: 2, 2>,
    stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>, min = -128 : i32,
    max = 127 : i32} : (tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
  return %1 : tensor<1x4x4x4xi8>
}
