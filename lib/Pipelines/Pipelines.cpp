//===- Pipelines.cpp - The compiler's phases as pipelines -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Pipelines/Pipelines.h"

#include "tessera/Conversion/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace tessera;

void tessera::buildPatchPipeline(OpPassManager &pm, bool full) {
  ConvertTosaToPatchPassOptions convert;
  convert.full = full;
  pm.addNestedPass<func::FuncOp>(createConvertTosaToPatchPass(convert));
  pm.addPass(createCanonicalizerPass());
  pm.addNestedPass<func::FuncOp>(patch::createRewriteReceptiveFieldPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void tessera::buildPlanPipeline(OpPassManager &pm,
                                const PlanPipelineOptions &options) {
  patch::PlanStagesPassOptions plan;
  plan.schedule = options.schedule;
  plan.input = options.input;
  plan.ramLimitBytes = options.ramLimitBytes;
  plan.maxRecompute = options.maxRecompute;
  pm.addNestedPass<func::FuncOp>(patch::createPlanStagesPass(plan));
  patch::VerifyPlanPassOptions verify;
  verify.ramLimitBytes = options.ramLimitBytes;
  pm.addNestedPass<func::FuncOp>(patch::createVerifyPlanPass(verify));
}

void tessera::buildLoopsPipeline(OpPassManager &pm,
                                 const PlanPipelineOptions &options) {
  patch::MaterializeStagesPassOptions loops;
  loops.weightsSection = options.weightsSection;
  pm.addPass(patch::createMaterializeStagesPass(loops));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(patch::createVerifyLoopsPass());
}

void tessera::buildLLVMPipeline(OpPassManager &pm,
                                const PlanPipelineOptions &options) {
  pm.addPass(createSCFToControlFlowPass());
  ConvertPatchToLLVMPassOptions lower;
  lower.indexBitwidth = options.indexBitwidth;
  pm.addPass(createConvertPatchToLLVMPass(lower));
}

void tessera::registerPipelines() {
  PassPipelineRegistration<PlanPipelineOptions>(
      "tosa-to-patch-loops",
      "Plan quantised TOSA and turn it into loops over row kernels",
      [](OpPassManager &pm, const PlanPipelineOptions &options) {
        buildPatchPipeline(pm);
        buildPlanPipeline(pm, options);
        buildLoopsPipeline(pm, options);
      });
  PassPipelineRegistration<PlanPipelineOptions>(
      "tessera-plan-and-lower",
      "Plan patch layers and lower them to the LLVM dialect",
      [](OpPassManager &pm, const PlanPipelineOptions &options) {
        buildPlanPipeline(pm, options);
        buildLoopsPipeline(pm, options);
        buildLLVMPipeline(pm, options);
      });
}
