// RUN: tessera-opt %s -split-input-file -verify-diagnostics
//
// One failing case or more for every constraint of PatchOps.td and PatchAttrs.td;
// the name says the label. (R2, no multiplier at all, cannot be written in the
// attribute's syntax: an empty list is a parse error, the last case.)

// expected-error@+1 {{R1: 2 multipliers but 1 exponents}}
func.func private @negative_R1_counts() attributes {a = #patch.requant<multiplier = [1, 2], exponent = [0], zero_point = 0, min = -128, max = 127, rounding = tflite>}

// -----

// expected-error@+1 {{R3: exponent -32 is not in [-31, 30]}}
func.func private @negative_R3_exponent_low() attributes {a = #patch.requant<multiplier = [1], exponent = [-32], zero_point = 0, min = -128, max = 127, rounding = tflite>}

// -----

// expected-error@+1 {{R3: exponent 31 is not in [-31, 30]}}
func.func private @negative_R3_exponent_high() attributes {a = #patch.requant<multiplier = [1], exponent = [31], zero_point = 0, min = -128, max = 127, rounding = tflite>}

// -----

// expected-error@+1 {{R4: min 5 is above max 4}}
func.func private @negative_R4_bounds() attributes {a = #patch.requant<multiplier = [1], exponent = [0], zero_point = 0, min = 5, max = 4, rounding = tflite>}

// -----

// expected-error@+1 {{P1: bands and strips must be at least 1, not 0 and 1}}
func.func private @negative_P1_bands() attributes {a = #patch.plan<bands = 0, strips = 1, halo = [cache, cache]>}

// -----

// expected-error@+1 {{P1: bands and strips must be at least 1, not 1 and -2}}
func.func private @negative_P1_strips() attributes {a = #patch.plan<bands = 1, strips = -2, halo = [cache, cache]>}

// -----

// expected-error@+1 {{P2: a ring of -1 rows}}
func.func private @negative_P2_ring() attributes {a = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [3, -1]>}

// -----

// expected-error@+1 {{P3: with 2 bands and 1 strips the halo must be [recompute, cache]}}
func.func private @negative_P3_halo_y() attributes {a = #patch.plan<bands = 2, strips = 1, halo = [cache, cache]>}

// -----

// expected-error@+1 {{P3: with 1 bands and 3 strips the halo must be [cache, recompute]}}
func.func private @negative_P3_halo_x() attributes {a = #patch.plan<bands = 1, strips = 3, halo = [cache, cache]>}

// -----

// expected-error@+1 {{P3: with 1 bands and 1 strips the halo must be [cache, cache]}}
func.func private @negative_P3_halo_of_one_patch() attributes {a = #patch.plan<bands = 1, strips = 1, halo = [recompute, cache]>}

// -----

// expected-error@+1 {{P4: offset -2 is below -1}}
func.func private @negative_P4_offset() attributes {a = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [3], offsets = [-2]>}

// -----

// expected-error@+1 {{P4: offset -5 is below -1}}
func.func private @negative_P4_scratch() attributes {a = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [3], offsets = [0], scratch = [-5]>}

// -----

func.func @negative_L1_batch(%x: tensor<2x8x8x2xi8>, %w: tensor<4x3x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op L1: activations must be static NHWC maps with batch 1, not 'tensor<2x8x8x2xi8>'}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<2x8x8x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_L1_dynamic(%x: tensor<1x?x8x2xi8>) {
  // expected-error@+1 {{'patch.avg_pool2d' op L1: activations must be static NHWC maps with batch 1, not 'tensor<1x?x8x2xi8>'}}
  %0 = patch.avg_pool2d %x {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>,
    min = -128 : i32, max = 127 : i32
  } : (tensor<1x?x8x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_L1_empty(%x: tensor<1x0x8x2xi8>) {
  // expected-error@+1 {{'patch.avg_pool2d' op L1: a dimension of 0 is not in [1, 2^24]}}
  %0 = patch.avg_pool2d %x {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>,
    min = -128 : i32, max = 127 : i32
  } : (tensor<1x0x8x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_L1_large_dimension(%x: tensor<1x16777217x8x2xi8>) {
  // expected-error@+1 {{'patch.avg_pool2d' op L1: a dimension of 16777217 is not in [1, 2^24]}}
  %0 = patch.avg_pool2d %x {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>,
    min = -128 : i32, max = 127 : i32
  } : (tensor<1x16777217x8x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_L1_large_map(%x: tensor<1x65536x65536x2xi8>) {
  // expected-error@+1 {{'patch.avg_pool2d' op L1: the map is too large: 'tensor<1x65536x65536x2xi8>'}}
  %0 = patch.avg_pool2d %x {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>,
    min = -128 : i32, max = 127 : i32
  } : (tensor<1x65536x65536x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_L1_result(%x: tensor<1x8x8x2xi8>, %w: tensor<4x3x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op L1: activations must be static NHWC maps with batch 1, not 'tensor<2x6x6x4xi8>'}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<2x6x6x4xi8>
  return
}

// -----

func.func @negative_L1_second_operand(%a: tensor<1x4x4x2xi8>, %b: tensor<2x4x4x2xi8>) {
  // expected-error@+1 {{'patch.add' op L1: activations must be static NHWC maps with batch 1, not 'tensor<2x4x4x2xi8>'}}
  %0 = patch.add %a, %b {
    left_shift = 20 : i32, lhs_zp = 0 : i32, lhs_multiplier = 1 : i32, lhs_exponent = 0 : i32,
    rhs_zp = 0 : i32, rhs_multiplier = 1 : i32, rhs_exponent = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<2x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_C1_entries(%x: tensor<1x8x8x2xi8>, %w: tensor<4x3x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C1: stride, dilation and kernel need 2 entries, pad needs 4}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_C1_stride(%x: tensor<1x8x8x2xi8>, %w: tensor<4x3x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C1: kernel, stride or dilation of 0 is not in [1, 2^20]}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 0>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_C1_dilation(%x: tensor<1x8x8x2xi8>, %w: tensor<3x3x4xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.depthwise_conv2d' op C1: kernel, stride or dilation of -1 is not in [1, 2^20]}}
  %0 = patch.depthwise_conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: -1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<3x3x4xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_C1_kernel(%x: tensor<1x8x8x2xi8>) {
  // expected-error@+1 {{'patch.avg_pool2d' op C1: kernel, stride or dilation of 0 is not in [1, 2^20]}}
  %0 = patch.avg_pool2d %x {
    kernel = array<i32: 0, 2>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>,
    min = -128 : i32, max = 127 : i32
  } : (tensor<1x8x8x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_C1_pad(%x: tensor<1x8x8x2xi8>, %w: tensor<4x3x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C1: pad of -1 is not in [0, 2^20]}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, -1, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_C2_height(%x: tensor<1x8x8x2xi8>, %w: tensor<4x3x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C2: height 7 of the result should be 6}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x7x6x4xi8>
  return
}

// -----

func.func @negative_C2_width_stride(%x: tensor<1x8x8x2xi8>, %w: tensor<3x3x4xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.depthwise_conv2d' op C2: width 4 of the result should be 3}}
  %0 = patch.depthwise_conv2d %x, %w, %b {
    stride = array<i32: 2, 2>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<3x3x4xi8>, tensor<4xi32>) -> tensor<1x3x4x4xi8>
  return
}

// -----

func.func @negative_C2_kernel_too_large(%x: tensor<1x8x8x2xi8>) {
  // expected-error@+1 {{'patch.avg_pool2d' op C2: height 1 of the result should be 0}}
  %0 = patch.avg_pool2d %x {
    kernel = array<i32: 9, 2>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>,
    min = -128 : i32, max = 127 : i32
  } : (tensor<1x8x8x2xi8>) -> tensor<1x1x4x2xi8>
  return
}

// -----

func.func @negative_C3_input_channels(%x: tensor<1x8x8x2xi8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C3: weights 'tensor<4x3x3x3xi8>' do not fit 2 input and 4 output channels}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<4x3x3x3xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_C3_output_channels(%x: tensor<1x8x8x2xi8>, %w: tensor<5x3x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C3: weights 'tensor<5x3x3x2xi8>' do not fit 2 input and 4 output channels}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<5x3x3x2xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_C3_groups(%x: tensor<1x8x8x6xi8>, %w: tensor<4x3x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C3: weights 'tensor<4x3x3x2xi8>' do not fit 6 input and 4 output channels}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x6xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_C3_dynamic_weights(%x: tensor<1x8x8x2xi8>, %w: tensor<4x?x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C3: weights must have a static shape}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<4x?x3x2xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_C3_depthwise(%x: tensor<1x8x8x2xi8>, %w: tensor<3x3x5xi8>, %b: tensor<5xi32>) {
  // expected-error@+1 {{'patch.depthwise_conv2d' op C3: weights 'tensor<3x3x5xi8>' do not fit 2 input and 5 output channels}}
  %0 = patch.depthwise_conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<3x3x5xi8>, tensor<5xi32>) -> tensor<1x6x6x5xi8>
  return
}

// -----

func.func @negative_C4_bias(%x: tensor<1x8x8x2xi8>, %w: tensor<4x3x3x2xi8>, %b: tensor<3xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C4: bias must have 4 entries, not 'tensor<3xi32>'}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<4x3x3x2xi8>, tensor<3xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_C4_multipliers(%x: tensor<1x8x8x2xi8>, %w: tensor<3x3x4xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.depthwise_conv2d' op C4: 2 multipliers for 4 channels}}
  %0 = patch.depthwise_conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1, 2], exponent = [-9, -9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<3x3x4xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

func.func @negative_C5_top(%x: tensor<1x8x8x2xi8>, %w: tensor<4x3x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C5: an output along y reads only padding}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 3, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi8>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x9x6x4xi8>
  return
}

// -----

func.func @negative_C5_right(%x: tensor<1x8x8x2xi8>) {
  // expected-error@+1 {{'patch.avg_pool2d' op C5: an output along x reads only padding}}
  %0 = patch.avg_pool2d %x {
    kernel = array<i32: 2, 2>, stride = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 2>,
    min = -128 : i32, max = 127 : i32
  } : (tensor<1x8x8x2xi8>) -> tensor<1x7x9x2xi8>
  return
}

// -----

func.func @negative_C5_dilation(%x: tensor<1x2x8x2xi8>, %w: tensor<4x2x1x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op C5: output 1 reads only padding}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 4, 1>, pad = array<i32: 3, 3, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x2x8x2xi8>, tensor<4x2x1x2xi8>, tensor<4xi32>) -> tensor<1x4x8x4xi8>
  return
}

// -----

func.func @negative_A1_channels(%x: tensor<1x8x8x2xi8>) {
  // expected-error@+1 {{'patch.avg_pool2d' op A1: channels and element types must agree: 'tensor<1x8x8x2xi8>' and 'tensor<1x4x4x3xi8>'}}
  %0 = patch.avg_pool2d %x {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>,
    min = -128 : i32, max = 127 : i32
  } : (tensor<1x8x8x2xi8>) -> tensor<1x4x4x3xi8>
  return
}

// -----

func.func @negative_A1_element_types(%x: tensor<1x8x8x2xi8>) {
  // expected-error@+1 {{'patch.max_pool2d' op A1: channels and element types must agree: 'tensor<1x8x8x2xi8>' and 'tensor<1x4x4x2xi16>'}}
  %0 = patch.max_pool2d %x {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>,
    min = -128 : i32, max = 127 : i32
  } : (tensor<1x8x8x2xi8>) -> tensor<1x4x4x2xi16>
  return
}

// -----

func.func @negative_A2_bounds(%x: tensor<1x8x8x2xi8>) {
  // expected-error@+1 {{'patch.max_pool2d' op A2: min is above max}}
  %0 = patch.max_pool2d %x {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>, pad = array<i32: 0, 0, 0, 0>,
    min = 6 : i32, max = 0 : i32
  } : (tensor<1x8x8x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_F1_inputs(%x: tensor<1x4x4x2xi8>, %w: tensor<10x31xi8>, %b: tensor<10xi32>) {
  // expected-error@+1 {{'patch.fully_connected' op F1: weights 'tensor<10x31xi8>' do not fit an input of 32 elements}}
  %0 = patch.fully_connected %x, %w, %b {
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<10x31xi8>, tensor<10xi32>) -> tensor<1x1x1x10xi8>
  return
}

// -----

func.func @negative_F2_bias(%x: tensor<1x4x4x2xi8>, %w: tensor<10x32xi8>, %b: tensor<9xi32>) {
  // expected-error@+1 {{'patch.fully_connected' op F2: bias must have 10 entries, not 'tensor<9xi32>'}}
  %0 = patch.fully_connected %x, %w, %b {
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<10x32xi8>, tensor<9xi32>) -> tensor<1x1x1x10xi8>
  return
}

// -----

func.func @negative_F2_multipliers(%x: tensor<1x4x4x2xi8>, %w: tensor<10x32xi8>, %b: tensor<10xi32>) {
  // expected-error@+1 {{'patch.fully_connected' op F2: 2 multipliers for 10 channels}}
  %0 = patch.fully_connected %x, %w, %b {
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1, 2], exponent = [-9, -9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<10x32xi8>, tensor<10xi32>) -> tensor<1x1x1x10xi8>
  return
}

// -----

func.func @negative_F3_result(%x: tensor<1x4x4x2xi8>, %w: tensor<10x32xi8>, %b: tensor<10xi32>) {
  // expected-error@+1 {{'patch.fully_connected' op F3: the result must be 1x1x1x10, not 'tensor<1x1x2x5xi8>'}}
  %0 = patch.fully_connected %x, %w, %b {
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<10x32xi8>, tensor<10xi32>) -> tensor<1x1x2x5xi8>
  return
}

// -----

func.func @negative_M1_result(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.mean' op M1: the result must be 1x1x1x2, not 'tensor<1x4x1x2xi8>'}}
  %0 = patch.mean %x {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>) -> tensor<1x4x1x2xi8>
  return
}

// -----

func.func @negative_M2_multipliers(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.mean' op M2: one multiplier is expected}}
  %0 = patch.mean %x {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1, 2], exponent = [-9, -9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>) -> tensor<1x1x1x2xi8>
  return
}

// -----

func.func @negative_D1_operands(%a: tensor<1x4x4x2xi8>, %b: tensor<1x1x1x2xi8>) {
  // expected-error@+1 {{'patch.add' op D1: shapes must agree: 'tensor<1x4x4x2xi8>' and 'tensor<1x1x1x2xi8>'}}
  %0 = patch.add %a, %b {
    left_shift = 20 : i32, lhs_zp = 0 : i32, lhs_multiplier = 1 : i32, lhs_exponent = 0 : i32,
    rhs_zp = 0 : i32, rhs_multiplier = 1 : i32, rhs_exponent = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<1x1x1x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_D1_result(%a: tensor<1x4x4x2xi8>, %b: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.add' op D1: shapes must agree: 'tensor<1x4x4x2xi8>' and 'tensor<1x4x2x4xi8>'}}
  %0 = patch.add %a, %b {
    left_shift = 20 : i32, lhs_zp = 0 : i32, lhs_multiplier = 1 : i32, lhs_exponent = 0 : i32,
    rhs_zp = 0 : i32, rhs_multiplier = 1 : i32, rhs_exponent = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) -> tensor<1x4x2x4xi8>
  return
}

// -----

func.func @negative_D2_multipliers(%a: tensor<1x4x4x2xi8>, %b: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.add' op D2: one multiplier is expected}}
  %0 = patch.add %a, %b {
    left_shift = 20 : i32, lhs_zp = 0 : i32, lhs_multiplier = 1 : i32, lhs_exponent = 0 : i32,
    rhs_zp = 0 : i32, rhs_multiplier = 1 : i32, rhs_exponent = 0 : i32, requant = #patch.requant<multiplier = [1, 2], exponent = [-9, -9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_D3_left_shift(%a: tensor<1x4x4x2xi8>, %b: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.add' op D3: left_shift must be in [0, 30], exponents in [-31, 30]}}
  %0 = patch.add %a, %b {
    left_shift = 31 : i32, lhs_zp = 0 : i32, lhs_multiplier = 1 : i32, lhs_exponent = 0 : i32,
    rhs_zp = 0 : i32, rhs_multiplier = 1 : i32, rhs_exponent = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_D3_lhs_exponent(%a: tensor<1x4x4x2xi8>, %b: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.add' op D3: left_shift must be in [0, 30], exponents in [-31, 30]}}
  %0 = patch.add %a, %b {
    left_shift = 20 : i32, lhs_zp = 0 : i32, lhs_multiplier = 1 : i32, lhs_exponent = 31 : i32,
    rhs_zp = 0 : i32, rhs_multiplier = 1 : i32, rhs_exponent = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_D3_rhs_exponent(%a: tensor<1x4x4x2xi8>, %b: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.add' op D3: left_shift must be in [0, 30], exponents in [-31, 30]}}
  %0 = patch.add %a, %b {
    left_shift = 20 : i32, lhs_zp = 0 : i32, lhs_multiplier = 1 : i32, lhs_exponent = 0 : i32,
    rhs_zp = 0 : i32, rhs_multiplier = 1 : i32, rhs_exponent = -32 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_Q1_shapes(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.requantize' op Q1: shapes must agree: 'tensor<1x4x4x2xi8>' and 'tensor<1x4x2x4xi8>'}}
  %0 = patch.requantize %x {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>) -> tensor<1x4x2x4xi8>
  return
}

// -----

func.func @negative_Q1_quantize(%x: tensor<1x4x4x2xf32>) {
  // expected-error@+1 {{'patch.quantize' op Q1: shapes must agree: 'tensor<1x4x4x2xf32>' and 'tensor<1x4x4x3xi8>'}}
  %0 = patch.quantize %x {scale = 1.0 : f32, zero_point = 0 : i32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x3xi8>
  return
}

// -----

func.func @negative_Q2_multipliers(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.requantize' op Q2: one multiplier is expected}}
  %0 = patch.requantize %x {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1, 2], exponent = [-9, -9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_Q3_negative_scale(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.dequantize' op Q3: the scale must be finite and positive}}
  %0 = patch.dequantize %x {scale = -1.0 : f32, zero_point = 0 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xf32>
  return
}

// -----

func.func @negative_Q3_zero_scale(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.dequantize' op Q3: the scale must be finite and positive}}
  %0 = patch.dequantize %x {scale = 0.0 : f32, zero_point = 0 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xf32>
  return
}

// -----

func.func @negative_Q3_infinite_scale(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.dequantize' op Q3: the scale must be finite and positive}}
  %0 = patch.dequantize %x {scale = 0x7F800000 : f32, zero_point = 0 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xf32>
  return
}

// -----

func.func @negative_Q3_nan_scale(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.dequantize' op Q3: the scale must be finite and positive}}
  %0 = patch.dequantize %x {scale = 0x7FC00000 : f32, zero_point = 0 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xf32>
  return
}

// -----

func.func @negative_S1_shapes(%x: tensor<1x1x1x8xi8>) {
  // expected-error@+1 {{'patch.softmax' op S1: shapes must agree: 'tensor<1x1x1x8xi8>' and 'tensor<1x1x2x4xi8>'}}
  %0 = patch.softmax %x {multiplier = 1 : i32, exponent = 22 : i32, diff_min = -248 : i32} : (tensor<1x1x1x8xi8>) -> tensor<1x1x2x4xi8>
  return
}

// -----

func.func @negative_S2_exponent(%x: tensor<1x1x1x8xi8>) {
  // expected-error@+1 {{'patch.softmax' op S2: exponent must be in [0, 30]}}
  %0 = patch.softmax %x {multiplier = 1 : i32, exponent = 31 : i32, diff_min = -248 : i32} : (tensor<1x1x1x8xi8>) -> tensor<1x1x1x8xi8>
  return
}

// -----

func.func @negative_S2_negative_exponent(%x: tensor<1x1x1x8xi8>) {
  // expected-error@+1 {{'patch.softmax' op S2: exponent must be in [0, 30]}}
  %0 = patch.softmax %x {multiplier = 1 : i32, exponent = -1 : i32, diff_min = -248 : i32} : (tensor<1x1x1x8xi8>) -> tensor<1x1x1x8xi8>
  return
}

// -----

func.func @negative_E1_shape(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.pad' op E1: the result's shape 'tensor<1x6x5x2xi8>' is not that of 'tensor<1x4x4x2xi8>' plus the pads}}
  %0 = patch.pad %x {pad = array<i32: 1, 1, 1, 1>, value = 0 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x6x5x2xi8>
  return
}

// -----

func.func @negative_E1_channels(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.pad' op E1: the result's shape 'tensor<1x6x6x3xi8>' is not that of 'tensor<1x4x4x2xi8>' plus the pads}}
  %0 = patch.pad %x {pad = array<i32: 1, 1, 1, 1>, value = 0 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x6x6x3xi8>
  return
}

// -----

func.func @negative_E1_negative(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.pad' op E1: pad needs 4 entries in [0, 2^20]}}
  %0 = patch.pad %x {pad = array<i32: -1, 1, 0, 0>, value = 0 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_E1_entries(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.pad' op E1: pad needs 4 entries in [0, 2^20]}}
  %0 = patch.pad %x {pad = array<i32: 1, 1>, value = 0 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x6x6x2xi8>
  return
}

// -----

func.func @negative_E2(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.pad' op E2: value 300 does not fit the element type of 'tensor<1x4x4x2xi8>'}}
  %0 = patch.pad %x {pad = array<i32: 1, 1, 1, 1>, value = 300 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x6x6x2xi8>
  return
}

// -----

func.func @negative_V1_elements(%x: tensor<4x4xi8>) {
  // expected-error@+1 {{'patch.reshape' op V1: element types and numbers of elements must agree: 'tensor<4x4xi8>' and 'tensor<15xi8>'}}
  %0 = patch.reshape %x : tensor<4x4xi8> -> tensor<15xi8>
  return
}

// -----

func.func @negative_V1_types(%x: tensor<4x4xi8>) {
  // expected-error@+1 {{'patch.reshape' op V1: element types and numbers of elements must agree: 'tensor<4x4xi8>' and 'tensor<16xi32>'}}
  %0 = patch.reshape %x : tensor<4x4xi8> -> tensor<16xi32>
  return
}

// -----

func.func @negative_V2_dynamic(%x: tensor<4x?xi8>) {
  // expected-error@+1 {{'patch.reshape' op operand #0 must be statically shaped tensor of any type values, but got 'tensor<4x?xi8>'}}
  %0 = patch.reshape %x : tensor<4x?xi8> -> tensor<16xi8>
  return
}

// -----

func.func @negative_V3_end(%arena: memref<100xi8>) {
  // expected-error@+1 {{'patch.arena_slice' op V3: bytes [91, 101) do not lie in 'memref<100xi8>'}}
  %0 = patch.arena_slice %arena[91] : memref<100xi8> -> memref<10xi8>
  return
}

// -----

func.func @negative_V3_start(%arena: memref<100xi8>) {
  // expected-error@+1 {{'patch.arena_slice' op V3:}}
  %0 = patch.arena_slice %arena[-1] : memref<100xi8> -> memref<10xi8>
  return
}

// -----

func.func @negative_V4_rows(%row: i32) {
  // expected-error@+1 {{'patch.ring_offset' op V4: rows and pitch must be at least 1}}
  %0 = patch.ring_offset %row {rows = 0 : i32, pitch = 100 : i32}
  return
}

// -----

func.func @negative_V4_pitch(%row: i32) {
  // expected-error@+1 {{'patch.ring_offset' op V4: rows and pitch must be at least 1}}
  %0 = patch.ring_offset %row {rows = 3 : i32, pitch = -1 : i32}
  return
}

// -----

func.func @negative_I1_mode(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.read_input' op I1: the mode must be rows or windows}}
  %0 = patch.read_input %x {mode = #patch<input_mode resident>, number = 0 : i32} : tensor<1x4x4x2xi8> -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_I2_operand(%x: tensor<1x4x4x2xi8>) {
  %y = patch.pad %x {pad = array<i32: 0, 0, 0, 0>, value = 0 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  // expected-error@+1 {{'patch.read_input' op I2: the operand must be an argument of the function or of the stage}}
  %0 = patch.read_input %y {mode = #patch<input_mode rows>, number = 0 : i32} : tensor<1x4x4x2xi8> -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_I3_elements(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.read_input' op I3: element types and numbers of elements must agree: 'tensor<1x4x4x2xi8>' and 'tensor<1x4x4x3xi8>'}}
  %0 = patch.read_input %x {mode = #patch<input_mode rows>, number = 0 : i32} : tensor<1x4x4x2xi8> -> tensor<1x4x4x3xi8>
  return
}

// -----

func.func @negative_G1_arguments(%in: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.stage' op G1: operands and block arguments must agree in number and type}}
  %0 = "patch.stage"(%in) ({
  ^bb0(%x: tensor<1x4x4x2xi8>, %y: tensor<1x4x4x2xi8>):
    %a = patch.requantize %x {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
    patch.yield %a : tensor<1x4x4x2xi8>
  }) : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_G1_results(%in: tensor<1x4x4x2xi8>) {
  %0 = patch.stage(%x = %in : tensor<1x4x4x2xi8>) -> (tensor<1x4x2x4xi8>) {
    %a = patch.requantize %x {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  // expected-error@+1 {{'patch.yield' op G1: yielded values and results of the stage must agree in number and type}}
    patch.yield %a : tensor<1x4x4x2xi8>
  }
  return
}

// -----

func.func @negative_G2_foreign_op(%in: tensor<1x4x4x2xi8>) {
  %0 = patch.stage(%x = %in : tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
    %a = patch.requantize %x {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  // expected-error@+1 {{'arith.addi' op G2: a stage holds layers, constants and 'patch.reshape' only}}
    %s = arith.addi %a, %a : tensor<1x4x4x2xi8>
    patch.yield %s : tensor<1x4x4x2xi8>
  }
  return
}

// -----

func.func @negative_G3_rings(%in: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.stage' op G3: rings of the plan has 2 entries for 1 layers}}
  %0 = patch.stage(%x = %in : tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [1, 2]> {
    %a = patch.requantize %x {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
    patch.yield %a : tensor<1x4x4x2xi8>
  }
  return
}

// -----

func.func @negative_G3_offsets(%in: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.stage' op G3: offsets of the plan has 2 entries for 1 layers}}
  %0 = patch.stage(%x = %in : tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [1], offsets = [1, 2]> {
    %a = patch.requantize %x {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
    patch.yield %a : tensor<1x4x4x2xi8>
  }
  return
}

// -----

func.func @negative_G3_scratch(%in: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.stage' op G3: scratch of the plan has 2 entries for 1 layers}}
  %0 = patch.stage(%x = %in : tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache], rings = [1], offsets = [1], scratch = [1, 2]> {
    %a = patch.requantize %x {input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
    patch.yield %a : tensor<1x4x4x2xi8>
  }
  return
}

// -----

func.func @negative_T1(%x: tensor<1x2x2x1xi8>) {
  // expected-error@+1 {{'patch.lookup' op T1: the table must have 256 entries, not 3}}
  %0 = patch.lookup %x {table = array<i8: 1, 2, 3>} : (tensor<1x2x2x1xi8>) -> tensor<1x2x2x1xi8>
  return
}

// -----

func.func @negative_B1(%x: tensor<1x4x4x2xi8>, %y: tensor<1x1x3x2xi8>) {
  // expected-error@+1 {{'patch.mul' op B1: operands 'tensor<1x4x4x2xi8>' and 'tensor<1x1x3x2xi8>' do not broadcast to 'tensor<1x4x4x2xi8>'}}
  %0 = patch.mul %x, %y {lhs_zp = 0 : i32, rhs_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x1x3x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_B2_constants() {
  %c = arith.constant dense<3> : tensor<1x1x1x2xi8>
  // expected-error@+1 {{'patch.mul' op B2: both operands are constants}}
  %0 = patch.mul %c, %c {lhs_zp = 0 : i32, rhs_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x1x1x2xi8>, tensor<1x1x1x2xi8>) -> tensor<1x1x1x2xi8>
  return
}

// -----

func.func @negative_B2_map(%x: tensor<1x4x4x2xi8>) {
  %c = arith.constant dense<3> : tensor<1x1x4x2xi8>
  // expected-error@+1 {{'patch.mul' op B2: a constant operand has height and width 1, not 'tensor<1x1x4x2xi8>'}}
  %0 = patch.mul %x, %c {lhs_zp = 0 : i32, rhs_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x1x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_D2_mul(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.mul' op D2: one multiplier is expected}}
  %0 = patch.mul %x, %x {lhs_zp = 0 : i32, rhs_zp = 0 : i32, requant = #patch.requant<multiplier = [1, 2], exponent = [0, 0], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_D3_broadcast_add(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.broadcast_add' op D3: left_shift must be in [0, 30], exponents in [-31, 30]}}
  %0 = patch.broadcast_add %x, %x {left_shift = 31 : i32, lhs_zp = 0 : i32, lhs_multiplier = 1 : i32, lhs_exponent = 0 : i32, rhs_zp = 0 : i32, rhs_multiplier = 1 : i32, rhs_exponent = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>} : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_N1(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.concat' op N1: at least one operand is needed, and an axis in [1, 3]}}
  %0 = patch.concat %x {axis = 0 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return
}

// -----

func.func @negative_N2_other(%x: tensor<1x4x4x2xi8>, %y: tensor<1x4x3x2xi8>) {
  // expected-error@+1 {{'patch.concat' op N2: operand 'tensor<1x4x3x2xi8>' does not fit the result 'tensor<1x4x4x4xi8>'}}
  %0 = patch.concat %x, %y {axis = 3 : i32} : (tensor<1x4x4x2xi8>, tensor<1x4x3x2xi8>) -> tensor<1x4x4x4xi8>
  return
}

// -----

func.func @negative_N2_sum(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.concat' op N2: the operands have 8 along the axis, the result 9}}
  %0 = patch.concat %x, %x {axis = 1 : i32} : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) -> tensor<1x9x4x2xi8>
  return
}

// -----

func.func @negative_Z1(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.resize_nearest' op Z1: stride and offset need 2 entries in [0, 2^20], divisor 2 in [1, 2^20]}}
  %0 = patch.resize_nearest %x {stride = array<i32: 1, 1>, offset = array<i32: 0, 0>, divisor = array<i32: 2, 0>} : (tensor<1x4x4x2xi8>) -> tensor<1x8x8x2xi8>
  return
}

// -----

// Column 8 of the result is column 4.
func.func @negative_Z2(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.resize_nearest' op Z2: column 4 lies outside the input 'tensor<1x4x4x2xi8>'}}
  %0 = patch.resize_nearest %x {stride = array<i32: 1, 1>, offset = array<i32: 0, 0>, divisor = array<i32: 2, 2>} : (tensor<1x4x4x2xi8>) -> tensor<1x8x9x2xi8>
  return
}

// -----

func.func @negative_Z3(%x: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.resize_nearest' op Z3: channels must agree}}
  %0 = patch.resize_nearest %x {stride = array<i32: 1, 1>, offset = array<i32: 0, 0>, divisor = array<i32: 2, 2>} : (tensor<1x4x4x2xi8>) -> tensor<1x8x8x3xi8>
  return
}

// -----

// 4095 * 2^20 + 2^20 = 2^32: more than the loops' 32 bits hold.
func.func @negative_Z4(%x: tensor<1x4096x1x1xi8>) {
  // expected-error@+1 {{'patch.resize_nearest' op Z4: index times stride plus offset reaches 4293918720, more than 32 bits hold}}
  %0 = patch.resize_nearest %x {stride = array<i32: 1048576, 1>, offset = array<i32: 0, 0>, divisor = array<i32: 1048576, 1>} : (tensor<1x4096x1x1xi8>) -> tensor<1x4096x1x1xi8>
  return
}

// -----

func.func @negative_G5_empty(%in: tensor<1x4x4x2xi8>) {
  // expected-error@+1 {{'patch.stage' op G5: a stage holds at least one layer}}
  %0 = patch.stage(%x = %in : tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
    patch.yield %x : tensor<1x4x4x2xi8>
  }
  return
}

// -----

func.func @negative_K1_missing(%p: memref<10xi8>, %n: i32) {
  // expected-error@+1 {{'patch.call_kernel' op K1: no function named @kernel}}
  patch.call_kernel @kernel(%p, %n) layer 0 : (memref<10xi8>, i32)
  return
}

// -----

func.func private @kernel(!llvm.ptr, i32) -> i32
func.func @negative_K1_result(%p: memref<10xi8>, %n: i32) {
  // expected-error@+1 {{'patch.call_kernel' op K1: a row kernel returns nothing, but @kernel has type '(!llvm.ptr, i32) -> i32'}}
  patch.call_kernel @kernel(%p, %n) layer 0 : (memref<10xi8>, i32)
  return
}

// -----

func.func private @kernel(!llvm.ptr)
func.func @negative_K1_count(%p: memref<10xi8>, %n: i32) {
  // expected-error@+1 {{'patch.call_kernel' op K1: @kernel takes 1 arguments, not 2}}
  patch.call_kernel @kernel(%p, %n) layer 0 : (memref<10xi8>, i32)
  return
}

// -----

func.func private @kernel(i32, i32)
func.func @negative_K1_type(%p: memref<10xi8>, %n: i32) {
  // expected-error@+1 {{'patch.call_kernel' op K1: argument 0 of @kernel has type 'i32', not 'memref<10xi8>'}}
  patch.call_kernel @kernel(%p, %n) layer 0 : (memref<10xi8>, i32)
  return
}

// -----

func.func @negative_element_type(%x: tensor<1x8x8x2xi4>, %w: tensor<4x3x3x2xi8>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'patch.conv2d' op operand #0 must be 4D tensor of 8-bit signless integer or 16-bit signless integer values, but got 'tensor<1x8x8x2xi4>'}}
  %0 = patch.conv2d %x, %w, %b {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, pad = array<i32: 0, 0, 0, 0>,
    input_zp = 0 : i32, requant = #patch.requant<multiplier = [1073741824], exponent = [-9], zero_point = 0, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x2xi4>, tensor<4x3x3x2xi8>, tensor<4xi32>) -> tensor<1x6x6x4xi8>
  return
}

// -----

// expected-error@+2 {{expected integer value}}
// expected-error@+1 {{failed to parse Patch_RequantAttr parameter 'multiplier'}}
func.func private @negative_R2_empty() attributes {a = #patch.requant<multiplier = [], exponent = [], zero_point = 0, min = 0, max = 0, rounding = tflite>}
