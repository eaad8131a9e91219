//===- PlanSearchTest.cpp - Costs of stages and paths against exhaustion --===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanSearch.h"
#include "RandomGraph.h"
#include "tessera/Planning/Lifetimes.h"

#include <gtest/gtest.h>

using namespace tessera::planning;
using namespace tessera::planning::test;

/// Calls `fn` with every way to cut [first, numOps) into stages of one patch.
template <typename Fn>
static void forPartitions(const GraphIndex &index,
                          std::vector<StagePlan> &stages, OpId first, Fn fn) {
  if (first == index.numOps()) {
    fn(stages);
    return;
  }
  for (OpId end = first + 1; end <= index.numOps(); ++end) {
    StagePlan stage;
    stage.firstOp = first;
    stage.endOp = end;
    if (!checkStageShape(index, stage).empty())
      continue;
    stage.ringRows = minimalRings(index, stage);
    stages.push_back(stage);
    forPartitions(index, stages, end, fn);
    stages.pop_back();
  }
}

static Timeline timelineOf(const GraphIndex &index,
                           const std::vector<StagePlan> &stages) {
  std::vector<StageRun> runs;
  for (const StagePlan &stage : stages) {
    runs.push_back(simulateStage(index, stage));
    EXPECT_EQ(runs.back().error, "");
  }
  return computeTimeline(index, stages, runs);
}

/// Every row of every tensor is read by some op in every schedule.
static bool readsEverything(const GraphIndex &index) {
  for (TensorId id = 0; id < index.numTensors(); ++id) {
    const Tensor &tensor = index.tensor(id);
    if (index.readers(id).empty() && !index.isOutput(id))
      return false;
    if (tensor.aliasOf >= 0)
      return false;
  }
  for (const Op &op : index.graph().ops)
    for (const Operand &operand : op.operands) {
      const Tensor &from = index.tensor(operand.tensor);
      const Tensor &to = index.tensor(op.result);
      Interval rows = operand.y.inputFor({0, to.height}, from.height);
      Interval cols = operand.x.inputFor({0, to.width}, from.width);
      if (op.kind == OpKind::Rows &&
          (rows != Interval{0, from.height} ||
           cols != Interval{0, from.width} ||
           operand.y.stride > operand.y.kernel || operand.y.dilation > 1 ||
           operand.x.stride > operand.x.kernel || operand.x.dilation > 1))
        return false;
    }
  return true;
}

TEST(StageCost, PeakIsTheMaximumOverStages) {
  int numExact = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Graph graph = randomGraph(seed, 8);
    GraphIndex index(graph);
    StageCost cost(index);
    Random random(seed);
    std::vector<StagePlan> stages;
    int64_t peak = cost.inputBytes();
    for (OpId first = 0; first < index.numOps();) {
      StagePlan stage;
      stage.firstOp = first;
      do {
        stage.endOp = random.in(first + 1, index.numOps());
        stage.bands = random.in(1, 3);
        stage.strips = random.in(1, 6);
        if (random.oneIn(2))
          stage.bands = stage.strips = 1;
      } while (!checkStageShape(index, stage).empty());
      StageOption option = cost.evaluate(stage);
      EXPECT_GE(option.liveBytes, cost.cutBytes(stage.firstOp));
      StageRun run = simulateStage(index, option.stage);
      EXPECT_EQ(run.executedMacs, option.executedMacs);
      StageCost::Work work = cost.work(stage);
      EXPECT_EQ(work.executedMacs, run.executedMacs);
      EXPECT_EQ(work.inputBytesRead, run.inputBytesRead);
      peak = std::max(peak, option.liveBytes);
      stages.push_back(option.stage);
      first = stage.endOp;
    }
    Timeline timeline = timelineOf(index, stages);
    // The cost assumes that later stages read all rows that their ops read
    // layer by layer; where they do, it is exact.
    if (readsEverything(index)) {
      ++numExact;
      EXPECT_EQ(timeline.maxLiveBytes, peak);
    } else {
      EXPECT_LE(timeline.maxLiveBytes, peak);
    }
    if (HasFailure())
      return;
  }
  EXPECT_GT(numExact, 20);
}

TEST(PathSearch, LowestCapIsTheBestOfAllPartitions) {
  int numExact = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Graph graph = randomGraph(seed, 7);
    GraphIndex index(graph);
    if (!readsEverything(index))
      continue;
    ++numExact;
    PlanOptions options;
    options.schedule = Schedule::Stream;
    constexpr int64_t anyMacs = INT64_MAX;
    PathSearch search(index.numOps(),
                      OptionEnumerator(index, options, anyMacs).enumerate(),
                      /*needsQualified=*/false);
    size_t lowest = search.lowestCap(anyMacs);
    ASSERT_LT(lowest, search.caps().size());
    int64_t best = INT64_MAX;
    std::vector<StagePlan> stages;
    forPartitions(index, stages, 0, [&](const std::vector<StagePlan> &cut) {
      best = std::min(best, timelineOf(index, cut).maxLiveBytes);
    });
    EXPECT_EQ(std::max(search.caps()[lowest], StageCost(index).inputBytes()),
              best);
    if (HasFailure())
      return;
  }
  EXPECT_GT(numExact, 20);
}

/// Options by hand: [0,1) [1,2) [0,2) with live bytes and MACs.
static PathOption makeOption(OpId first, OpId end, int64_t liveBytes,
                             int64_t macs, bool qualifies) {
  PathOption option;
  option.option.stage.firstOp = first;
  option.option.stage.endOp = end;
  option.option.liveBytes = liveBytes;
  option.option.executedMacs = macs;
  option.qualifies = qualifies;
  return option;
}

TEST(PathSearch, TradesMacsForTheCap) {
  PathSearch search(2,
                    {makeOption(0, 1, 50, 10, false),
                     makeOption(1, 2, 50, 10, false),
                     makeOption(0, 2, 30, 25, true)},
                    false);
  EXPECT_EQ(search.caps(), (std::vector<int64_t>{30, 50}));
  EXPECT_EQ(search.lowestCap(100), 0u);
  EXPECT_EQ(search.lowestCap(20), 1u);
  EXPECT_EQ(search.lowestCap(19), 2u) << "no path is that cheap";
  EXPECT_EQ(search.fewestMacs(50)->executedMacs, 20);
  EXPECT_EQ(search.fewestMacs(30)->executedMacs, 25);
  EXPECT_FALSE(search.fewestMacs(29));
}

TEST(PathSearch, KeepsAQualifyingStage) {
  PathSearch search(2,
                    {makeOption(0, 1, 50, 10, false),
                     makeOption(1, 2, 50, 10, false),
                     makeOption(0, 2, 70, 25, true)},
                    true);
  EXPECT_FALSE(search.fewestMacs(50));
  EXPECT_EQ(search.fewestMacs(70)->executedMacs, 25);
}

TEST(PathSearch, TiesByStages) {
  PathSearch search(2,
                    {makeOption(0, 1, 30, 10, true),
                     makeOption(1, 2, 30, 10, true),
                     makeOption(0, 2, 50, 20, true)},
                    false);
  EXPECT_EQ(search.fewestMacs(50, PathTie::FewestStages)->stages.size(), 1u);
  EXPECT_EQ(search.fewestMacs(50, PathTie::MostStages)->stages.size(), 2u);
  EXPECT_EQ(search.fewestMacs(50, PathTie::LeastLiveBytes)->liveBytes, 50);
}
