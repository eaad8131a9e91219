// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From TOSA to phase `loops`: two 2x2 poolings of stride 1 on an 8x8 map of 4
// channels. The first makes 7x7 pixels, the second 6x6.

// RUN: tessera-opt %s --tosa-to-patch-loops="schedule=layer" | FileCheck %s --check-prefix=LAYER
// RUN: tessera-opt %s --tosa-to-patch-loops="schedule=stream input=external" | FileCheck %s --check-prefix=STREAM
// RUN: not tessera-opt %s --tosa-to-patch-loops="schedule=layer ram-limit=64" 2>&1 | FileCheck %s --check-prefix=LIMIT

// Layer by layer one loop for each.
// LAYER-LABEL: func.func @net_run(%{{.*}}: memref<{{[0-9]+}}xi8>, %{{.*}}: !llvm.ptr) -> i32
// LAYER:         scf.while
// LAYER:           patch.call_kernel @max_pool2d_i8({{.*}}) layer 0
// LAYER:         scf.while
// LAYER:           patch.call_kernel @max_pool2d_i8({{.*}}) layer 1
// LAYER:         return

// Streamed: one loop; a ring of 2 rows of 7 * 4 = 28 bytes beside 6 * 24 = 144 bytes
// of result.
// STREAM-LABEL: func.func @net_run(%{{.*}}: memref<200xi8>, %{{.*}}: !llvm.ptr) -> i32
// STREAM:         scf.while
// STREAM-NOT:     scf.while
// STREAM:           patch.ring_offset %{{.*}} {pitch = 28 : i32, rows = 2 : i32}
// STREAM:           patch.external_input
// STREAM:           patch.call_kernel @max_pool2d_i8({{.*}}) layer 0
// STREAM:           patch.call_kernel @max_pool2d_i8({{.*}}) layer 1
// STREAM:         return

// LIMIT: error: the plan of least RAM needs {{[0-9]+}} bytes but the limit is 64; the peak is at {{.*}}. Schedule auto fuses ops and needs less.
func.func @net(%input: tensor<1x8x8x4xi8>) -> tensor<1x6x6x4xi8> {
  %0 = tosa.max_pool2d %input {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>} : (tensor<1x8x8x4xi8>) -> tensor<1x7x7x4xi8>
  %1 = tosa.max_pool2d %0 {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>} : (tensor<1x7x7x4xi8>) -> tensor<1x6x6x4xi8>
  return %1 : tensor<1x6x6x4xi8>
}
