//===- Simulate.cpp - Replay of a stage's loop nest -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Regions are propagated backwards over the stage once per patch; then the nest
// is run tick by tick. A tick in which nothing fires while work remains is a
// deadlock: the counters can never move again.
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Simulate.h"
#include "StageNest.h"

#include <algorithm>

using namespace tessera::planning;

static std::string text(int64_t value) { return std::to_string(value); }

static std::string opName(const GraphIndex &index, OpId id) {
  const std::string &name = index.op(id).name;
  return name.empty() ? "op " + text(id) : "'" + name + "'";
}

Interval tessera::planning::splitPart(int n, int parts, int i) {
  return {static_cast<int>(int64_t(i) * n / parts),
          static_cast<int>(int64_t(i + 1) * n / parts)};
}

int StageRun::numFirings(const Graph &graph, int patch, OpId op) const {
  const Region &made = region(patch, op);
  if (made.empty())
    return 0;
  switch (graph.ops[op].kind) {
  case OpKind::Reduce:
    return graph.tensors[graph.ops[op].operands[0].tensor].height;
  case OpKind::Whole:
    return 1;
  default:
    return made.rows.size();
  }
}

std::string tessera::planning::checkStageShape(const GraphIndex &index,
                                               const StagePlan &stage) {
  if (stage.firstOp < 0 || stage.firstOp >= stage.endOp ||
      stage.endOp > index.numOps())
    return "stage has ops [" + text(stage.firstOp) + ", " + text(stage.endOp) +
           ") but the graph has " + text(index.numOps());
  const Tensor &last = index.tensor(index.op(stage.endOp - 1).result);
  if (stage.bands < 1 || stage.strips < 1 || stage.bands > last.height ||
      stage.strips > last.width)
    return "stage has " + text(stage.bands) + " bands and " +
           text(stage.strips) + " strips but its result has " +
           text(last.height) + " rows and " + text(last.width) + " columns";
  if (int64_t(stage.bands) * stage.strips > kMaxPatches)
    return "stage has " + text(stage.bands) + " x " + text(stage.strips) +
           " patches; at most " + text(kMaxPatches) + " are supported";
  bool patched = stage.bands > 1 || stage.strips > 1;
  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    const Op &op = index.op(id);
    if (op.kind == OpKind::Whole && stage.numOps() > 1)
      return opName(index, id) + " reads its operands whole and must be " +
             "alone, but its stage has " + text(stage.numOps()) + " ops";
    if (!patched)
      continue;
    if (op.kind == OpKind::Whole || op.kind == OpKind::Reduce || op.sequential)
      return opName(index, id) + " cannot run in " + text(stage.bands) + " x " +
             text(stage.strips) + " patches: it needs one";
    if (id + 1 < stage.endOp &&
        index.mustBeFull(id, stage.firstOp, stage.endOp))
      return "stage of " + text(stage.bands) + " x " + text(stage.strips) +
             " patches has a second result that is read outside: that of " +
             opName(index, id);
  }
  return {};
}

std::string tessera::planning::checkStage(const GraphIndex &index,
                                          const StagePlan &stage) {
  if (std::string error = checkStageShape(index, stage); !error.empty())
    return error;
  if (stage.ringRows.size() != static_cast<size_t>(stage.numOps()))
    return "stage has " + text(stage.ringRows.size()) + " rings but " +
           text(stage.numOps()) + " ops";
  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    int rows = stage.ringRows[id - stage.firstOp];
    int height = index.tensor(index.op(id).result).height;
    bool full = index.mustBeFull(id, stage.firstOp, stage.endOp);
    if (full != (rows == 0))
      return "the result of " + opName(index, id) +
             (full ? " must be a full tensor (0 ring rows), but has "
                   : " is read only in its stage and needs a ring, but has ") +
             text(rows) + " ring rows";
    if (rows < 0 || rows > height)
      return "the ring of " + opName(index, id) + " has " + text(rows) +
             " rows but its tensor has " + text(height);
  }
  StageNest nest(index, stage.firstOp, stage.endOp, stage.ringRows);
  std::vector<Region> regions = stageRegions(index, stage);
  for (int band = 0; band < stage.bands; ++band) {
    nest.start(&regions[size_t(band) * stage.strips * stage.numOps()]);
    for (int local = 0; local < stage.numOps(); ++local)
      if (int rows = stage.ringRows[local];
          rows != 0 && rows < nest.largestWindow(local))
        return "the ring of " + opName(index, stage.firstOp + local) + " has " +
               text(rows) + " rows but a reader needs " +
               text(nest.largestWindow(local)) + " at once";
  }
  return {};
}

std::string tessera::planning::checkStage(const Graph &graph,
                                          const StagePlan &stage) {
  if (std::string error = checkGraph(graph); !error.empty())
    return error;
  return checkStage(GraphIndex(graph), stage);
}

/// Adds to `region` what `reader` reads of the root tensor `made` for `target`.
static void addDemand(const GraphIndex &index, const Op &reader,
                      const Region &target, TensorId made, Region &region) {
  if (target.empty())
    return;
  const Tensor &tensor = index.tensor(made);
  for (const Operand &operand : reader.operands) {
    if (index.root(operand.tensor) != made)
      continue;
    Region need{operand.y.inputFor(target.rows, tensor.height),
                operand.x.inputFor(target.cols, tensor.width)};
    if (operand.tensor != made || reader.kind == OpKind::Reduce ||
        reader.kind == OpKind::Whole)
      need = {{0, tensor.height}, {0, tensor.width}};
    if (need.empty())
      continue;
    region = {region.rows.hull(need.rows), region.cols.hull(need.cols)};
  }
}

std::vector<Region> tessera::planning::stageRegions(const GraphIndex &index,
                                                    const StagePlan &stage) {
  int numOps = stage.numOps();
  bool onePatch = stage.numPatches() == 1;
  std::vector<Region> regions(size_t(stage.numPatches()) * numOps);
  const Tensor &last = index.tensor(index.op(stage.endOp - 1).result);
  for (int patch = 0; patch < stage.numPatches(); ++patch) {
    Region *patchRegions = &regions[size_t(patch) * numOps];
    patchRegions[numOps - 1] = {
        splitPart(last.height, stage.bands, patch / stage.strips),
        splitPart(last.width, stage.strips, patch % stage.strips)};
    for (OpId id = stage.endOp - 1; id >= stage.firstOp; --id) {
      const Op &op = index.op(id);
      Region &region = patchRegions[id - stage.firstOp];
      for (OpId reader : index.readers(op.result))
        if (reader < stage.endOp)
          addDemand(index, index.op(reader),
                    patchRegions[reader - stage.firstOp], op.result, region);
      const Tensor &tensor = index.tensor(op.result);
      if (onePatch &&
          (op.sequential || index.mustBeFull(id, stage.firstOp, stage.endOp)))
        region = {{0, tensor.height}, {0, tensor.width}};
    }
  }
  return regions;
}

/// One line that names the op that waits longest upstream and its ring.
static std::string deadlockMessage(const GraphIndex &index,
                                   const StagePlan &stage,
                                   const StageNest &nest, int patch) {
  for (int local = 0; local < nest.numOps(); ++local) {
    StageNest::Cause cause = nest.cause(local);
    if (cause.wait != StageNest::Wait::Slot)
      continue;
    return "deadlock in patch " + text(patch) + ": row " +
           text(nest.nextFiring(local)) + " of " +
           opName(index, stage.firstOp + local) + " finds its ring of " +
           text(nest.ring(local)) + " rows full, which " +
           opName(index, stage.firstOp + cause.other) + " still reads";
  }
  return "deadlock in patch " + text(patch);
}

StageRun tessera::planning::simulateStage(const GraphIndex &index,
                                          const StagePlan &stage) {
  StageRun run;
  run.error = checkStage(index, stage);
  if (!run.ok())
    return run;
  run.firstOp = stage.firstOp;
  run.numOps = stage.numOps();
  run.numPatches = stage.numPatches();
  run.regions = stageRegions(index, stage);
  run.ringColumns.assign(run.numOps, 0);
  run.computedPixels.assign(run.numOps, 0);
  run.ticks.assign(run.numPatches, 0);

  StageNest nest(index, stage.firstOp, stage.endOp, stage.ringRows);
  for (int patch = 0; patch < run.numPatches; ++patch) {
    nest.start(&run.regions[size_t(patch) * run.numOps]);
    while (!nest.finished()) {
      int fired = nest.tick([&](int local, int firing) {
        run.calls.push_back({stage.firstOp + local, firing, patch});
      });
      if (fired == 0) {
        StageRun failed;
        failed.error = deadlockMessage(index, stage, nest, patch);
        return failed;
      }
      ++run.ticks[patch];
    }
  }

  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    const Op &op = index.op(id);
    const Tensor &tensor = index.tensor(op.result);
    int local = id - stage.firstOp;
    for (int patch = 0; patch < run.numPatches; ++patch) {
      const Region &region = run.region(patch, id);
      run.ringColumns[local] =
          std::max(run.ringColumns[local], region.cols.size());
      if (op.kind != OpKind::Reduce) {
        run.computedPixels[local] += region.pixels();
        continue;
      }
      const Tensor &read = index.tensor(op.operands[0].tensor);
      if (!region.empty())
        run.computedPixels[local] += int64_t(read.height) * read.width;
    }
    if (stage.ringRows[local] == 0)
      run.ringColumns[local] = tensor.width;
    run.executedMacs += run.computedPixels[local] * op.macsPerPixel;
    if (op.kind == OpKind::Source)
      run.inputBytesRead += run.computedPixels[local] * tensor.pixelBytes;
  }
  return run;
}

StageRun tessera::planning::simulateStage(const Graph &graph,
                                          const StagePlan &stage) {
  StageRun failed;
  failed.error = checkGraph(graph);
  if (!failed.ok())
    return failed;
  return simulateStage(GraphIndex(graph), stage);
}
