//===- ExecutionTest.cpp - Plans compute the same bytes as layer by layer -===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The meaning of a plan is fixed by running it: every op gets a made-up kernel
// that mixes all taps of its window into each result byte, every call runs on
// real bytes at the planned offsets, scratch is overwritten with noise, and the
// outputs must equal those of a run in which every tensor has its own memory.
//
//===----------------------------------------------------------------------===//

#include "RandomGraph.h"
#include "tessera/Planning/Planner.h"
#include "tessera/Planning/Simulate.h"
#include "tessera/Planning/Verify.h"

#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <map>

using namespace tessera::planning;
using namespace tessera::planning::test;

namespace {

using Bytes = std::vector<uint8_t>;

uint32_t mix(uint32_t hash, uint32_t value) {
  hash ^= value + 0x9E3779B9u + (hash << 6) + (hash >> 2);
  return hash * 0x85EBCA6Bu;
}

/// Address of a pixel of an operand or of the result.
using PixelAt = std::function<const uint8_t *(int k, int row, int col)>;

/// Byte `channel` of pixel (row, col): all taps of all operands, in order.
uint8_t pixelByte(const Graph &graph, OpId id, int row, int col, int channel,
                  const PixelAt &pixelAt) {
  const Op &op = graph.ops[id];
  uint32_t hash = mix(id, channel);
  if (op.kind == OpKind::Source)
    return static_cast<uint8_t>(mix(mix(hash, row), col) >> 24);
  for (int k = 0; k < static_cast<int>(op.operands.size()); ++k) {
    const Tensor &tensor = graph.tensors[op.operands[k].tensor];
    Interval rows = op.operands[k].y.inputFor({row, row + 1}, tensor.height);
    Interval cols = op.operands[k].x.inputFor({col, col + 1}, tensor.width);
    if (op.kind == OpKind::Whole) {
      rows = {0, tensor.height};
      cols = {0, tensor.width};
      hash = mix(hash, row * 1000 + col);
    }
    for (int y = rows.begin; y < rows.end; ++y)
      for (int x = cols.begin; x < cols.end; ++x)
        for (int64_t byte = 0; byte < tensor.pixelBytes; ++byte)
          hash = mix(hash, pixelAt(k, y, x)[byte]);
  }
  return static_cast<uint8_t>(hash >> 24);
}

/// Sum of the rows, as a reduction keeps it: one byte of sum per channel.
void accumulate(Bytes &sums, const Tensor &tensor, const uint8_t *row) {
  for (int64_t i = 0; i < tensor.rowBytes(); ++i)
    sums[i % tensor.pixelBytes] += row[i] * 3 + 1;
}

void fillInput(Bytes &bytes, TensorId id) {
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<uint8_t>(mix(id, static_cast<uint32_t>(i)) >> 24);
}

/// Every tensor in its own memory, op by op.
std::vector<Bytes> runReference(const Graph &graph) {
  GraphIndex index(graph);
  std::vector<Bytes> memory(graph.tensors.size());
  for (TensorId id = 0; id < index.numTensors(); ++id) {
    memory[id].resize(graph.tensors[id].bytes());
    if (graph.tensors[id].isInput)
      fillInput(memory[id], id);
  }
  for (OpId id = 0; id < index.numOps(); ++id) {
    const Op &op = graph.ops[id];
    const Tensor &result = graph.tensors[op.result];
    if (op.kind == OpKind::Reduce) {
      const Tensor &from = graph.tensors[op.operands[0].tensor];
      const Bytes &source = memory[index.root(op.operands[0].tensor)];
      for (int row = 0; row < from.height; ++row)
        accumulate(memory[op.result], from, &source[row * from.rowBytes()]);
      continue;
    }
    for (int row = 0; row < result.height; ++row)
      for (int col = 0; col < result.width; ++col)
        for (int64_t byte = 0; byte < result.pixelBytes; ++byte)
          memory[op.result][row * result.rowBytes() + col * result.pixelBytes +
                            byte] =
              pixelByte(
                  graph, id, row, col, static_cast<int>(byte),
                  [&](int k, int y, int x) {
                    const Tensor &from = graph.tensors[op.operands[k].tensor];
                    return &memory[index.root(op.operands[k].tensor)]
                                  [y * from.rowBytes() + x * from.pixelBytes];
                  });
  }
  return memory;
}

class ArenaRun {
public:
  ArenaRun(const Graph &graph, const Plan &plan)
      : graph(graph), plan(plan), index(graph),
        arena(plan.layout.arenaBytes, 0xA5), external(graph.tensors.size()),
        ringRows(graph.tensors.size(), 0) {}

  void run() {
    for (TensorId id = 0; id < index.numTensors(); ++id) {
      if (!graph.tensors[id].isInput)
        continue;
      Bytes bytes(graph.tensors[id].bytes());
      fillInput(bytes, id);
      if (graph.tensors[id].isExternal)
        external[id] = bytes;
      else
        std::copy(bytes.begin(), bytes.end(),
                  arena.begin() + plan.layout.tensorOffset[id]);
    }
    for (const StagePlan &stage : plan.stages) {
      current = simulateStage(index, stage);
      ASSERT_EQ(current.error, "");
      for (OpId id = stage.firstOp; id < stage.endOp; ++id)
        ringRows[index.op(id).result] = stage.ringRows[id - stage.firstOp];
      for (const KernelCall &kernelCall : current.calls)
        call(kernelCall);
    }
  }

  const uint8_t *outputBytes(TensorId id) const {
    return &arena[plan.layout.tensorOffset[id]];
  }

private:
  uint8_t *pixel(TensorId tensor, int patch, int row, int col) {
    const Tensor &shape = graph.tensors[tensor];
    TensorId root = index.root(tensor);
    if (graph.tensors[root].isExternal)
      return &external[root][row * shape.rowBytes() + col * shape.pixelBytes];
    uint8_t *base = &arena[plan.layout.tensorOffset[tensor]];
    int rows = ringRows[tensor];
    if (rows == 0)
      return base + row * shape.rowBytes() + col * shape.pixelBytes;
    OpId producer = index.producer(tensor);
    int64_t pitch =
        current.ringColumns[producer - current.firstOp] * shape.pixelBytes;
    return base + (row % rows) * pitch +
           (col - current.region(patch, producer).cols.begin) *
               shape.pixelBytes;
  }

  void call(const KernelCall &call) {
    const Op &op = graph.ops[call.op];
    const Tensor &result = graph.tensors[op.result];
    const Region &region = current.region(call.patch, call.op);
    int64_t scratch = plan.layout.scratchOffset[call.op];
    if (op.kind == OpKind::Reduce) {
      TensorId from = op.operands[0].tensor;
      // The sums live in the scratch if it is large enough to hold them.
      Bytes &sums = sumsOf[call.op];
      if (call.firing == 0)
        sums.assign(result.pixelBytes, 0);
      int64_t stored = std::min(result.pixelBytes, op.scratchBytes);
      if (call.firing > 0)
        std::copy_n(arena.begin() + scratch, stored, sums.begin());
      accumulate(sums, graph.tensors[from],
                 pixel(from, call.patch, call.firing, 0));
      if (stored > 0)
        std::copy_n(sums.begin(), stored, arena.begin() + scratch);
      if (call.firing + 1 == graph.tensors[from].height)
        std::copy(sums.begin(), sums.end(), pixel(op.result, call.patch, 0, 0));
      return;
    }
    if (scratch >= 0) {
      int64_t bytes = op.scratchBytes;
      if (!op.operands.empty())
        bytes += op.scratchBytesPerColumn *
                 operandColumns(graph, call.op, 0, region.cols).size();
      std::memset(arena.data() + scratch, 0x5A, bytes);
    }
    auto pixelAt = [&](int k, int y, int x) {
      return pixel(op.operands[k].tensor, call.patch, y, x);
    };
    int firstRow = op.kind == OpKind::Whole ? 0 : call.firing;
    int endRow = op.kind == OpKind::Whole ? result.height : call.firing + 1;
    // A kernel may write each pixel as soon as it is computed: pixels come in
    // column order, and bytes of one pixel are written together.
    Bytes made(result.pixelBytes);
    for (int row = firstRow; row < endRow; ++row)
      for (int col = region.cols.begin; col < region.cols.end; ++col) {
        for (int64_t byte = 0; byte < result.pixelBytes; ++byte)
          made[byte] = pixelByte(graph, call.op, row, col,
                                 static_cast<int>(byte), pixelAt);
        std::copy(made.begin(), made.end(),
                  pixel(op.result, call.patch, row, col));
      }
  }

  const Graph &graph;
  const Plan &plan;
  GraphIndex index;
  Bytes arena;
  std::vector<Bytes> external;
  std::vector<int> ringRows;
  std::map<OpId, Bytes> sumsOf;
  StageRun current;
};

void expectSameOutputs(const Graph &graph, const Plan &plan) {
  std::vector<Bytes> want = runReference(graph);
  ArenaRun run(graph, plan);
  run.run();
  GraphIndex index(graph);
  for (TensorId id = 0; id < index.numTensors(); ++id)
    if (graph.tensors[id].isOutput) {
      const Bytes &bytes = want[index.root(id)];
      EXPECT_EQ(Bytes(run.outputBytes(id), run.outputBytes(id) + bytes.size()),
                bytes)
          << "output " << id;
    }
}

TEST(Execution, EveryScheduleOfRandomGraphs) {
  int numPlans = 0, numPatched = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Graph graph = randomGraph(seed, 10);
    for (Schedule schedule :
         {Schedule::Layer, Schedule::Stream, Schedule::Patch, Schedule::Auto}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " schedule " +
                   std::to_string(static_cast<int>(schedule)));
      PlanOptions options;
      options.schedule = schedule;
      options.maxInputRead = 100;
      if (seed % 3 == 0)
        options.maxRecompute = 4;
      PlanResult result = plan(graph, options);
      if (!result.ok()) {
        EXPECT_EQ(result.failure->kind, PlanFailure::Kind::NoSuchSchedule);
        continue;
      }
      ++numPlans;
      for (const StagePlan &stage : result.plan.stages)
        numPatched += stage.numPatches() > 1;
      ASSERT_EQ(verifyPlan(graph, result.plan), "");
      expectSameOutputs(graph, result.plan);
      if (HasFailure())
        return;
    }
  }
  EXPECT_GT(numPlans, 600);
  EXPECT_GT(numPatched, 100);
}

TEST(Execution, RandomStagesByHand) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Graph graph = randomGraph(seed + 5000, 10);
    GraphIndex index(graph);
    Random random(seed);
    std::vector<StagePlan> stages;
    for (OpId first = 0; first < index.numOps();) {
      StagePlan stage;
      stage.firstOp = first;
      do {
        stage.endOp = random.in(first + 1, index.numOps());
        stage.bands = random.in(1, 3);
        stage.strips = random.in(1, 4);
        if (random.oneIn(2))
          stage.bands = stage.strips = 1;
      } while (!checkStageShape(index, stage).empty());
      first = stage.endOp;
      stages.push_back(stage);
    }
    PlanResult result = completePlan(graph, stages);
    ASSERT_TRUE(result.ok()) << result.failure->message;
    ASSERT_EQ(verifyPlan(graph, result.plan), "");
    expectSameOutputs(graph, result.plan);
    if (HasFailure())
      return;
  }
}

} // namespace
