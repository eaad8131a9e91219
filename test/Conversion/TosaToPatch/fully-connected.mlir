// RUN: tessera-opt %s -convert-tosa-to-patch=full -split-input-file | FileCheck %s

// A map that is flattened and multiplied by a matrix: the layer reads the map as
// it lies, 2 * 2 * 2 = 8 inputs. The rank-2 result is a view of 1x1x1x3.

// CHECK-LABEL: func.func @flattened_map
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x2x2x2xi8> {tessera.name = "in"}) -> (tensor<1x3xi8> {tessera.name = "out"})
// CHECK-DAG:     %[[WEIGHTS:.*]] = arith.constant dense<2> : tensor<3x8xi8>
// CHECK-DAG:     %[[BIAS:.*]] = arith.constant dense<0> : tensor<3xi32>
// CHECK:         %[[FC:.*]] = patch.fully_connected %[[INPUT]], %[[WEIGHTS]], %[[BIAS]]
// CHECK-SAME:      input_zp = -1 : i32
// CHECK-SAME:      (tensor<1x2x2x2xi8>, tensor<3x8xi8>, tensor<3xi32>) -> tensor<1x1x1x3xi8>
// CHECK:         %[[OUT:.*]] = patch.reshape %[[FC]] : tensor<1x1x1x3xi8> -> tensor<1x3xi8>
// CHECK:         return %[[OUT]]
func.func @flattened_map(%input: tensor<1x2x2x2xi8> {tessera.name = "in"}) -> (tensor<1x3xi8> {tessera.name = "out"}) {
  %row = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %pixel = tosa.const_shape {values = dense<[1, 1, 1, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %flat = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %weights = "tosa.const"() {values = dense<2> : tensor<3x1x1x8xi8>} : () -> tensor<3x1x1x8xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<3xi32>} : () -> tensor<3xi32>
  %input_zp = "tosa.const"() {values = dense<-1> : tensor<1xi8>} : () -> tensor<1xi8>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.reshape %input, %row : (tensor<1x2x2x2xi8>, !tosa.shape<2>) -> tensor<1x8xi8>
  %1 = tosa.reshape %0, %pixel : (tensor<1x8xi8>, !tosa.shape<4>) -> tensor<1x1x1x8xi8>
  %sum = tosa.conv2d %1, %weights, %bias, %input_zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x1x1x8xi8>, tensor<3x1x1x8xi8>, tensor<3xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x3xi32>
  %2 = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x1x1x3xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x1x1x3xi8>
  %out = tosa.reshape %2, %flat : (tensor<1x1x1x3xi8>, !tosa.shape<2>) -> tensor<1x3xi8>
  return %out : tensor<1x3xi8>
}

// -----

// A kernel as large as a reshaped map (4x1x1 seen as 2x2x1) reads all of it, too.

// CHECK-LABEL: func.func @kernel_covers_reshaped_map
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x4x1x1xi8>)
// CHECK:         patch.fully_connected %[[INPUT]]
// CHECK-SAME:      (tensor<1x4x1x1xi8>, tensor<1x4xi8>, tensor<1xi32>) -> tensor<1x1x1x1xi8>
func.func @kernel_covers_reshaped_map(%input: tensor<1x4x1x1xi8>) -> tensor<1x1x1x1xi8> {
  %square = tosa.const_shape {values = dense<[1, 2, 2, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %weights = "tosa.const"() {values = dense<2> : tensor<1x2x2x1xi8>} : () -> tensor<1x2x2x1xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.reshape %input, %square : (tensor<1x4x1x1xi8>, !tosa.shape<4>) -> tensor<1x2x2x1xi8>
  %sum = tosa.conv2d %0, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x2x2x1xi8>, tensor<1x2x2x1xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x1xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x1x1x1xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x1x1x1xi8>
  return %out : tensor<1x1x1x1xi8>
}

// -----

// Over a map that is no view, such a kernel stays a convolution.

// CHECK-LABEL: func.func @negative_kernel_covers_map
// CHECK:         patch.conv2d
func.func @negative_kernel_covers_map(%input: tensor<1x2x2x1xi8>) -> tensor<1x1x1x1xi8> {
  %weights = "tosa.const"() {values = dense<2> : tensor<1x2x2x1xi8>} : () -> tensor<1x2x2x1xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %sum = tosa.conv2d %input, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x2x2x1xi8>, tensor<1x2x2x1xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x1xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x1x1x1xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x1x1x1xi8>
  return %out : tensor<1x1x1x1xi8>
}

// -----

// tosa.matmul of one row: the 3x2 matrix is stored transposed, 2x3. Its bias is
// an addition.

// CHECK-LABEL: func.func @matmul_row
// CHECK-DAG:     %[[INPUT:.*]] = patch.reshape %{{.*}} : tensor<1x1x3xi8> -> tensor<1x1x1x3xi8>
// CHECK-DAG:     %[[WEIGHTS:.*]] = arith.constant dense<{{\[}}[1, 3, 5], [2, 4, 6]]> : tensor<2x3xi8>
// CHECK-DAG:     %[[BIAS:.*]] = arith.constant dense<[10, 20]> : tensor<2xi32>
// CHECK:         patch.fully_connected %[[INPUT]], %[[WEIGHTS]], %[[BIAS]]
// CHECK-SAME:      input_zp = -7 : i32
// CHECK:         patch.reshape %{{.*}} : tensor<1x1x1x2xi8> -> tensor<1x1x2xi8>
func.func @matmul_row(%input: tensor<1x1x3xi8>) -> tensor<1x1x2xi8> {
  %matrix = "tosa.const"() {values = dense<[[[1, 2], [3, 4], [5, 6]]]> : tensor<1x3x2xi8>} : () -> tensor<1x3x2xi8>
  %bias = "tosa.const"() {values = dense<[[[10, 20]]]> : tensor<1x1x2xi32>} : () -> tensor<1x1x2xi32>
  %input_zp = "tosa.const"() {values = dense<-7> : tensor<1xi8>} : () -> tensor<1xi8>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %products = tosa.matmul %input, %matrix, %input_zp, %zp : (tensor<1x1x3xi8>, tensor<1x3x2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x2xi32>
  %sum = tosa.add %products, %bias : (tensor<1x1x2xi32>, tensor<1x1x2xi32>) -> tensor<1x1x2xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x1x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x1x2xi8>
  return %out : tensor<1x1x2xi8>
}

// -----

// Five rows are a map of height 5 and a 1x1 convolution. The sums are reshaped
// before they are rescaled.

// CHECK-LABEL: func.func @matmul_rows
// CHECK:         %[[INPUT:.*]] = patch.reshape %{{.*}} : tensor<1x5x3xi8> -> tensor<1x5x1x3xi8>
// CHECK:         patch.conv2d %[[INPUT]]
// CHECK-SAME:      (tensor<1x5x1x3xi8>, tensor<2x1x1x3xi8>, tensor<2xi32>) -> tensor<1x5x1x2xi8>
// CHECK:         patch.reshape %{{.*}} : tensor<1x5x1x2xi8> -> tensor<5x2xi8>
func.func @matmul_rows(%input: tensor<1x5x3xi8>) -> tensor<5x2xi8> {
  %matrix = "tosa.const"() {values = dense<[[[1, 2], [3, 4], [5, 6]]]> : tensor<1x3x2xi8>} : () -> tensor<1x3x2xi8>
  %input_zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %rows = tosa.const_shape {values = dense<[5, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %multiplier = "tosa.const"() {values = dense<[1073741824, 1073741825]> : tensor<2xi32>} : () -> tensor<2xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<2xi8>} : () -> tensor<2xi8>
  %products = tosa.matmul %input, %matrix, %input_zp, %zp : (tensor<1x5x3xi8>, tensor<1x3x2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x5x2xi32>
  %sum = tosa.reshape %products, %rows : (tensor<1x5x2xi32>, !tosa.shape<2>) -> tensor<5x2xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = true,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<5x2xi32>, tensor<2xi32>, tensor<2xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<5x2xi8>
  return %out : tensor<5x2xi8>
}

// -----

// A batch of single pixels, as importers write a matrix product of 2 rows, is a
// column of pixels.

// CHECK-LABEL: func.func @batch_of_pixels
// CHECK:         %[[INPUT:.*]] = patch.reshape %{{.*}} : tensor<2x4xi8> -> tensor<1x2x1x4xi8>
// CHECK:         %[[OUT:.*]] = patch.conv2d %[[INPUT]]
// CHECK-SAME:      -> tensor<1x2x1x3xi8>
// CHECK:         patch.reshape %[[OUT]] : tensor<1x2x1x3xi8> -> tensor<2x3xi8>
func.func @batch_of_pixels(%input: tensor<2x4xi8>) -> tensor<2x3xi8> {
  %pixels = tosa.const_shape {values = dense<[2, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %rows = tosa.const_shape {values = dense<[2, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %weights = "tosa.const"() {values = dense<2> : tensor<3x1x1x4xi8>} : () -> tensor<3x1x1x4xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<3xi32>} : () -> tensor<3xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.reshape %input, %pixels : (tensor<2x4xi8>, !tosa.shape<4>) -> tensor<2x1x1x4xi8>
  %sum = tosa.conv2d %0, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<2x1x1x4xi8>, tensor<3x1x1x4xi8>, tensor<3xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x1x1x3xi32>
  %1 = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<2x1x1x3xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<2x1x1x3xi8>
  %out = tosa.reshape %1, %rows : (tensor<2x1x1x3xi8>, !tosa.shape<2>) -> tensor<2x3xi8>
  return %out : tensor<2x3xi8>
}
