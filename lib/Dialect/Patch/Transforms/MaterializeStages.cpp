//===- MaterializeStages.cpp - Planned stages to loops over kernels -------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// For each planned function: choose the kernel of every layer, put kernels and
// constants into the module, and emit the stages' loop nests one after the
// other into NAME_run(arena, io). After a stage that calls an input callback
// the rest runs only if no callback has failed:
//
//   %status = <nest of the stage that reads input>
//   %result = scf.if %status == 0 { <other stages>; yield 0 } else { yield
//   %status }
//
// Constants of the same bytes are shared.
//
//===----------------------------------------------------------------------===//

#include "TickLoop.h"
#include "tessera/Dialect/Patch/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"

namespace tessera::patch {
#define GEN_PASS_DEF_MATERIALIZESTAGESPASS
#include "tessera/Dialect/Patch/Transforms/Passes.h.inc"
} // namespace tessera::patch

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;
using planning::OpId;
using planning::OpKind;

namespace {
struct MaterializeStagesPass
    : public tessera::patch::impl::MaterializeStagesPassBase<
          MaterializeStagesPass> {
  using MaterializeStagesPassBase::MaterializeStagesPassBase;

  void runOnOperation() override;
  LogicalResult materialize(func::FuncOp func);
};

/// Constant data in the module, each content once.
class ConstantPool {
public:
  ConstantPool(ModuleOp module, StringRef name, StringRef section)
      : module(module), name(name), section(section) {}

  LLVM::GlobalOp get(StringRef suffix, DenseElementsAttr data,
                     kernels::ConstantKind kind, unsigned alignment);

private:
  ModuleOp module;
  std::string name;
  std::string section;
  DenseMap<std::pair<Attribute, unsigned>, LLVM::GlobalOp> pool;
  unsigned count = 0;
};
} // namespace

LLVM::GlobalOp ConstantPool::get(StringRef suffix, DenseElementsAttr data,
                                 kernels::ConstantKind kind,
                                 unsigned alignment) {
  bool weights = kind == kernels::ConstantKind::Weights;
  LLVM::GlobalOp &global = pool[{data, weights}];
  if (global) {
    if (global.getAlignment().value_or(1) < alignment)
      global.setAlignment(alignment);
    return global;
  }
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto type =
      LLVM::LLVMArrayType::get(data.getElementType(), data.getNumElements());
  std::string symbol = (name + "_" + suffix + "_" + llvm::Twine(count++)).str();
  global = LLVM::GlobalOp::create(builder, module.getLoc(), type,
                                  /*isConstant=*/true, LLVM::Linkage::Internal,
                                  symbol, data, alignment);
  global.setUnnamedAddr(LLVM::UnnamedAddr::Global);
  std::string place = section;
  if (place.empty())
    place = ".rodata." + name + (weights ? ".weights" : ".tables");
  global.setSection(place);
  return global;
}

/// Emits stages [first, end) at the insertion point; returns the run's result.
static Value emitStages(OpBuilder &b, const LoopContext &context,
                        ArrayRef<planning::StageRun> runs, size_t first,
                        Location loc) {
  auto constant = [&](int value) -> Value {
    return arith::ConstantIntOp::create(b, loc, value, 32);
  };
  for (size_t i = first; i < runs.size(); ++i) {
    Value status = emitTickLoop(b, context, context.plan.stages[i], runs[i]);
    if (!status)
      continue;
    if (i + 1 == runs.size())
      return status;
    Value fine = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, status,
                                       constant(0));
    auto rest = scf::IfOp::create(b, loc, TypeRange{b.getI32Type()}, fine,
                                  /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(rest.thenBlock());
    scf::YieldOp::create(b, loc, emitStages(b, context, runs, i + 1, loc));
    b.setInsertionPointToStart(rest.elseBlock());
    scf::YieldOp::create(b, loc, status);
    return rest.getResult(0);
  }
  return constant(0);
}

LogicalResult MaterializeStagesPass::materialize(func::FuncOp func) {
  ModuleOp module = getOperation();
  FailureOr<kernels::KernelSet> set = getKernelSet(func);
  if (failed(set))
    return failure();
  FailureOr<NetworkGraph> network = buildNetworkGraph(func, *set);
  if (failed(network))
    return failure();
  FailureOr<planning::Plan> plan = readPlan(func, *network);
  if (failed(plan))
    return failure();
  planning::GraphIndex index(network->graph);
  SmallVector<planning::StageRun> runs;
  for (const planning::StagePlan &stage : plan->stages) {
    runs.push_back(planning::simulateStage(index, stage));
    if (!runs.back().ok())
      return network->stageOf[stage.firstOp].emitOpError("cannot run: ")
             << runs.back().error;
  }

  ConstantPool pool(module, func.getName(), weightsSection);
  SmallVector<kernels::RowKernel> chosen(network->layers.size());
  SmallVector<SmallVector<LLVM::GlobalOp>> constants(network->layers.size());
  for (auto [id, layer] : llvm::enumerate(network->layers)) {
    if (network->graph.ops[id].kind == OpKind::Source)
      continue;
    FailureOr<kernels::RowKernel> kernel = kernels::selectKernel(layer, *set);
    if (failed(kernel))
      return failure();
    kernels::getOrCreateKernel(module, *kernel);
    for (const kernels::KernelConstant &constant : kernel->constants)
      constants[id].push_back(pool.get(constant.suffix, constant.data,
                                       constant.kind, constant.alignment));
    chosen[id] = std::move(*kernel);
  }

  OpBuilder b(func);
  auto pointer = LLVM::LLVMPointerType::get(&getContext());
  auto arena = MemRefType::get({std::max<int64_t>(plan->layout.arenaBytes, 1)},
                               b.getI8Type());
  auto run = func::FuncOp::create(
      b, func.getLoc(), (func.getName() + "_run").str(),
      b.getFunctionType({arena, pointer}, {b.getI32Type()}));
  Block *entry = run.addEntryBlock();
  b.setInsertionPointToStart(entry);
  auto makeTable = [&](DenseElementsAttr data) {
    return pool.get("regions", data, kernels::ConstantKind::Table, 4);
  };
  LoopContext context{*network,
                      index,
                      *plan,
                      chosen,
                      constants,
                      entry->getArgument(0),
                      entry->getArgument(1),
                      func.getNumArguments(),
                      llvm::DenseMap<planning::TensorId, unsigned>(),
                      makeTable};
  for (BlockArgument argument : func.getArguments())
    if (auto it = network->tensorOf.find(argument);
        it != network->tensorOf.end())
      context.inputNumber[it->second] = argument.getArgNumber();
  Value result = emitStages(b, context, runs, 0, func.getLoc());
  func::ReturnOp::create(b, func.getLoc(), result);
  func.erase();
  return success();
}

void MaterializeStagesPass::runOnOperation() {
  SmallVector<func::FuncOp> planned;
  for (auto func : getOperation().getOps<func::FuncOp>())
    if (func->hasAttr(kArenaBytesAttr))
      planned.push_back(func);
  for (func::FuncOp func : planned)
    if (failed(materialize(func)))
      return signalPassFailure();
}
