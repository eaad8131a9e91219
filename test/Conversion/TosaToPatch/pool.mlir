// RUN: tessera-opt %s -convert-tosa-to-patch=full -split-input-file | FileCheck %s

// Column 4 of 5 is not read by 2x2 with stride 2: TOSA slices it off.

// CHECK-LABEL: func.func @max_pool
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x4x5x3xi8>)
// CHECK-NEXT:    patch.max_pool2d %[[INPUT]] {kernel = array<i32: 2, 2>, max = 127 : i32, min = -128 : i32, pad = array<i32: 0, 0, 0, 0>, stride = array<i32: 2, 2>} : (tensor<1x4x5x3xi8>) -> tensor<1x2x2x3xi8>
func.func @max_pool(%input: tensor<1x4x5x3xi8>) -> tensor<1x2x2x3xi8> {
  %start = tosa.const_shape {values = dense<[0, 0, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 4, 4, 3]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %read = tosa.slice %input, %start, %size : (tensor<1x4x5x3xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x4x4x3xi8>
  %out = tosa.max_pool2d %read {
    kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>
  } : (tensor<1x4x4x3xi8>) -> tensor<1x2x2x3xi8>
  return %out : tensor<1x2x2x3xi8>
}

// -----

// Zero points 0: TOSA's reciprocal rounds S/n with ties away from zero, as
// TensorFlow Lite does.

// CHECK-LABEL: func.func @avg_pool_zero_points_0
// CHECK:         patch.avg_pool2d
// CHECK-SAME:      kernel = array<i32: 2, 2>, max = 127 : i32, min = -128 : i32, pad = array<i32: 0, 1, 0, 1>
func.func @avg_pool_zero_points_0(%input: tensor<1x5x5x3xi8>) -> tensor<1x3x3x3xi8> {
  %izp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %out = tosa.avg_pool2d %input, %izp, %izp {
    acc_type = i32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 1, 0, 1>,
    stride = array<i64: 2, 2>
  } : (tensor<1x5x5x3xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x3x3x3xi8>
  return %out : tensor<1x3x3x3xi8>
}

// -----

// 3x3 without padding has 9 taps: no ties, the zero point cancels.

// CHECK-LABEL: func.func @avg_pool_odd
// CHECK:         patch.avg_pool2d
func.func @avg_pool_odd(%input: tensor<1x5x5x3xi8>) -> tensor<1x3x3x3xi8> {
  %izp = "tosa.const"() {values = dense<-9> : tensor<1xi8>} : () -> tensor<1xi8>
  %out = tosa.avg_pool2d %input, %izp, %izp {
    acc_type = i32, kernel = array<i64: 3, 3>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x5x5x3xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x3x3x3xi8>
  return %out : tensor<1x3x3x3xi8>
}

// -----

// 4 taps and zero point -9: ties of S + 4 * 9, not of S. The window is the whole
// map: a mean, with TOSA's numbers. n = 4, k = 2: m = (2^30 + 1) * 4 / 4, exponent
// 31 - (30 + 2) = -1.

// CHECK-LABEL: func.func @avg_pool_global
// CHECK:         patch.mean %{{.*}} {input_zp = -9 : i32, requant = #patch.requant<multiplier = [1073741825], exponent = [-1], zero_point = 11, min = -128, max = 127, rounding = single>}
func.func @avg_pool_global(%input: tensor<1x2x2x3xi8>) -> tensor<1x1x1x3xi8> {
  %izp = "tosa.const"() {values = dense<-9> : tensor<1xi8>} : () -> tensor<1xi8>
  %ozp = "tosa.const"() {values = dense<11> : tensor<1xi8>} : () -> tensor<1xi8>
  %out = tosa.avg_pool2d %input, %izp, %ozp {
    acc_type = i32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x2x2x3xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x3xi8>
  return %out : tensor<1x1x1x3xi8>
}

// -----

// The same in windows: a depthwise convolution with weights of 1.
// n = 6, k = 3: m = floor((2^30 + 1) * 8 / 6) = 1431655766, exponent 1 - 3 = -2.

// CHECK-LABEL: func.func @avg_pool_windows
// CHECK-DAG:     %[[ONES:.*]] = arith.constant dense<1> : tensor<2x3x3xi8>
// CHECK-DAG:     %[[ZEROS:.*]] = arith.constant dense<0> : tensor<3xi32>
// CHECK:         patch.depthwise_conv2d %{{.*}}, %[[ONES]], %[[ZEROS]]
// CHECK-SAME:      input_zp = -9 : i32
// CHECK-SAME:      multiplier = [1431655766], exponent = [-2], zero_point = -9, {{.*}} rounding = single
func.func @avg_pool_windows(%input: tensor<1x4x6x3xi8>) -> tensor<1x2x2x3xi8> {
  %izp = "tosa.const"() {values = dense<-9> : tensor<1xi8>} : () -> tensor<1xi8>
  %out = tosa.avg_pool2d %input, %izp, %izp {
    acc_type = i32, kernel = array<i64: 2, 3>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 2, 3>
  } : (tensor<1x4x6x3xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x2x2x3xi8>
  return %out : tensor<1x2x2x3xi8>
}
