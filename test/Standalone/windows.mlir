// RUN: standalone-opt %s -standalone-print-windows -o /dev/null | FileCheck %s
//
// The question is put to an op of Tessera and to one of this project.
// max_pool2d, 2x2, stride 2: row 1 is made from rows 2 and 3.
// blur, 3x3, stride 1, one row of padding: row 1 from rows 0, 1 and 2.

// CHECK:      patch.max_pool2d reads rows [2, 4) of operand 0
// CHECK-NEXT: standalone.blur reads rows [0, 3) of operand 0
func.func @windows(%x: tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8> {
  %0 = patch.max_pool2d %x {
    kernel = array<i32: 2, 2>, stride = array<i32: 2, 2>,
    pad = array<i32: 0, 0, 0, 0>, min = -128 : i32, max = 127 : i32
  } : (tensor<1x8x8x4xi8>) -> tensor<1x4x4x4xi8>
  %1 = standalone.blur %0 : tensor<1x4x4x4xi8> -> tensor<1x4x4x4xi8>
  return %1 : tensor<1x4x4x4xi8>
}
