// RUN: tessera-opt %s | tessera-opt | FileCheck %s
// RUN: tessera-opt %s -mlir-print-op-generic | tessera-opt | FileCheck %s
// RUN: tessera-opt %s -emit-bytecode | tessera-opt | FileCheck %s
//
// The examples of the op descriptions, there and back again: as text, in the
// generic form and as bytecode.

// CHECK-LABEL: func.func @conv2d
// CHECK:         patch.conv2d %{{.*}}, %{{.*}}, %{{.*}} {dilation = array<i32: 1, 1>, input_zp = -128 : i32, pad = array<i32: 0, 1, 0, 1>, requant = #patch.requant<multiplier = [1610612736], exponent = [-9], zero_point = -128, min = -128, max = 127, rounding = tflite>, stride = array<i32: 2, 2>} : (tensor<1x8x8x3xi8>, tensor<16x3x3x3xi8>, tensor<16xi32>) -> tensor<1x4x4x16xi8>
func.func @conv2d(%input: tensor<1x8x8x3xi8>, %weights: tensor<16x3x3x3xi8>, %bias: tensor<16xi32>) -> tensor<1x4x4x16xi8> {
  %0 = patch.conv2d %input, %weights, %bias {
    stride = array<i32: 2, 2>, dilation = array<i32: 1, 1>,
    pad = array<i32: 0, 1, 0, 1>, input_zp = -128 : i32,
    requant = #patch.requant<multiplier = [1610612736], exponent = [-9],
      zero_point = -128, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x3xi8>, tensor<16x3x3x3xi8>, tensor<16xi32>)
    -> tensor<1x4x4x16xi8>
  return %0 : tensor<1x4x4x16xi8>
}

// Two groups of two channels each; rows and columns at the end are not read:
// floor((8 - 3) / 2) + 1 = 3.

// CHECK-LABEL: func.func @conv2d_grouped
// CHECK:         patch.conv2d
// CHECK-SAME:      rounding = double
func.func @conv2d_grouped(%input: tensor<1x8x8x4xi8>, %weights: tensor<6x3x3x2xi8>, %bias: tensor<6xi32>) -> tensor<1x3x3x6xi8> {
  %0 = patch.conv2d %input, %weights, %bias {
    stride = array<i32: 2, 2>, dilation = array<i32: 1, 1>,
    pad = array<i32: 0, 0, 0, 0>, input_zp = 0 : i32,
    requant = #patch.requant<multiplier = [1, 2, 3, -4, 5, 0], exponent = [-31, 30, 0, 1, 2, 3],
      zero_point = 0, min = -128, max = 127, rounding = double>
  } : (tensor<1x8x8x4xi8>, tensor<6x3x3x2xi8>, tensor<6xi32>) -> tensor<1x3x3x6xi8>
  return %0 : tensor<1x3x3x6xi8>
}

// CHECK-LABEL: func.func @depthwise_conv2d
// CHECK:         patch.depthwise_conv2d %{{.*}} (tensor<1x8x8x16xi8>, tensor<3x3x16xi8>, tensor<16xi32>) -> tensor<1x8x8x16xi8>
func.func @depthwise_conv2d(%input: tensor<1x8x8x16xi8>, %weights: tensor<3x3x16xi8>, %bias: tensor<16xi32>) -> tensor<1x8x8x16xi8> {
  %0 = patch.depthwise_conv2d %input, %weights, %bias {
    stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>,
    pad = array<i32: 1, 1, 1, 1>, input_zp = -128 : i32,
    requant = #patch.requant<multiplier = [1610612736], exponent = [-7],
      zero_point = -128, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x16xi8>, tensor<3x3x16xi8>, tensor<16xi32>)
    -> tensor<1x8x8x16xi8>
  return %0 : tensor<1x8x8x16xi8>
}

// CHECK-LABEL: func.func @lookup
// CHECK:         patch.lookup %{{.*}} {table = array<i8: 127, 127, 126, {{.*}}, 125, 126, 127>} : (tensor<1x8x8x16xi8>) -> tensor<1x8x8x16xi8>
func.func @lookup(%input: tensor<1x8x8x16xi8>) -> tensor<1x8x8x16xi8> {
  %0 = patch.lookup %input {table = array<i8: 127, 127, 126, 125, 124, 123, 122, 121, 120, 119, 118, 117, 116, 115, 114, 113, 112, 111, 110, 109, 108, 107, 106, 105, 104, 103, 102, 101, 100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89, 88, 87, 86, 85, 84, 83, 82, 81, 80, 79, 78, 77, 76, 75, 74, 73, 72, 71, 70, 69, 68, 67, 66, 65, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127>}
    : (tensor<1x8x8x16xi8>) -> tensor<1x8x8x16xi8>
  return %0 : tensor<1x8x8x16xi8>
}

// CHECK-LABEL: func.func @broadcast_add
// CHECK:         patch.broadcast_add %{{.*}}, %{{.*}} {left_shift = 20 : i32, {{.*}}, subtract} : (tensor<1x8x8x16xi8>, tensor<1x1x1x16xi8>) -> tensor<1x8x8x16xi8>
func.func @broadcast_add(%map: tensor<1x8x8x16xi8>, %offsets: tensor<1x1x1x16xi8>) -> tensor<1x8x8x16xi8> {
  %0 = patch.broadcast_add %map, %offsets {
    left_shift = 20 : i32, lhs_zp = -128 : i32,
    lhs_multiplier = 1073741824 : i32, lhs_exponent = 0 : i32,
    rhs_zp = 0 : i32, rhs_multiplier = 1073741824 : i32,
    rhs_exponent = 0 : i32, subtract, requant = #patch.requant<
      multiplier = [1073741824], exponent = [-18], zero_point = -128,
      min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x16xi8>, tensor<1x1x1x16xi8>) -> tensor<1x8x8x16xi8>
  return %0 : tensor<1x8x8x16xi8>
}

// A constant may stand first; sizes 1 meet along different axes.

// CHECK-LABEL: func.func @mul
// CHECK:         patch.mul %{{.*}}, %{{.*}} {{.*}} : (tensor<1x1x1x16xi8>, tensor<1x8x1x16xi8>) -> tensor<1x8x1x16xi8>
// CHECK:         patch.mul %{{.*}}, %{{.*}} {{.*}} : (tensor<1x8x1x16xi8>, tensor<1x1x9x1xi8>) -> tensor<1x8x9x16xi8>
func.func @mul(%column: tensor<1x8x1x16xi8>, %row: tensor<1x1x9x1xi8>) -> tensor<1x8x9x16xi8> {
  %factors = arith.constant dense<3> : tensor<1x1x1x16xi8>
  %0 = patch.mul %factors, %column {lhs_zp = -128 : i32, rhs_zp = -128 : i32,
    requant = #patch.requant<multiplier = [1082179840], exponent = [-7],
      zero_point = -128, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x1x1x16xi8>, tensor<1x8x1x16xi8>) -> tensor<1x8x1x16xi8>
  %1 = patch.mul %0, %row {lhs_zp = -128 : i32, rhs_zp = -128 : i32,
    requant = #patch.requant<multiplier = [1082179840], exponent = [-7],
      zero_point = -128, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x1x16xi8>, tensor<1x1x9x1xi8>) -> tensor<1x8x9x16xi8>
  return %1 : tensor<1x8x9x16xi8>
}

// CHECK-LABEL: func.func @concat
// CHECK:         patch.concat %{{.*}}, %{{.*}} {axis = 3 : i32} : (tensor<1x8x8x16xi8>, tensor<1x8x8x4xi8>) -> tensor<1x8x8x20xi8>
func.func @concat(%a: tensor<1x8x8x16xi8>, %b: tensor<1x8x8x4xi8>) -> tensor<1x8x8x20xi8> {
  %0 = patch.concat %a, %b {axis = 3 : i32}
    : (tensor<1x8x8x16xi8>, tensor<1x8x8x4xi8>) -> tensor<1x8x8x20xi8>
  return %0 : tensor<1x8x8x20xi8>
}

// CHECK-LABEL: func.func @resize_nearest
// CHECK:         patch.resize_nearest %{{.*}} {divisor = array<i32: 2, 2>, offset = array<i32: 0, 0>, stride = array<i32: 1, 1>} : (tensor<1x8x8x16xi8>) -> tensor<1x16x16x16xi8>
func.func @resize_nearest(%input: tensor<1x8x8x16xi8>) -> tensor<1x16x16x16xi8> {
  %0 = patch.resize_nearest %input {stride = array<i32: 1, 1>,
      offset = array<i32: 0, 0>, divisor = array<i32: 2, 2>}
    : (tensor<1x8x8x16xi8>) -> tensor<1x16x16x16xi8>
  return %0 : tensor<1x16x16x16xi8>
}

// CHECK-LABEL: func.func @fully_connected
// CHECK:         patch.fully_connected %{{.*}} (tensor<1x4x4x8xi8>, tensor<10x128xi8>, tensor<10xi32>) -> tensor<1x1x1x10xi8>
func.func @fully_connected(%input: tensor<1x4x4x8xi8>, %weights: tensor<10x128xi8>, %bias: tensor<10xi32>) -> tensor<1x1x1x10xi8> {
  %0 = patch.fully_connected %input, %weights, %bias {
    input_zp = -128 : i32, requant = #patch.requant<
      multiplier = [1610612736], exponent = [-7], zero_point = 3,
      min = -128, max = 127, rounding = tflite>
  } : (tensor<1x4x4x8xi8>, tensor<10x128xi8>, tensor<10xi32>)
    -> tensor<1x1x1x10xi8>
  return %0 : tensor<1x1x1x10xi8>
}

// CHECK-LABEL: func.func @pools
// CHECK:         patch.avg_pool2d %{{.*}} {kernel = array<i32: 2, 2>, max = 127 : i32, min = -128 : i32, pad = array<i32: 0, 0, 0, 0>, stride = array<i32: 2, 2>} : (tensor<1x8x8x16xi8>) -> tensor<1x4x4x16xi8>
// CHECK:         patch.max_pool2d %{{.*}} {kernel = array<i32: 2, 2>, max = 127 : i32, min = -128 : i32, pad = array<i32: 0, 0, 0, 0>, stride = array<i32: 2, 2>} : (tensor<1x4x4x16xi8>) -> tensor<1x2x2x16xi8>
func.func @pools(%input: tensor<1x8x8x16xi8>) -> tensor<1x2x2x16xi8> {
  %0 = patch.avg_pool2d %input {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>,
    pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32
  } : (tensor<1x8x8x16xi8>) -> tensor<1x4x4x16xi8>
  %1 = patch.max_pool2d %0 {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>,
    pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32
  } : (tensor<1x4x4x16xi8>) -> tensor<1x2x2x16xi8>
  return %1 : tensor<1x2x2x16xi8>
}

// CHECK-LABEL: func.func @mean
// CHECK:         patch.mean %{{.*}} (tensor<1x7x7x64xi8>) -> tensor<1x1x1x64xi8>
func.func @mean(%input: tensor<1x7x7x64xi8>) -> tensor<1x1x1x64xi8> {
  %0 = patch.mean %input {input_zp = -128 : i32, requant = #patch.requant<
    multiplier = [1073741824], exponent = [-5], zero_point = -128,
    min = -128, max = 127, rounding = tflite>}
    : (tensor<1x7x7x64xi8>) -> tensor<1x1x1x64xi8>
  return %0 : tensor<1x1x1x64xi8>
}

// CHECK-LABEL: func.func @add
// CHECK:         patch.add %{{.*}} {left_shift = 20 : i32, lhs_exponent = 0 : i32, lhs_multiplier = 1073741824 : i32, lhs_zp = -5 : i32, requant = {{.*}}, rhs_exponent = -2 : i32, rhs_multiplier = 1717986918 : i32, rhs_zp = 4 : i32}
func.func @add(%a: tensor<1x8x8x16xi8>, %b: tensor<1x8x8x16xi8>) -> tensor<1x8x8x16xi8> {
  %0 = patch.add %a, %b {
    left_shift = 20 : i32,
    lhs_zp = -5 : i32, lhs_multiplier = 1073741824 : i32, lhs_exponent = 0 : i32,
    rhs_zp = 4 : i32, rhs_multiplier = 1717986918 : i32, rhs_exponent = -2 : i32,
    requant = #patch.requant<multiplier = [1288490188], exponent = [-19],
      zero_point = -6, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x16xi8>, tensor<1x8x8x16xi8>) -> tensor<1x8x8x16xi8>
  return %0 : tensor<1x8x8x16xi8>
}

// CHECK-LABEL: func.func @requantize
// CHECK:         patch.requantize %{{.*}} {input_zp = 3 : i32, requant = {{.*}} rounding = single>}
func.func @requantize(%input: tensor<1x8x8x16xi8>) -> tensor<1x8x8x16xi8> {
  %0 = patch.requantize %input {input_zp = 3 : i32, requant = #patch.requant<
    multiplier = [1073741824], exponent = [1], zero_point = -128,
    min = -128, max = 127, rounding = single>}
    : (tensor<1x8x8x16xi8>) -> tensor<1x8x8x16xi8>
  return %0 : tensor<1x8x8x16xi8>
}

// CHECK-LABEL: func.func @softmax
// CHECK:         patch.softmax %{{.*}} {diff_min = -248 : i32, exponent = 22 : i32, multiplier = 1073741824 : i32}
func.func @softmax(%input: tensor<1x1x1x10xi8>) -> tensor<1x1x1x10xi8> {
  %0 = patch.softmax %input {
    multiplier = 1073741824 : i32, exponent = 22 : i32, diff_min = -248 : i32
  } : (tensor<1x1x1x10xi8>) -> tensor<1x1x1x10xi8>
  return %0 : tensor<1x1x1x10xi8>
}

// CHECK-LABEL: func.func @pad
// CHECK:         patch.pad %{{.*}} {pad = array<i32: 1, 1, 1, 1>, value = -128 : i32} : (tensor<1x8x8x16xi8>) -> tensor<1x10x10x16xi8>
func.func @pad(%input: tensor<1x8x8x16xi8>) -> tensor<1x10x10x16xi8> {
  %0 = patch.pad %input {pad = array<i32: 1, 1, 1, 1>, value = -128 : i32}
    : (tensor<1x8x8x16xi8>) -> tensor<1x10x10x16xi8>
  return %0 : tensor<1x10x10x16xi8>
}

// CHECK-LABEL: func.func @float_ends
// CHECK:         patch.quantize %{{.*}} {scale = 7.812500e-03 : f32, zero_point = -1 : i32} : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xi8>
// CHECK:         patch.dequantize %{{.*}} {scale = 3.906250e-03 : f32, zero_point = -128 : i32} : (tensor<1x8x8x3xi8>) -> tensor<1x8x8x3xf32>
func.func @float_ends(%input: tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32> {
  %0 = patch.quantize %input {scale = 0.0078125 : f32, zero_point = -1 : i32}
    : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xi8>
  %1 = patch.dequantize %0 {scale = 0.00390625 : f32, zero_point = -128 : i32}
    : (tensor<1x8x8x3xi8>) -> tensor<1x8x8x3xf32>
  return %1 : tensor<1x8x8x3xf32>
}

// CHECK-LABEL: func.func @reshape
// CHECK:         patch.reshape %{{.*}} : tensor<1x490xi8> -> tensor<1x49x10x1xi8>
func.func @reshape(%input: tensor<1x490xi8>) -> tensor<1x49x10x1xi8> {
  %0 = patch.reshape %input : tensor<1x490xi8> -> tensor<1x49x10x1xi8>
  return %0 : tensor<1x49x10x1xi8>
}

// CHECK-LABEL: func.func @read_input
// CHECK:         patch.read_input %{{.*}} {mode = #patch<input_mode rows>, number = 0 : i32} : tensor<1x490xi8> -> tensor<1x49x10x1xi8>
// CHECK:         patch.read_input %{{.*}} {mode = #patch<input_mode windows>, number = 1 : i32} : tensor<1x8x8x3xf32> -> tensor<1x8x8x3xf32>
func.func @read_input(%a: tensor<1x490xi8>, %b: tensor<1x8x8x3xf32>) -> (tensor<1x49x10x1xi8>, tensor<1x8x8x3xf32>) {
  %0 = patch.read_input %a {mode = #patch<input_mode rows>, number = 0 : i32}
    : tensor<1x490xi8> -> tensor<1x49x10x1xi8>
  %1 = patch.read_input %b {mode = #patch<input_mode windows>, number = 1 : i32}
    : tensor<1x8x8x3xf32> -> tensor<1x8x8x3xf32>
  return %0, %1 : tensor<1x49x10x1xi8>, tensor<1x8x8x3xf32>
}

// A stage without a plan, and with each part of one.

// CHECK-LABEL: func.func @stages
// CHECK:         patch.stage(%[[X:.*]] = %{{.*}} : tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8> {
// CHECK:           %[[A:.*]] = patch.requantize %[[X]]
// CHECK:           patch.yield %[[A]] : tensor<1x8x8x4xi8>
// CHECK:         plan = #patch.plan<bands = 1, strips = 3, halo = [cache, recompute], rings = [1, 0], offsets = [0, 1152], scratch = [-1, -1]>
// CHECK:         } attributes {note = "kept"}
// CHECK:         patch.stage
// CHECK-SAME:      -> (tensor<1x8x8x4xi8>, tensor<1x8x8x4xi8>) plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache]>
func.func @stages(%input: tensor<1x8x8x4xi8>) -> (tensor<1x8x8x4xi8>, tensor<1x8x8x4xi8>) {
  %0 = patch.stage(%x = %input : tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8> {
    %a = patch.requantize %x {input_zp = 0 : i32, requant = #patch.requant<
      multiplier = [1073741824], exponent = [1], zero_point = 0, min = -128,
      max = 127, rounding = tflite>} : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
    patch.yield %a : tensor<1x8x8x4xi8>
  }
  %1 = patch.stage(%x = %0 : tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
      plan = #patch.plan<bands = 1, strips = 3, halo = [cache, recompute],
                         rings = [1, 0], offsets = [0, 1152], scratch = [-1, -1]> {
    %a = patch.requantize %x {input_zp = 0 : i32, requant = #patch.requant<
      multiplier = [1073741824], exponent = [1], zero_point = 0, min = -128,
      max = 127, rounding = tflite>} : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
    %b = patch.max_pool2d %a {
      kernel = array<i32: 3, 3>, stride = array<i32: 1, 1>,
      pad = array<i32: 1, 1, 1, 1>, min = -128 : i32, max = 127 : i32
    } : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
    patch.yield %b : tensor<1x8x8x4xi8>
  } attributes {note = "kept"}
  %2:2 = patch.stage(%x = %1 : tensor<1x8x8x4xi8>) -> (tensor<1x8x8x4xi8>, tensor<1x8x8x4xi8>)
      plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache]> {
    %zeros = arith.constant dense<0> : tensor<1x8x8x4xi8>
    %flat = patch.reshape %x : tensor<1x8x8x4xi8> -> tensor<1x1x1x256xi8>
    %a = patch.softmax %flat {
      multiplier = 1073741824 : i32, exponent = 22 : i32, diff_min = -248 : i32
    } : (tensor<1x1x1x256xi8>) -> tensor<1x1x1x256xi8>
    %b = patch.reshape %a : tensor<1x1x1x256xi8> -> tensor<1x8x8x4xi8>
    patch.yield %b, %zeros : tensor<1x8x8x4xi8>, tensor<1x8x8x4xi8>
  }
  return %2#0, %2#1 : tensor<1x8x8x4xi8>, tensor<1x8x8x4xi8>
}

func.func private @kernel(!llvm.ptr, i32, !llvm.ptr, i32)

// CHECK-LABEL: func.func @loops
// CHECK:         %[[RING:.*]] = patch.arena_slice %{{.*}}[1152] : memref<65536xi8> -> memref<3456xi8>
// CHECK:         %[[OFFSET:.*]] = patch.ring_offset %{{.*}} {pitch = 1152 : i32, rows = 3 : i32}
// CHECK:         %[[INSIDE:.*]] = patch.ring_offset %{{.*}} {no_wrap, pitch = 1152 : i32, rows = 3 : i32}
// CHECK:         %[[INPUT:.*]] = patch.external_input %{{.*}} {number = 0 : i32} : memref<27648xi8>
// CHECK:         patch.call_kernel @kernel(%[[RING]], %[[OFFSET]], %[[INPUT]], %{{.*}}) layer 3 : (memref<3456xi8>, i32, memref<27648xi8>, i32)
// CHECK:         patch.call_input %{{.*}}(%[[RING]], %[[INSIDE]], %{{.*}}, %{{.*}}, %{{.*}}) {inputs = 1 : i32, mode = #patch<input_mode rows>, number = 0 : i32, pitch = 288 : i32} : memref<3456xi8>
func.func @loops(%arena: memref<65536xi8>, %io: !llvm.ptr, %row: i32, %x: i32, %n: i32) -> i32 {
  %ring = patch.arena_slice %arena[1152] : memref<65536xi8> -> memref<3456xi8>
  %offset = patch.ring_offset %row {rows = 3 : i32, pitch = 1152 : i32}
  %inside = patch.ring_offset %row {no_wrap, rows = 3 : i32, pitch = 1152 : i32}
  %input = patch.external_input %io {number = 0 : i32} : memref<27648xi8>
  patch.call_kernel @kernel(%ring, %offset, %input, %n) layer 3
    : (memref<3456xi8>, i32, memref<27648xi8>, i32)
  %status = patch.call_input %io(%ring, %inside, %row, %x, %n)
    {mode = #patch<input_mode rows>, number = 0 : i32, inputs = 1 : i32,
     pitch = 288 : i32} : memref<3456xi8>
  return %status : i32
}
