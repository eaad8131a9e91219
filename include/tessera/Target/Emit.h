//===- Emit.h - LLVM module to object ---------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Optimises an LLVM module and makes a relocatable object of it.
//
// Why `llvm-nm -u` stays empty. LLVM may bring in a call of a library function
// at two places, and both are closed here or end in an error:
//
// - Optimisation passes turn loops into memcpy, memset or memmove (LoopIdiom)
//   and simplify calls of known names. The pipeline runs with a library info
//   that knows no function at all, and every function gets "no-builtins".
// - Instruction selection calls helpers for what the CPU cannot do:
//     llvm.memcpy / memmove / memset of a run-time or large length
//                                          -> memcpy, __aeabi_memcpy, ...
//     64-bit division and remainder        -> __aeabi_ldivmod, __aeabi_uldivmod
//     128-bit multiplication, wide shifts  -> __multi3, __aeabi_llsl, ...
//     any floating point under the soft ABI -> __aeabi_fadd, ...
//     atomics, thread-local variables, stack protectors
//   Nothing can stop it from there, so whoever makes the module avoids these:
//   a division becomes a loop or a function of the module's own, a copy becomes
//   a loop. `emitObject` refuses the object and lists the helpers by name.
//
// Floating point instructions and types are refused before optimisation, and so
// are writable globals.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_TARGET_EMIT_H
#define TESSERA_TARGET_EMIT_H

#include "tessera/Target/CortexM/TargetInfo.h"
#include "tessera/Target/ObjectInfo.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace llvm {
class Module;
class raw_ostream;
} // namespace llvm

namespace tessera::target {

/// Speed against size. A function that has `optsize` or `minsize` keeps it.
enum class OptLevel { O0, O2, O3, Os, Oz };

struct EmitOptions {
  FloatABI floatABI = FloatABI::Hard;
  OptLevel optLevel = OptLevel::O2;
  /// The entry and how to recognise weights and tables (by section name). All
  /// other definitions of the module become internal.
  InspectOptions inspect;
  /// Largest local array that a function may keep after optimisation; larger
  /// scratch belongs in the arena.
  int64_t maxAllocaBytes = 64;
  /// If set: the optimised LLVM IR is printed there.
  llvm::raw_ostream *optimisedIR = nullptr;
};

struct EmittedObject {
  /// The ELF file. Position independent on the host (ORC and PIE executables
  /// take it), static on Cortex-M. The same module gives the same bytes.
  llvm::SmallVector<char, 0> bytes;
  ObjectInfo info;
};

/// Optimises `module` in place and emits it. The module's triple, data layout,
/// and each function's CPU, features, `nounwind` and `no-builtins` are set
/// here; a data layout that is there already must agree.
///
/// Float ABI and object attributes: the hard ABI sets Tag_ABI_VFP_args, the two
/// others leave it out. Tag_ABI_enum_size and Tag_ABI_PCS_wchar_t are left out
/// always: the interface has neither type, so an object links with firmware of
/// either setting. There is no .note.GNU-stack on Cortex-M, and no unwind
/// table: GCC's objects for bare metal have neither.
///
/// Errors (internal ones, all with a cause): the module does not verify, has
/// floating point, writable globals, undefined symbols or recursion.
llvm::Expected<EmittedObject> emitObject(llvm::Module &module,
                                         const TargetInfo &target,
                                         const EmitOptions &options);

/// Emits a module of constants that may name symbols of other objects (the
/// harness's descriptor). No optimisation and none of the checks above.
llvm::Expected<llvm::SmallVector<char, 0>>
emitDataObject(llvm::Module &module, const TargetInfo &target,
               FloatABI floatABI);

} // namespace tessera::target

#endif // TESSERA_TARGET_EMIT_H
