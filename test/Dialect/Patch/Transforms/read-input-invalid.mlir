// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a `patch.read_input` says of the argument that it delivers must be true: the
// generated NAME_io and the harness go by the argument.

// RUN: tessera-opt %s --split-input-file --patch-plan-stages --verify-diagnostics

func.func @negative_number(%in: tensor<1x4x4x2xi8> {patch.input_mode = #patch<input_mode rows>}) -> tensor<1x4x4x2xi8> {
  // expected-error@+1 {{number 7 is not that of the argument it reads}}
  %0 = patch.read_input %in {mode = #patch<input_mode rows>, number = 7 : i32} : tensor<1x4x4x2xi8> -> tensor<1x4x4x2xi8>
  return %0 : tensor<1x4x4x2xi8>
}

// -----

func.func @negative_mode(%in: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  // expected-error@+1 {{the argument it reads lacks patch.input_mode = #patch<input_mode rows>}}
  %0 = patch.read_input %in {mode = #patch<input_mode rows>, number = 0 : i32} : tensor<1x4x4x2xi8> -> tensor<1x4x4x2xi8>
  return %0 : tensor<1x4x4x2xi8>
}
