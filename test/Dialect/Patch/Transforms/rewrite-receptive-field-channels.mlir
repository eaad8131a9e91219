// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constant and dead channels. Sums are scaled by 2^30 * 2^(e - 31): by 1 with
// exponent 1, where the result is clamp(sum - 128, -128, 127), by 1/2 with exponent
// 0. Zero point -128 makes of an input in [-128, 127] a factor in [0, 255].

// RUN: tessera-opt %s --split-input-file --patch-rewrite-receptive-field --canonicalize | FileCheck %s
// RUN: tessera-opt %s --split-input-file --patch-rewrite-receptive-field=channels=false | FileCheck %s --check-prefix=OFF
// RUN: tessera-opt %s --split-input-file --patch-rewrite-receptive-field --remarks-filter=patch-rewrite-receptive-field 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// OFF-LABEL: func.func @fold
// OFF:         patch.removed_macs = 0 : i64
// OFF:         -> tensor<1x4x4x3xi8>

// Channel 0 of the first layer: weights of zero, bias 5: always 5 - 128 = -123.
// Channel 1: bias -300, at most 255 * 1 - 300 < 0: always -128.
// Channel 2: 2 * input, live.
// The second layer reads 7 * (-123 + 128) = 35 of channel 0, 0 of channel 1:
// its bias 100 becomes 135. MACs before 16 * 3 + 16 * 3, now 16 + 16: 64 less.
// CHECK-LABEL: func.func @fold
// CHECK-SAME:    attributes {patch.removed_macs = 64 : i64}
// CHECK-DAG:     %[[W0:.*]] = arith.constant dense<2> : tensor<1x1x1x1xi8>
// CHECK-DAG:     %[[B0:.*]] = arith.constant dense<1> : tensor<1xi32>
// CHECK-DAG:     %[[W1:.*]] = arith.constant dense<3> : tensor<1x1x1x1xi8>
// CHECK-DAG:     %[[B1:.*]] = arith.constant dense<135> : tensor<1xi32>
// CHECK:         %[[A:.*]] = patch.conv2d %{{.*}}, %[[W0]], %[[B0]]
// CHECK-SAME:      multiplier = [1073741824], exponent = [1]
// CHECK-SAME:      -> tensor<1x4x4x1xi8>
// CHECK:         patch.conv2d %[[A]], %[[W1]], %[[B1]]
// REMARK: RemovedChannels
// REMARK-SAME: Function=fold
// REMARK-SAME: Macs=32, MapBytes=32, ParameterBytes=10
func.func @fold(%x: tensor<1x4x4x1xi8>) -> tensor<1x4x4x1xi8> {
  %w0 = arith.constant dense<[[[[0]]], [[[1]]], [[[2]]]]> : tensor<3x1x1x1xi8>
  %b0 = arith.constant dense<[5, -300, 1]> : tensor<3xi32>
  %w1 = arith.constant dense<[[[[7, 9, 3]]]]> : tensor<1x1x1x3xi8>
  %b1 = arith.constant dense<100> : tensor<1xi32>
  %0 = patch.conv2d %x, %w0, %b0 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824, 1073741824, 1073741824], exponent = [1, 1, 1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x1xi8>, tensor<3x1x1x1xi8>, tensor<3xi32>) -> tensor<1x4x4x3xi8>
  %1 = patch.conv2d %0, %w1, %b1 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x3xi8>, tensor<1x1x1x3xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  return %1 : tensor<1x4x4x1xi8>
}

// -----

// A chain conv -> depthwise -> max_pool -> fully_connected over 2x2 pixels of 2
// channels. Channel 1 is 3 - 128 = -125, not the zero point; the depthwise layer,
// without padding, makes 10 * (-125 + 128) + 4 = 34 of it, which is -94. The last
// layer reads it in columns 1, 3, 5, 7 with weights 1, 2, 3, 4: (1 + 2 + 3 + 4) *
// 34 = 340 go into its bias, 1000 + 340. Its other columns are 10, 20, 30, 40.
// CHECK-LABEL: func.func @chain
// CHECK-DAG:     %[[B:.*]] = arith.constant dense<1340> : tensor<1xi32>
// CHECK-DAG:     %[[W:.*]] = arith.constant dense<{{\[\[}}10, 20, 30, 40]]> : tensor<1x4xi8>
// CHECK:         patch.conv2d {{.*}} -> tensor<1x4x4x1xi8>
// CHECK:         patch.depthwise_conv2d {{.*}} -> tensor<1x4x4x1xi8>
// CHECK:         patch.max_pool2d {{.*}} -> tensor<1x2x2x1xi8>
// CHECK:         patch.reshape {{.*}} : tensor<1x2x2x1xi8> -> tensor<1x1x1x4xi8>
// CHECK:         patch.fully_connected %{{.*}}, %[[W]], %[[B]]
func.func @chain(%x: tensor<1x4x4x1xi8>) -> tensor<1x1x1x1xi8> {
  %w0 = arith.constant dense<[[[[1]]], [[[0]]]]> : tensor<2x1x1x1xi8>
  %b0 = arith.constant dense<[0, 3]> : tensor<2xi32>
  %w1 = arith.constant dense<[[[1, 10]]]> : tensor<1x1x2xi8>
  %b1 = arith.constant dense<[0, 4]> : tensor<2xi32>
  %w2 = arith.constant dense<[[10, 1, 20, 2, 30, 3, 40, 4]]> : tensor<1x8xi8>
  %b2 = arith.constant dense<1000> : tensor<1xi32>
  %0 = patch.conv2d %x, %w0, %b0 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x1xi8>, tensor<2x1x1x1xi8>, tensor<2xi32>) -> tensor<1x4x4x2xi8>
  %1 = patch.depthwise_conv2d %0, %w1, %b1 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x1x2xi8>, tensor<2xi32>) -> tensor<1x4x4x2xi8>
  %2 = patch.max_pool2d %1 {kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8>
  %3 = patch.reshape %2 : tensor<1x2x2x2xi8> -> tensor<1x1x1x8xi8>
  %4 = patch.fully_connected %3, %w2, %b2 {input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x1x1x8xi8>, tensor<1x8xi8>, tensor<1xi32>) -> tensor<1x1x1x1xi8>
  return %4 : tensor<1x1x1x1xi8>
}

// -----

// Nobody reads channel 1 of the second map with a weight, so it is dead; it alone
// reads channel 1 of the first, which dies with it.
// CHECK-LABEL: func.func @dead
// CHECK:         patch.conv2d {{.*}} -> tensor<1x4x4x1xi8>
// CHECK:         patch.conv2d {{.*}} -> tensor<1x4x4x1xi8>
// CHECK:         patch.conv2d {{.*}} -> tensor<1x4x4x1xi8>
func.func @dead(%x: tensor<1x4x4x1xi8>) -> tensor<1x4x4x1xi8> {
  %w0 = arith.constant dense<1> : tensor<2x1x1x1xi8>
  %w1 = arith.constant dense<[[[[1, 0]]], [[[1, 1]]]]> : tensor<2x1x1x2xi8>
  %b = arith.constant dense<0> : tensor<2xi32>
  %w2 = arith.constant dense<[[[[1, 0]]]]> : tensor<1x1x1x2xi8>
  %b2 = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w0, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x1xi8>, tensor<2x1x1x1xi8>, tensor<2xi32>) -> tensor<1x4x4x2xi8>
  %1 = patch.conv2d %0, %w1, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<2x1x1x2xi8>, tensor<2xi32>) -> tensor<1x4x4x2xi8>
  %2 = patch.conv2d %1, %w2, %b2 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x1x1x2xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  return %2 : tensor<1x4x4x1xi8>
}

// -----

// Channel 1 is 5 - 128 = -123, and the 3x3 layer misses some of its taps at the
// border: it stays. So does channel 2, which is not constant. Channel 0 is -128,
// the zero point, which adds nothing anywhere: it goes, though the border misses
// taps of it, too.
// CHECK-LABEL: func.func @negative_border
// CHECK:         patch.conv2d {{.*}} -> tensor<1x4x4x2xi8>
// CHECK:         patch.conv2d {{.*}} tensor<1x3x3x2xi8>
func.func @negative_border(%x: tensor<1x4x4x1xi8>) -> tensor<1x4x4x1xi8> {
  %w0 = arith.constant dense<[[[[0]]], [[[0]]], [[[1]]]]> : tensor<3x1x1x1xi8>
  %b0 = arith.constant dense<[0, 5, 0]> : tensor<3xi32>
  %w1 = arith.constant dense<1> : tensor<1x3x3x3xi8>
  %b1 = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w0, %b0 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x1xi8>, tensor<3x1x1x1xi8>, tensor<3xi32>) -> tensor<1x4x4x3xi8>
  %1 = patch.conv2d %0, %w1, %b1 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 1, 1, 1, 1>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x3xi8>, tensor<1x3x3x3xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  return %1 : tensor<1x4x4x1xi8>
}

// -----

// Channel 0: the bias is 100 below the largest 32-bit number and the sum at most
// 255 above the bias: it wraps for some inputs, so that the clamp does not always
// give 127. Channel 1, 2147483392 + 255 = 2^31 - 1 at most, does not wrap and is
// always 127: it goes.
// CHECK-LABEL: func.func @negative_wrap
// CHECK:         patch.conv2d {{.*}} -> tensor<1x4x4x1xi8>
// CHECK:         patch.conv2d {{.*}} -> tensor<1x4x4x1xi8>
func.func @negative_wrap(%x: tensor<1x4x4x1xi8>) -> tensor<1x4x4x1xi8> {
  %w0 = arith.constant dense<1> : tensor<2x1x1x1xi8>
  %b0 = arith.constant dense<[2147483547, 2147483392]> : tensor<2xi32>
  %w1 = arith.constant dense<1> : tensor<1x1x1x2xi8>
  %b1 = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w0, %b0 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [0], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x1xi8>, tensor<2x1x1x1xi8>, tensor<2xi32>) -> tensor<1x4x4x2xi8>
  %1 = patch.conv2d %0, %w1, %b1 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [0], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x1x1x2xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  return %1 : tensor<1x4x4x1xi8>
}

// -----

// The function's result keeps its constant channel, and with an add between, both
// sides must: channel 1 of the one side is constant, of the other read.
// CHECK-LABEL: func.func @negative_add
// CHECK:         patch.conv2d {{.*}} -> tensor<1x4x4x2xi8>
// CHECK:         patch.add {{.*}} -> tensor<1x4x4x2xi8>
func.func @negative_add(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %w = arith.constant dense<[[[[1, 1]]], [[[0, 0]]]]> : tensor<2x1x1x2xi8>
  %b = arith.constant dense<0> : tensor<2xi32>
  %0 = patch.conv2d %x, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [0], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<2x1x1x2xi8>, tensor<2xi32>) -> tensor<1x4x4x2xi8>
  %1 = patch.add %0, %x {left_shift = 20 : i32, lhs_zp = -128 : i32, lhs_multiplier = 1073741824 : i32, lhs_exponent = 0 : i32, rhs_zp = -128 : i32, rhs_multiplier = 1073741824 : i32, rhs_exponent = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-18], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return %1 : tensor<1x4x4x2xi8>
}

// -----

// TOSA's DOUBLE_ROUND is not monotone for negative multipliers, so that the ends
// of a range say nothing: both sums 0 and -1 would be needed. The channel stays,
// though weights of zero make it constant.
// CHECK-LABEL: func.func @negative_double_round
// CHECK:         patch.conv2d {{.*}} -> tensor<1x4x4x2xi8>
func.func @negative_double_round(%x: tensor<1x4x4x1xi8>) -> tensor<1x4x4x1xi8> {
  %w0 = arith.constant dense<[[[[0]]], [[[1]]]]> : tensor<2x1x1x1xi8>
  %b0 = arith.constant dense<0> : tensor<2xi32>
  %w1 = arith.constant dense<1> : tensor<1x1x1x2xi8>
  %b1 = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w0, %b0 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [-1073741824], exponent = [0], zero_point = -128, min = -128, max = 127, rounding = double>} : (tensor<1x4x4x1xi8>, tensor<2x1x1x1xi8>, tensor<2xi32>) -> tensor<1x4x4x2xi8>
  %1 = patch.conv2d %0, %w1, %b1 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [0], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x1x1x2xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  return %1 : tensor<1x4x4x1xi8>
}

// -----

// A function that was rewritten before is left alone.
// CHECK-LABEL: func.func @negative_rewritten
// CHECK-SAME:    patch.removed_macs = 0 : i64
// CHECK:         patch.conv2d {{.*}} tensor<2x1x1x1xi8>
func.func @negative_rewritten(%x: tensor<1x4x4x1xi8>) -> tensor<1x4x4x1xi8> attributes {patch.removed_macs = 0 : i64} {
  %w0 = arith.constant dense<0> : tensor<2x1x1x1xi8>
  %b0 = arith.constant dense<0> : tensor<2xi32>
  %w1 = arith.constant dense<1> : tensor<1x1x1x2xi8>
  %b1 = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w0, %b0 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [0], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x1xi8>, tensor<2x1x1x1xi8>, tensor<2xi32>) -> tensor<1x4x4x2xi8>
  %1 = patch.conv2d %0, %w1, %b1 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [0], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x1x1x2xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  return %1 : tensor<1x4x4x1xi8>
}
