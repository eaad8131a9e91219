// REQUIRES: plugin
// RUN: mlir-opt %s --load-dialect-plugin=%plugin --load-pass-plugin=%plugin \
// RUN:   --pass-pipeline='builtin.module(func.func(convert-tosa-to-patch{full=true}))' \
// RUN:   | FileCheck %s
//
// Debian's own mlir-opt knows the dialect and runs the pass. (Passes of a plugin
// are known to --pass-pipeline only.)

// CHECK-LABEL: func.func @main
// CHECK:         patch.requantize
// CHECK-SAME:      min = 0, max = 6
// CHECK:         patch.max_pool2d
func.func @main(%input: tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8> {
  %0 = tosa.clamp %input {min_val = 0 : i8, max_val = 6 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  %1 = patch.max_pool2d %0 {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>,
    pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32
  } : (tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8>
  return %1 : tensor<1x2x2x2xi8>
}
