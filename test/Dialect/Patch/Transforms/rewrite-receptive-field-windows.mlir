// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows and columns that no layer reads, strides, kernels with rows or columns of
// zeros.

// RUN: tessera-opt %s --split-input-file --patch-rewrite-receptive-field --canonicalize | FileCheck %s
// RUN: tessera-opt %s --split-input-file --patch-rewrite-receptive-field="channels=false ends=false strides=false kernels=false pointwise=false" | FileCheck %s --check-prefix=OFF
// RUN: tessera-opt %s --split-input-file --patch-rewrite-receptive-field --remarks-filter=patch-rewrite-receptive-field 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// OFF-NOT: patch.removed_macs = {{[1-9-]}}

// The pool makes 3x3 of 8x8 by 3x3 with stride 2; its last output reads rows 4 to 6
// of 0 to 7. Row 7 and column 7 of the two maps before go, 15 of 64 pixels of 1 byte
// and 9 MACs. The argument keeps its size: the convolution makes 7x7 of it without
// its padding at the end (output 6 reads rows 5 to 7).
// CHECK-LABEL: func.func @unread_end
// CHECK-SAME:    attributes {patch.removed_macs = 135 : i64}
// CHECK:         patch.conv2d
// CHECK-SAME:      pad = array<i32: 1, 0, 1, 0>
// CHECK-SAME:      -> tensor<1x7x7x1xi8>
// CHECK:         patch.requantize {{.*}} -> tensor<1x7x7x1xi8>
// CHECK:         patch.max_pool2d {{.*}} -> tensor<1x3x3x1xi8>
// REMARK: RemovedEnds
// REMARK-SAME: Function=unread_end | Macs=135, MapBytes=15, ParameterBytes=0
func.func @unread_end(%x: tensor<1x8x8x1xi8>) -> tensor<1x3x3x1xi8> {
  %w = arith.constant dense<1> : tensor<1x3x3x1xi8>
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 1, 1, 1, 1>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>, tensor<1x3x3x1xi8>, tensor<1xi32>) -> tensor<1x8x8x1xi8>
  %1 = patch.requantize %0 {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [0], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>) -> tensor<1x8x8x1xi8>
  %2 = patch.max_pool2d %1 {kernel = array<i32: 3, 3>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32} : (tensor<1x8x8x1xi8>) -> tensor<1x3x3x1xi8>
  return %2 : tensor<1x3x3x1xi8>
}

// -----

// As above, but the map is a result, too: it keeps its size.
// CHECK-LABEL: func.func @negative_unread_end
// CHECK:         patch.conv2d {{.*}} -> tensor<1x8x8x1xi8>
func.func @negative_unread_end(%x: tensor<1x8x8x1xi8>) -> (tensor<1x8x8x1xi8>, tensor<1x3x3x1xi8>) {
  %w = arith.constant dense<1> : tensor<1x3x3x1xi8>
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 1, 1, 1, 1>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>, tensor<1x3x3x1xi8>, tensor<1xi32>) -> tensor<1x8x8x1xi8>
  %1 = patch.max_pool2d %0 {kernel = array<i32: 3, 3>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32} : (tensor<1x8x8x1xi8>) -> tensor<1x3x3x1xi8>
  return %0, %1 : tensor<1x8x8x1xi8>, tensor<1x3x3x1xi8>
}

// -----

// A convolution without padding gives 6x6 of 8x8 whatever is read of it: fewer
// would need padding below zero.
// CHECK-LABEL: func.func @negative_no_padding_to_drop
// CHECK:         patch.conv2d {{.*}} -> tensor<1x6x6x1xi8>
func.func @negative_no_padding_to_drop(%x: tensor<1x8x8x1xi8>) -> tensor<1x2x2x1xi8> {
  %w = arith.constant dense<1> : tensor<1x3x3x1xi8>
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>, tensor<1x3x3x1xi8>, tensor<1xi32>) -> tensor<1x6x6x1xi8>
  %1 = patch.max_pool2d %0 {kernel = array<i32: 3, 3>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32} : (tensor<1x6x6x1xi8>) -> tensor<1x2x2x1xi8>
  return %1 : tensor<1x2x2x1xi8>
}

// -----

// 3x3 with stride 1 (8x8 outputs of 9 taps, 576 MACs), then 1x1 with stride 2: 16 of
// the 64 outputs are read. The 3x3 convolution takes the stride: 144 MACs. Its last
// output reads rows 5 to 7 (3 * 2 - 1 = 5): no padding at the end.
// CHECK-LABEL: func.func @stride
// CHECK-SAME:    attributes {patch.removed_macs = 432 : i64}
// CHECK:         patch.conv2d
// CHECK-SAME:      pad = array<i32: 1, 0, 1, 0>
// CHECK-SAME:      stride = array<i32: 2, 2>
// CHECK-SAME:      -> tensor<1x4x4x1xi8>
// CHECK:         patch.conv2d
// CHECK-SAME:      stride = array<i32: 1, 1>
// REMARK: HoistedStride
// REMARK-SAME: Function=stride | Macs=432, MapBytes=48, ParameterBytes=0
func.func @stride(%x: tensor<1x8x8x1xi8>) -> tensor<1x4x4x1xi8> {
  %w = arith.constant dense<1> : tensor<1x3x3x1xi8>
  %w1 = arith.constant dense<3> : tensor<1x1x1x1xi8>
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 1, 1, 1, 1>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>, tensor<1x3x3x1xi8>, tensor<1xi32>) -> tensor<1x8x8x1xi8>
  %1 = patch.conv2d %0, %w1, %b {stride = array<i32: 2, 2>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>, tensor<1x1x1x1xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  return %1 : tensor<1x4x4x1xi8>
}

// -----

// Two readers, one of which reads all: nothing moves.
// CHECK-LABEL: func.func @negative_stride_two_readers
// CHECK:         patch.conv2d {{.*}} stride = array<i32: 1, 1>
// CHECK:         patch.conv2d {{.*}} stride = array<i32: 2, 2>
func.func @negative_stride_two_readers(%x: tensor<1x8x8x1xi8>) -> (tensor<1x4x4x1xi8>, tensor<1x8x8x1xi8>) {
  %w = arith.constant dense<1> : tensor<1x3x3x1xi8>
  %w1 = arith.constant dense<3> : tensor<1x1x1x1xi8>
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 1, 1, 1, 1>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>, tensor<1x3x3x1xi8>, tensor<1xi32>) -> tensor<1x8x8x1xi8>
  %1 = patch.conv2d %0, %w1, %b {stride = array<i32: 2, 2>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>, tensor<1x1x1x1xi8>, tensor<1xi32>) -> tensor<1x4x4x1xi8>
  %2 = patch.max_pool2d %0 {kernel = array<i32: 1, 1>, stride = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32} : (tensor<1x8x8x1xi8>) -> tensor<1x8x8x1xi8>
  return %1, %2 : tensor<1x4x4x1xi8>, tensor<1x8x8x1xi8>
}

// -----

// Of 3x3 weights the first row, the last row and the last column are zero: what is
// left is one row of two taps, 64 * (9 - 2) = 448 MACs less. The top padding goes
// with the first row, the bottom and right padding with the last ones; the left
// column stays with its padding.
// CHECK-LABEL: func.func @kernel
// CHECK-SAME:    attributes {patch.removed_macs = 448 : i64}
// CHECK-DAG:     %[[W:.*]] = arith.constant dense<{{\[\[\[\[}}4], [5]]]]> : tensor<1x1x2x1xi8>
// CHECK:         patch.conv2d %{{.*}}, %[[W]]
// CHECK-SAME:      pad = array<i32: 0, 0, 1, 0>
// REMARK: TrimmedKernel
// REMARK-SAME: Function=kernel | Macs=448, MapBytes=0, ParameterBytes=7
func.func @kernel(%x: tensor<1x8x8x1xi8>) -> tensor<1x8x8x1xi8> {
  %w = arith.constant dense<[[[[0], [0], [0]], [[4], [5], [0]], [[0], [0], [0]]]]> : tensor<1x3x3x1xi8>
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 1, 1, 1, 1>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>, tensor<1x3x3x1xi8>, tensor<1xi32>) -> tensor<1x8x8x1xi8>
  return %0 : tensor<1x8x8x1xi8>
}

// -----

// A depthwise kernel: its columns are [0, 0] (the two channels), [1, 2] and [0, 3];
// only the first is zero for both.
// CHECK-LABEL: func.func @depthwise_kernel
// CHECK-DAG:     %[[W:.*]] = arith.constant dense<{{\[\[\[}}1, 2], [0, 3]]]> : tensor<1x2x2xi8>
// CHECK:         patch.depthwise_conv2d %{{.*}}, %[[W]]
// CHECK-SAME:      pad = array<i32: 0, 0, 0, 1>
func.func @depthwise_kernel(%x: tensor<1x8x8x2xi8>) -> tensor<1x8x8x2xi8> {
  %w = arith.constant dense<[[[0, 0], [1, 2], [0, 3]]]> : tensor<1x3x2xi8>
  %b = arith.constant dense<0> : tensor<2xi32>
  %0 = patch.depthwise_conv2d %x, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 1, 1>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x2xi8>, tensor<1x3x2xi8>, tensor<2xi32>) -> tensor<1x8x8x2xi8>
  return %0 : tensor<1x8x8x2xi8>
}

// -----

// Without padding the first row cannot go (the others would move), nor the last (8
// rows and a kernel of 2 give 7 outputs, not 6).
// CHECK-LABEL: func.func @negative_kernel
// CHECK:         patch.conv2d {{.*}} tensor<1x3x1x1xi8>
func.func @negative_kernel(%x: tensor<1x8x8x1xi8>) -> tensor<1x6x8x1xi8> {
  %w = arith.constant dense<[[[[0]], [[4]], [[0]]]]> : tensor<1x3x1x1xi8>
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.conv2d %x, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>, tensor<1x3x1x1xi8>, tensor<1xi32>) -> tensor<1x6x8x1xi8>
  return %0 : tensor<1x6x8x1xi8>
}

// -----

// A resize to twice the height and width, then a 1x1 convolution of 2 to 3 channels:
// 64 * 6 = 384 MACs. Before the resize it has 16 * 6 = 96. Bytes of maps: 64 * 2 + 64
// * 3 = 320 before, 16 * 3 + 64 * 3 = 240 after.
// CHECK-LABEL: func.func @pointwise
// CHECK-SAME:    attributes {patch.removed_macs = 288 : i64}
// CHECK:         %[[C:.*]] = patch.conv2d %{{.*}} -> tensor<1x4x4x3xi8>
// CHECK:         %[[R:.*]] = patch.resize_nearest %[[C]] {{.*}} -> tensor<1x8x8x3xi8>
// CHECK:         return %[[R]]
// REMARK: HoistedPointwise
// REMARK-SAME: Function=pointwise | Macs=288, MapBytes=80, ParameterBytes=0
func.func @pointwise(%x: tensor<1x4x4x2xi8>) -> tensor<1x8x8x3xi8> {
  %w = arith.constant dense<1> : tensor<3x1x1x2xi8>
  %b = arith.constant dense<0> : tensor<3xi32>
  %0 = patch.resize_nearest %x {stride = array<i32: 1, 1>, offset = array<i32: 0, 0>, divisor = array<i32: 2, 2>} : (tensor<1x4x4x2xi8>) -> tensor<1x8x8x2xi8>
  %1 = patch.conv2d %0, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x2xi8>, tensor<3x1x1x2xi8>, tensor<3xi32>) -> tensor<1x8x8x3xi8>
  return %1 : tensor<1x8x8x3xi8>
}

// -----

// A 3x3 convolution reads neighbours, which a resize does not keep.
// CHECK-LABEL: func.func @negative_pointwise
// CHECK:         patch.resize_nearest
// CHECK:         patch.conv2d
func.func @negative_pointwise(%x: tensor<1x4x4x1xi8>) -> tensor<1x8x8x1xi8> {
  %w = arith.constant dense<1> : tensor<1x3x3x1xi8>
  %b = arith.constant dense<0> : tensor<1xi32>
  %0 = patch.resize_nearest %x {stride = array<i32: 1, 1>, offset = array<i32: 0, 0>, divisor = array<i32: 2, 2>} : (tensor<1x4x4x1xi8>) -> tensor<1x8x8x1xi8>
  %1 = patch.conv2d %0, %w, %b {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 1, 1, 1, 1>, input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-3], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x8x8x1xi8>, tensor<1x3x3x1xi8>, tensor<1xi32>) -> tensor<1x8x8x1xi8>
  return %1 : tensor<1x8x8x1xi8>
}
