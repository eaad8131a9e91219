// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two layers on an 8x8 map of 4 channels (8 rows of 32 bytes): an element-wise
// layer, then a 2x2 pooling with stride 2 (result 4 rows of 16 bytes).

// RUN: split-file %s %t
// RUN: tessera-opt %t/net.mlir --patch-plan-stages=schedule=layer --patch-verify-plan | FileCheck %s --check-prefix=LAYER
// RUN: tessera-opt %t/net.mlir --patch-plan-stages=schedule=stream --patch-verify-plan | FileCheck %s --check-prefix=STREAM
// RUN: tessera-opt %t/net.mlir --patch-plan-stages="schedule=stream input=rows" --patch-verify-plan | FileCheck %s --check-prefix=ROWS
// RUN: tessera-opt %t/net.mlir --patch-plan-stages="schedule=patch input=external" --patch-verify-plan | FileCheck %s --check-prefix=PATCH
// RUN: tessera-opt %t/net.mlir --patch-plan-stages="schedule=patch input=windows" --patch-verify-plan | FileCheck %s --check-prefix=WINDOWS
// RUN: tessera-opt %t/net.mlir --patch-plan-stages=ram-limit=272 --patch-verify-plan=ram-limit=272 | FileCheck %s --check-prefix=LIMIT
// RUN: tessera-opt %t/given.mlir --patch-plan-stages --patch-verify-plan | FileCheck %s --check-prefix=GIVEN
// RUN: tessera-opt %t/net.mlir --patch-plan-stages=schedule=stream --patch-plan-stages --patch-verify-plan | FileCheck %s --check-prefix=STREAM
// RUN: tessera-opt %t/net.mlir --patch-plan-stages=schedule=stream --remarks-filter=patch-plan-stages 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// Layer by layer every tensor is whole: input 256 bytes, first result 256, at
// the peak both at once; the second result (64 bytes) lies over dead input.
// LAYER-LABEL: func.func @net
// LAYER-SAME:    %{{.*}}: tensor<1x8x8x4xi8> {patch.offset = {{[0-9]+}} : i64}
// LAYER-SAME:    patch.arena_bytes = 512 : i64
// LAYER:         patch.stage
// LAYER-SAME:      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [0]
// LAYER-NEXT:      patch.requantize
// LAYER-NEXT:      patch.yield
// LAYER:         patch.stage
// LAYER-SAME:      rings = [0]
// LAYER-NEXT:      patch.max_pool2d

// Streamed, the first result is a ring of two rows (the pool's window, 64 bytes)
// and the result follows the input's dead rows. Before tick 0 only the ring needs
// room; row 0 of it is written while row 0 of the input is read, so that the two
// may share at most one row: 256 + 32 = 288 bytes.
// STREAM-LABEL: func.func @net
// STREAM-SAME:    patch.offset = 32 : i64
// STREAM-SAME:    patch.arena_bytes = 288 : i64
// STREAM:         patch.stage
// STREAM-SAME:      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [2, 0]
// STREAM-NEXT:      patch.requantize
// STREAM-NEXT:      patch.max_pool2d
// STREAM-NEXT:      patch.yield
// STREAM-NOT:     patch.stage
// STREAM:         return

// By rows the input is a ring of one row (32 bytes), which the element-wise layer
// replaces in place by a row of its own ring (2 rows, 64 bytes). With the result
// (64 bytes) that is 64 + 64 = 128; the argument itself takes no room.
// ROWS-LABEL: func.func @net
// ROWS-SAME:    {patch.input_mode = #patch<input_mode rows>})
// ROWS-SAME:    patch.arena_bytes = 128 : i64
// ROWS:         patch.stage
// ROWS-SAME:      rings = [1, 2, 0]
// ROWS-NEXT:      patch.read_input %{{.*}} {mode = #patch<input_mode rows>, number = 0 : i32}
// ROWS-NEXT:      patch.requantize
// ROWS-NEXT:      patch.max_pool2d

// Rectangles: the 4x4 result in 2 x 4 patches. A patch of 2 x 1 pixels needs two
// columns (8 bytes) of two rows in its ring: 64 + 2 * 8 = 80 bytes.
// PATCH-LABEL: func.func @net
// PATCH-SAME:    patch.input_mode = #patch<input_mode external>, patch.offset = -1 : i64
// PATCH-SAME:    patch.arena_bytes = 80 : i64
// PATCH:         patch.stage
// PATCH-SAME:      plan = #patch.plan<bands = {{[2-4]}}, strips = 4, halo = [recompute, recompute], rings = [2, 0]
// PATCH-NEXT:      patch.requantize
// PATCH-NEXT:      patch.max_pool2d

// With `windows` a window of the input is one more ring, made into the next one
// in place: no more bytes.
// WINDOWS-LABEL: func.func @net
// WINDOWS-SAME:    patch.arena_bytes = 80 : i64
// WINDOWS:         patch.stage
// WINDOWS-SAME:      strips = 4, halo = [recompute, recompute], rings = [1, 2, 0]
// WINDOWS-NEXT:      patch.read_input %{{.*}} {mode = #patch<input_mode windows>, number = 0 : i32}

// `auto` makes the first layer in place over the whole input, and lets the
// result begin one row earlier: row 0 is written while rows 0 and 1 are read.
// 256 + 16 = 272 bytes, which just fit.
// LIMIT-LABEL: func.func @net
// LIMIT-SAME:    patch.arena_bytes = 272 : i64

// What a plan written by hand leaves out is filled in, what it gives is kept: a
// ring of three rows (96 bytes) where two would do.
// GIVEN-LABEL: func.func @bands_and_strips
// GIVEN:         plan = #patch.plan<bands = 2, strips = 2, halo = [recompute, recompute], rings = [2, 0], offsets = [{{[0-9]+}}, {{[0-9]+}}], scratch = [-1, -1]>
// GIVEN-LABEL: func.func @rings
// GIVEN:         plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [3, 0], offsets = [{{[0-9]+}}, {{[0-9]+}}], scratch = [-1, -1]>

// REMARK: remark: [Passed] Planned | Category:patch-plan-stages | Function=net | ArenaBytes=288, LayerByLayerBytes=512, MaxLiveBytes={{[0-9]+}}, RecomputeFactor=1.000
// REMARK: remark: [Passed] Stage | Category:patch-plan-stages | Function=net | Bands=1, Layers=2, Strips=1

//--- net.mlir
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

//--- given.mlir
func.func @bands_and_strips(%input: tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8> {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 2, strips = 2, halo = [recompute, recompute]> {
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
func.func @rings(%input: tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8> {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [3, 0]> {
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
