//===- WindowOpInterface.td - The window question ----------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_IR_WINDOWOPINTERFACE_TD
#define TESSERA_DIALECT_PATCH_IR_WINDOWOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def Patch_WindowOpInterface : OpInterface<"WindowOpInterface"> {
  let cppNamespace = "::tessera::patch";
  let description = [{
    The window question: to make this window of its result, which windows of its
    operands does an op read? Answered by every layer of the `patch` dialect and,
    through external models, by the TOSA ops that a stage may hold. Operands that
    are not activations (weights, bias, scales) are not asked about.
  }];
  let methods = [
    InterfaceMethod<
      "The operands that are activations, in the order of the kernel's inputs.",
      "::llvm::SmallVector<::mlir::OpOperand *>", "getActivationOperands",
      (ins), "", [{
        return ::llvm::SmallVector<::mlir::OpOperand *>{&$_op->getOpOperand(0)};
      }]>,
    InterfaceMethod<
      [{Along y (axis 0) or x (axis 1): from indices of the result to the indices
        of the activation operand with that number that are read.}],
      "::tessera::planning::WindowMap", "getWindowMap",
      (ins "unsigned":$activation, "unsigned":$axis), "", [{
        return ::tessera::planning::WindowMap::identity();
      }]>,
    InterfaceMethod<"How rows of the result come about.",
      "::tessera::planning::OpKind", "getRowKind", (ins), "", [{
        return ::tessera::planning::OpKind::Rows;
      }]>,
    InterfaceMethod<
      [{Multiply-accumulates per pixel of the result (of the operand, for a
        reduction), all taps counted, padding included.}],
      "int64_t", "getMacsPerPixel", (ins), "", "return 0;">,
    InterfaceMethod<
      [{The number of the activation operand whose row y may be overwritten by
        row y of the result, or -1.}],
      "int", "getInPlaceActivation", (ins), "", "return -1;">
  ];
}

#endif // TESSERA_DIALECT_PATCH_IR_WINDOWOPINTERFACE_TD
