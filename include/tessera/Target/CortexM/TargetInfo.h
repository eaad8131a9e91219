//===- TargetInfo.h - What Tessera knows about each CPU ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One table with every fact about a CPU that the compiler, the emission and the
// emulator need. Nothing outside this table tests for the name of a CPU.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_TARGET_CORTEXM_TARGETINFO_H
#define TESSERA_TARGET_CORTEXM_TARGETINFO_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>

namespace tessera::target {

/// How floating point values are passed (AAPCS). Generated code has none, but
/// the linker refuses to mix objects whose attributes disagree.
/// `Soft`: no FPU or MVE register may be touched at all. `SoftFP`: values in
/// core registers, FPU and MVE may be used. `Hard`: values in FPU registers.
enum class FloatABI { Soft, SoftFP, Hard };

/// Which implementations of the kernels a CPU runs.
/// `Portable`: plain C semantics. `DSP`: Armv7E-M / Armv8-M DSP extension
/// (SMLAD, SXTB16). `MVE`: Armv8.1-M vector extension, integer part.
enum class KernelSet { Portable, DSP, MVE };

/// One row of the table.
struct TargetInfo {
  /// The value of `--cpu`.
  llvm::StringLiteral name;
  /// Runs in this process; every other field about ARM is empty.
  bool isHost;
  /// Triple up to the environment ("thumbv7em-unknown-none"); see `triple()`.
  llvm::StringLiteral architecture;
  /// LLVM's name of the CPU: it implies the default features.
  llvm::StringLiteral llvmCPU;
  /// True if the CPU has: single precision FPU or better, the DSP extension,
  /// MVE (integer).
  bool hasFPU;
  bool hasDSP;
  bool hasMVE;
  FloatABI defaultFloatABI;
  /// LLVM's data layout (empty for the host: ask `hostDataLayout()`).
  llvm::StringLiteral dataLayout;
  /// Bits of `index` and of a pointer.
  unsigned indexBits;
  /// QEMU's machine that has this CPU (empty for the host).
  llvm::StringLiteral qemuBoard;

  /// The triple for LLVM: `-eabihf` says the hard ABI, `-eabi` the other two.
  std::string triple(FloatABI abi) const;
  /// Changes to the CPU's default features that `abi` asks for, in LLVM's
  /// syntax ("-fpregs,-mve"), "" if none.
  std::string features(FloatABI abi) const;
  /// The kernels to use. The soft ABI rules MVE out: it has no registers.
  KernelSet kernelSet(FloatABI abi) const;
  /// The data layout string, for the host too.
  std::string dataLayoutString() const;
  /// Directory of the board support under the runtime directory:
  /// "cortex-m4-hard".
  std::string runtimeSubdirectory(FloatABI abi) const;
};

/// All rows, host first.
llvm::ArrayRef<TargetInfo> allTargets();

/// The row called `name`, or an error that lists the names.
llvm::Expected<const TargetInfo *> lookupTarget(llvm::StringRef name);

/// Parses "soft", "softfp" or "hard".
llvm::Expected<FloatABI> parseFloatABI(llvm::StringRef text);

/// What `--float-abi` means on `target`: the CPU's default if `text` is absent,
/// an error on the host, which has no choice.
llvm::Expected<FloatABI> resolveFloatABI(const TargetInfo &target,
                                         std::optional<llvm::StringRef> text);

llvm::StringRef stringify(FloatABI abi);
/// "portable", "dsp" or "mve".
llvm::StringRef stringify(KernelSet set);

} // namespace tessera::target

#endif // TESSERA_TARGET_CORTEXM_TARGETINFO_H
