// RUN: tessera-opt %s -convert-tosa-to-patch=full -mlir-print-debuginfo -mlir-print-local-scope | FileCheck %s
//
// A layer has the location of its main op, not that of its rescale or clamp.

// CHECK-LABEL: func.func @locations
// CHECK:         patch.conv2d {{.*}} loc("3:CONV_2D")
// CHECK:         patch.add {{.*}} loc("4:ADD")
// CHECK:         patch.max_pool2d {{.*}} loc("5:MAX_POOL_2D")
func.func @locations(%input: tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<2x1x1x2xi8>} : () -> tensor<2x1x1x2xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<2xi32>} : () -> tensor<2xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %sum = tosa.conv2d %input, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x4x4x2xi8>, tensor<2x1x1x2xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32> loc("3:CONV_2D")
  %0 = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8> loc("rescale")
  %1 = tosa.clamp %0 {min_val = 0 : i8, max_val = 6 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> loc("clamp")
  %2 = tosa.rescale %1, %multiplier, %shift, %zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4x4x2xi32> loc("left")
  %3 = tosa.add %2, %2 : (tensor<1x4x4x2xi32>, tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32> loc("4:ADD")
  %4 = tosa.rescale %3, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8> loc("right")
  %out = tosa.max_pool2d %4 {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8> loc("5:MAX_POOL_2D")
  return %out : tensor<1x2x2x2xi8>
}
