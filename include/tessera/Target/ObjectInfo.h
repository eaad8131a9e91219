//===- ObjectInfo.h - Facts read back from an emitted object ----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sizes, stack depth and call sites as the bytes of an ELF object have them:
// not what the compiler believes it wrote. The instructions of every function
// are decoded; a call's target comes from its relocation or its displacement,
// frame sizes from the `.stack_sizes` section (a non-allocated section: it
// costs no flash), source lines from DWARF.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_TARGET_OBJECTINFO_H
#define TESSERA_TARGET_OBJECTINFO_H

#include "tessera/Target/CortexM/TargetInfo.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::target {

/// One function of an object.
struct FunctionInfo {
  std::string name;
  /// Bytes of its instructions and of the constants among them.
  int64_t codeBytes = 0;
  /// Its own stack frame: saved registers, spills, outgoing arguments.
  int64_t frameBytes = 0;
  /// Deepest stack from its first instruction down: its frame and its callees'.
  int64_t stackBytes = 0;
};

/// A call in the entry function, in address order. A kernel that the optimiser
/// inlines has no call site any more: kernels are `noinline`.
struct CallSite {
  /// Bytes from the entry's first instruction to the call instruction.
  uint32_t offset = 0;
  /// The call's source line in DWARF, 0 if it has none. The compiler gives the
  /// calls of operator i the line i + 1.
  uint32_t line = 0;
  /// The called function; empty for a call through a pointer.
  std::string callee;
};

/// How to read an object.
struct InspectOptions {
  /// The function that a user calls.
  std::string entry;
  /// Sections with these prefixes hold weights and per-channel tables.
  std::vector<std::string> weightsSections;
  std::vector<std::string> tablesSections;
};

/// What an object has. flash = code + weights + tables.
struct ObjectInfo {
  /// Executable sections, and read-only data that is neither weights nor tables
  /// (constants that the instructions need).
  int64_t codeBytes = 0;
  int64_t weightsBytes = 0;
  int64_t tablesBytes = 0;
  int64_t flashBytes = 0;
  /// Writable sections: 0 for every object that Tessera makes.
  int64_t staticRamBytes = 0;
  /// Deepest stack of one call of the entry, below the caller's stack pointer.
  /// Callbacks count up to their call, not what they use themselves.
  int64_t stackBytes = 0;
  std::vector<FunctionInfo> functions;
  std::vector<CallSite> callSites;
  /// What `llvm-nm -u` prints, sorted.
  std::vector<std::string> undefinedSymbols;
  /// Global symbols defined here, sorted.
  std::vector<std::string> globalSymbols;
};

/// Reads `object` (an ELF relocatable of `target`). Errors: no ELF, the entry
/// is missing, a function without a known frame size, recursion.
llvm::Expected<ObjectInfo> inspectObject(llvm::ArrayRef<char> object,
                                         const TargetInfo &target,
                                         FloatABI floatABI,
                                         const InspectOptions &options);

} // namespace tessera::target

#endif // TESSERA_TARGET_OBJECTINFO_H
