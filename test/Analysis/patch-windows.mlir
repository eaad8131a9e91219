// RUN: tessera-opt %s -test-window="rows=1,3 cols=0,2" -split-input-file -o /dev/null | FileCheck %s
//
// The answers of the patch dialect's own layers.

#requant = #patch.requant<multiplier = [1073741824], exponent = [-9],
  zero_point = 0, min = -128, max = 127, rounding = tflite>

// 3x3, stride 2: [2, 7) and [0, 5); 16 * 3 * 3 * 3 = 432 MACs per pixel.
// Depthwise, 3x3, pad 1: [0, 4) and [-1, 3); 3 * 3 * 16 = 144.
// A pool of 2x2, stride 2, of 4x4 has 2 rows: [1, 3) is clipped to [1, 2).

// CHECK:      patch.conv2d operand 0: y [1, 3) -> [2, 7), x [0, 2) -> [0, 5)
// CHECK-NEXT: patch.conv2d: rows, 432 MACs per pixel
// CHECK-NEXT: patch.depthwise_conv2d operand 0: y [1, 3) -> [0, 4), x [0, 2) -> [0, 3)
// CHECK-NEXT: patch.depthwise_conv2d: rows, 144 MACs per pixel
// CHECK-NEXT: patch.max_pool2d operand 0: y [1, 2) -> [2, 4), x [0, 2) -> [0, 4)
// CHECK-NEXT: patch.max_pool2d: rows, 0 MACs per pixel
func.func @windows(%input: tensor<1x8x8x3xi8>, %w0: tensor<16x3x3x3xi8>, %w1: tensor<3x3x16xi8>, %bias: tensor<16xi32>) -> tensor<1x2x2x16xi8> {
  %0 = patch.conv2d %input, %w0, %bias {
    stride = array<i32: 2, 2>, dilation = array<i32: 1, 1>,
    pad = array<i32: 0, 1, 0, 1>, input_zp = 0 : i32, requant = #requant
  } : (tensor<1x8x8x3xi8>, tensor<16x3x3x3xi8>, tensor<16xi32>) -> tensor<1x4x4x16xi8>
  %1 = patch.depthwise_conv2d %0, %w1, %bias {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>,
    pad = array<i32: 1, 1, 1, 1>, input_zp = 0 : i32, requant = #requant
  } : (tensor<1x4x4x16xi8>, tensor<3x3x16xi8>, tensor<16xi32>) -> tensor<1x4x4x16xi8>
  %2 = patch.max_pool2d %1 {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>,
    pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32
  } : (tensor<1x4x4x16xi8>) -> tensor<1x2x2x16xi8>
  return %2 : tensor<1x2x2x16xi8>
}

// -----

#requant = #patch.requant<multiplier = [1073741824], exponent = [-9],
  zero_point = 0, min = -128, max = 127, rounding = tflite>

// Reductions read everything for their one row ([1, 3) of one row is empty). Per
// pixel of the operand a fully connected layer does 10 * 32 / 16 = 20 MACs; of one
// row with the whole of its input, 10 * 2 = 20.

// CHECK:      patch.fully_connected operand 0: y [1, 1) -> [0, 0), x [0, 1) -> [0, 4)
// CHECK-NEXT: patch.fully_connected: reduce, 20 MACs per pixel
// CHECK-NEXT: patch.mean operand 0: y [1, 1) -> [0, 0), x [0, 1) -> [0, 4)
// CHECK-NEXT: patch.mean: reduce, 0 MACs per pixel
// CHECK-NEXT: patch.avg_pool2d operand 0: y [1, 1) -> [0, 0), x [0, 1) -> [0, 4)
// CHECK-NEXT: patch.avg_pool2d: reduce, 0 MACs per pixel
// CHECK-NEXT: patch.fully_connected operand 0: y [1, 1) -> [0, 0), x [0, 1) -> [0, 1)
// CHECK-NEXT: patch.fully_connected: rows, 20 MACs per pixel
func.func @reductions(%input: tensor<1x4x4x2xi8>, %w0: tensor<10x32xi8>, %w1: tensor<10x2xi8>, %bias: tensor<10xi32>) -> (tensor<1x1x1x10xi8>, tensor<1x1x1x2xi8>, tensor<1x1x1x10xi8>) {
  %0 = patch.fully_connected %input, %w0, %bias {input_zp = 0 : i32, requant = #requant}
    : (tensor<1x4x4x2xi8>, tensor<10x32xi8>, tensor<10xi32>) -> tensor<1x1x1x10xi8>
  %1 = patch.mean %input {input_zp = 0 : i32, requant = #requant}
    : (tensor<1x4x4x2xi8>) -> tensor<1x1x1x2xi8>
  %2 = patch.avg_pool2d %input {
    kernel = array<i32: 4, 4>, stride = array<i32: 1, 1>,
    pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32
  } : (tensor<1x4x4x2xi8>) -> tensor<1x1x1x2xi8>
  %3 = patch.fully_connected %2, %w1, %bias {input_zp = 0 : i32, requant = #requant}
    : (tensor<1x1x1x2xi8>, tensor<10x2xi8>, tensor<10xi32>) -> tensor<1x1x1x10xi8>
  return %0, %1, %3 : tensor<1x1x1x10xi8>, tensor<1x1x1x2xi8>, tensor<1x1x1x10xi8>
}

// -----

#requant = #patch.requant<multiplier = [1073741824], exponent = [-9],
  zero_point = 0, min = -128, max = 127, rounding = tflite>

// Additions read both operands, and write over the first. A pad of one row: rows 1
// and 2 are rows 0 and 1. Sources read nothing.

// CHECK:      patch.read_input: source, 0 MACs per pixel
// CHECK-NEXT: patch.add operand 0: y [1, 3) -> [1, 3), x [0, 2) -> [0, 2)
// CHECK-NEXT: patch.add operand 1: y [1, 3) -> [1, 3), x [0, 2) -> [0, 2)
// CHECK-NEXT: patch.add: rows, 0 MACs per pixel, in place of 0
// CHECK-NEXT: patch.pad operand 0: y [1, 3) -> [0, 2), x [0, 2) -> [0, 1)
// CHECK-NEXT: patch.pad: rows, 0 MACs per pixel
func.func @others(%input: tensor<1x4x4x2xi8>) -> tensor<1x6x6x2xi8> {
  %0 = patch.read_input %input {mode = #patch<input_mode rows>, number = 0 : i32}
    : tensor<1x4x4x2xi8> -> tensor<1x4x4x2xi8>
  %1 = patch.add %0, %0 {
    left_shift = 20 : i32,
    lhs_zp = 0 : i32, lhs_multiplier = 1 : i32, lhs_exponent = 0 : i32,
    rhs_zp = 0 : i32, rhs_multiplier = 1 : i32, rhs_exponent = 0 : i32,
    requant = #requant
  } : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  %2 = patch.pad %1 {pad = array<i32: 1, 1, 1, 1>, value = 0 : i32}
    : (tensor<1x4x4x2xi8>) -> tensor<1x6x6x2xi8>
  return %2 : tensor<1x6x6x2xi8>
}
