// RUN: tessera-opt %s -convert-tosa-to-patch -split-input-file | FileCheck %s

// In a foreign compiler, what is not understood stays as it is, and so do constants
// that it reads. The clamp around it is converted.

// CHECK-LABEL: func.func @stays
// CHECK:         %[[TABLE:.*]] = "tosa.const"
// CHECK:         %[[CLAMP:.*]] = patch.requantize
// CHECK:         tosa.table %[[CLAMP]], %[[TABLE]]
// CHECK:         %[[SUM:.*]] = arith.addi
// CHECK:         arith.addi %[[SUM]], %[[SUM]]
func.func @stays(%input: tensor<1x4x4x2xi8>, %n: i32) -> (tensor<1x4x4x2xi8>, i32) {
  %table = "tosa.const"() {values = dense<1> : tensor<256xi8>} : () -> tensor<256xi8>
  %0 = tosa.clamp %input {min_val = 0 : i8, max_val = 6 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  %1 = tosa.table %0, %table : (tensor<1x4x4x2xi8>, tensor<256xi8>) -> tensor<1x4x4x2xi8>
  %c0 = arith.constant 0 : i32
  // Would fold to %n + %n if foreign ops were folded.
  %2 = arith.addi %n, %c0 : i32
  %3 = arith.addi %2, %2 : i32
  return %1, %3 : tensor<1x4x4x2xi8>, i32
}

// -----

// Dynamic shapes belong to somebody else.

// CHECK-LABEL: func.func @negative_dynamic
// CHECK:         tosa.clamp
// CHECK:         tosa.max_pool2d
func.func @negative_dynamic(%input: tensor<1x?x4x2xi8>) -> tensor<1x?x2x2xi8> {
  %0 = tosa.clamp %input {min_val = 0 : i8, max_val = 6 : i8} : (tensor<1x?x4x2xi8>) -> tensor<1x?x4x2xi8>
  %1 = tosa.max_pool2d %0 {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x?x4x2xi8>) -> tensor<1x?x2x2xi8>
  return %1 : tensor<1x?x2x2xi8>
}

// -----

// Floats, too.

// CHECK-LABEL: func.func @negative_float
// CHECK:         tosa.clamp
// CHECK:         tosa.add
func.func @negative_float(%input: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %0 = tosa.clamp %input {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = tosa.add %0, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %1 : tensor<1x4x4x2xf32>
}
