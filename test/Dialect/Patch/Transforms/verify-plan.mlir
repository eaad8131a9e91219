// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans written by hand for two layers on an 8x8 map of 4 channels (8 rows of 32
// bytes): element-wise, then 2x2 pooling with stride 2 (4 rows of 16 bytes).

// RUN: tessera-opt %s --patch-verify-plan=ram-limit=320 | FileCheck %s

// CHECK-LABEL: func.func @streamed
// CHECK: offsets = [0, 64]
// The ring at [0, 64), the input at [32, 288): row 1 of the ring takes the place of
// row 0 of the input, which is read by then. Row k of the result, at 64 + 16 k, takes
// the place of bytes of input rows 1 and up: in tick 2k + 1 rows up to 2k + 1 are read,
// which end at 32 + 64 (k + 1) = 96 + 64 k.
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

// CHECK-LABEL: func.func @apart
// CHECK: offsets = [256, 0]
// The ring lies behind the input, the result over input rows that are dead:
// row k of the result ends at 16 (k + 1), input rows up to 2k + 1 at 64 (k + 1).
func.func @apart(%input: tensor<1x8x8x4xi8> {patch.offset = 0 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 320 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [2, 0],
                         offsets = [256, 0], scratch = [-1, -1]> {
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

// CHECK-LABEL: func.func @no_plan_yet
// A function without patch.arena_bytes has no plan to check.
func.func @no_plan_yet(%input: tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8> {
  %0 = patch.max_pool2d %input {kernel = array<i32: 2, 2>,
    stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>, min = -128 : i32,
    max = 127 : i32} : (tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
  return %0 : tensor<1x4x4x4xi8>
}
