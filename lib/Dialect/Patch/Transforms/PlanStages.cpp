//===- PlanStages.cpp - Group layers in stages and plan them --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Deciding is the planner's (lib/Planning); this pass only asks and records.
// The function's layers become the planner's graph, the planner answers with
// intervals of that graph, and each interval is moved into a `patch.stage` at
// the place of its last layer. Rings, offsets and the arena's size are
// attributes.
//
// Stages written by hand are left as they are and handed to the planner's
// `completePlan`, which fills in what their plans leave out.
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/Transforms/NetworkGraph.h"
#include "tessera/Dialect/Patch/Transforms/Passes.h"

#include "tessera/Planning/Verify.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"

namespace tessera::patch {
#define GEN_PASS_DEF_PLANSTAGESPASS
#include "tessera/Dialect/Patch/Transforms/Passes.h.inc"
} // namespace tessera::patch

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;
using planning::OpId;
using planning::TensorId;

namespace {
struct PlanStagesPass
    : public tessera::patch::impl::PlanStagesPassBase<PlanStagesPass> {
  using PlanStagesPassBase::PlanStagesPassBase;

  void runOnOperation() override;
  LogicalResult applyInputMode(func::FuncOp func);
  FailureOr<planning::Plan> choosePlan(func::FuncOp func,
                                       const NetworkGraph &network);
};
} // namespace

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// The NHWC view under which an argument is delivered: its own type, that of
/// the first reshape that reads it, or one row.
static RankedTensorType deliveredType(BlockArgument argument) {
  auto type = cast<RankedTensorType>(argument.getType());
  auto isMap = [](RankedTensorType t) {
    return t.getRank() == 4 && t.getDimSize(0) == 1;
  };
  if (isMap(type))
    return type;
  for (Operation *user : argument.getUsers())
    if (auto reshape = dyn_cast<ReshapeOp>(user))
      if (auto out = cast<RankedTensorType>(reshape.getOutput().getType());
          isMap(out))
        return out;
  return RankedTensorType::get({1, 1, 1, type.getNumElements()},
                               type.getElementType());
}

/// Marks external arguments; puts a `patch.read_input` before all uses of
/// arguments that are delivered by callback.
LogicalResult PlanStagesPass::applyInputMode(func::FuncOp func) {
  if (input == InputMode::Resident)
    return success();
  auto mode = InputModeAttr::get(&getContext(), input);
  OpBuilder builder = OpBuilder::atBlockBegin(&func.getBody().front());
  for (BlockArgument argument : func.getArguments()) {
    // A function that was planned before has its `patch.read_input`.
    if (auto before = func.getArgAttrOfType<InputModeAttr>(
            argument.getArgNumber(), kInputModeAttr)) {
      if (before == mode)
        continue;
      return func.emitOpError("argument ")
             << argument.getArgNumber() << " is planned as "
             << stringifyInputMode(before.getValue()) << " input, not as "
             << stringifyInputMode(input);
    }
    func.setArgAttr(argument.getArgNumber(), kInputModeAttr, mode);
    if (input == InputMode::External)
      continue;
    if (!isa<RankedTensorType>(argument.getType()))
      return func.emitOpError("argument ")
             << argument.getArgNumber() << " is not a tensor";
    RankedTensorType type = deliveredType(argument);
    Location loc = NameLoc::get(builder.getStringAttr("input"));
    auto read =
        ReadInputOp::create(builder, loc, type, argument, mode,
                            builder.getI32IntegerAttr(argument.getArgNumber()));
    Value whole = read.getOutput();
    if (type != argument.getType())
      whole = ReshapeOp::create(builder, loc, argument.getType(), whole);
    argument.replaceUsesWithIf(
        whole, [&](OpOperand &use) { return use.getOwner() != read; });
    // Reshapes back to the delivered view fold away.
    for (Operation *user : llvm::make_early_inc_range(whole.getUsers()))
      if (auto reshape = dyn_cast<ReshapeOp>(user);
          reshape && reshape.getOutput().getType() == type) {
        reshape.getOutput().replaceAllUsesWith(read.getOutput());
        reshape.erase();
      }
    // The builder's place may have been before a reshape that is gone.
    if (whole.use_empty() && whole != read.getOutput()) {
      whole.getDefiningOp()->erase();
      whole = read.getOutput();
    }
    builder.setInsertionPointAfterValue(whole);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The plan
//===----------------------------------------------------------------------===//

static std::string percent(int64_t part, int64_t whole) {
  return llvm::formatv("{0:F3}", whole ? double(part) / double(whole) : 1.0)
      .str();
}

FailureOr<planning::Plan>
PlanStagesPass::choosePlan(func::FuncOp func, const NetworkGraph &network) {
  bool given = llvm::any_of(network.stageOf, [](StageOp s) { return !!s; });
  planning::PlanOptions options;
  options.schedule = schedule;
  if (ramLimitBytes > 0)
    options.ramLimitBytes = ramLimitBytes;
  if (maxRecompute > 0)
    options.maxRecompute = maxRecompute;
  planning::PlanResult result;
  if (given) {
    FailureOr<planning::Plan> written = readPlan(func, network);
    if (failed(written))
      return failure();
    bool complete = func->hasAttr(kArenaBytesAttr);
    if (complete) {
      // Offsets are there as well: check, do not improve.
      std::string error = planning::verifyPlan(network.graph, *written);
      if (!error.empty())
        return func.emitError("the given plan is wrong: ") << error;
      return written;
    }
    result = planning::completePlan(network.graph, written->stages);
    if (result.ok() && ramLimitBytes > 0 &&
        result.stats.arenaBytes > ramLimitBytes)
      return func.emitError("the given plan needs ")
             << result.stats.arenaBytes << " bytes but the limit is "
             << ramLimitBytes.getValue();
  } else {
    result = planning::plan(network.graph, options);
  }
  if (!result.ok()) {
    const planning::PlanFailure &failed = *result.failure;
    Location loc =
        failed.peakOp >= 0 && failed.peakOp < int(network.layers.size())
            ? network.layers[failed.peakOp]->getLoc()
            : func.getLoc();
    InFlightDiagnostic diag = emitError(loc) << failed.message;
    if (!failed.advice.empty())
      diag << ". " << failed.advice;
    return failure();
  }
  if (result.stats.arenaBytes >= (int64_t(1) << 31))
    return func.emitError("the arena would need ")
           << result.stats.arenaBytes
           << " bytes, more than a 32-bit target can address";
  remark::passed(func.getLoc(), remark::RemarkOpts::name("Planned")
                                    .category("patch-plan-stages")
                                    .function(func.getName()))
      << remark::metric("ArenaBytes", result.stats.arenaBytes)
      << remark::metric("MaxLiveBytes", result.stats.maxLiveBytes)
      << remark::metric("LayerByLayerBytes", result.stats.layerByLayerBytes)
      << remark::metric("RecomputeFactor",
                        percent(result.stats.executedMacs, result.stats.macs));
  return result.plan;
}

//===----------------------------------------------------------------------===//
// Forming stages
//===----------------------------------------------------------------------===//

/// Moves the layers [first, end) and the reshapes between them into a new stage
/// at the place of the last of them.
static StageOp formStage(const NetworkGraph &network, OpId first, OpId end) {
  ArrayRef<Operation *> layers =
      ArrayRef(network.layers).slice(first, end - first);
  llvm::SetVector<Operation *> inside(layers.begin(), layers.end());
  Operation *last = layers.back();
  for (Operation *op = layers.front(); op != last; op = op->getNextNode())
    if (auto reshape = dyn_cast<ReshapeOp>(op))
      if (inside.contains(reshape.getInput().getDefiningOp()))
        inside.insert(op);
  SmallVector<Operation *> moved = inside.takeVector();
  llvm::sort(moved,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  llvm::SmallPtrSet<Operation *, 16> members(moved.begin(), moved.end());

  llvm::SetVector<Value> inputs, outputs;
  llvm::SetVector<Operation *> constants;
  SmallVector<Location> layerLocs;
  for (Operation *op : moved) {
    layerLocs.push_back(op->getLoc());
    for (Value operand : op->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (producer && members.contains(producer))
        continue;
      if (producer && producer->hasTrait<OpTrait::ConstantLike>())
        constants.insert(producer);
      else
        inputs.insert(operand);
    }
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !members.contains(user);
          }))
        outputs.insert(result);
  }
  // A result that nothing reads still has to lie somewhere.
  for (Operation *op : moved)
    if (op->use_empty())
      outputs.insert(op->getResult(0));

  OpBuilder builder(last);
  builder.setInsertionPointAfter(last);
  SmallVector<Type> types =
      llvm::map_to_vector(outputs, [](Value v) { return v.getType(); });
  auto stage = StageOp::create(builder, builder.getFusedLoc(layerLocs), types,
                               inputs.getArrayRef(), PlanAttr());
  Block *body = builder.createBlock(&stage.getBody());
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, body->addArgument(input.getType(), input.getLoc()));
  for (Operation *constant : constants)
    builder.clone(*constant, mapping);
  SmallVector<Value> yielded(outputs.getArrayRef());
  for (auto [index, output] : llvm::enumerate(yielded))
    output.replaceUsesWithIf(stage.getResult(index), [&](OpOperand &use) {
      return !members.contains(use.getOwner());
    });
  for (Operation *op : moved) {
    op->moveBefore(body, body->end());
    for (OpOperand &operand : op->getOpOperands())
      if (Value mapped = mapping.lookupOrNull(operand.get()))
        operand.set(mapped);
  }
  builder.setInsertionPointToEnd(body);
  YieldOp::create(builder, stage.getLoc(), yielded);
  return stage;
}

void PlanStagesPass::runOnOperation() {
  func::FuncOp func = getOperation();
  if (func.isExternal())
    return;
  FailureOr<kernels::KernelSet> set = getKernelSet(func);
  if (failed(set) || failed(applyInputMode(func)))
    return signalPassFailure();
  FailureOr<NetworkGraph> network = buildNetworkGraph(func, *set);
  if (failed(network))
    return signalPassFailure();
  if (network->layers.empty()) {
    func.emitError("has no layer to plan: its outputs are its inputs or "
                   "constants, so there is nothing to run");
    return signalPassFailure();
  }
  FailureOr<planning::Plan> plan = choosePlan(func, *network);
  if (failed(plan))
    return signalPassFailure();

  Builder builder(&getContext());
  for (const planning::StagePlan &part : plan->stages) {
    StageOp stage = network->stageOf[part.firstOp];
    if (!stage)
      stage = formStage(*network, part.firstOp, part.endOp);
    SmallVector<int64_t> offsets, scratch;
    for (OpId id = part.firstOp; id < part.endOp; ++id) {
      offsets.push_back(
          plan->layout.tensorOffset[network->graph.ops[id].result]);
      scratch.push_back(plan->layout.scratchOffset[id]);
    }
    auto halo = [](int parts) {
      return parts == 1 ? Halo::Cache : Halo::Recompute;
    };
    stage.setPlanAttr(PlanAttr::get(
        &getContext(), part.bands, part.strips, halo(part.bands),
        halo(part.strips),
        SmallVector<int32_t>(part.ringRows.begin(), part.ringRows.end()),
        offsets, scratch));
    remark::passed(stage.getLoc(), remark::RemarkOpts::name("Stage")
                                       .category("patch-plan-stages")
                                       .function(func.getName()))
        << remark::metric("Layers", part.numOps())
        << remark::metric("Bands", part.bands)
        << remark::metric("Strips", part.strips);
  }
  for (BlockArgument argument : func.getArguments())
    if (auto it = network->tensorOf.find(argument);
        it != network->tensorOf.end())
      func.setArgAttr(
          argument.getArgNumber(), kOffsetAttr,
          builder.getI64IntegerAttr(plan->layout.tensorOffset[it->second]));
  func->setAttr(kArenaBytesAttr,
                builder.getI64IntegerAttr(plan->layout.arenaBytes));
}
