// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: tessera-opt %s --patch-verify-loops | FileCheck %s

func.func private @copy(!llvm.ptr, i32, !llvm.ptr, i32)

// A ring of 2 rows of 32 bytes in a slice of 64, and the last row of a tensor of
// 256 bytes, at 224.
// CHECK-LABEL: func.func @ring_fits
func.func @ring_fits(%arena: memref<320xi8>, %row: i32) {
  %ring = patch.arena_slice %arena[0] : memref<320xi8> -> memref<64xi8>
  %slot = patch.ring_offset %row {pitch = 32 : i32, rows = 2 : i32}
  %tensor = patch.arena_slice %arena[64] : memref<320xi8> -> memref<256xi8>
  %last = arith.constant 224 : i32
  // CHECK: patch.call_kernel @copy
  patch.call_kernel @copy(%ring, %slot, %tensor, %last) layer 0
    : (memref<64xi8>, i32, memref<256xi8>, i32)
  return
}

// A byte inside the row: the ring is found behind the sum.
// CHECK-LABEL: func.func @sum
func.func @sum(%arena: memref<64xi8>, %row: i32, %x: i32) {
  %ring = patch.arena_slice %arena[0] : memref<64xi8> -> memref<64xi8>
  %slot = patch.ring_offset %row {pitch = 32 : i32, rows = 2 : i32}
  %byte = arith.addi %slot, %x : i32
  // CHECK: patch.call_kernel @copy
  patch.call_kernel @copy(%ring, %byte, %ring, %slot) layer 0
    : (memref<64xi8>, i32, memref<64xi8>, i32)
  return
}
