//===- PlannerTest.cpp - Schedules, limits, failures ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Planner.h"
#include "RandomGraph.h"
#include "tessera/Planning/Simulate.h"
#include "tessera/Planning/Verify.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace tessera::planning;
using namespace tessera::planning::test;

/// A small MobileNet-like head: the tensors in the middle are the widest.
static Graph makeNet(bool external = false) {
  GraphBuilder builder;
  TensorId in = builder.input(24, 24, 3, external);
  TensorId a = builder.conv(in, 8, 3, 2, 1);
  TensorId b = builder.conv(a, 48, 1);
  TensorId c = builder.conv(b, 48, 3, 1, 1);
  TensorId d = builder.conv(c, 8, 1);
  TensorId e = builder.add(a, d, 1);
  TensorId f = builder.conv(e, 48, 1);
  TensorId g = builder.conv(f, 48, 3, 2, 1);
  TensorId h = builder.conv(g, 16, 1);
  TensorId mean = builder.reduce(h, 64);
  builder.output(builder.conv(mean, 10, 1));
  return builder.graph;
}

static PlanResult planWith(const Graph &graph, Schedule schedule) {
  PlanOptions options;
  options.schedule = schedule;
  return plan(graph, options);
}

TEST(Planner, StreamAndPatchNeedLessThanLayer) {
  Graph graph = makeNet();
  PlanResult layer = planWith(graph, Schedule::Layer);
  PlanResult stream = planWith(graph, Schedule::Stream);
  PlanResult patch = planWith(graph, Schedule::Patch);
  PlanResult best = planWith(graph, Schedule::Auto);
  for (const PlanResult *result : {&layer, &stream, &patch, &best}) {
    ASSERT_TRUE(result->ok());
    EXPECT_EQ(verifyPlan(graph, result->plan), "");
    EXPECT_GE(result->stats.arenaBytes, result->stats.maxLiveBytes);
    EXPECT_EQ(result->stats.arenaBytes, result->plan.layout.arenaBytes);
  }
  EXPECT_LT(stream.stats.arenaBytes, layer.stats.arenaBytes);
  EXPECT_LT(patch.stats.arenaBytes, layer.stats.arenaBytes);
  EXPECT_LE(best.stats.arenaBytes, stream.stats.arenaBytes);
  EXPECT_EQ(stream.stats.recomputeFactor, 1.0);
  EXPECT_GT(patch.stats.recomputeFactor, 1.0);
  EXPECT_LE(best.stats.recomputeFactor, kDefaultMaxRecompute);
  // b and c of 12 x 12 x 48 bytes, and a of 12 x 12 x 8 for the add.
  EXPECT_EQ(layer.stats.layerByLayerBytes, 2 * 6912 + 1152);
  EXPECT_EQ(layer.stats.maxLiveBytes, 2 * 6912 + 1152);
}

TEST(Planner, LayerKeepsWholeTensors) {
  Graph graph = makeNet();
  PlanResult result = planWith(graph, Schedule::Layer);
  EXPECT_EQ(result.plan.stages.size(), graph.ops.size());
  // Operand and result of no op overlap, not even in place.
  for (const Op &op : graph.ops)
    for (const Operand &operand : op.operands) {
      int64_t from = result.plan.layout.tensorOffset[operand.tensor];
      int64_t to = result.plan.layout.tensorOffset[op.result];
      EXPECT_TRUE(from + graph.tensors[operand.tensor].bytes() <= to ||
                  to + graph.tensors[op.result].bytes() <= from)
          << op.name;
    }
}

TEST(Planner, LayerStreamsTheCallbackIntoTheFirstOp) {
  GraphBuilder builder;
  TensorId in = builder.source(16, 16, 3, true);
  TensorId a = builder.conv(in, 4, 3, 2, 1);
  builder.output(builder.conv(a, 4, 1));
  PlanResult result = planWith(builder.graph, Schedule::Layer);
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result.plan.stages.size(), 2u);
  EXPECT_EQ(result.plan.stages[0].ringRows, (std::vector<int>{3, 0}));
  EXPECT_EQ(result.stats.inputBytesRead, 16 * 16 * 3);
}

TEST(Planner, PatchHasTwoBandsAndStrips) {
  PlanResult result = planWith(makeNet(), Schedule::Patch);
  ASSERT_TRUE(result.ok());
  int qualifying = 0;
  for (const StagePlan &stage : result.plan.stages)
    qualifying += stage.numOps() >= 2 && stage.bands >= 2 && stage.strips >= 2;
  EXPECT_GE(qualifying, 1);
}

TEST(Planner, ALimitIsKeptOrExplained) {
  Graph graph = makeNet();
  PlanResult best = planWith(graph, Schedule::Auto);
  PlanOptions options;
  options.ramLimitBytes = best.stats.arenaBytes;
  PlanResult fits = plan(graph, options);
  ASSERT_TRUE(fits.ok());
  EXPECT_LE(fits.stats.arenaBytes, best.stats.arenaBytes);

  options.ramLimitBytes = best.stats.arenaBytes - 1;
  PlanResult fails = plan(graph, options);
  ASSERT_FALSE(fails.ok());
  EXPECT_EQ(fails.failure->kind, PlanFailure::Kind::RamLimit);
  EXPECT_EQ(fails.failure->neededBytes, best.stats.arenaBytes);
  EXPECT_NE(
      fails.failure->message.find(std::to_string(best.stats.arenaBytes) +
                                  " bytes but the limit is " +
                                  std::to_string(best.stats.arenaBytes - 1)),
      std::string::npos)
      << fails.failure->message;
  EXPECT_NE(fails.failure->advice.find("1728 bytes of the arena"),
            std::string::npos)
      << fails.failure->advice;
}

TEST(Planner, AGenerousLimitBuysBackRecompute) {
  Graph graph = makeNet(/*external=*/true);
  PlanOptions options;
  options.maxRecompute = 1.5;
  PlanResult tight = plan(graph, options);
  ASSERT_TRUE(tight.ok());
  EXPECT_GT(tight.stats.recomputeFactor, 1.0);
  options.ramLimitBytes = 100000;
  PlanResult loose = plan(graph, options);
  ASSERT_TRUE(loose.ok());
  EXPECT_EQ(loose.stats.recomputeFactor, 1.0);
}

TEST(Planner, MoreRecomputeNeverNeedsMoreRam) {
  Graph graph = makeNet(/*external=*/true);
  int64_t before = INT64_MAX;
  for (double bound : {1.0, 1.1, 1.3, 2.0}) {
    PlanOptions options;
    options.maxRecompute = bound;
    PlanResult result = plan(graph, options);
    ASSERT_TRUE(result.ok());
    EXPECT_LE(result.stats.recomputeFactor, bound);
    EXPECT_LE(result.stats.arenaBytes, before);
    before = result.stats.arenaBytes;
  }
}

TEST(Planner, StripsRespectTheBoundOnInputReads) {
  GraphBuilder builder;
  TensorId in = builder.source(32, 32, 3);
  TensorId a = builder.conv(in, 16, 3, 1, 1);
  TensorId b = builder.conv(a, 16, 3, 1, 1);
  builder.output(builder.conv(b, 2, 3, 4, 1));
  for (double bound : {1.0, 1.25, 1.5}) {
    PlanOptions options;
    options.maxRecompute = 3;
    options.maxInputRead = bound;
    PlanResult result = plan(builder.graph, options);
    ASSERT_TRUE(result.ok());
    EXPECT_LE(result.stats.inputBytesRead, bound * 32 * 32 * 3);
  }
}

TEST(Planner, negative_NothingToStream) {
  GraphBuilder builder;
  TensorId in = builder.input(1, 1, 64);
  TensorId a = builder.conv(in, 32, 1);
  builder.output(builder.conv(a, 10, 1));
  for (Schedule schedule : {Schedule::Stream, Schedule::Patch}) {
    PlanResult result = planWith(builder.graph, schedule);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.failure->kind, PlanFailure::Kind::NoSuchSchedule);
    EXPECT_FALSE(result.failure->message.empty());
    EXPECT_FALSE(result.failure->advice.empty());
  }
  EXPECT_TRUE(planWith(builder.graph, Schedule::Auto).ok());
}

TEST(Planner, StreamIsFormedEvenWithoutGain) {
  // The input is the peak, whatever is fused.
  GraphBuilder builder;
  TensorId in = builder.input(16, 16, 8);
  TensorId a = builder.conv(in, 1, 2, 2);
  builder.output(builder.conv(a, 1, 1));
  PlanResult result = planWith(builder.graph, Schedule::Stream);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.plan.stages.size(), 1u);
}

TEST(Planner, negative_BadOptionsAndGraphs) {
  PlanOptions options;
  options.maxRecompute = 0.5;
  PlanResult result = plan(makeNet(), options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failure->kind, PlanFailure::Kind::RecomputeLimit);
  Graph graph = makeNet();
  graph.ops[0].result = 99;
  result = plan(graph);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failure->kind, PlanFailure::Kind::InvalidGraph);
  EXPECT_FALSE(plan(Graph()).ok());
}

TEST(CompletePlan, negative_Gaps) {
  StagePlan stage;
  stage.firstOp = 1;
  stage.endOp = 2;
  PlanResult result = completePlan(makeNet(), {stage});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failure->message,
            "stage begins at op 1 but the one before ends at 0");
}

TEST(Planner, IsDeterministic) {
  Graph graph = makeNet();
  for (Schedule schedule : {Schedule::Auto, Schedule::Patch}) {
    PlanResult first = planWith(graph, schedule);
    PlanResult second = planWith(graph, schedule);
    EXPECT_EQ(first.plan.layout.tensorOffset, second.plan.layout.tensorOffset);
    EXPECT_EQ(first.plan.layout.arenaBytes, second.plan.layout.arenaBytes);
  }
}

/// The smallest packed arena over all cuts into stages of one patch.
static int64_t bestByHand(const Graph &graph, const GraphIndex &index,
                          std::vector<StagePlan> &stages, OpId first) {
  if (first == index.numOps())
    return completePlan(graph, stages).stats.arenaBytes;
  int64_t best = INT64_MAX;
  for (OpId end = first + 1; end <= index.numOps(); ++end) {
    StagePlan stage;
    stage.firstOp = first;
    stage.endOp = end;
    if (!checkStageShape(index, stage).empty())
      continue;
    stages.push_back(stage);
    best = std::min(best, bestByHand(graph, index, stages, end));
    stages.pop_back();
  }
  return best;
}

TEST(Planner, CloseToTheBestOfAllPartitions) {
  int64_t sumPlanned = 0, sumBest = 0;
  int misses = 0, count = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Graph graph = randomGraph(seed, 6);
    GraphIndex index(graph);
    PlanOptions options;
    options.maxRecompute = 1.0;
    PlanResult result = plan(graph, options);
    ASSERT_TRUE(result.ok());
    std::vector<StagePlan> stages;
    int64_t best = bestByHand(graph, index, stages, 0);
    ++count;
    misses += result.stats.arenaBytes > best;
    sumPlanned += result.stats.arenaBytes;
    sumBest += best;
  }
  // Only paths near the lowest peak of live bytes are packed.
  EXPECT_LE(misses, count / 10);
  EXPECT_LE(double(sumPlanned), 1.01 * double(sumBest));
}
