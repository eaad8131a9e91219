// RUN: tessera-opt %s -convert-tosa-to-patch=full -split-input-file | FileCheck %s

// i8 to i8, scaled by 3/4: 1610612736 * 2^(0 - 31). |v - zp| <= 127 + 3: never
// near 32 bits, so every rounding with shift <= 31 is TensorFlow Lite's.

// CHECK-LABEL: func.func @rescale
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x4x4x2xi8>)
// CHECK-NEXT:    %[[OUT:.*]] = patch.requantize %[[INPUT]] {input_zp = -3 : i32, requant = #patch.requant<multiplier = [1610612736], exponent = [0], zero_point = 5, min = -128, max = 127, rounding = tflite>}
// CHECK-NEXT:    return %[[OUT]]
func.func @rescale(%input: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %input_zp = "tosa.const"() {values = dense<-3> : tensor<1xi8>} : () -> tensor<1xi8>
  %output_zp = "tosa.const"() {values = dense<5> : tensor<1xi8>} : () -> tensor<1xi8>
  %multiplier = "tosa.const"() {values = dense<1610612736> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<31> : tensor<1xi8>} : () -> tensor<1xi8>
  %out = tosa.rescale %input, %multiplier, %shift, %input_zp, %output_zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = SINGLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}

// -----

// Scaled by 3: exponent 2. 128 * 2^2 fits 32 bits, so TensorFlow Lite's shift to
// the left loses nothing. With shift 2 (exponent 29) it would: 128 * 2^29 > 2^31.

// CHECK-LABEL: func.func @rescale_up
// CHECK:         exponent = [2], {{.*}} rounding = tflite
// CHECK:         exponent = [29], {{.*}} rounding = double
func.func @rescale_up(%input: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %multiplier = "tosa.const"() {values = dense<1610612736> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<29> : tensor<1xi8>} : () -> tensor<1xi8>
  %tiny = "tosa.const"() {values = dense<3> : tensor<1xi32>} : () -> tensor<1xi32>
  %two = "tosa.const"() {values = dense<2> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %input, %multiplier, %shift, %zp, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  %out = tosa.rescale %0, %tiny, %two, %zp, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}

// -----

// Rank 1, 2, 3 and 5 are maps of 1x1x1xK, 1xMx1xK, 1xAxBxC and 1x(A*B*C)xDxE.

// CHECK-LABEL: func.func @ranks
// CHECK:         tensor<6xi8> -> tensor<1x1x1x6xi8>
// CHECK:         patch.requantize
// CHECK:         tensor<1x1x1x6xi8> -> tensor<6xi8>
// CHECK:         tensor<2x6xi8> -> tensor<1x2x1x6xi8>
// CHECK:         patch.requantize
// CHECK:         tensor<1x2x1x6xi8> -> tensor<2x6xi8>
// CHECK:         tensor<2x3x4xi8> -> tensor<1x2x3x4xi8>
// CHECK:         patch.requantize
// CHECK:         tensor<1x2x3x4xi8> -> tensor<2x3x4xi8>
// CHECK:         tensor<2x3x4x5x6xi8> -> tensor<1x24x5x6xi8>
// CHECK:         patch.requantize
// CHECK:         tensor<1x24x5x6xi8> -> tensor<2x3x4x5x6xi8>
func.func @ranks(%a: tensor<6xi8>, %b: tensor<2x6xi8>, %c: tensor<2x3x4xi8>, %d: tensor<2x3x4x5x6xi8>)
    -> (tensor<6xi8>, tensor<2x6xi8>, tensor<2x3x4xi8>, tensor<2x3x4x5x6xi8>) {
  %0 = tosa.clamp %a {min_val = -1 : i8, max_val = 1 : i8} : (tensor<6xi8>) -> tensor<6xi8>
  %1 = tosa.clamp %b {min_val = -1 : i8, max_val = 1 : i8} : (tensor<2x6xi8>) -> tensor<2x6xi8>
  %2 = tosa.clamp %c {min_val = -1 : i8, max_val = 1 : i8} : (tensor<2x3x4xi8>) -> tensor<2x3x4xi8>
  %3 = tosa.clamp %d {min_val = -1 : i8, max_val = 1 : i8} : (tensor<2x3x4x5x6xi8>) -> tensor<2x3x4x5x6xi8>
  return %0, %1, %2, %3 : tensor<6xi8>, tensor<2x6xi8>, tensor<2x3x4xi8>, tensor<2x3x4x5x6xi8>
}

// -----

// A clamp with nothing to melt into scales by one: 2^30 * 2^(1 - 31) = 1.

// CHECK-LABEL: func.func @clamp_alone
// CHECK:         patch.requantize %{{.*}} {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [1], zero_point = 0, min = -20, max = 100, rounding = tflite>}
func.func @clamp_alone(%input: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %out = tosa.clamp %input {min_val = -20 : i8, max_val = 100 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}

// -----

// Behind a layer it tightens that layer's bounds; clamps add up:
// [-128, 127], then [-20, 100] gives [-20, 100], then [50, 60] gives [50, 60].

// CHECK-LABEL: func.func @clamp_of_rescale
// CHECK-COUNT-1: patch.requantize
// CHECK-SAME:      min = 50, max = 60
// CHECK-NEXT:    return
func.func @clamp_of_rescale(%input: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %input, %multiplier, %shift, %zp, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  %1 = tosa.clamp %0 {min_val = -20 : i8, max_val = 100 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  %out = tosa.clamp %1 {min_val = 50 : i8, max_val = 60 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}

// -----

// Bounds that do not meet leave one value: clamp(clamp(x, -20, 10), 50, 60) = 50.

// CHECK-LABEL: func.func @clamp_to_one_value
// CHECK-COUNT-1: patch.requantize
// CHECK-SAME:      min = 50, max = 50
func.func @clamp_to_one_value(%input: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %0 = tosa.clamp %input {min_val = -20 : i8, max_val = 10 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  %out = tosa.clamp %0 {min_val = 50 : i8, max_val = 60 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}

// -----

// A clamp of the pooled maximum, and one of a flattened layer.

// CHECK-LABEL: func.func @clamp_of_pool_through_reshape
// CHECK:         %[[POOL:.*]] = patch.max_pool2d %{{.*}} {kernel = array<i32: 2, 2>, max = 6 : i32, min = 0 : i32, pad = array<i32: 0, 0, 0, 0>, stride = array<i32: 2, 2>}
// CHECK-NEXT:    %[[OUT:.*]] = patch.reshape %[[POOL]] : tensor<1x2x2x2xi8> -> tensor<1x8xi8>
// CHECK-NEXT:    return %[[OUT]]
func.func @clamp_of_pool_through_reshape(%input: tensor<1x4x4x2xi8>) -> tensor<1x8xi8> {
  %flat = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %0 = tosa.max_pool2d %input {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8>
  %1 = tosa.reshape %0, %flat : (tensor<1x2x2x2xi8>, !tosa.shape<2>) -> tensor<1x8xi8>
  %out = tosa.clamp %1 {min_val = 0 : i8, max_val = 6 : i8} : (tensor<1x8xi8>) -> tensor<1x8xi8>
  return %out : tensor<1x8xi8>
}

// -----

// Where something else reads the unclamped values, both must exist.

// CHECK-LABEL: func.func @negative_clamp_of_shared_value
// CHECK-COUNT-2: patch.requantize
func.func @negative_clamp_of_shared_value(%input: tensor<1x4x4x2xi8>) -> (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %input, %multiplier, %shift, %zp, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  %out = tosa.clamp %0 {min_val = -20 : i8, max_val = 100 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return %0, %out : tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>
}

// -----

// Signed to unsigned is more than a clamp, even with one zero point: -1 becomes 0.

// CHECK-LABEL: func.func @negative_unsigned_result
// CHECK:         patch.max_pool2d
// CHECK-SAME:      max = 127 : i32, min = -128 : i32
// CHECK:         patch.requantize
// CHECK-SAME:      -> tensor<1x2x2x2xui8>
func.func @negative_unsigned_result(%input: tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xui8> {
  %0 = tosa.max_pool2d %input {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8>
  %1 = patch.requantize %0 {input_zp = 0 : i32, requant = #patch.requant<
    multiplier = [1073741824], exponent = [1], zero_point = 0, min = 0,
    max = 127, rounding = tflite>} : (tensor<1x2x2x2xi8>) -> tensor<1x2x2x2xui8>
  return %1 : tensor<1x2x2x2xui8>
}
