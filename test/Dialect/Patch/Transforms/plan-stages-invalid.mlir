// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans written by hand for two layers on an 8x8 map of 4 channels (8 rows of 32
// bytes): element-wise, then 2x2 pooling with stride 2 (4 rows of 16 bytes).

// RUN: tessera-opt %s --patch-plan-stages -verify-diagnostics -split-input-file

// The pool reads rows 0 and 1 at once.
// expected-error @below {{the ring of '0:requantize' has 1 rows but a reader needs 2 at once}}
func.func @negative_ring_too_small(%input: tensor<1x8x8x4xi8>)
    -> tensor<1x4x4x4xi8> {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [1, 0]> {
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

// A ring of 0 rows says that the tensor is whole, which only results of the
// stage are.
// expected-error @below {{the result of '0:requantize' is read only in its stage and needs a ring, but has 0 ring rows}}
func.func @negative_ring_missing(%input: tensor<1x8x8x4xi8>)
    -> tensor<1x4x4x4xi8> {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [0, 0]> {
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

// The stage's result is a whole tensor.
// expected-error @below {{the result of '1:max_pool2d' must be a full tensor (0 ring rows), but has 2 ring rows}}
func.func @negative_ring_for_result(%input: tensor<1x8x8x4xi8>)
    -> tensor<1x4x4x4xi8> {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [2, 2]> {
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

// The map has 8 rows.
// expected-error @below {{the ring of '0:requantize' has 9 rows but its tensor has 8}}
func.func @negative_ring_too_large(%input: tensor<1x8x8x4xi8>)
    -> tensor<1x4x4x4xi8> {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [9, 0]> {
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

// 4 rows cannot be cut into 5 bands.
// expected-error @below {{stage has 5 bands and 1 strips but its result has 4 rows and 4 columns}}
func.func @negative_too_many_bands(%input: tensor<1x8x8x4xi8>)
    -> tensor<1x4x4x4xi8> {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 5, strips = 1, halo = [recompute, cache]> {
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

// Two bands restart in y: nothing is cached from one to the next.
func.func @negative_halo(%input: tensor<1x8x8x4xi8>)
    -> tensor<1x4x4x4xi8> {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      // expected-error @below {{P3: with 2 bands and 1 strips the halo must be [recompute, cache]}}
      plan = #patch.plan<bands = 2, strips = 1, halo = [cache, cache]> {
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

func.func @negative_no_plan(%input: tensor<1x8x8x4xi8>)
    -> tensor<1x4x4x4xi8> {
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

// -----

// Complete plans are checked as well: ring and result both begin at 32, and
// 16 bytes of the result would replace bytes of the ring that are being read.
// expected-error @below {{the given plan is wrong: '1:max_pool2d' writes row 0 of tensor 2 't2' over bytes that it is still reading}}
func.func @negative_offsets_collide(%input: tensor<1x8x8x4xi8> {patch.offset = 32 : i64})
    -> tensor<1x4x4x4xi8>
    attributes {patch.arena_bytes = 288 : i64} {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [2, 0],
                         offsets = [32, 32], scratch = [-1, -1]> {
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

// One layer is in a stage, the other is not.
func.func @negative_layer_outside(%input: tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8> {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache]> {
    %1 = patch.requantize %x {input_zp = 3 : i32, requant = #patch.requant<
      multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128,
      max = 127, rounding = tflite>}
      : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
    patch.yield %1 : tensor<1x8x8x4xi8>
  }
  // expected-error @below {{'patch.max_pool2d' op is not in a stage; put all layers in stages, or none and run patch-plan-stages}}
  %2 = patch.max_pool2d %0 {kernel = array<i32: 2, 2>,
    stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>, min = -128 : i32,
    max = 127 : i32} : (tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
  return %2 : tensor<1x4x4x4xi8>
}

// -----

// expected-error @below {{no layer}}
func.func @negative_no_layer(%input: tensor<1x8xi8>) -> tensor<1x8xi8> {
  return %input : tensor<1x8xi8>
}

// -----

func.func @negative_foreign_op(%input: tensor<1x8xi8>) -> tensor<1x8xi8> {
  // expected-error @below {{'arith.addi' op is not a layer of the patch dialect; run convert-tosa-to-patch first}}
  %0 = arith.addi %input, %input : tensor<1x8xi8>
  return %0 : tensor<1x8xi8>
}

// -----

// TOSA says which windows it reads, so that others can plan it; there is no kernel.
func.func @negative_no_kernel(%input: tensor<1x8xi8>) -> tensor<1x8xi8> {
  // expected-error @below {{'tosa.abs' op has no row kernel: there are kernels for int8 layers of the patch dialect, not for 'tensor<1x8xi8>'}}
  %0 = tosa.abs %input : (tensor<1x8xi8>) -> tensor<1x8xi8>
  return %0 : tensor<1x8xi8>
}

// -----

// expected-error @below {{argument 0 must be a static tensor of integers or floats, not 'tensor<1x?x8x4xi8>'}}
func.func @negative_dynamic(%input: tensor<1x?x8x4xi8>) {
  return
}
