//===- Explore.cpp - What a plan could be, and why it is so ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Explore.h"

#include "tessera/Planning/Simulate.h"

#include <algorithm>

using namespace tessera::planning;

//===----------------------------------------------------------------------===//
// Receptive fields
//===----------------------------------------------------------------------===//

/// Widens `field` by what `operand`, whose own field is `source`, adds on an
/// axis.
static void widen(ReceptiveField &field, const ReceptiveField &source,
                  const WindowMap &map, int size, int axis) {
  int64_t extent = source.extent[axis];
  double jump = 0.0;
  if (map.all) {
    extent += static_cast<int64_t>((size - 1) * source.jump[axis]);
  } else {
    extent += static_cast<int64_t>(int64_t(map.kernel - 1) * map.dilation *
                                   source.jump[axis]);
    jump = source.jump[axis] * map.stride / map.divisor;
  }
  field.extent[axis] = std::max(field.extent[axis], extent);
  field.jump[axis] = std::max(field.jump[axis], jump);
}

std::vector<ReceptiveField>
tessera::planning::receptiveFields(const GraphIndex &index) {
  std::vector<ReceptiveField> fields(index.numTensors());
  auto fieldOf = [&](TensorId id) -> const ReceptiveField & {
    return fields[index.root(id)];
  };
  for (OpId id = 0; id < index.numOps(); ++id) {
    const Op &op = index.op(id);
    if (op.operands.empty())
      continue;
    ReceptiveField field;
    field.jump[0] = field.jump[1] = 0.0;
    for (const Operand &operand : op.operands) {
      const Tensor &tensor = index.tensor(operand.tensor);
      WindowMap y = operand.y;
      y.all |= op.kind == OpKind::Reduce || op.kind == OpKind::Whole;
      WindowMap x = operand.x;
      x.all |= op.kind == OpKind::Reduce || op.kind == OpKind::Whole;
      widen(field, fieldOf(operand.tensor), y, tensor.height, 0);
      widen(field, fieldOf(operand.tensor), x, tensor.width, 1);
    }
    fields[op.result] = field;
  }
  for (OpId id = 0; id < index.numOps(); ++id) {
    for (const Operand &operand : index.op(id).operands) {
      const WindowMap *maps[2] = {&operand.y, &operand.x};
      for (int axis = 0; axis < 2; ++axis) {
        if (maps[axis]->all)
          continue;
        int reach = (maps[axis]->kernel - 1) * maps[axis]->dilation + 1;
        int &halo = fields[index.root(operand.tensor)].halo[axis];
        halo = std::max(halo, reach - maps[axis]->stride);
      }
    }
  }
  // An alias is the same bytes.
  for (TensorId id = 0; id < index.numTensors(); ++id)
    fields[id] = fields[index.root(id)];
  return fields;
}

//===----------------------------------------------------------------------===//
// Frontier
//===----------------------------------------------------------------------===//

std::vector<FrontierPoint>
tessera::planning::frontier(const Graph &graph, const PlanOptions &options) {
  // Close together where plans are worth having, up to what MCUNetV2 and
  // msf-CNN pay at most.
  static constexpr double bounds[] = {1.0,  1.01, 1.02, 1.03, 1.05, 1.07, 1.1,
                                      1.15, 1.2,  1.3,  1.4,  1.6,  2.0};
  std::vector<FrontierPoint> points;
  for (double bound : bounds) {
    PlanOptions each = options;
    each.schedule = Schedule::Auto;
    each.ramLimitBytes.reset();
    each.maxRecompute = bound;
    PlanResult result = plan(graph, each);
    if (!result.ok())
      continue;
    FrontierPoint point{result.stats.recomputeFactor, result.stats.arenaBytes,
                        result.stats.inputBytesRead};
    points.push_back(point);
  }
  std::sort(points.begin(), points.end(),
            [](const FrontierPoint &a, const FrontierPoint &b) {
              return std::make_pair(a.recomputeFactor, a.arenaBytes) <
                     std::make_pair(b.recomputeFactor, b.arenaBytes);
            });
  std::vector<FrontierPoint> best;
  for (const FrontierPoint &point : points)
    if (best.empty() || point.arenaBytes < best.back().arenaBytes)
      best.push_back(point);
  return best;
}

//===----------------------------------------------------------------------===//
// Advice
//===----------------------------------------------------------------------===//

static bool hasWindow(const Op &op) {
  return op.kind == OpKind::Rows && op.operands.size() == 1 &&
         !op.operands[0].y.all &&
         (op.operands[0].y.kernel > 1 || op.operands[0].x.kernel > 1);
}

/// The graph with one layer's window shrunk to the pixel at its centre.
static Graph makePointwise(const Graph &graph, OpId id) {
  Graph changed = graph;
  for (WindowMap *map :
       {&changed.ops[id].operands[0].y, &changed.ops[id].operands[0].x}) {
    map->kernel = 1;
    map->dilation = 1;
    map->padBefore = 0;
  }
  return changed;
}

std::vector<PointwiseAdvice>
tessera::planning::advise(const Graph &graph, const Plan &plan,
                          const PlanOptions &options, int most) {
  GraphIndex index(graph);
  // Stages behind the peak cost nothing that matters.
  OpId lastOp = statsOf(graph, plan).peakOp;
  if (lastOp < 0)
    lastOp = index.numOps();
  std::vector<PointwiseAdvice> candidates;
  for (const StagePlan &stage : plan.stages) {
    if (stage.firstOp > lastOp)
      break;
    if (stage.numOps() < 2)
      continue;
    StageRun run = simulateStage(index, stage);
    if (!run.ok())
      continue;
    for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
      if (!hasWindow(index.op(id)))
        continue;
      OpId producer = index.producer(index.op(id).operands[0].tensor);
      PointwiseAdvice advice;
      advice.op = id;
      if (producer >= stage.firstOp) {
        int local = producer - stage.firstOp;
        advice.ringBytes = int64_t(stage.ringRows[local]) *
                           run.ringColumns[local] *
                           index.tensor(index.op(producer).result).pixelBytes;
      }
      if (advice.ringBytes > 0 || stage.numPatches() > 1)
        candidates.push_back(advice);
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const PointwiseAdvice &a, const PointwiseAdvice &b) {
              return std::make_pair(-a.ringBytes, a.op) <
                     std::make_pair(-b.ringBytes, b.op);
            });
  if (static_cast<int>(candidates.size()) > most)
    candidates.resize(most);
  std::vector<PointwiseAdvice> result;
  for (PointwiseAdvice &advice : candidates) {
    PlanOptions each = options;
    each.ramLimitBytes.reset();
    PlanResult changed =
        tessera::planning::plan(makePointwise(graph, advice.op), each);
    if (!changed.ok())
      continue;
    advice.arenaBytes = changed.stats.arenaBytes;
    advice.recomputeFactor = changed.stats.recomputeFactor;
    result.push_back(advice);
  }
  return result;
}
