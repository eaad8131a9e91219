// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: tessera-opt %s --convert-patch-to-llvm -split-input-file | FileCheck %s
// RUN: tessera-opt %s --convert-patch-to-llvm -split-input-file -mlir-print-debuginfo | FileCheck %s --check-prefix=LINES
// RUN: tessera-opt %s --convert-patch-to-llvm=index-bitwidth=64 -split-input-file | FileCheck %s --check-prefix=WIDE

// Of NAME_io with two inputs, field 0 and 1 are the pointers of the inputs or of
// their callbacks and field 2 is the context.

// CHECK-LABEL: llvm.func @run
// CHECK-SAME:    (%[[ARENA:.*]]: !llvm.ptr, %[[IO:.*]]: !llvm.ptr, %[[ROW:.*]]: i32) -> i32
func.func @run(%arena: memref<288xi8>, %io: !llvm.ptr, %row: i32) -> i32 {
  // A slice is a pointer behind a descriptor.
  // CHECK: llvm.getelementptr %{{.*}}[32] : (!llvm.ptr) -> !llvm.ptr, i8
  %ring = patch.arena_slice %arena[32] : memref<288xi8> -> memref<64xi8>

  // (row mod 2) * 32
  // CHECK:      %[[TWO:.*]] = llvm.mlir.constant(2 : i32)
  // CHECK-NEXT: %[[SLOT:.*]] = llvm.urem %[[ROW]], %[[TWO]]
  // CHECK-NEXT: %[[PITCH:.*]] = llvm.mlir.constant(32 : i32)
  // CHECK-NEXT: %[[RING_OFFSET:.*]] = llvm.mul %[[SLOT]], %[[PITCH]]
  %slot = patch.ring_offset %row {pitch = 32 : i32, rows = 2 : i32}

  // CHECK:      %[[FIELD:.*]] = llvm.getelementptr %[[IO]][1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  // CHECK-NEXT: llvm.load %[[FIELD]] : !llvm.ptr -> !llvm.ptr
  %in = patch.external_input %io {number = 1 : i32} : memref<256xi8>

  // A full tensor: no remainder.
  // CHECK:      %[[PITCH:.*]] = llvm.mlir.constant(32 : i32)
  // CHECK-NEXT: %[[ROW_OFFSET:.*]] = llvm.mul %[[ROW]], %[[PITCH]]
  %y = patch.ring_offset %row {no_wrap, pitch = 32 : i32, rows = 8 : i32}

  // Pointers, not descriptors. The call of layer 3 is line 4.
  // CHECK: llvm.call @copy(%{{.*}}, %[[RING_OFFSET]], %{{.*}}, %[[ROW_OFFSET]]) : (!llvm.ptr, i32, !llvm.ptr, i32) -> ()
  // LINES: llvm.call @copy({{.*}} loc(#[[LINE:.*]])
  patch.call_kernel @copy(%ring, %slot, %in, %y) layer 3
    : (memref<64xi8>, i32, memref<256xi8>, i32)

  // row(ctx, y, dst)
  // CHECK:      %[[FIELD:.*]] = llvm.getelementptr %[[IO]][0]
  // CHECK-NEXT: %[[CALLBACK:.*]] = llvm.load %[[FIELD]]
  // CHECK-NEXT: %[[FIELD:.*]] = llvm.getelementptr %[[IO]][2]
  // CHECK-NEXT: %[[CONTEXT:.*]] = llvm.load %[[FIELD]]
  // CHECK:      %[[DST:.*]] = llvm.getelementptr %{{.*}}[%[[RING_OFFSET]]] : (!llvm.ptr, i32) -> !llvm.ptr, i8
  // CHECK-NEXT: llvm.call %[[CALLBACK]](%[[CONTEXT]], %[[ROW]], %[[DST]]) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr) -> i32
  %x = arith.constant 2 : i32
  %count = arith.constant 6 : i32
  %a = patch.call_input %io(%ring, %slot, %row, %x, %count)
    {mode = #patch<input_mode rows>, number = 0 : i32, inputs = 2 : i32,
     pitch = 32 : i32} : memref<64xi8>

  // window(ctx, y0, x0, h, w, dst, pitch): one row of six columns from 2 on. The
  // pitch is a size_t.
  // CHECK:      %[[ONE:.*]] = llvm.mlir.constant(1 : i32)
  // CHECK-NEXT: %[[PITCH:.*]] = llvm.mlir.constant(32 : index) : i32
  // CHECK-NEXT: %[[STATUS:.*]] = llvm.call %{{.*}}(%{{.*}}, %[[ROW]], %{{.*}}, %[[ONE]], %{{.*}}, %{{.*}}, %[[PITCH]]) : !llvm.ptr, (!llvm.ptr, i32, i32, i32, i32, !llvm.ptr, i32) -> i32
  // WIDE:       llvm.mlir.constant(32 : index) : i64
  // WIDE-NEXT:  llvm.call {{.*}} : !llvm.ptr, (!llvm.ptr, i32, i32, i32, i32, !llvm.ptr, i64) -> i32
  %b = patch.call_input %io(%ring, %slot, %row, %x, %count)
    {mode = #patch<input_mode windows>, number = 0 : i32, inputs = 2 : i32,
     pitch = 32 : i32} : memref<64xi8>

  // CHECK: llvm.return %[[STATUS]] : i32
  return %b : i32
}

// Kernels are internal to the object.
// CHECK: llvm.func internal @copy
func.func private @copy(%a: !llvm.ptr, %b: i32, %c: !llvm.ptr, %d: i32) {
  return
}

// Only the entry has line numbers.
// LINES: llvm.return loc(#[[END:.*]])
// LINES: #[[LINE]] = loc("run":4:1)
// LINES: llvm.di_subprogram<{{.*}}name = "run"
