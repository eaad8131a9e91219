// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans written by hand for two layers on an 8x8 map of 4 channels (8 rows of 32
// bytes): element-wise, then 2x2 pooling with stride 2 (4 rows of 16 bytes).

// RUN: tessera-opt %s --patch-verify-plan=ram-limit=287 -verify-diagnostics -split-input-file

// Ring at [32, 96), result from 64 on: row 0 of the result (16 bytes at 64) replaces
// row 1 of the ring, which the same kernel call reads.
// expected-error @below {{the plan is wrong: '1:max_pool2d' writes row 0 of tensor 2 't2' over bytes that it is still reading}}
func.func @negative_result_over_ring(%input: tensor<1x8x8x4xi8> {patch.offset = 32 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 288 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [2, 0],
                         offsets = [32, 64], scratch = [-1, -1]> {
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

// -----

// Ring at [64, 128), input from 0 on: row 0 of the ring replaces row 2 of the input
// before it is read.
// expected-error @below {{the plan is wrong: '0:requantize' reads row 2 of tensor 0 't0' at byte 64, overwritten by '0:requantize' with row 0 of tensor 1 't1'}}
func.func @negative_ring_over_input(%input: tensor<1x8x8x4xi8> {patch.offset = 0 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 256 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [2, 0],
                         offsets = [64, 0], scratch = [-1, -1]> {
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

// -----

// The input ends at 32 + 256 = 288.
// expected-error @below {{the plan is wrong: tensor 0 't0' at 32 has 256 bytes and leaves the arena of 280}}
func.func @negative_arena_too_small(%input: tensor<1x8x8x4xi8> {patch.offset = 32 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 280 : i64} {
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

// -----

// The ring has 2 * 32 = 64 bytes: 232 + 64 = 296.
// expected-error @below {{the plan is wrong: the ring of '0:requantize' at 232 has 64 bytes and leaves the arena of 288}}
func.func @negative_ring_leaves_arena(%input: tensor<1x8x8x4xi8> {patch.offset = 32 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 288 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [2, 0],
                         offsets = [232, 64], scratch = [-1, -1]> {
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

// -----

// Tensors lie at multiples of 4, for kernels that load words.
// expected-error @below {{the plan is wrong: tensor 2 't2' lies at 66, not at a multiple of 4}}
func.func @negative_unaligned(%input: tensor<1x8x8x4xi8> {patch.offset = 32 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 288 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [2, 0],
                         offsets = [0, 66], scratch = [-1, -1]> {
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

// -----

// A plan without offsets is not complete.
// expected-error @below {{the plan is wrong: tensor 0 't0' lies at -1, not at a multiple of 4}}
func.func @negative_no_offset(%input: tensor<1x8x8x4xi8>)
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 288 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [2, 0]> {
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

// -----

// The ring is checked although its bytes are there.
// expected-error @below {{the plan is wrong: the ring of '0:requantize' has 1 rows but a reader needs 2 at once}}
func.func @negative_ring_too_small(%input: tensor<1x8x8x4xi8> {patch.offset = 32 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 288 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [1, 0],
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

// -----

// 4 columns cannot be cut into 8 strips.
// expected-error @below {{the plan is wrong: stage has 1 bands and 8 strips but its result has 4 rows and 4 columns}}
func.func @negative_too_many_strips(%input: tensor<1x8x8x4xi8> {patch.offset = 64 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 320 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 8, halo = [cache, recompute], rings = [2, 0],
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

// -----

// This plan is right, but one byte above the limit of the RUN line.
// expected-error @below {{plan needs 288 bytes but the limit is 287}}
func.func @negative_above_limit(%input: tensor<1x8x8x4xi8> {patch.offset = 32 : i64})
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

// -----

func.func @negative_no_plan(%input: tensor<1x8x8x4xi8> {patch.offset = 32 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 288 : i64} {
  // expected-error @below {{'patch.stage' op has no plan; give one, or run patch-plan-stages on layers without stages}}
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8> {
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
