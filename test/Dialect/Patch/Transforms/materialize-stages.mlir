// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans written by hand for two layers on an 8x8 map of 4 channels (8 rows of 32
// bytes): element-wise, then 2x2 pooling with stride 2 (4 rows of 16 bytes).

// RUN: tessera-opt %s --patch-materialize-stages --canonicalize --cse --patch-verify-loops | FileCheck %s
// RUN: tessera-opt %s --patch-materialize-stages=section-weights=.flash2 | FileCheck %s --check-prefix=SECTION

// Tables are constants of the module in a section of their own, or in the one that
// the option names.
// CHECK-DAG: llvm.mlir.global internal unnamed_addr constant @streamed_descriptor_0({{.*}}section = ".rodata.streamed.tables"
// SECTION-DAG: llvm.mlir.global internal unnamed_addr constant @streamed_descriptor_0({{.*}}section = ".flash2"
// SECTION-NOT: section = ".rodata

// The rectangles of all four patches, eight numbers each: rows and columns of the
// first layer, then of the second. The result of patch 0 is [0, 2) x [0, 2), for
// which the pool reads [0, 4) x [0, 4).
// CHECK-DAG: constant @patches_regions_{{[0-9]+}}(dense<[0, 4, 0, 4, 0, 2, 0, 2, 0, 4, 4, 8, 0, 2, 2, 4, 4, 8, 0, 4, 2, 4, 0, 2, 4, 8, 4, 8, 2, 4, 2, 4]> : tensor<32xi16>)

//===----------------------------------------------------------------------===//
// One patch: a loop over ticks, whose state is a row counter per layer.
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @streamed_run
// CHECK-SAME:    (%[[ARENA:.*]]: memref<288xi8>, %{{.*}}: !llvm.ptr) -> i32
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : i32
// CHECK-DAG:     %[[C1:.*]] = arith.constant 1 : i32
// CHECK-DAG:     %[[C2:.*]] = arith.constant 2 : i32
// CHECK-DAG:     %[[C4:.*]] = arith.constant 4 : i32
// CHECK-DAG:     %[[C8:.*]] = arith.constant 8 : i32
// CHECK-NOT:     scf.for
// CHECK:         scf.while (%[[A:.*]] = %[[C0]], %[[B:.*]] = %[[C0]]) : (i32, i32) -> (i32, i32)
// Until the second layer has made its four rows.
// CHECK:           %[[MORE:.*]] = arith.cmpi slt, %[[B]], %[[C4]]
// CHECK:           scf.condition(%[[MORE]])
// CHECK:         ^bb0(%[[Y0:.*]]: i32, %[[Y1:.*]]: i32):
// The first layer makes a row if it has one of its 8 left, and if the slot is free:
// its row y replaces row y - 2, which the pool still reads unless 2 y1 > y - 2.
// CHECK:           %[[LEFT:.*]] = arith.cmpi slt, %[[Y0]], %[[C8]]
// CHECK:           %[[FIRST:.*]] = arith.muli %[[Y1]], %[[C2]]
// CHECK:           %[[FREE:.*]] = arith.cmpi slt, %[[Y0]],
// CHECK:           %[[MAKES0:.*]] = arith.andi %[[LEFT]], %[[FREE]]
// CHECK:           %[[NEXT0:.*]] = scf.if %[[MAKES0]]
// CHECK:             %[[RING:.*]] = patch.arena_slice %[[ARENA]][0] : memref<288xi8> -> memref<64xi8>
// CHECK:             %[[SLOT:.*]] = patch.ring_offset %[[Y0]] {pitch = 32 : i32, rows = 2 : i32}
// CHECK:             %[[IN:.*]] = patch.arena_slice %[[ARENA]][32] : memref<288xi8> -> memref<256xi8>
// CHECK:             %[[ROW:.*]] = patch.ring_offset %[[Y0]] {no_wrap, pitch = 32 : i32, rows = 8 : i32}
// CHECK:             patch.call_kernel @lookup_i8(%[[RING]], %[[SLOT]], %[[IN]], %[[ROW]], %[[C0]], %[[C8]], {{.*}}) layer 0
// CHECK:             arith.addi %[[Y0]], %[[C1]]
// The second makes row y1 once rows 2 y1 and 2 y1 + 1 are there.
// CHECK:           %[[NEEDS:.*]] = arith.addi %[[FIRST]], %[[C2]]
// CHECK:           %[[READY:.*]] = arith.cmpi sge, %[[NEXT0]],
// CHECK:           scf.if %[[READY]]
// CHECK:             patch.arena_slice %[[ARENA]][64] : memref<288xi8> -> memref<64xi8>
// CHECK:             patch.ring_offset %[[Y1]] {no_wrap, pitch = 16 : i32, rows = 4 : i32}
// CHECK:             patch.call_kernel @max_pool2d_i8({{.*}}) layer 1
// CHECK:         return %[[C0]] : i32
func.func @streamed(%input: tensor<1x8x8x4xi8> {patch.offset = 32 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 288 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [2, 0],
                         offsets = [0, 64], scratch = [-1, -1]> {
    %1 = patch.requantize %x {input_zp = 3 : i32, requant = #patch.requant<
      multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128,
      max = 127, rounding = tflite>}
      : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
    %2 = patch.max_pool2d %1 {kernel = array<i32: 2, 2>,
      stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>, min = -128 : i32,
      max = 127 : i32} : (tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
    patch.yield %2 : tensor<1x4x4x4xi8>
  }
  return %0 : tensor<1x4x4x4xi8>
}

//===----------------------------------------------------------------------===//
// 2 x 2 patches: a loop over patches around the loop over ticks. The ring holds
// two rows of the four columns that a patch needs: 2 * 16 bytes.
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @patches_run
// CHECK-SAME:    (%[[ARENA:.*]]: memref<96xi8>, %[[IO:.*]]: !llvm.ptr) -> i32
// CHECK:         %[[REGIONS:.*]] = llvm.mlir.addressof @patches_regions
// CHECK:         scf.for
// CHECK:           llvm.getelementptr %[[REGIONS]]
// CHECK:           scf.while
// CHECK:               patch.arena_slice %[[ARENA]][64] : memref<96xi8> -> memref<32xi8>
// CHECK:               patch.ring_offset %{{.*}} {pitch = 16 : i32, rows = 2 : i32}
// The input lies elsewhere.
// CHECK:               patch.external_input %[[IO]] {number = 0 : i32} : memref<256xi8>
// CHECK:               patch.call_kernel @lookup_i8
// CHECK:               patch.call_kernel @max_pool2d_i8
func.func @patches(%input: tensor<1x8x8x4xi8>
      {patch.input_mode = #patch<input_mode external>, patch.offset = -1 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 96 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 2, strips = 2, halo = [recompute, recompute],
                         rings = [2, 0], offsets = [64, 0], scratch = [-1, -1]> {
    %1 = patch.requantize %x {input_zp = 3 : i32, requant = #patch.requant<
      multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128,
      max = 127, rounding = tflite>}
      : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
    %2 = patch.max_pool2d %1 {kernel = array<i32: 2, 2>,
      stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>, min = -128 : i32,
      max = 127 : i32} : (tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
    patch.yield %2 : tensor<1x4x4x4xi8>
  }
  return %0 : tensor<1x4x4x4xi8>
}

//===----------------------------------------------------------------------===//
// Rows from a callback: what it returns is a loop-carried value as well; anything
// but 0 ends the loop and is the result of the run.
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @rows_run
// CHECK-SAME:    (%[[ARENA:.*]]: memref<72xi8>, %[[IO:.*]]: !llvm.ptr) -> i32
// CHECK:         %[[C0:.*]] = arith.constant 0 : i32
// CHECK:         %[[LOOP:.*]]:3 = scf.while
// CHECK:           arith.cmpi eq, %{{.*}}, %[[C0]]
// A ring of one row of 2 * 4 bytes: its offset is always 0.
// CHECK:             %[[SLICE:.*]] = patch.arena_slice %[[ARENA]][64] : memref<72xi8> -> memref<8xi8>
// CHECK:             patch.call_input %[[IO]](%[[SLICE]], %[[C0]], %{{.*}}, %[[C0]], %{{.*}}) {inputs = 1 : i32, mode = #patch<input_mode rows>, number = 0 : i32, pitch = 8 : i32} : memref<8xi8>
// CHECK:         return %[[LOOP]]#{{[0-2]}} : i32
func.func @rows(%input: tensor<1x8x2x4xi8> {patch.input_mode = #patch<input_mode rows>})
    -> tensor<1x8x2x4xi8>
    attributes {patch.arena_bytes = 72 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x2x4xi8>) -> tensor<1x8x2x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [1, 0],
                         offsets = [64, 0], scratch = [-1, -1]> {
    %1 = patch.read_input %x {mode = #patch<input_mode rows>, number = 0 : i32}
      : tensor<1x8x2x4xi8> -> tensor<1x8x2x4xi8>
    %2 = patch.requantize %1 {input_zp = 3 : i32, requant = #patch.requant<
      multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128,
      max = 127, rounding = tflite>}
      : (tensor<1x8x2x4xi8>) -> tensor<1x8x2x4xi8>
    patch.yield %2 : tensor<1x8x2x4xi8>
  }
  return %0 : tensor<1x8x2x4xi8>
}
