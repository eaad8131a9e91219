//===- RewriteReceptiveField.cpp - Compute only what is read --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The rewrites, one after the other until none finds anything: each may open
// another's way (a kernel trimmed to 1x1 can give its stride away, a constant
// channel lets the channels before it die).
//
//===----------------------------------------------------------------------===//

#include "RewriteReceptiveField.h"

#include "tessera/Dialect/Patch/Transforms/NetworkGraph.h"
#include "tessera/Dialect/Patch/Transforms/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace tessera::patch {
#define GEN_PASS_DEF_REWRITERECEPTIVEFIELDPASS
#include "tessera/Dialect/Patch/Transforms/Passes.h.inc"
} // namespace tessera::patch

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

//===----------------------------------------------------------------------===//
// Accounting
//===----------------------------------------------------------------------===//

static int64_t numBytes(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getNumElements() *
         std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
}

LayerCost LayerCost::get(Operation *layer) {
  LayerCost cost;
  auto window = dyn_cast<WindowOpInterface>(layer);
  if (!window)
    return cost;
  // The MACs of a reduction are given per pixel of its operand.
  Value counted = window.getRowKind() == planning::OpKind::Reduce
                      ? layer->getOperand(0)
                      : layer->getResult(0);
  auto type = cast<RankedTensorType>(counted.getType());
  cost.macs =
      window.getMacsPerPixel() * type.getDimSize(1) * type.getDimSize(2);
  cost.mapBytes = numBytes(layer->getResult(0));
  for (Value operand : layer->getOperands())
    if (Operation *producer = operand.getDefiningOp();
        producer && producer->hasTrait<OpTrait::ConstantLike>())
      cost.parameterBytes += numBytes(operand);
  return cost;
}

int64_t patch::countMacs(func::FuncOp func) {
  int64_t macs = 0;
  func.walk(
      [&](WindowOpInterface layer) { macs += LayerCost::get(layer).macs; });
  return macs;
}

void patch::remarkSaving(Operation *layer, StringRef name, LayerCost before,
                         LayerCost after) {
  remark::passed(
      layer->getLoc(),
      remark::RemarkOpts::name(name)
          .category("patch-rewrite-receptive-field")
          .function(layer->getParentOfType<func::FuncOp>().getName()))
      << remark::metric("Macs", before.macs - after.macs)
      << remark::metric("ParameterBytes",
                        before.parameterBytes - after.parameterBytes)
      << remark::metric("MapBytes", before.mapBytes - after.mapBytes);
}

void patch::remarkSaving(Operation *layer, StringRef name, LayerCost before) {
  remarkSaving(layer, name, before, LayerCost::get(layer));
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct RewriteReceptiveFieldPass
    : public tessera::patch::impl::RewriteReceptiveFieldPassBase<
          RewriteReceptiveFieldPass> {
  using RewriteReceptiveFieldPassBase::RewriteReceptiveFieldPassBase;

  void runOnOperation() override;
};
} // namespace

/// Notes on each layer what a pixel of its result costs in the file.
static void noteMacs(func::FuncOp func) {
  Builder builder(func.getContext());
  func.walk([&](WindowOpInterface layer) {
    if (int64_t macs = layer.getMacsPerPixel())
      layer->setAttr(kFileMacsAttr, builder.getI64IntegerAttr(macs));
  });
}

/// Keeps the note where the layer is not the file's any more.
static void dropIdleNotes(func::FuncOp func) {
  func.walk([](WindowOpInterface layer) {
    auto macs = layer->getAttrOfType<IntegerAttr>(kFileMacsAttr);
    if (macs && macs.getInt() == layer.getMacsPerPixel())
      layer->removeAttr(kFileMacsAttr);
  });
}

void RewriteReceptiveFieldPass::runOnOperation() {
  func::FuncOp func = getOperation();
  if (func.isExternal() || func->hasAttr(kRemovedMacsAttr) ||
      !func.getBody().hasOneBlock())
    return;
  // Stages are plans made for the layers as they are.
  if (func.walk([](StageOp) { return WalkResult::interrupt(); })
          .wasInterrupted())
    return;
  // Types and shapes of other dialects' layers would not follow.
  for (Operation &op : func.getBody().front().without_terminator())
    if (!isa_and_nonnull<PatchDialect>(op.getDialect()) &&
        !op.hasTrait<OpTrait::ConstantLike>())
      return;

  // Maps of unknown size are not understood.
  auto isStatic = [](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.hasStaticShape();
  };
  if (!llvm::all_of(func.getArguments(), isStatic))
    return;
  for (Operation &op : func.getBody().front().without_terminator())
    if (!op.hasTrait<OpTrait::ConstantLike>() &&
        !llvm::all_of(op.getResults(), isStatic))
      return;

  // MVE's depthwise kernels take channels in groups of four and leave any other
  // number to slower ones.
  int64_t multiple = channelMultiple;
  if (multiple < 1) {
    FailureOr<kernels::KernelSet> set = getKernelSet(func);
    if (failed(set))
      return signalPassFailure();
    multiple = *set == kernels::KernelSet::MVE ? 4 : 1;
  }

  RewritePatternSet owned(&getContext());
  if (kernels)
    populateTrimKernelPatterns(owned);
  if (strides)
    populateHoistStridePatterns(owned);
  if (pointwise)
    populatePointwiseBeforeResizePatterns(owned);
  FrozenRewritePatternSet patterns(std::move(owned));

  int64_t macs = countMacs(func);
  noteMacs(func);
  bool changed = true;
  while (changed) {
    changed = false;
    if (failed(applyPatternsGreedily(func, patterns, {}, &changed)))
      return signalPassFailure();
    if (channels)
      changed |= removeConstantChannels(func, multiple);
    if (ends)
      changed |= removeUnreadEnds(func);
  }
  dropIdleNotes(func);
  func->setAttr(
      kRemovedMacsAttr,
      Builder(&getContext()).getI64IntegerAttr(macs - countMacs(func)));
}
