//===- Machine.cpp - LLVM's target machine for a CPU ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Registers the ARM and the native target once and builds target machines from
// rows of the table.
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Triple.h"

#include <mutex>

using namespace llvm;

namespace tessera::target {

static void registerTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeARMTargetInfo();
    LLVMInitializeARMTarget();
    LLVMInitializeARMTargetMC();
    LLVMInitializeARMAsmPrinter();
    LLVMInitializeARMAsmParser();
    LLVMInitializeARMDisassembler();
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
    InitializeNativeTargetAsmParser();
    InitializeNativeTargetDisassembler();
  });
}

Expected<const Target *> lookupLLVMTarget(const TargetInfo &target,
                                          FloatABI abi) {
  registerTargets();
  std::string message;
  Triple triple(target.triple(abi));
  const Target *result = TargetRegistry::lookupTarget(triple, message);
  if (!result)
    return createStringError("LLVM cannot make code for CPU '" + target.name +
                             "': " + message);
  return result;
}

Expected<std::unique_ptr<TargetMachine>>
createMachine(const TargetInfo &target, FloatABI abi,
              CodeGenOptLevel optLevel) {
  Expected<const Target *> llvmTarget = lookupLLVMTarget(target, abi);
  if (!llvmTarget)
    return llvmTarget.takeError();

  TargetOptions options;
  options.EmitStackSizeSection = true;
  if (!target.isHost)
    options.FloatABIType =
        abi == FloatABI::Hard ? llvm::FloatABI::Hard : llvm::FloatABI::Soft;
  std::unique_ptr<TargetMachine> machine(
      (*llvmTarget)
          ->createTargetMachine(
              Triple(target.triple(abi)), target.isHost ? "" : target.llvmCPU,
              target.features(abi), options,
              target.isHost ? Reloc::PIC_ : Reloc::Static,
              target.isHost ? std::nullopt : std::optional(CodeModel::Small),
              optLevel));
  if (!machine)
    return createStringError("LLVM cannot make a target machine for CPU '" +
                             target.name + "'");

  // An .ARM.exidx entry would cost 8 bytes of flash per function and bring in
  // __aeabi_unwind_cpp_pr0. The option of the same name means "the default"
  // when it is None, hence this detour. The machine is ours alone.
  const_cast<MCAsmInfo *>(machine->getMCAsmInfo())
      ->setExceptionsType(ExceptionHandling::None);
  // Outlined functions would blur which operator an instruction belongs to.
  machine->setMachineOutliner(false);
  machine->setSupportsDefaultOutlining(false);
  return machine;
}

} // namespace tessera::target
