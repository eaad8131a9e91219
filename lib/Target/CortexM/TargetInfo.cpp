//===- TargetInfo.cpp - What Tessera knows about each CPU -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table, one row per CPU, and the few rules that combine a row with a float
// ABI. The host row is built for the baseline of the host's architecture, not
// for the machine at hand: the same model gives the same object on all of them.
//
//===----------------------------------------------------------------------===//

#include "tessera/Target/CortexM/TargetInfo.h"

#include "../Machine.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace tessera::target {

// Triples are spelt out with their vendor: LLVM's C++ interface takes
// "thumbv7em-none-eabi" for an operating system called "eabi".

// AAPCS, little endian, ELF mangling; the same for all M-profile CPUs.
static constexpr StringLiteral armLayout =
    "e-m:e-p:32:32-Fi8-i64:64-v128:64:128-a:0:32-n32-S64";

static constexpr TargetInfo table[] = {
    {/*name=*/"host", /*isHost=*/true, /*architecture=*/"",
     /*llvmCPU=*/"generic", /*hasFPU=*/true, /*hasDSP=*/false,
     /*hasMVE=*/false, /*defaultFloatABI=*/FloatABI::Hard, /*dataLayout=*/"",
     /*indexBits=*/8 * sizeof(void *), /*qemuBoard=*/""},
    {/*name=*/"cortex-m4", /*isHost=*/false,
     /*architecture=*/"thumbv7em-unknown-none",
     /*llvmCPU=*/"cortex-m4", /*hasFPU=*/true, /*hasDSP=*/true,
     /*hasMVE=*/false, /*defaultFloatABI=*/FloatABI::Hard, armLayout,
     /*indexBits=*/32, /*qemuBoard=*/"mps2-an386"},
    {/*name=*/"cortex-m7", /*isHost=*/false,
     /*architecture=*/"thumbv7em-unknown-none",
     /*llvmCPU=*/"cortex-m7", /*hasFPU=*/true, /*hasDSP=*/true,
     /*hasMVE=*/false, /*defaultFloatABI=*/FloatABI::Hard, armLayout,
     /*indexBits=*/32, /*qemuBoard=*/"mps2-an500"},
    {/*name=*/"cortex-m33", /*isHost=*/false,
     /*architecture=*/"thumbv8m.main-unknown-none",
     /*llvmCPU=*/"cortex-m33", /*hasFPU=*/true, /*hasDSP=*/true,
     /*hasMVE=*/false, /*defaultFloatABI=*/FloatABI::Hard, armLayout,
     /*indexBits=*/32, /*qemuBoard=*/"mps2-an505"},
    {/*name=*/"cortex-m55", /*isHost=*/false,
     /*architecture=*/"thumbv8.1m.main-unknown-none",
     /*llvmCPU=*/"cortex-m55", /*hasFPU=*/true, /*hasDSP=*/true,
     /*hasMVE=*/true, /*defaultFloatABI=*/FloatABI::Hard, armLayout,
     /*indexBits=*/32, /*qemuBoard=*/"mps3-an547"},
};

ArrayRef<TargetInfo> allTargets() { return table; }

Expected<const TargetInfo *> lookupTarget(StringRef name) {
  for (const TargetInfo &target : table)
    if (target.name == name)
      return &target;
  std::string names =
      join(map_range(allTargets(), [](const TargetInfo &t) { return t.name; }),
           ", ");
  return createStringError("unknown CPU '" + name + "': use one of " + names);
}

std::string TargetInfo::triple(FloatABI abi) const {
  if (isHost)
    return sys::getDefaultTargetTriple();
  return (architecture + (abi == FloatABI::Hard ? "-eabihf" : "-eabi")).str();
}

std::string TargetInfo::features(FloatABI abi) const {
  // Without the register file, everything that needs it goes: VFP and MVE.
  return !isHost && hasFPU && abi == FloatABI::Soft ? "-fpregs" : "";
}

KernelSet TargetInfo::kernelSet(FloatABI abi) const {
  if (hasMVE && abi != FloatABI::Soft)
    return KernelSet::MVE;
  return hasDSP ? KernelSet::DSP : KernelSet::Portable;
}

std::string TargetInfo::dataLayoutString() const {
  if (!isHost)
    return dataLayout.str();
  // The host's LLVM target is part of every LLVM that runs here.
  return cantFail(createMachine(*this, FloatABI::Hard, CodeGenOptLevel::None))
      ->createDataLayout()
      .getStringRepresentation();
}

std::string TargetInfo::runtimeSubdirectory(FloatABI abi) const {
  return (name + "-" + stringify(abi)).str();
}

Expected<FloatABI> parseFloatABI(StringRef text) {
  if (text == "soft")
    return FloatABI::Soft;
  if (text == "softfp")
    return FloatABI::SoftFP;
  if (text == "hard")
    return FloatABI::Hard;
  return createStringError("unknown float ABI '" + text +
                           "': use one of soft, softfp, hard");
}

Expected<FloatABI> resolveFloatABI(const TargetInfo &target,
                                   std::optional<StringRef> text) {
  if (!text)
    return target.defaultFloatABI;
  if (target.isHost)
    return createStringError("CPU 'host' has only one float ABI: leave out the "
                             "float ABI '" +
                             *text + "'");
  return parseFloatABI(*text);
}

StringRef stringify(FloatABI abi) {
  switch (abi) {
  case FloatABI::Soft:
    return "soft";
  case FloatABI::SoftFP:
    return "softfp";
  case FloatABI::Hard:
    return "hard";
  }
  llvm_unreachable("all float ABIs are named above");
}

StringRef stringify(KernelSet set) {
  switch (set) {
  case KernelSet::Portable:
    return "portable";
  case KernelSet::DSP:
    return "dsp";
  case KernelSet::MVE:
    return "mve";
  }
  llvm_unreachable("all kernel sets are named above");
}

} // namespace tessera::target
