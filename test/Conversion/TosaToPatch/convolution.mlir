// RUN: tessera-opt %s -convert-tosa-to-patch=full -split-input-file | FileCheck %s

// SAME padding, stride 2: 8 + 0 + 1 - 3 = 6, 6 / 2 + 1 = 4 rows.
// Shifts 40 and 39 are exponents 31 - 40 = -9 and 31 - 39 = -8. Multipliers are
// positive and shifts above 31: DOUBLE_ROUND is TensorFlow Lite's rounding.

// CHECK-LABEL: func.func @conv2d_per_channel
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x8x8x3xi8>) -> tensor<1x4x4x2xi8>
// CHECK-DAG:     %[[WEIGHTS:.*]] = arith.constant dense<5> : tensor<2x3x3x3xi8>
// CHECK-DAG:     %[[BIAS:.*]] = arith.constant dense<[7, -7]> : tensor<2xi32>
// CHECK:         %[[OUT:.*]] = patch.conv2d %[[INPUT]], %[[WEIGHTS]], %[[BIAS]]
// CHECK-SAME:      dilation = array<i32: 1, 1>
// CHECK-SAME:      input_zp = -128 : i32
// CHECK-SAME:      pad = array<i32: 0, 1, 0, 1>
// CHECK-SAME:      #patch.requant<multiplier = [1610612736, 1073741824], exponent = [-9, -8],
// CHECK-SAME:        zero_point = -3, min = -128, max = 127, rounding = tflite>
// CHECK-SAME:      stride = array<i32: 2, 2>
// CHECK-NEXT:    return %[[OUT]]
func.func @conv2d_per_channel(%input: tensor<1x8x8x3xi8>) -> tensor<1x4x4x2xi8> {
  %weights = "tosa.const"() {values = dense<5> : tensor<2x3x3x3xi8>} : () -> tensor<2x3x3x3xi8>
  %bias = "tosa.const"() {values = dense<[7, -7]> : tensor<2xi32>} : () -> tensor<2xi32>
  %input_zp = "tosa.const"() {values = dense<-128> : tensor<1xi8>} : () -> tensor<1xi8>
  %weight_zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %output_zp = "tosa.const"() {values = dense<-3> : tensor<1xi8>} : () -> tensor<1xi8>
  %multiplier = "tosa.const"() {values = dense<[1610612736, 1073741824]> : tensor<2xi32>} : () -> tensor<2xi32>
  %shift = "tosa.const"() {values = dense<[40, 39]> : tensor<2xi8>} : () -> tensor<2xi8>
  %sum = tosa.conv2d %input, %weights, %bias, %input_zp, %weight_zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 1, 0, 1>,
    stride = array<i64: 2, 2>
  } : (tensor<1x8x8x3xi8>, tensor<2x3x3x3xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %output_zp {
    input_unsigned = false, output_unsigned = false, per_channel = true,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<2xi32>, tensor<2xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}

// -----

// SINGLE_ROUND with a shift above 31 rounds as nothing else does. A bias of one
// entry holds for all channels.

// CHECK-LABEL: func.func @conv2d_single_round
// CHECK:         arith.constant dense<9> : tensor<2xi32>
// CHECK:         patch.conv2d
// CHECK-SAME:      dilation = array<i32: 2, 3>
// CHECK-SAME:      multiplier = [1073741824], exponent = [-9]
// CHECK-SAME:      rounding = single
func.func @conv2d_single_round(%input: tensor<1x8x8x3xi8>) -> tensor<1x4x2x2xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<2x3x3x3xi8>} : () -> tensor<2x3x3x3xi8>
  %bias = "tosa.const"() {values = dense<9> : tensor<1xi32>} : () -> tensor<1xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<40> : tensor<1xi8>} : () -> tensor<1xi8>
  // Reach 5 and 7: 8 - 5 + 1 = 4 rows, 8 - 7 + 1 = 2 columns.
  %sum = tosa.conv2d %input, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 2, 3>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x8x8x3xi8>, tensor<2x3x3x3xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x2x2xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = SINGLE_ROUND, scale32 = true
  } : (tensor<1x4x2x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x2x2xi8>
  return %out : tensor<1x4x2x2xi8>
}

// -----

// SINGLE_ROUND with shift 31 is TensorFlow Lite's rounding, too.
// A 16-bit multiplier is scaled by the same formula.

// CHECK-LABEL: func.func @conv2d_scale16
// CHECK:         multiplier = [16384], exponent = [0]
// CHECK-SAME:    rounding = tflite
func.func @conv2d_scale16(%input: tensor<1x4x4x2xi8>) -> tensor<1x4x4x1xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<1x1x1x2xi8>} : () -> tensor<1x1x1x2xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<16384> : tensor<1xi16>} : () -> tensor<1xi16>
  %shift = "tosa.const"() {values = dense<31> : tensor<1xi8>} : () -> tensor<1xi8>
  %sum = tosa.conv2d %input, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x4x4x2xi8>, tensor<1x1x1x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x1xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = SINGLE_ROUND, scale32 = false
  } : (tensor<1x4x4x1xi32>, tensor<1xi16>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x1xi8>
  return %out : tensor<1x4x4x1xi8>
}

// -----

// HWCM weights (3x3x2x2) are HWO weights (3x3x4): output channel c * 2 + m.

// CHECK-LABEL: func.func @depthwise
// CHECK:         %[[WEIGHTS:.*]] = arith.constant dense<{{.*}}> : tensor<1x1x4xi8>
// CHECK:         patch.depthwise_conv2d %{{.*}}, %[[WEIGHTS]]
// CHECK-SAME:      input_zp = 4 : i32
// CHECK-SAME:      (tensor<1x3x3x2xi8>, tensor<1x1x4xi8>, tensor<4xi32>) -> tensor<1x3x3x4xi8>
func.func @depthwise(%input: tensor<1x3x3x2xi8>) -> tensor<1x3x3x4xi8> {
  %weights = "tosa.const"() {values = dense<[[[[1, 2], [3, 4]]]]> : tensor<1x1x2x2xi8>} : () -> tensor<1x1x2x2xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<4xi32>} : () -> tensor<4xi32>
  %input_zp = "tosa.const"() {values = dense<4> : tensor<1xi8>} : () -> tensor<1xi8>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %sum = tosa.depthwise_conv2d %input, %weights, %bias, %input_zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x3x3x2xi8>, tensor<1x1x2x2xi8>, tensor<4xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x3x3x4xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x3x3x4xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x3x3x4xi8>
  return %out : tensor<1x3x3x4xi8>
}

// -----

// 3x3, stride 2, no padding, on 8x8: rows 0..6 are read, 7 is not. TOSA wants it
// sliced off; the layer reads the whole map: floor((8 - 3) / 2) + 1 = 3.

// CHECK-LABEL: func.func @slice_of_unread_rows
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x8x8x1xi8>)
// CHECK:         patch.conv2d %[[INPUT]]
// CHECK-SAME:      -> tensor<1x3x3x1xi8>
func.func @slice_of_unread_rows(%input: tensor<1x8x8x1xi8>) -> tensor<1x3x3x1xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<1x3x3x1xi8>} : () -> tensor<1x3x3x1xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %start = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 7, 7, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %read = tosa.slice %input, %start, %size : (tensor<1x8x8x1xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x7x7x1xi8>
  %sum = tosa.conv2d %read, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 2, 2>
  } : (tensor<1x7x7x1xi8>, tensor<1x3x3x1xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x3x3x1xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x3x3x1xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x3x3x1xi8>
  return %out : tensor<1x3x3x1xi8>
}

// -----

// A pad of the zero point becomes padding of the convolution, a slice between the
// two (9 rows are 1 + 8; 2 * 3 + 3 = 9 are read, stride 2 leaves row 9 unread)
// disappears as well.

// CHECK-LABEL: func.func @pad_and_slice
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x8x8x1xi8>)
// CHECK-NOT:     patch.pad
// CHECK:         patch.conv2d %[[INPUT]]
// CHECK-SAME:      pad = array<i32: 1, 1, 1, 1>
// CHECK-SAME:      -> tensor<1x4x4x1xi8>
func.func @pad_and_slice(%input: tensor<1x8x8x1xi8>) -> tensor<1x4x4x1xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<1x3x3x1xi8>} : () -> tensor<1x3x3x1xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %input_zp = "tosa.const"() {values = dense<-5> : tensor<1xi8>} : () -> tensor<1xi8>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %border = tosa.const_shape {values = dense<[0, 0, 1, 1, 1, 1, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %start = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 9, 9, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %padded = tosa.pad %input, %border, %input_zp : (tensor<1x8x8x1xi8>, !tosa.shape<8>, tensor<1xi8>) -> tensor<1x10x10x1xi8>
  %read = tosa.slice %padded, %start, %size : (tensor<1x10x10x1xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x9x9x1xi8>
  %sum = tosa.conv2d %read, %weights, %bias, %input_zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 2, 2>
  } : (tensor<1x9x9x1xi8>, tensor<1x3x3x1xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x1xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x1xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x1xi8>
  return %out : tensor<1x4x4x1xi8>
}

// -----

// 1x1 with padding 1: the border reads padding only, which patch.conv2d cannot
// say (C5). The padding stays, as data.

// CHECK-LABEL: func.func @output_of_padding_only
// CHECK:         %[[PADDED:.*]] = patch.pad %{{.*}} {pad = array<i32: 1, 1, 1, 1>, value = 6 : i32}
// CHECK:         patch.conv2d %[[PADDED]]
// CHECK-SAME:      pad = array<i32: 0, 0, 0, 0>
func.func @output_of_padding_only(%input: tensor<1x4x4x1xi8>) -> tensor<1x6x6x1xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<1x1x1x1xi8>} : () -> tensor<1x1x1x1xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %input_zp = "tosa.const"() {values = dense<6> : tensor<1xi8>} : () -> tensor<1xi8>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %sum = tosa.conv2d %input, %weights, %bias, %input_zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>,
    stride = array<i64: 1, 1>
  } : (tensor<1x4x4x1xi8>, tensor<1x1x1x1xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x6x6x1xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x6x6x1xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x6x6x1xi8>
  return %out : tensor<1x6x6x1xi8>
}

// -----

// A constant that is added to the sums joins the bias: 2^31 - 1 + 1 wraps.

// CHECK-LABEL: func.func @bias_by_addition
// CHECK:         arith.constant dense<[-2147483648, 6]> : tensor<2xi32>
// CHECK:         patch.conv2d
// CHECK-NOT:     tosa.add
func.func @bias_by_addition(%input: tensor<1x4x4x1xi8>) -> tensor<1x4x4x2xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<2x1x1x1xi8>} : () -> tensor<2x1x1x1xi8>
  %bias = "tosa.const"() {values = dense<[2147483647, 5]> : tensor<2xi32>} : () -> tensor<2xi32>
  %more = "tosa.const"() {values = dense<1> : tensor<1x1x1x2xi32>} : () -> tensor<1x1x1x2xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %products = tosa.conv2d %input, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x4x4x1xi8>, tensor<2x1x1x1xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  %sum = tosa.add %products, %more : (tensor<1x4x4x2xi32>, tensor<1x1x1x2xi32>) -> tensor<1x4x4x2xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %out : tensor<1x4x4x2xi8>
}

// -----

// Weights in a resource blob, and the location of the convolution.

// CHECK-LABEL: func.func @resource
// CHECK:         arith.constant dense<{{.*}}[1, 2, 3, 4]{{.*}}> : tensor<1x1x1x4xi8>
// CHECK:         patch.conv2d
func.func @resource(%input: tensor<1x4x4x4xi8>) -> tensor<1x4x4x1xi8> {
  %weights = "tosa.const"() {values = dense_resource<w> : tensor<1x1x1x4xi8>} : () -> tensor<1x1x1x4xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %sum = tosa.conv2d %input, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x4x4x4xi8>, tensor<1x1x1x4xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x1xi32>
  %out = tosa.rescale %sum, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x1xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x1xi8>
  return %out : tensor<1x4x4x1xi8>
}

// Four bytes of alignment 1, then 1, 2, 3, 4.
{-#
  dialect_resources: {
    builtin: {
      w: "0x0100000001020304"
    }
  }
#-}
