//===- Pipelines.h - The compiler's phases as pipelines ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PIPELINES_PIPELINES_H
#define TESSERA_PIPELINES_PIPELINES_H

#include "tessera/Dialect/Patch/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace tessera {

/// Options of the named pipelines; the same names as in the passes.
struct PlanPipelineOptions
    : public mlir::PassPipelineOptions<PlanPipelineOptions> {
  Option<planning::Schedule> schedule{
      *this, "schedule", llvm::cl::desc("Which plans are allowed"),
      llvm::cl::init(planning::Schedule::Auto),
      llvm::cl::values(clEnumValN(planning::Schedule::Auto, "auto", ""),
                       clEnumValN(planning::Schedule::Layer, "layer", ""),
                       clEnumValN(planning::Schedule::Patch, "patch", ""),
                       clEnumValN(planning::Schedule::Stream, "stream", ""))};
  Option<patch::InputMode> input{
      *this, "input", llvm::cl::desc("Where the input comes from"),
      llvm::cl::init(patch::InputMode::Resident),
      llvm::cl::values(clEnumValN(patch::InputMode::Resident, "resident", ""),
                       clEnumValN(patch::InputMode::External, "external", ""),
                       clEnumValN(patch::InputMode::Rows, "rows", ""),
                       clEnumValN(patch::InputMode::Windows, "windows", ""))};
  Option<int64_t> ramLimitBytes{*this, "ram-limit",
                                llvm::cl::desc("Most arena bytes; 0: no limit"),
                                llvm::cl::init(0)};
  Option<double> maxRecompute{
      *this, "max-recompute",
      llvm::cl::desc("Bound on F; 0: 1.05 for auto, none otherwise"),
      llvm::cl::init(0.0)};
  Option<std::string> weightsSection{*this, "section-weights",
                                     llvm::cl::desc("Section of the weights"),
                                     llvm::cl::init("")};
  Option<unsigned> indexBitwidth{*this, "index-bitwidth",
                                 llvm::cl::desc("Bits of size_t"),
                                 llvm::cl::init(32)};
};

/// Phase `patch`: every layer one op of the patch dialect; fails if one cannot
/// be converted and `full` is set.
void buildPatchPipeline(mlir::OpPassManager &pm, bool full = true);
/// Phase `plan`: stages with verified plans.
void buildPlanPipeline(mlir::OpPassManager &pm,
                       const PlanPipelineOptions &options);
/// Phase `loops`: loops over row kernels in one arena.
void buildLoopsPipeline(mlir::OpPassManager &pm,
                        const PlanPipelineOptions &options);
/// Phase `llvm`: the LLVM dialect.
void buildLLVMPipeline(mlir::OpPassManager &pm,
                       const PlanPipelineOptions &options);

/// Registers `tosa-to-patch-loops` (TOSA to phase `loops`) and
/// `tessera-plan-and-lower` (phase `patch` to phase `llvm`).
void registerPipelines();

} // namespace tessera

#endif // TESSERA_PIPELINES_PIPELINES_H
