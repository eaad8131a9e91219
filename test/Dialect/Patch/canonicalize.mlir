// RUN: tessera-opt %s -canonicalize -split-input-file | FileCheck %s

// 8 + 1 + 1 - 3 = 7 rows behind one row of zero points: the pad becomes padding
// of the convolution, added to what it has.

#requant = #patch.requant<multiplier = [1073741824], exponent = [-9],
  zero_point = 0, min = -128, max = 127, rounding = tflite>

// CHECK-LABEL: func.func @pad_into_conv
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x8x8x2xi8>,
// CHECK-NOT:     patch.pad
// CHECK:         patch.conv2d %[[INPUT]], {{.*}} pad = array<i32: 1, 1, 1, 2>
func.func @pad_into_conv(%input: tensor<1x8x8x2xi8>, %weights: tensor<4x3x3x2xi8>, %bias: tensor<4xi32>) -> tensor<1x8x9x4xi8> {
  %0 = patch.pad %input {pad = array<i32: 1, 1, 1, 1>, value = 5 : i32}
    : (tensor<1x8x8x2xi8>) -> tensor<1x10x10x2xi8>
  %1 = patch.conv2d %0, %weights, %bias {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>,
    pad = array<i32: 0, 0, 0, 1>, input_zp = 5 : i32, requant = #requant
  } : (tensor<1x10x10x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x8x9x4xi8>
  return %1 : tensor<1x8x9x4xi8>
}

// CHECK-LABEL: func.func @pad_into_depthwise
// CHECK-NOT:     patch.pad
// CHECK:         patch.depthwise_conv2d {{.*}} pad = array<i32: 0, 1, 0, 1>
func.func @pad_into_depthwise(%input: tensor<1x8x8x2xi8>, %weights: tensor<3x3x2xi8>, %bias: tensor<2xi32>) -> tensor<1x4x4x2xi8> {
  %0 = patch.pad %input {pad = array<i32: 0, 1, 0, 1>, value = -128 : i32}
    : (tensor<1x8x8x2xi8>) -> tensor<1x9x9x2xi8>
  %1 = patch.depthwise_conv2d %0, %weights, %bias {
    stride = array<i32: 2, 2>, dilation = array<i32: 1, 1>,
    pad = array<i32: 0, 0, 0, 0>, input_zp = -128 : i32, requant = #requant
  } : (tensor<1x9x9x2xi8>, tensor<3x3x2xi8>, tensor<2xi32>) -> tensor<1x4x4x2xi8>
  return %1 : tensor<1x4x4x2xi8>
}

// Padding of 4 is not the zero point 5: it adds (4 - 5) * w to the sums.

// CHECK-LABEL: func.func @negative_other_value
// CHECK:         patch.pad
// CHECK:         patch.conv2d
func.func @negative_other_value(%input: tensor<1x8x8x2xi8>, %weights: tensor<4x3x3x2xi8>, %bias: tensor<4xi32>) -> tensor<1x8x8x4xi8> {
  %0 = patch.pad %input {pad = array<i32: 1, 1, 1, 1>, value = 4 : i32}
    : (tensor<1x8x8x2xi8>) -> tensor<1x10x10x2xi8>
  %1 = patch.conv2d %0, %weights, %bias {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>,
    pad = array<i32: 0, 0, 0, 0>, input_zp = 5 : i32, requant = #requant
  } : (tensor<1x10x10x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x8x8x4xi8>
  return %1 : tensor<1x8x8x4xi8>
}

// Three rows of padding in front of a kernel of three: row 0 would read no input.

// CHECK-LABEL: func.func @negative_reads_only_padding
// CHECK:         patch.pad
// CHECK:         patch.conv2d {{.*}} pad = array<i32: 0, 0, 0, 0>
func.func @negative_reads_only_padding(%input: tensor<1x8x8x2xi8>, %weights: tensor<4x3x3x2xi8>, %bias: tensor<4xi32>) -> tensor<1x9x6x4xi8> {
  %0 = patch.pad %input {pad = array<i32: 3, 0, 0, 0>, value = 5 : i32}
    : (tensor<1x8x8x2xi8>) -> tensor<1x11x8x2xi8>
  %1 = patch.conv2d %0, %weights, %bias {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>,
    pad = array<i32: 0, 0, 0, 0>, input_zp = 5 : i32, requant = #requant
  } : (tensor<1x11x8x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x9x6x4xi8>
  return %1 : tensor<1x9x6x4xi8>
}

// The same at the bottom: 8 + 3 - 3 = 8, and row 8 would read rows 8, 9, 10.

// CHECK-LABEL: func.func @negative_reads_only_padding_below
// CHECK:         patch.pad
func.func @negative_reads_only_padding_below(%input: tensor<1x8x8x2xi8>, %weights: tensor<4x3x3x2xi8>, %bias: tensor<4xi32>) -> tensor<1x9x6x4xi8> {
  %0 = patch.pad %input {pad = array<i32: 0, 3, 0, 0>, value = 5 : i32}
    : (tensor<1x8x8x2xi8>) -> tensor<1x11x8x2xi8>
  %1 = patch.conv2d %0, %weights, %bias {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>,
    pad = array<i32: 0, 0, 0, 0>, input_zp = 5 : i32, requant = #requant
  } : (tensor<1x11x8x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x9x6x4xi8>
  return %1 : tensor<1x9x6x4xi8>
}

// Taps 4 apart in an input of 2: windows could straddle it.

// CHECK-LABEL: func.func @negative_wide_dilation
// CHECK:         patch.pad
func.func @negative_wide_dilation(%input: tensor<1x2x2x2xi8>, %weights: tensor<4x2x2x2xi8>, %bias: tensor<4xi32>) -> tensor<1x4x4x4xi8> {
  %0 = patch.pad %input {pad = array<i32: 3, 3, 3, 3>, value = 5 : i32}
    : (tensor<1x2x2x2xi8>) -> tensor<1x8x8x2xi8>
  %1 = patch.conv2d %0, %weights, %bias {
    stride = array<i32: 1, 1>, dilation = array<i32: 4, 4>,
    pad = array<i32: 0, 0, 0, 0>, input_zp = 5 : i32, requant = #requant
  } : (tensor<1x8x8x2xi8>, tensor<4x2x2x2xi8>, tensor<4xi32>) -> tensor<1x4x4x4xi8>
  return %1 : tensor<1x4x4x4xi8>
}

// Pooling counts its taps: a pad never folds into it.

// CHECK-LABEL: func.func @negative_pool
// CHECK:         patch.pad
// CHECK:         patch.avg_pool2d {{.*}} pad = array<i32: 0, 0, 0, 0>
func.func @negative_pool(%input: tensor<1x8x8x2xi8>) -> tensor<1x8x8x2xi8> {
  %0 = patch.pad %input {pad = array<i32: 1, 1, 1, 1>, value = -128 : i32}
    : (tensor<1x8x8x2xi8>) -> tensor<1x10x10x2xi8>
  %1 = patch.avg_pool2d %0 {
    kernel = array<i32: 3, 3>, stride = array<i32: 1, 1>,
    pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32
  } : (tensor<1x10x10x2xi8>) -> tensor<1x8x8x2xi8>
  return %1 : tensor<1x8x8x2xi8>
}

// A pad that two convolutions read folds into each whose zero point it is; the
// other one keeps it.

// CHECK-LABEL: func.func @shared_pad
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x8x8x2xi8>,
// CHECK:         %[[PAD:.*]] = patch.pad
// CHECK:         patch.conv2d %[[INPUT]]
// CHECK:         patch.conv2d %[[PAD]]
func.func @shared_pad(%input: tensor<1x8x8x2xi8>, %weights: tensor<4x3x3x2xi8>, %bias: tensor<4xi32>) -> (tensor<1x8x8x4xi8>, tensor<1x8x8x4xi8>) {
  %0 = patch.pad %input {pad = array<i32: 1, 1, 1, 1>, value = 5 : i32}
    : (tensor<1x8x8x2xi8>) -> tensor<1x10x10x2xi8>
  %1 = patch.conv2d %0, %weights, %bias {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>,
    pad = array<i32: 0, 0, 0, 0>, input_zp = 5 : i32, requant = #requant
  } : (tensor<1x10x10x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x8x8x4xi8>
  %2 = patch.conv2d %0, %weights, %bias {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>,
    pad = array<i32: 0, 0, 0, 0>, input_zp = 6 : i32, requant = #requant
  } : (tensor<1x10x10x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x8x8x4xi8>
  return %1, %2 : tensor<1x8x8x4xi8>, tensor<1x8x8x4xi8>
}

// -----

// CHECK-LABEL: func.func @fold_pad_of_nothing
// CHECK-NEXT:    return %{{.*}}arg0
func.func @fold_pad_of_nothing(%input: tensor<1x8x8x2xi8>) -> tensor<1x8x8x2xi8> {
  %0 = patch.pad %input {pad = array<i32: 0, 0, 0, 0>, value = 1 : i32}
    : (tensor<1x8x8x2xi8>) -> tensor<1x8x8x2xi8>
  return %0 : tensor<1x8x8x2xi8>
}

// CHECK-LABEL: func.func @fold_reshapes
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x4x2xi8>)
// CHECK-DAG:     %[[CONSTANT:.*]] = arith.constant dense<{{\[\[}}1, 2], [3, 4]]> : tensor<2x2xi8>
// CHECK-DAG:     %[[MAP:.*]] = patch.reshape %[[INPUT]] : tensor<1x4x2xi8> -> tensor<1x2x2x2xi8>
// CHECK:         return %[[MAP]], %[[INPUT]], %[[CONSTANT]]
func.func @fold_reshapes(%input: tensor<1x4x2xi8>) -> (tensor<1x2x2x2xi8>, tensor<1x4x2xi8>, tensor<2x2xi8>) {
  %0 = patch.reshape %input : tensor<1x4x2xi8> -> tensor<8xi8>
  %1 = patch.reshape %0 : tensor<8xi8> -> tensor<1x2x2x2xi8>
  %2 = patch.reshape %1 : tensor<1x2x2x2xi8> -> tensor<1x4x2xi8>
  %3 = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi8>
  %4 = patch.reshape %3 : tensor<4xi8> -> tensor<2x2xi8>
  return %1, %2, %4 : tensor<1x2x2x2xi8>, tensor<1x4x2xi8>, tensor<2x2xi8>
}

// (7 mod 3) * 100 = 100; without wrapping 2 * 100; a ring of one row has offset 0.

// CHECK-LABEL: func.func @fold_ring_offset
// CHECK-DAG:     %[[A:.*]] = arith.constant 100 : i32
// CHECK-DAG:     %[[B:.*]] = arith.constant 200 : i32
// CHECK-DAG:     %[[C:.*]] = arith.constant 0 : i32
// CHECK:         return %[[A]], %[[B]], %[[C]]
func.func @fold_ring_offset(%row: i32) -> (i32, i32, i32) {
  %c7 = arith.constant 7 : i32
  %c2 = arith.constant 2 : i32
  %0 = patch.ring_offset %c7 {rows = 3 : i32, pitch = 100 : i32}
  %1 = patch.ring_offset %c2 {no_wrap, rows = 3 : i32, pitch = 100 : i32}
  %2 = patch.ring_offset %row {rows = 1 : i32, pitch = 100 : i32}
  return %0, %1, %2 : i32, i32, i32
}
