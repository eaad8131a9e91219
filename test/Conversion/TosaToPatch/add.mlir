// RUN: tessera-opt %s -convert-tosa-to-patch=full -split-input-file | FileCheck %s

// TensorFlow Lite's addition: 2^30 with shift 10 is exactly << 20; then a multiplier
// for each side. Exponents 31 - 31 = 0, 31 - 33 = -2 and 31 - 50 = -19.

// CHECK-LABEL: func.func @tflite
// CHECK-SAME:    (%[[LHS:.*]]: tensor<1x4x4x2xi8>, %[[RHS:.*]]: tensor<1x4x4x2xi8>)
// CHECK-NEXT:    patch.add %[[LHS]], %[[RHS]]
// CHECK-SAME:      left_shift = 20 : i32, lhs_exponent = 0 : i32, lhs_multiplier = 1073741824 : i32, lhs_zp = -5 : i32
// CHECK-SAME:      #patch.requant<multiplier = [1288490188], exponent = [-19], zero_point = -6, min = -128, max = 127, rounding = tflite>
// CHECK-SAME:      rhs_exponent = -2 : i32, rhs_multiplier = 1717986918 : i32, rhs_zp = 4 : i32
// CHECK-NEXT:    return
func.func @tflite(%lhs: tensor<1x4x4x2xi8>, %rhs: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %lhs_zp = "tosa.const"() {values = dense<-5> : tensor<1xi8>} : () -> tensor<1xi8>
  %rhs_zp = "tosa.const"() {values = dense<4> : tensor<1xi8>} : () -> tensor<1xi8>
  %output_zp = "tosa.const"() {values = dense<-6> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %one = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %by20 = "tosa.const"() {values = dense<10> : tensor<1xi8>} : () -> tensor<1xi8>
  %lhs_multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %lhs_shift = "tosa.const"() {values = dense<31> : tensor<1xi8>} : () -> tensor<1xi8>
  %rhs_multiplier = "tosa.const"() {values = dense<1717986918> : tensor<1xi32>} : () -> tensor<1xi32>
  %rhs_shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %multiplier = "tosa.const"() {values = dense<1288490188> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<50> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %lhs, %one, %by20, %lhs_zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = SINGLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %0, %lhs_multiplier, %lhs_shift, %zero, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %2 = tosa.rescale %rhs, %one, %by20, %rhs_zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = SINGLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %3 = tosa.rescale %2, %rhs_multiplier, %rhs_shift, %zero, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %sum = tosa.add %1, %3 : (tensor<1x4x4x2xi32>, tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %output_zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}

// -----

// One rescale per side, as other front ends write it: shift 11 is exponent 20,
// where all roundings agree (128 * 2^20 fits 32 bits).

// CHECK-LABEL: func.func @one_rescale_per_side
// CHECK:         patch.add
// CHECK-SAME:      left_shift = 0 : i32, lhs_exponent = 20 : i32
// CHECK-SAME:      rounding = tflite
// CHECK-SAME:      rhs_exponent = 19 : i32
func.func @one_rescale_per_side(%lhs: tensor<1x4x4x2xi8>, %rhs: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %lhs_zp = "tosa.const"() {values = dense<-5> : tensor<1xi8>} : () -> tensor<1xi8>
  %rhs_zp = "tosa.const"() {values = dense<4> : tensor<1xi8>} : () -> tensor<1xi8>
  %output_zp = "tosa.const"() {values = dense<-6> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %m = "tosa.const"() {values = dense<1717986918> : tensor<1xi32>} : () -> tensor<1xi32>
  %lhs_shift = "tosa.const"() {values = dense<11> : tensor<1xi8>} : () -> tensor<1xi8>
  %rhs_shift = "tosa.const"() {values = dense<12> : tensor<1xi8>} : () -> tensor<1xi8>
  %shift = "tosa.const"() {values = dense<50> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %lhs, %m, %lhs_shift, %lhs_zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %rhs, %m, %rhs_shift, %rhs_zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %sum = tosa.add %0, %1 : (tensor<1x4x4x2xi32>, tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32>
  %out = tosa.rescale %sum, %m, %shift, %zero, %output_zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}

// -----

// One side shifted by 20, the other cast: v = (v << 20) * 2^30 * 2^(-19 - 31), where
// nothing is rounded (20 + 30 zeros against a shift of 50).

// CHECK-LABEL: func.func @cast_side
// CHECK:         patch.add
// CHECK-SAME:      left_shift = 20 : i32, lhs_exponent = -2 : i32
// CHECK-SAME:      rounding = tflite
// CHECK-SAME:      rhs_exponent = -19 : i32, rhs_multiplier = 1073741824 : i32, rhs_zp = 0 : i32
func.func @cast_side(%lhs: tensor<1x4x4x2xi8>, %rhs: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %lhs_zp = "tosa.const"() {values = dense<-5> : tensor<1xi8>} : () -> tensor<1xi8>
  %rhs_zp = "tosa.const"() {values = dense<4> : tensor<1xi8>} : () -> tensor<1xi8>
  %output_zp = "tosa.const"() {values = dense<-6> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %one = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %by20 = "tosa.const"() {values = dense<10> : tensor<1xi8>} : () -> tensor<1xi8>
  %m = "tosa.const"() {values = dense<1717986918> : tensor<1xi32>} : () -> tensor<1xi32>
  %lhs_shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %shift = "tosa.const"() {values = dense<50> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %lhs, %one, %by20, %lhs_zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %0, %m, %lhs_shift, %zero, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %2 = tosa.cast %rhs : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi32>
  %sum = tosa.add %1, %2 : (tensor<1x4x4x2xi32>, tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32>
  %out = tosa.rescale %sum, %m, %shift, %zero, %output_zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}

// -----

// The same value on both sides, then a clamp.

// CHECK-LABEL: func.func @doubled
// CHECK-SAME:    (%[[X:.*]]: tensor<1x4x4x2xi8>)
// CHECK:         patch.add %[[X]], %[[X]]
// CHECK-SAME:      min = -6, max = 127, rounding = single
func.func @doubled(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %lhs_zp = "tosa.const"() {values = dense<-5> : tensor<1xi8>} : () -> tensor<1xi8>
  %rhs_zp = "tosa.const"() {values = dense<4> : tensor<1xi8>} : () -> tensor<1xi8>
  %output_zp = "tosa.const"() {values = dense<-6> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %m = "tosa.const"() {values = dense<1717986918> : tensor<1xi32>} : () -> tensor<1xi32>
  %x_shift = "tosa.const"() {values = dense<20> : tensor<1xi8>} : () -> tensor<1xi8>
  %shift = "tosa.const"() {values = dense<50> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %x, %m, %x_shift, %lhs_zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = SINGLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %sum = tosa.add %0, %0 : (tensor<1x4x4x2xi32>, tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %sum, %m, %shift, %zero, %output_zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = SINGLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  %out = tosa.clamp %1 {min_val = -6 : i8, max_val = 127 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}
