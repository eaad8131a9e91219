//===- VerifyTest.cpp - The checker finds every kind of corruption --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Verify.h"
#include "RandomGraph.h"
#include "tessera/Planning/Arena.h"
#include "tessera/Planning/Planner.h"
#include "tessera/Planning/Simulate.h"

#include <climits>
#include <gtest/gtest.h>

using namespace tessera::planning;
using namespace tessera::planning::test;

/// in(8x8), 4 bytes -> -> a (3x3) -> b (3x3) -> add(a, b) in place on b ->
/// reduce -> conv.
static Graph makeGraph() {
  GraphBuilder builder;
  TensorId in = builder.input(8, 8, 4);
  TensorId a = builder.conv(in, 4, 3, 1, 1);
  TensorId b = builder.conv(a, 4, 3, 1, 1);
  builder.graph.ops.back().scratchBytes = 20;
  TensorId sum = builder.add(a, b, 1);
  TensorId mean = builder.reduce(sum, 16);
  builder.output(builder.conv(mean, 8, 1));
  return builder.graph;
}

static Plan makePlan(const Graph &graph, std::vector<OpId> cuts) {
  std::vector<StagePlan> stages;
  OpId first = 0;
  cuts.push_back(static_cast<OpId>(graph.ops.size()));
  for (OpId cut : cuts) {
    StagePlan stage;
    stage.firstOp = first;
    stage.endOp = first = cut;
    stages.push_back(stage);
  }
  PlanResult result = completePlan(graph, stages);
  EXPECT_TRUE(result.ok()) << result.failure->message;
  return result.plan;
}

TEST(VerifyPlan, AcceptsLayersAndOneStage) {
  Graph graph = makeGraph();
  EXPECT_EQ(verifyPlan(graph, makePlan(graph, {1, 2, 3, 4})), "");
  EXPECT_EQ(verifyPlan(graph, makePlan(graph, {})), "");
}

TEST(VerifyPlan, negative_Structure) {
  Graph graph = makeGraph();
  const Plan good = makePlan(graph, {2});
  auto expectError = [&](const Plan &plan, const std::string &what) {
    std::string got = verifyPlan(graph, plan);
    EXPECT_NE(got.find(what), std::string::npos)
        << "wanted '" << what << "', got '" << got << "'";
  };
  Plan plan = good;
  plan.stages.pop_back();
  expectError(plan, "stages end at op 2 but the graph has 5");
  plan = good;
  plan.stages[1].firstOp = 3;
  expectError(plan, "stage begins at op 3 but the one before ends at 2");
  plan = good;
  plan.stages[1].ringRows[0] = 5; // five rows of 32 bytes from 32 on
  plan.layout.tensorOffset[3] = plan.layout.arenaBytes - 32;
  expectError(plan, "has 160 bytes and leaves the arena");
  plan = good;
  plan.layout.tensorOffset.pop_back();
  expectError(plan, "layout has 5 tensor and 5 scratch offsets");
  plan = good;
  plan.layout.scratchOffset.clear();
  expectError(plan, "layout has 6 tensor and 0 scratch offsets");
  plan = good;
  plan.layout.arenaBytes = -1;
  expectError(plan, "arena of -1 bytes");
  plan = good;
  plan.layout.arenaBytes = INT64_MAX;
  expectError(plan, "arena of");
}

TEST(VerifyPlan, negative_EveryOffset) {
  // Each tensor and each scratch moved: misaligned, outside, and on top of
  // everything else.
  Graph graph = makeGraph();
  for (std::vector<OpId> cuts :
       {std::vector<OpId>{1, 2, 3, 4}, {2}, std::vector<OpId>{}}) {
    const Plan good = makePlan(graph, cuts);
    ASSERT_EQ(verifyPlan(graph, good), "");
    auto expectBad = [&](int64_t &offset, Plan &plan) {
      int64_t before = offset;
      for (int64_t bad : {before + 2, int64_t(-1), int64_t(-4), INT64_MAX,
                          plan.layout.arenaBytes, INT64_MIN}) {
        offset = bad;
        EXPECT_NE(verifyPlan(graph, plan), "") << "offset " << bad;
      }
      offset = before;
    };
    Plan plan = good;
    for (int64_t &offset : plan.layout.tensorOffset)
      expectBad(offset, plan);
    for (int64_t &offset : plan.layout.scratchOffset)
      if (offset >= 0)
        expectBad(offset, plan);
    EXPECT_EQ(verifyPlan(graph, plan), "");
  }
}

TEST(VerifyPlan, negative_NamesTensorRowAndCulprit) {
  GraphBuilder builder;
  TensorId in = builder.input(4, 4, 1);
  TensorId a = builder.conv(in, 1, 3, 1, 1);
  builder.output(builder.conv(a, 1, 1));
  Plan plan = makePlan(builder.graph, {1});
  // The result of op 0 exactly over its input: row 0 of the result destroys row
  // 0 of the input while op 0 is reading it.
  plan.layout.tensorOffset = {0, 0, 16};
  plan.layout.arenaBytes = 32;
  EXPECT_EQ(verifyPlan(builder.graph, plan),
            "'0:ROWS' writes row 0 of tensor 1 't1' over bytes that it is "
            "still reading");
  // One row lower: row 1 of the result lands on row 0 of the input (dead after
  // call 1, which reads it while writing).
  plan.layout.tensorOffset = {4, 0, 20};
  plan.layout.arenaBytes = 36;
  EXPECT_EQ(verifyPlan(builder.graph, plan),
            "'0:ROWS' writes row 1 of tensor 1 't1' over bytes that it is "
            "still reading");
  // Two rows lower is right.
  plan.layout.tensorOffset = {8, 0, 24};
  plan.layout.arenaBytes = 40;
  EXPECT_EQ(verifyPlan(builder.graph, plan), "");
  // The output over the tensor that it is made from, one row higher: its row 0
  // destroys row 1 of a before op 1 reads that.
  plan.layout.tensorOffset = {8, 0, 4};
  EXPECT_EQ(verifyPlan(builder.graph, plan),
            "'1:ROWS' reads row 1 of tensor 1 't1' at byte 4, overwritten by "
            "'1:ROWS' with row 0 of tensor 2 't2'");
}

TEST(VerifyPlan, negative_SumsAndOutputsMustSurvive) {
  GraphBuilder builder;
  TensorId in = builder.input(3, 2, 4);
  TensorId a = builder.conv(in, 4, 1);
  TensorId b = builder.conv(a, 4, 1);
  TensorId mean = builder.reduce(b, 16);
  TensorId out = builder.conv(in, 4, 1);
  builder.output(mean);
  builder.output(out);
  Plan plan = makePlan(builder.graph, {3});
  ASSERT_EQ(verifyPlan(builder.graph, plan), "");
  // in 24 bytes, two rings of a row of 8, mean 4, sums 16, out 24.
  plan.layout.tensorOffset = {0, 24, 32, 40, 60};
  plan.layout.scratchOffset = {-1, -1, 44, -1};
  plan.layout.arenaBytes = 84;
  ASSERT_EQ(verifyPlan(builder.graph, plan), "");
  Plan broken = plan;
  broken.layout.scratchOffset[2] = 8; // the sums over row 1 of the input
  EXPECT_EQ(verifyPlan(builder.graph, broken),
            "'0:ROWS' reads row 1 of tensor 0 't0' at byte 8, overwritten by "
            "'2:REDUCE' with its scratch");
  broken = plan;
  broken.layout.scratchOffset[2] = 32; // over the row that is summed
  EXPECT_EQ(verifyPlan(builder.graph, broken),
            "'2:REDUCE' reads bytes of its own scratch");
  broken = plan;
  broken.layout.tensorOffset[1] = 44; // the first ring over the sums
  EXPECT_EQ(verifyPlan(builder.graph, broken),
            "the sums of '2:REDUCE' at byte 44 are overwritten by '0:ROWS'");
  broken = plan;
  broken.layout.tensorOffset[3] = 48; // the result over its own sums
  EXPECT_EQ(verifyPlan(builder.graph, broken),
            "'2:REDUCE' writes its result over its own scratch");
  broken = plan;
  broken.layout.tensorOffset[3] = 64; // the second output over the first
  EXPECT_EQ(verifyPlan(builder.graph, broken),
            "the end of the run reads row 0 of tensor 3 't3' at byte 64, "
            "overwritten by '3:ROWS' with row 0 of tensor 4 't4'");
}

TEST(VerifyPlan, negative_StaleColumnsOfTheStripBefore) {
  // A ring that is right for one strip still holds the last strip's columns
  // when the next begins; nothing may read them. Valid plans rewrite them.
  GraphBuilder builder;
  TensorId in = builder.input(6, 6, 4);
  TensorId a = builder.conv(in, 4, 3, 1, 1);
  builder.output(builder.conv(a, 4, 3, 1, 1));
  StagePlan stage;
  stage.endOp = 2;
  stage.strips = 3;
  PlanResult result = completePlan(builder.graph, {stage});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(verifyPlan(builder.graph, result.plan), "");
  // The result over the last rows of the input, as one strip would allow: the
  // other strips need those rows again.
  Plan plan = result.plan;
  plan.layout.tensorOffset[2] = plan.layout.tensorOffset[0] - 48;
  if (plan.layout.tensorOffset[2] < 0) {
    for (int64_t &offset : plan.layout.tensorOffset)
      offset += 48;
    plan.layout.arenaBytes += 48;
  }
  EXPECT_NE(verifyPlan(builder.graph, plan), "");
}

TEST(VerifyPlan, SurvivesGarbage) {
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Graph graph = randomGraph(seed % 40 + 1, 7);
    PlanOptions options;
    options.schedule = random.oneIn(2) ? Schedule::Layer : Schedule::Auto;
    PlanResult result = plan(graph, options);
    ASSERT_TRUE(result.ok());
    Plan broken = result.plan;
    auto garbage = [&]() -> int64_t {
      const int64_t values[] = {-1, 0,     1,       2,       4,       8,
                                64, 10000, INT_MAX, INT_MIN, 1 << 20, 3};
      return values[random.in(0, 11)];
    };
    for (int count = random.in(1, 4); count > 0; --count) {
      StagePlan &stage =
          broken
              .stages[random.in(0, static_cast<int>(broken.stages.size()) - 1)];
      switch (random.in(0, 8)) {
      case 0:
        stage.firstOp = static_cast<int>(garbage());
        break;
      case 1:
        stage.endOp = static_cast<int>(garbage());
        break;
      case 2:
        stage.bands = static_cast<int>(garbage());
        break;
      case 3:
        stage.strips = static_cast<int>(garbage());
        break;
      case 4:
        stage.ringRows.resize(random.in(0, 9), static_cast<int>(garbage()));
        break;
      case 5:
        broken.layout.arenaBytes = garbage();
        break;
      case 6:
        broken.layout.tensorOffset[random.in(
            0, static_cast<int>(graph.tensors.size()) - 1)] = garbage();
        break;
      case 7:
        broken.layout.scratchOffset[random.in(
            0, static_cast<int>(graph.ops.size()) - 1)] = garbage();
        break;
      case 8:
        graph.tensors[random.in(0, static_cast<int>(graph.tensors.size()) - 1)]
            .height = static_cast<int>(garbage());
        break;
      }
    }
    verifyPlan(graph, broken); // must return
  }
}
