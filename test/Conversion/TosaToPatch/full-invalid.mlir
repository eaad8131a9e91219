// RUN: tessera-opt %s -convert-tosa-to-patch=full -split-input-file -verify-diagnostics
//
// A full conversion that is not possible fails with one error per function: how
// many operations are left, each with its name and the reason.

// All of them in one message, with the layer's name where it has one.

// expected-error@+1 {{cannot convert 2 TOSA operations: 'tosa.bitwise_not' (3:LOGICAL): no patch layer does what it does; 'tosa.reverse' (4:REVERSE_V2): no patch layer does what it does}}
func.func @negative_listing(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %0 = tosa.bitwise_not %x : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> loc("3:LOGICAL")
  %1 = tosa.reverse %0 {axis = 1 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> loc("4:REVERSE_V2")
  return %1 : tensor<1x4x4x2xi8>
}

// -----

// expected-error-re@+1 {{cannot convert 1 TOSA operation: 'tosa.conv2d' {{.*}}: its sums are not read by exactly one tosa.rescale to i8}}
func.func @negative_not_rescaled(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi32> {
  %weights = "tosa.const"() {values = dense<1> : tensor<2x1x1x2xi8>} : () -> tensor<2x1x1x2xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<2xi32>} : () -> tensor<2xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x4x4x2xi8>, tensor<2x1x1x2xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  return %0 : tensor<1x4x4x2xi32>
}

// -----

// expected-error-re@+1 {{'tosa.conv2d' {{.*}}: the weights' zero point is 3, not 0; 'tosa.rescale' {{.*}}: a rescale from 'tensor<1x4x4x2xi32>' to 'tensor<1x4x4x2xi8>' is only understood next to a layer}}
func.func @negative_weight_zero_point(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<2x1x1x2xi8>} : () -> tensor<2x1x1x2xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<2xi32>} : () -> tensor<2xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %three = "tosa.const"() {values = dense<3> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %weights, %bias, %zp, %three {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x4x4x2xi8>, tensor<2x1x1x2xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %0, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %1 : tensor<1x4x4x2xi8>
}

// -----

// expected-error-re@+1 {{'tosa.conv2d' {{.*}}: the weights are not a constant}}
func.func @negative_variable_weights(%x: tensor<1x4x4x2xi8>, %w: tensor<2x1x1x2xi8>) -> tensor<1x4x4x2xi8> {
  %bias = "tosa.const"() {values = dense<0> : tensor<2xi32>} : () -> tensor<2xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %w, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x4x4x2xi8>, tensor<2x1x1x2xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %0, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %1 : tensor<1x4x4x2xi8>
}

// -----

// expected-error-re@+1 {{'tosa.conv2d' {{.*}}: the bias is not a constant with one entry per channel}}
func.func @negative_variable_bias(%x: tensor<1x4x4x2xi8>, %b: tensor<2xi32>) -> tensor<1x4x4x2xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<2x1x1x2xi8>} : () -> tensor<2x1x1x2xi8>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %weights, %b, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x4x4x2xi8>, tensor<2x1x1x2xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %0, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %1 : tensor<1x4x4x2xi8>
}

// -----

// expected-error-re@+1 {{'tosa.conv2d' {{.*}}: the batch is 2, not 1}}
func.func @negative_batch(%x: tensor<2x4x4x2xi8>) -> tensor<2x3x3x2xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<2x2x2x2xi8>} : () -> tensor<2x2x2x2xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<2xi32>} : () -> tensor<2xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<2x4x4x2xi8>, tensor<2x2x2x2xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x3x3x2xi32>
  %1 = tosa.rescale %0, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<2x3x3x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<2x3x3x2xi8>
  return %1 : tensor<2x3x3x2xi8>
}

// -----

// Shift 1 is outside TOSA's range, although 2^30 would need it.

// expected-error-re@+1 {{'tosa.conv2d' {{.*}}: shift 1 of tosa.rescale is not in [2, 62]}}
func.func @negative_shift(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %weights = "tosa.const"() {values = dense<1> : tensor<2x1x1x2xi8>} : () -> tensor<2x1x1x2xi8>
  %bias = "tosa.const"() {values = dense<0> : tensor<2xi32>} : () -> tensor<2xi32>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<1> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %weights, %bias, %zp, %zp {
    acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>,
    stride = array<i64: 1, 1>
  } : (tensor<1x4x4x2xi8>, tensor<2x1x1x2xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %0, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %1 : tensor<1x4x4x2xi8>
}

// -----

// expected-error-re@+1 {{'tosa.rescale' {{.*}}: unsigned values in tosa.rescale are not supported}}
func.func @negative_unsigned(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %x, %multiplier, %shift, %zp, %zp {
    input_unsigned = true, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %0 : tensor<1x4x4x2xi8>
}

// -----

// expected-error-re@+1 {{'tosa.rescale' {{.*}}: a rescale of i8 per channel is not supported}}
func.func @negative_per_channel_i8(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<2xi32>} : () -> tensor<2xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<2xi8>} : () -> tensor<2xi8>
  %0 = tosa.rescale %x, %multiplier, %shift, %zp, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = true,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<2xi32>, tensor<2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %0 : tensor<1x4x4x2xi8>
}

// -----

// expected-error-re@+1 {{'tosa.add' {{.*}}: broadcasting is not supported: 'tensor<1x4x4x2xi32>' and 'tensor<1x1x1x2xi32>'}}
func.func @negative_broadcast(%x: tensor<1x4x4x2xi8>, %y: tensor<1x1x1x2xi8>) -> tensor<1x4x4x2xi8> {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %x, %multiplier, %shift, %zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %y, %multiplier, %shift, %zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x1x1x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x1x1x2xi32>
  %2 = tosa.add %0, %1 : (tensor<1x4x4x2xi32>, tensor<1x1x1x2xi32>) -> tensor<1x4x4x2xi32>
  %3 = tosa.rescale %2, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %3 : tensor<1x4x4x2xi8>
}

// -----

// expected-error-re@+1 {{'tosa.add' {{.*}}: an operand is made neither by tosa.rescale nor by tosa.cast from i8}}
func.func @negative_i32_argument(%x: tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi8> {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.add %x, %x : (tensor<1x4x4x2xi32>, tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %0, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %1 : tensor<1x4x4x2xi8>
}

// -----

// One side rounds once, the other twice, both with shift 40: no single mode.

// expected-error-re@+1 {{'tosa.add' {{.*}}: no rounding mode gives what all its rescales mean}}
func.func @negative_roundings_differ(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %m = "tosa.const"() {values = dense<1717986918> : tensor<1xi32>} : () -> tensor<1xi32>
  %s = "tosa.const"() {values = dense<40> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.rescale %x, %m, %s, %zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = SINGLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %1 = tosa.rescale %x, %m, %s, %zp, %zero {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x4x4x2xi32>
  %2 = tosa.add %0, %1 : (tensor<1x4x4x2xi32>, tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32>
  %3 = tosa.rescale %2, %m, %s, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<1x4x4x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  return %3 : tensor<1x4x4x2xi8>
}

// -----

// Rows 1 to 4: the first row is cut, and it would be read.

// expected-error-re@+1 {{'tosa.slice' {{.*}}: a slice is only understood where it cuts rows and columns at the end that the convolution or pooling behind it leaves unread}}
func.func @negative_slice(%x: tensor<1x4x4x2xi8>) -> tensor<1x3x4x2xi8> {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %start = tosa.const_shape {values = dense<[0, 1, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 3, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %start, %size : (tensor<1x4x4x2xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x3x4x2xi8>
  return %0 : tensor<1x3x4x2xi8>
}

// -----

// Row 3 is cut, but a 2x2 window with stride 1 would read it.

// expected-error@+1 {{cannot convert 1 TOSA operation: 'tosa.slice'}}
func.func @negative_slice_of_read_row(%x: tensor<1x4x4x2xi8>) -> tensor<1x2x3x2xi8> {
  %start = tosa.const_shape {values = dense<[0, 0, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 3, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %start, %size : (tensor<1x4x4x2xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x3x4x2xi8>
  %1 = tosa.max_pool2d %0 {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x3x4x2xi8>) -> tensor<1x2x3x2xi8>
  return %1 : tensor<1x2x3x2xi8>
}

// -----

// Channels cannot be padded.

// expected-error-re@+1 {{'tosa.pad' {{.*}}: padding of 1 in dimension 3 of 'tensor<1x4x4x2xi8>' does not lie along the height or width of a map}}
func.func @negative_channel_pad(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x3xi8> {
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %border = tosa.const_shape {values = dense<[0, 0, 0, 0, 0, 0, 0, 1]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %0 = tosa.pad %x, %border, %zp : (tensor<1x4x4x2xi8>, !tosa.shape<8>, tensor<1xi8>) -> tensor<1x4x4x3xi8>
  return %0 : tensor<1x4x4x3xi8>
}

// -----

// 2x2 windows with padding have 1, 2 or 4 taps; ties of S + n * 9 are not ties of S.

// expected-error-re@+1 {{'tosa.avg_pool2d' {{.*}}: average pooling with padding, windows of an even number of taps and zero points -9 and -9 rounds ties as no layer does}}
func.func @negative_avg_pool(%x: tensor<1x4x4x2xi8>) -> tensor<1x5x5x2xi8> {
  %nine = "tosa.const"() {values = dense<-9> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.avg_pool2d %x, %nine, %nine {acc_type = i32, kernel = array<i64: 2, 2>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x5x5x2xi8>
  return %0 : tensor<1x5x5x2xi8>
}

// -----

// expected-error-re@+1 {{'tosa.clamp' {{.*}}: only i8 can be clamped, not 'tensor<1x4x4x2xi32>'}}
func.func @negative_i32_clamp(%x: tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32> {
  %0 = tosa.clamp %x {min_val = 0 : i32, max_val = 6 : i32} : (tensor<1x4x4x2xi32>) -> tensor<1x4x4x2xi32>
  return %0 : tensor<1x4x4x2xi32>
}

// -----

// expected-error-re@+1 {{'tosa.matmul' {{.*}}: the batch is 2, not 1}}
func.func @negative_matmul_batch(%x: tensor<2x1x3xi8>) -> tensor<2x1x2xi8> {
  %matrix = "tosa.const"() {values = dense<1> : tensor<2x3x2xi8>} : () -> tensor<2x3x2xi8>
  %zp = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zero = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %multiplier = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %shift = "tosa.const"() {values = dense<33> : tensor<1xi8>} : () -> tensor<1xi8>
  %0 = tosa.matmul %x, %matrix, %zp, %zp : (tensor<2x1x3xi8>, tensor<2x3x2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<2x1x2xi32>
  %1 = tosa.rescale %0, %multiplier, %shift, %zero, %zp {
    input_unsigned = false, output_unsigned = false, per_channel = false,
    rounding_mode = DOUBLE_ROUND, scale32 = true
  } : (tensor<2x1x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<2x1x2xi8>
  return %1 : tensor<2x1x2xi8>
}

// -----

// expected-error-re@+1 {{'tosa.clamp' {{.*}}: the shape is dynamic, empty or too large}}
func.func @negative_dynamic(%x: tensor<1x?x4x2xi8>) -> tensor<1x?x4x2xi8> {
  %0 = tosa.clamp %x {min_val = 0 : i8, max_val = 6 : i8} : (tensor<1x?x4x2xi8>) -> tensor<1x?x4x2xi8>
  return %0 : tensor<1x?x4x2xi8>
}

// -----

// Sums may be reshaped on their way to a rescale, not elsewhere.

// expected-error-re@+1 {{'tosa.reshape' {{.*}}: only 8-bit and f32 data can be seen under another shape, not 'tensor<4xi32>'}}
func.func @negative_reshaped_sums(%x: tensor<4xi32>) -> tensor<2x2xi32> {
  %s = tosa.const_shape {values = dense<2> : tensor<2xindex>} : () -> !tosa.shape<2>
  %0 = tosa.reshape %x, %s : (tensor<4xi32>, !tosa.shape<2>) -> tensor<2x2xi32>
  return %0 : tensor<2x2xi32>
}
