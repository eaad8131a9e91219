// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constant and dead channels. Sums are scaled by 2^30 * 2^(e - 31): by 1 with
// exponent 1, where the result is clamp(sum - 128, -128, 127), by 1/2 with exponent
// 0. Zero point -128 makes of an input in [-128, 127] a factor in [0, 255].

// RUN: tessera-opt %s --split-input-file --patch-rewrite-receptive-field --canonicalize | FileCheck %s
// RUN: tessera-opt %s --split-input-file --patch-rewrite-receptive-field=channels=false | FileCheck %s --check-prefix=OFF
// RUN: tessera-opt %s --split-input-file --patch-rewrite-receptive-field=channel-multiple=2 | FileCheck %s --check-prefix=TWO
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

// -----

// Behind one another: channels 0 and 1 of %0, then channel 0 of %1. Channel 1 of %0
// is 3 - 128 = -125, which the table (-1 - v) makes 124. The last layer reads
// 124 - (-128) = 252 of it, times 2: its bias -300 becomes 204.
// CHECK-LABEL: func.func @concat_lookup
// CHECK-DAG:     arith.constant dense<204> : tensor<1xi32>
// CHECK-DAG:     arith.constant dense<{{\[\[\[\[}}1, 3]]]]> : tensor<1x1x1x2xi8>
// CHECK:         patch.concat {{.*}} (tensor<1x4x4x1xi8>, tensor<1x4x4x1xi8>) -> tensor<1x4x4x2xi8>
// CHECK:         patch.lookup {{.*}} -> tensor<1x4x4x2xi8>
// CHECK:         patch.conv2d {{.*}} tensor<1x1x1x2xi8>
func.func @concat_lookup(%x: tensor<1x4x4x1xi8>) -> tensor<1x4x4x1xi8> {
  %w0 = arith.constant dense<[[[[1]]], [[[0]]]]> : tensor<2x1x1x1xi8>
  %b0 = arith.constant dense<[0, 3]> : tensor<2xi32>
  %w1 = arith.constant dense<1> : tensor<1x1x1x1xi8>
  %w2 = arith.constant dense<[[[[1, 2, 3]]]]> : tensor<1x1x1x3xi8>
  %b = arith.constant dense<0> : tensor<1xi32>
  %b2 = arith.constant dense<-300> : tensor<1xi32>
  %0 = patch.conv2d %x, %w0, %b0 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x1xi8>, tensor<2x1x1x1xi8>, tensor<2xi32>) -> tensor<1x4x4x2xi8>
  %1 = patch.conv2d %x, %w1, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x1xi8>, tensor<1x1x1x1xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  %2 = patch.concat %0, %1 {axis = 3 : i32} : (tensor<1x4x4x2xi8>, tensor<1x4x4x1xi8>) -> tensor<1x4x4x3xi8>
  %3 = patch.lookup %2 {table = array<i8: 127, 126, 125, 124, 123, 122, 121, 120, 119, 118, 117, 116, 115, 114, 113, 112, 111, 110, 109, 108, 107, 106, 105, 104, 103, 102, 101, 100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89, 88, 87, 86, 85, 84, 83, 82, 81, 80, 79, 78, 77, 76, 75, 74, 73, 72, 71, 70, 69, 68, 67, 66, 65, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12, -13, -14, -15, -16, -17, -18, -19, -20, -21, -22, -23, -24, -25, -26, -27, -28, -29, -30, -31, -32, -33, -34, -35, -36, -37, -38, -39, -40, -41, -42, -43, -44, -45, -46, -47, -48, -49, -50, -51, -52, -53, -54, -55, -56, -57, -58, -59, -60, -61, -62, -63, -64, -65, -66, -67, -68, -69, -70, -71, -72, -73, -74, -75, -76, -77, -78, -79, -80, -81, -82, -83, -84, -85, -86, -87, -88, -89, -90, -91, -92, -93, -94, -95, -96, -97, -98, -99, -100, -101, -102, -103, -104, -105, -106, -107, -108, -109, -110, -111, -112, -113, -114, -115, -116, -117, -118, -119, -120, -121, -122, -123, -124, -125, -126, -127, -128>} : (tensor<1x4x4x3xi8>) -> tensor<1x4x4x3xi8>
  %4 = patch.conv2d %3, %w2, %b2 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x3xi8>, tensor<1x1x1x3xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  return %4 : tensor<1x4x4x1xi8>
}

// -----

// Unsigned bytes reach 255 - 128 = 127. Were they taken for signed ones, at most
// 127 - 128 < 0, all channels would be 0 for ever.
// CHECK-LABEL: func.func @negative_unsigned
// CHECK:         patch.requantize {{.*}} -> tensor<1x4x4x2xi8>
// CHECK:         patch.conv2d {{.*}} tensor<1x1x1x2xi8>
func.func @negative_unsigned(%x: tensor<1x4x4x2xui8>) -> tensor<1x4x4x1xi8> {
  %w = arith.constant dense<[[[[1, 2]]]]> : tensor<1x1x1x2xi8>
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.requantize %x {input_zp = 128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = 0, min = 0, max = 127, rounding = tflite>} : (tensor<1x4x4x2xui8>) -> tensor<1x4x4x2xi8>
  %1 = patch.conv2d %0, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x1x1x2xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  return %1 : tensor<1x4x4x1xi8>
}

// -----

// Of four channels only the last is live; channels 0 and 2 are constant. With numbers
// of channels a multiple of two, one more stays: channel 0, as a constant channel asks
// for nothing. It gets weights of zero (it had 1, with a bias that cuts them off) and
// the least of its sums, -300, for its bias.
// CHECK-LABEL: func.func @multiple
// CHECK:         patch.conv2d {{.*}} -> tensor<1x4x4x1xi8>
// TWO-LABEL: func.func @multiple
// TWO-DAG:     %[[W:.*]] = arith.constant dense<{{\[\[\[\[}}0]]], {{\[\[\[}}1]]]]> : tensor<2x1x1x1xi8>
// TWO-DAG:     %[[B:.*]] = arith.constant dense<[-300, 7]> : tensor<2xi32>
// TWO:         patch.conv2d %{{.*}}, %[[W]], %[[B]] {{.*}} -> tensor<1x4x4x2xi8>
func.func @multiple(%x: tensor<1x4x4x1xi8>) -> tensor<1x4x4x1xi8> {
  %w0 = arith.constant dense<1> : tensor<4x1x1x1xi8>
  %b0 = arith.constant dense<[-300, 0, -300, 7]> : tensor<4xi32>
  %w1 = arith.constant dense<[[[[1, 0, 1, 1]]]]> : tensor<1x1x1x4xi8>
  %b1 = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w0, %b0 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [0], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x1xi8>, tensor<4x1x1x1xi8>, tensor<4xi32>) -> tensor<1x4x4x4xi8>
  %1 = patch.conv2d %0, %w1, %b1 {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [0], zero_point = -128, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x4xi8>, tensor<1x1x1x4xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  return %1 : tensor<1x4x4x1xi8>
}
