// RUN: tessera-opt %s -test-window="rows=1,3 cols=0,2" -split-input-file -o /dev/null | FileCheck %s
//
// Which windows of their operands rows [1, 3) and columns [0, 2) of the results of
// TOSA's ops need: the answers of the models that are attached from outside.

// 3x3, stride 2, pad 0 before and 1 behind, on 8x8. Row 1 starts at 2, row 2 ends at
// 2 * 2 + 3 = 7. Columns 0 and 1 read [0, 5). 2 * 3 * 3 * 3 = 54 MACs per pixel.

// CHECK:      tosa.conv2d operand 0: y [1, 3) -> [2, 7), x [0, 2) -> [0, 5)
// CHECK-NEXT: tosa.conv2d: rows, 54 MACs per pixel
func.func @conv2d(%input: tensor<1x8x8x3xi8>) -> tensor<1x4x4x2xi32> {
  %weights = "tosa.const"() {values = dense<5> : tensor<2x3x3x3xi8>} : () -> tensor<2x3x3x3xi8>
  %bias = "tosa.const"() {values = dense<[7, -7]> : tensor<2xi32>} : () -> tensor<2xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %sum = tosa.conv2d %input, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 1, 0, 1>,
    stride = array<i64: 2, 2>
  } : (tensor<1x8x8x3xi8>, tensor<2x3x3x3xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  return %sum : tensor<1x4x4x2xi32>
}

// -----

// HWCM weights of 3x2, dilation 2 along y: reach 5 rows. Pad 2 above: row 1 starts
// at -1, clipped to 0; row 2 ends at 0 + 5. Columns with 1 pixel of padding: [-1, 2).

// CHECK:      tosa.depthwise_conv2d operand 0: y [1, 3) -> [0, 5), x [0, 2) -> [0, 2)
// CHECK-NEXT: tosa.depthwise_conv2d: rows, 24 MACs per pixel
func.func @depthwise_conv2d(%input: tensor<1x8x8x2xi8>) -> tensor<1x8x8x4xi32> {
  %weights = "tosa.const"() {values = dense<5> : tensor<3x2x2x2xi8>} : () -> tensor<3x2x2x2xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<4xi32>} : () -> tensor<4xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %sum = tosa.depthwise_conv2d %input, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 2, 1>, pad = array<i64: 2, 2, 1, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x8x8x2xi8>, tensor<3x2x2x2xi8>, tensor<4xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x8x8x4xi32>
  return %sum : tensor<1x8x8x4xi32>
}

// -----

// CHECK:      tosa.avg_pool2d operand 0: y [1, 3) -> [2, 6), x [0, 2) -> [0, 4)
// CHECK:      tosa.max_pool2d operand 0: y [1, 3) -> [0, 4), x [0, 2) -> [0, 3)
func.func @pools(%input: tensor<1x8x8x2xi8>) -> tensor<1x4x4x2xi8> {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.avg_pool2d %input, %zp, %zp {
    acc_type = i32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>
  } : (tensor<1x8x8x2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  // Rows 1 and 2 with one row of padding: [0, 4); columns 0 and 1: [-1, 3).
  %1 = tosa.max_pool2d %0 {
    kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>
  } : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return %1 : tensor<1x4x4x2xi8>
}

// -----

// Two rows above: row 1 is padding, row 2 is row 0. A slice from row 3, column 1
// on adds them.

// CHECK:      tosa.pad operand 0: y [1, 3) -> [0, 1), x [0, 2) -> [0, 2)
// CHECK:      tosa.slice operand 0: y [1, 3) -> [4, 6), x [0, 2) -> [1, 3)
func.func @borders(%input: tensor<1x8x8x2xi8>) -> (tensor<1x10x9x2xi8>, tensor<1x4x4x2xi8>) {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %border = tosa.const_shape {values = dense<[0, 0, 2, 0, 0, 1, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %start = tosa.const_shape {values = dense<[0, 3, 1, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 4, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.pad %input, %border, %zp : (tensor<1x8x8x2xi8>, !tosa.shape<8>, tensor<1xi8>) -> tensor<1x10x9x2xi8>
  %1 = tosa.slice %input, %start, %size : (tensor<1x8x8x2xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x4x4x2xi8>
  return %0, %1 : tensor<1x10x9x2xi8>, tensor<1x4x4x2xi8>
}

// -----

// Broadcast along x: the one column is read for every column. Element by element,
// a result may replace an operand of its own type.

// CHECK:      tosa.add operand 0: y [1, 3) -> [1, 3), x [0, 2) -> [0, 2)
// CHECK-NEXT: tosa.add operand 1: y [1, 3) -> [1, 3), x [0, 2) -> [0, 1)
// CHECK-NEXT: tosa.add: rows, 0 MACs per pixel, in place of 0
// CHECK-NEXT: tosa.clamp operand 0: y [1, 3) -> [1, 3), x [0, 2) -> [0, 2)
// CHECK-NEXT: tosa.clamp: rows, 0 MACs per pixel, in place of 0
// CHECK-NEXT: tosa.cast operand 0: y [1, 3) -> [1, 3), x [0, 2) -> [0, 2)
// CHECK-NEXT: tosa.cast: rows, 0 MACs per pixel{{$}}
func.func @elementwise(%a: tensor<1x4x4x2xi32>, %b: tensor<1x4x1x2xi32>) -> tensor<1x4x4x2xi8> {
  %0 = tosa.add %a, %b : (tensor<1x4x4x2xi32>, tensor<1x4x1x2xi32>) -> tensor<1x4x4x2xi32>
  %1 = tosa.clamp %0 {min_val = 0 : i32, max_val = 6 : i32} : (tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32>
  %2 = tosa.cast %1 : (tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi8>
  return %2 : tensor<1x4x4x2xi8>
}

// -----

// Of what is no map of static size only the whole is known to suffice.

// CHECK:      tosa.clamp operand 0: y whole, x whole
// CHECK:      tosa.clamp operand 0: y whole, x [0, 2) -> [0, 2)
func.func @negative_no_map(%a: tensor<4x4xi8>, %b: tensor<1x?x4x2xi8>) -> (tensor<4x4xi8>, tensor<1x?x4x2xi8>) {
  %0 = tosa.clamp %a {min_val = 0 : i8, max_val = 6 : i8} : (tensor<4x4xi8>) -> tensor<4x4xi8>
  %1 = tosa.clamp %b {min_val = 0 : i8, max_val = 6 : i8} : (tensor<1x?x4x2xi8>) -> tensor<1x?x4x2xi8>
  return %0, %1 : tensor<4x4xi8>, tensor<1x?x4x2xi8>
}
