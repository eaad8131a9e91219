//===- Artefacts.h - Header, report and summary of a model ------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_COMPILER_ARTEFACTS_H
#define TESSERA_COMPILER_ARTEFACTS_H

#include "tessera/Compiler/Compiler.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera {

/// The C header NAME.h: C99 and C++17.
void writeHeader(const ModelFacts &facts, llvm::raw_ostream &os);

/// The report: one JSON object with the fields of docs/Spec's accounting; those
/// of the object (code_bytes, stack_bytes, …) only where there is one.
llvm::json::Object makeReport(const CompiledModel &model,
                              const CompileOptions &options);

/// The page of `tessera plan --html`: one self-contained HTML file with what
/// lies where in the arena over time, the live bytes beside those of layer by
/// layer, RAM against F, and a table of the layers.
void writePlanPage(const CompiledModel &model, const CompileOptions &options,
                   llvm::raw_ostream &os);

/// RAM against F for the model's graph, as JSON rows and as text.
llvm::json::Array makeFrontier(const ModelFacts &facts,
                               const CompileOptions &options);
void printFrontier(const ModelFacts &facts, const CompileOptions &options,
                   llvm::raw_ostream &os);

/// Receptive fields and halos per layer, and what the K x K layers of the early
/// stages would save if they were 1 x 1.
llvm::json::Object makeReceptiveFields(const ModelFacts &facts,
                                       const CompileOptions &options);
void printReceptiveFields(const ModelFacts &facts,
                          const CompileOptions &options, llvm::raw_ostream &os);

/// A screenful for a person.
void printSummary(const CompiledModel &model, const CompileOptions &options,
                  llvm::raw_ostream &os);

llvm::StringRef stringify(planning::Schedule schedule);

} // namespace tessera

#endif // TESSERA_COMPILER_ARTEFACTS_H
