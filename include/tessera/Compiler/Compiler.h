//===- Compiler.h - One call from a model to an object ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What the driver, the C API, Python and the tests call. No I/O: bytes in,
// bytes out; errors go to the context's diagnostic handler, each with its
// cause.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_COMPILER_COMPILER_H
#define TESSERA_COMPILER_COMPILER_H

#include "tessera/Compiler/ModelFacts.h"
#include "tessera/Target/Emit.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>
#include <optional>
#include <string>

namespace tessera {

/// The levels of the compiler, in order. Each one's IR can be printed, and
/// compilation can start again from it (see docs/Architecture).
enum class Phase { Import, Patch, Plan, Loops, LLVM, Object };

struct PhaseInfo {
  Phase phase;
  llvm::StringLiteral name;
  llvm::StringLiteral help;
};

/// All phases, first to last: names and help of `--compile-to`.
llvm::ArrayRef<PhaseInfo> allPhases();
llvm::StringRef stringify(Phase phase);

struct CompileOptions {
  /// Row of the target table.
  const target::TargetInfo *target = nullptr;
  target::FloatABI floatABI = target::FloatABI::Hard;
  planning::Schedule schedule = planning::Schedule::Auto;
  patch::InputMode input = patch::InputMode::Resident;
  /// Most bytes of arena.
  std::optional<int64_t> ramLimitBytes;
  /// Bound on F; if absent 1.05 for Schedule::Auto, none otherwise.
  std::optional<double> maxRecompute;
  /// Sections of the object; empty: `.rodata.NAME.weights` (and `.tables`),
  /// `.text.NAME`.
  std::string weightsSection;
  std::string codeSection;
  /// Where to stop.
  Phase compileTo = Phase::Object;
  /// The C identifier that names everything; see `getModelName`.
  std::string name = "model";
  /// Called before each phase, for progress.
  std::function<void(Phase)> onPhase;
};

/// What a compilation gives, as far as it went.
struct CompiledModel {
  std::string name;
  Phase reached = Phase::Import;
  /// The IR at `reached` (at Phase::Object that of Phase::LLVM).
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// From Phase::Plan on.
  ModelFacts facts;
  /// At Phase::Object.
  std::optional<target::EmittedObject> object;
};

/// A context with every dialect that a model may use.
void loadDialects(mlir::MLIRContext &context);

/// Reads a model: a .tflite (recognised by its identifier), or a module in
/// MLIR's text or bytecode with exactly one public function. `bufferName` is
/// for messages. Null after an error has been reported.
mlir::OwningOpRef<mlir::ModuleOp> readModel(mlir::MLIRContext &context,
                                            llvm::StringRef contents,
                                            llvm::StringRef bufferName,
                                            llvm::StringRef modelName);

/// Runs the phases up to `options.compileTo` on the module that `readModel`
/// gave.
mlir::FailureOr<CompiledModel> compile(mlir::OwningOpRef<mlir::ModuleOp> module,
                                       const CompileOptions &options);

} // namespace tessera

#endif // TESSERA_COMPILER_COMPILER_H
