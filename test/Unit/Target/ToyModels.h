//===- ToyModels.h - Small modules with the generated interface -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the tests of emission and execution share: LLVM IR text to an object
// with the entry `toy_run`, and the table of targets to repeat a test over.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_TEST_UNIT_TARGET_TOYMODELS_H
#define TESSERA_TEST_UNIT_TARGET_TOYMODELS_H

#include "tessera/Target/Emit.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include "gtest/gtest.h"

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace tessera::testing {

/// Debug information for an entry whose calls have the lines 1 (!7) and 2 (!8).
inline constexpr char debugInfo[] = R"(
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2, !3}
!0 = distinct !DICompileUnit(language: DW_LANG_C99, file: !1,
    producer: "tessera", isOptimized: true, emissionKind: LineTablesOnly)
!1 = !DIFile(filename: "toy", directory: "")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !{i32 7, !"Dwarf Version", i32 4}
!4 = distinct !DISubprogram(name: "toy_run", scope: !1, file: !1, line: 1,
    type: !5, unit: !0,
    spFlags: DISPFlagDefinition | DISPFlagOptimized)
!5 = !DISubroutineType(types: !6)
!6 = !{null}
!7 = !DILocation(line: 1, scope: !4)
!8 = !DILocation(line: 2, scope: !4)
)";

inline target::EmitOptions
toyOptions(target::FloatABI abi = target::FloatABI::Hard) {
  target::EmitOptions options;
  options.floatABI = abi;
  options.inspect.entry = "toy_run";
  options.inspect.weightsSections = {".rodata.toy.weights"};
  options.inspect.tablesSections = {".rodata.toy.tables"};
  return options;
}

/// Parses `ir` ("SIZE" stands for the target's size_t) and emits it.
inline llvm::Expected<target::EmittedObject>
emitText(std::string ir, const target::TargetInfo &target,
         const target::EmitOptions &options = toyOptions()) {
  for (size_t at; (at = ir.find("SIZE")) != std::string::npos;)
    ir.replace(at, 4, "i" + std::to_string(target.indexBits));
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module =
      llvm::parseAssemblyString(ir, diagnostic, context);
  if (!module) {
    std::string message;
    llvm::raw_string_ostream stream(message);
    diagnostic.print("toy", stream);
    return llvm::createStringError(message);
  }
  return target::emitObject(*module, target, options);
}

/// The error's text; "" for success.
template <typename T>
std::string messageOf(llvm::Expected<T> value) {
  return value ? "" : llvm::toString(value.takeError());
}

/// The value; an error ends the test program with its text.
template <typename T>
T orDie(llvm::Expected<T> value) {
  if (!value) {
    llvm::errs() << "unexpected error: " << llvm::toString(value.takeError())
                 << '\n';
    std::abort();
  }
  return std::move(*value);
}

/// Every pair that can be compiled for; the host has one ABI.
inline std::vector<std::pair<const target::TargetInfo *, target::FloatABI>>
allVariants() {
  using target::FloatABI;
  std::vector<std::pair<const target::TargetInfo *, FloatABI>> result;
  for (const target::TargetInfo &target : target::allTargets())
    for (FloatABI abi : {FloatABI::Soft, FloatABI::SoftFP, FloatABI::Hard})
      if (!target.isHost || abi == FloatABI::Hard)
        result.push_back({&target, abi});
  return result;
}

/// "cortex_m4_hard": a name that GoogleTest accepts.
inline std::string variantName(const target::TargetInfo &target,
                               target::FloatABI abi) {
  std::string name = target.runtimeSubdirectory(abi);
  for (char &c : name)
    if (c == '-')
      c = '_';
  return name;
}

} // namespace tessera::testing

#endif // TESSERA_TEST_UNIT_TARGET_TOYMODELS_H
