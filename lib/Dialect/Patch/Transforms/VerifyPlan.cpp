//===- VerifyPlan.cpp - Check the plan of a function by replay ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reads the plan back from the IR and replays it (planning/Verify.h). Nothing
// that the planner believed is trusted: what counts is what the attributes say.
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/Transforms/NetworkGraph.h"
#include "tessera/Dialect/Patch/Transforms/Passes.h"

#include "tessera/Planning/Verify.h"

namespace tessera::patch {
#define GEN_PASS_DEF_VERIFYPLANPASS
#include "tessera/Dialect/Patch/Transforms/Passes.h.inc"
} // namespace tessera::patch

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

namespace {
struct VerifyPlanPass
    : public tessera::patch::impl::VerifyPlanPassBase<VerifyPlanPass> {
  using VerifyPlanPassBase::VerifyPlanPassBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal() || !func->hasAttr(kArenaBytesAttr))
      return;
    FailureOr<kernels::KernelSet> set = getKernelSet(func);
    if (failed(set))
      return signalPassFailure();
    FailureOr<NetworkGraph> network = buildNetworkGraph(func, *set);
    if (failed(network))
      return signalPassFailure();
    FailureOr<planning::Plan> plan = readPlan(func, *network);
    if (failed(plan))
      return signalPassFailure();
    std::string error = planning::verifyPlan(network->graph, *plan);
    if (!error.empty()) {
      func.emitError("the plan is wrong: ") << error;
      return signalPassFailure();
    }
    if (ramLimitBytes > 0 && plan->layout.arenaBytes > ramLimitBytes) {
      func.emitError("plan needs ")
          << plan->layout.arenaBytes << " bytes but the limit is "
          << ramLimitBytes.getValue();
      return signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};
} // namespace
