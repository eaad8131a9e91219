// RUN: standalone-opt %s -patch-plan-stages=schedule=stream -patch-verify-plan | FileCheck %s
//
// Tessera's planner runs inside this tool: two layers become one stage, and the
// map between them a ring.

// CHECK-LABEL: func.func @chain
// CHECK:       patch.stage
// CHECK:       plan = #patch.plan<bands = 1, strips = 1, halo = [cache, cache]
// CHECK:         patch.requantize
// CHECK:         patch.max_pool2d
func.func @chain(%x: tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8> {
  %0 = patch.requantize %x {
    input_zp = 3 : i32,
    requant = #patch.requant<multiplier = [1073741824], exponent = [1],
      zero_point = -128, min = -128, max = 127, rounding = tflite>
  } : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
  %1 = patch.max_pool2d %0 {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>,
    pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32
  } : (tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
  return %1 : tensor<1x4x4x4xi8>
}
