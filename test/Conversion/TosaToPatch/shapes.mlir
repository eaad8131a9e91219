// RUN: tessera-opt %s -convert-tosa-to-patch=full -split-input-file | FileCheck %s

// Reshapes compose, and vanish where the shapes meet again.

// CHECK-LABEL: func.func @reshapes
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<1x490xi8>)
// CHECK:         %[[MAP:.*]] = patch.reshape %[[INPUT]] : tensor<1x490xi8> -> tensor<1x49x10x1xi8>
// CHECK-NOT:     patch.reshape
// CHECK:         return %[[MAP]], %[[INPUT]]
func.func @reshapes(%input: tensor<1x490xi8>) -> (tensor<1x49x10x1xi8>, tensor<1x490xi8>) {
  %column = tosa.const_shape {values = dense<[490]> : tensor<1xindex>} : () -> !tosa.shape<1>
  %map = tosa.const_shape {values = dense<[1, 49, 10, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %row = tosa.const_shape {values = dense<[1, 490]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %0 = tosa.reshape %input, %column : (tensor<1x490xi8>, !tosa.shape<1>) -> tensor<490xi8>
  %1 = tosa.reshape %0, %map : (tensor<490xi8>, !tosa.shape<4>) -> tensor<1x49x10x1xi8>
  %2 = tosa.identity %1 : (tensor<1x49x10x1xi8>) -> tensor<1x49x10x1xi8>
  %3 = tosa.reshape %2, %row : (tensor<1x49x10x1xi8>, !tosa.shape<2>) -> tensor<1x490xi8>
  return %2, %3 : tensor<1x49x10x1xi8>, tensor<1x490xi8>
}

// -----

// Pads of maps, of rank 3 (height and width come first) and rank 2 (rows). One of
// nothing is nothing.

// CHECK-LABEL: func.func @pads
// CHECK:         patch.pad %{{.*}} {pad = array<i32: 1, 2, 3, 4>, value = -7 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x7x11x2xi8>
// CHECK:         patch.pad %{{.*}} {pad = array<i32: 1, 0, 0, 2>, value = -7 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x5x6x2xi8>
// CHECK:         patch.pad %{{.*}} {pad = array<i32: 5, 6, 0, 0>, value = -7 : i32} : (tensor<1x3x1x2xi8>) -> tensor<1x14x1x2xi8>
// CHECK-NOT:     patch.pad
func.func @pads(%a: tensor<1x4x4x2xi8>, %b: tensor<4x4x2xi8>, %c: tensor<3x2xi8>)
    -> (tensor<1x7x11x2xi8>, tensor<5x6x2xi8>, tensor<14x2xi8>, tensor<3x2xi8>) {
  %value = "tosa.const"() {values = dense<-7> : tensor<1xi8>} : () -> tensor<1xi8>
  %pad_a = tosa.const_shape {values = dense<[0, 0, 1, 2, 3, 4, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %pad_b = tosa.const_shape {values = dense<[1, 0, 0, 2, 0, 0]> : tensor<6xindex>} : () -> !tosa.shape<6>
  %pad_c = tosa.const_shape {values = dense<[5, 6, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %none = tosa.const_shape {values = dense<[0, 0, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.pad %a, %pad_a, %value : (tensor<1x4x4x2xi8>, !tosa.shape<8>, tensor<1xi8>) -> tensor<1x7x11x2xi8>
  %1 = tosa.pad %b, %pad_b, %value : (tensor<4x4x2xi8>, !tosa.shape<6>, tensor<1xi8>) -> tensor<5x6x2xi8>
  %2 = tosa.pad %c, %pad_c, %value : (tensor<3x2xi8>, !tosa.shape<4>, tensor<1xi8>) -> tensor<14x2xi8>
  %3 = tosa.pad %c, %none, %value : (tensor<3x2xi8>, !tosa.shape<4>, tensor<1xi8>) -> tensor<3x2xi8>
  return %0, %1, %2, %3 : tensor<1x7x11x2xi8>, tensor<5x6x2xi8>, tensor<14x2xi8>, tensor<3x2xi8>
}

// -----

// What others read of TOSA's constants becomes arith.constant, a slice of
// everything is what it slices.

// CHECK-LABEL: func.func @constants
// CHECK-SAME:    (%[[INPUT:.*]]: tensor<4xi8>)
// CHECK:         %[[CONSTANT:.*]] = arith.constant dense<3> : tensor<4xi8>
// CHECK:         return %[[CONSTANT]], %[[INPUT]]
func.func @constants(%input: tensor<4xi8>) -> (tensor<4xi8>, tensor<4xi8>) {
  %three = "tosa.const"() {values = dense<3> : tensor<4xi8>} : () -> tensor<4xi8>
  %start = tosa.const_shape {values = dense<[0]> : tensor<1xindex>} : () -> !tosa.shape<1>
  %size = tosa.const_shape {values = dense<[4]> : tensor<1xindex>} : () -> !tosa.shape<1>
  %0 = tosa.slice %input, %start, %size : (tensor<4xi8>, !tosa.shape<1>, !tosa.shape<1>) -> tensor<4xi8>
  return %three, %0 : tensor<4xi8>, tensor<4xi8>
}
