// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: tessera-opt %s --patch-verify-loops -verify-diagnostics -split-input-file

func.func @negative_heap() {
  // expected-error @below {{'memref.alloc' op allocates; everything must lie in the arena}}
  %0 = memref.alloc() : memref<64xi8>
  return
}

// -----

func.func @negative_stack() {
  // expected-error @below {{'memref.alloca' op allocates; everything must lie in the arena}}
  %0 = memref.alloca() : memref<64xi8>
  return
}

// -----

func.func private @copy(!llvm.ptr, i32, !llvm.ptr, i32)

// Three rows of 32 bytes are 96, the slice has 64.
func.func @negative_ring(%arena: memref<320xi8>, %row: i32) {
  %ring = patch.arena_slice %arena[0] : memref<320xi8> -> memref<64xi8>
  %slot = patch.ring_offset %row {pitch = 32 : i32, rows = 3 : i32}
  // expected-error @below {{'patch.call_kernel' op a ring of 96 bytes does not fit its slice of 64}}
  patch.call_kernel @copy(%ring, %slot, %ring, %slot) layer 0
    : (memref<64xi8>, i32, memref<64xi8>, i32)
  return
}

// -----

func.func private @copy(!llvm.ptr, i32, !llvm.ptr, i32)

// The ring of the second operand, behind a sum.
func.func @negative_ring_in_sum(%arena: memref<320xi8>, %row: i32, %x: i32) {
  %ring = patch.arena_slice %arena[0] : memref<320xi8> -> memref<64xi8>
  %good = patch.ring_offset %row {pitch = 32 : i32, rows = 2 : i32}
  %bad = patch.ring_offset %row {pitch = 33 : i32, rows = 2 : i32}
  %byte = arith.addi %x, %bad : i32
  // expected-error @below {{'patch.call_kernel' op a ring of 66 bytes does not fit its slice of 64}}
  patch.call_kernel @copy(%ring, %good, %ring, %byte) layer 0
    : (memref<64xi8>, i32, memref<64xi8>, i32)
  return
}

// -----

func.func private @copy(!llvm.ptr, i32, !llvm.ptr, i32)

func.func @negative_constant(%arena: memref<320xi8>) {
  %slice = patch.arena_slice %arena[0] : memref<320xi8> -> memref<64xi8>
  %first = arith.constant 0 : i32
  %end = arith.constant 64 : i32
  // expected-error @below {{'patch.call_kernel' op offset 64 is outside its slice of 64 bytes}}
  patch.call_kernel @copy(%slice, %first, %slice, %end) layer 0
    : (memref<64xi8>, i32, memref<64xi8>, i32)
  return
}

// -----

// The callback would write a row of 32 bytes to a ring that ends 32 bytes later
// than its slice.
func.func @negative_callback(%arena: memref<320xi8>, %io: !llvm.ptr, %row: i32) {
  %ring = patch.arena_slice %arena[0] : memref<320xi8> -> memref<64xi8>
  %slot = patch.ring_offset %row {pitch = 32 : i32, rows = 3 : i32}
  %x = arith.constant 0 : i32
  %count = arith.constant 8 : i32
  // expected-error @below {{'patch.call_input' op a ring of 96 bytes does not fit its slice of 64}}
  %status = patch.call_input %io(%ring, %slot, %row, %x, %count)
    {mode = #patch<input_mode rows>, number = 0 : i32, inputs = 1 : i32,
     pitch = 32 : i32} : memref<64xi8>
  return
}
