//===- Machine.h - LLVM's target machine for a CPU --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How a row of the target table becomes LLVM's objects; private to lib/Target.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_TARGET_MACHINE_H
#define TESSERA_LIB_TARGET_MACHINE_H

#include "tessera/Target/CortexM/TargetInfo.h"

#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace llvm {
class Target;
class TargetMachine;
} // namespace llvm

namespace tessera::target {

/// LLVM's target, with its code generator, assembler and disassembler
/// registered. An error if this LLVM was built without it.
llvm::Expected<const llvm::Target *> lookupLLVMTarget(const TargetInfo &target,
                                                      FloatABI abi);

/// A machine that emits `.stack_sizes` and no unwind tables; position
/// independent on the host, static elsewhere.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createMachine(const TargetInfo &target, FloatABI abi,
              llvm::CodeGenOptLevel optLevel);

} // namespace tessera::target

#endif // TESSERA_LIB_TARGET_MACHINE_H
