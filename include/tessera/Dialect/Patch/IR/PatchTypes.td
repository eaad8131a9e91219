//===- PatchTypes.td - Operand types and base class --------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_IR_PATCHTYPES_TD
#define TESSERA_DIALECT_PATCH_IR_PATCHTYPES_TD

include "mlir/Dialect/LLVMIR/LLVMTypes.td"
include "tessera/Dialect/Patch/IR/PatchAttrs.td"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

// A NHWC map of quantised values: tensor<1xHxWxCxi8>. Its constraints (rank 4,
// static, batch 1) are checked by every layer's verifier (L1).
def Patch_Activation : 4DTensorOf<[I8, I16]>;
def Patch_FloatActivation : 4DTensorOf<[F32]>;
// At the ends of a network, unsigned bytes too.
def Patch_EndActivation : 4DTensorOf<[I8, I16, UI8]>;
def Patch_AnyActivation
    : AnyTypeOf<[Patch_EndActivation, Patch_FloatActivation]>;
def Patch_Bias : 1DTensorOf<[I32, I64]>;

// The generated NAME_io structure.
def Patch_IoPointer
    : Type<CPred<"::llvm::isa<::mlir::LLVM::LLVMPointerType>($_self)">,
           "LLVM pointer">,
      BuildableType<
        "::mlir::LLVM::LLVMPointerType::get($_builder.getContext())">;

class Patch_Op<string mnemonic, list<Trait> traits = []>
    : Op<Patch_Dialect, mnemonic, traits>;

#endif // TESSERA_DIALECT_PATCH_IR_PATCHTYPES_TD
