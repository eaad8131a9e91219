//===- SimulateTest.cpp - Stages: regions, the loop nest, minimal rings ---===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Simulate.h"
#include "RandomGraph.h"

#include <algorithm>
#include <climits>
#include <gtest/gtest.h>

using namespace tessera::planning;
using namespace tessera::planning::test;

static StagePlan makeStage(OpId first, OpId end, int bands = 1,
                           int strips = 1) {
  StagePlan stage;
  stage.firstOp = first;
  stage.endOp = end;
  stage.bands = bands;
  stage.strips = strips;
  return stage;
}

/// in(6x6) -> conv 3x3 p1 -> conv 3x3 p1, one byte per pixel throughout.
static Graph makeChain() {
  GraphBuilder builder;
  TensorId a = builder.conv(builder.input(6, 6, 1), 1, 3, 1, 1);
  builder.output(builder.conv(a, 1, 3, 1, 1));
  return builder.graph;
}

TEST(Simulate, ChainOfTwoConvolutions) {
  Graph graph = makeChain();
  StagePlan stage = makeStage(0, 2);
  stage.ringRows = minimalRings(graph, stage);
  EXPECT_EQ(stage.ringRows, (std::vector<int>{3, 0}));
  StageRun run = simulateStage(graph, stage);
  ASSERT_EQ(run.error, "");
  // Op 1's row 0 needs rows 0 and 1: op 0 fires alone in the first tick, both
  // fire in the next five, and op 1 alone makes the last row.
  std::vector<std::pair<OpId, int>> want = {{0, 0}, {0, 1}, {1, 0}, {0, 2},
                                            {1, 1}, {0, 3}, {1, 2}, {0, 4},
                                            {1, 3}, {0, 5}, {1, 4}, {1, 5}};
  std::vector<std::pair<OpId, int>> got;
  for (const KernelCall &call : run.calls)
    got.push_back({call.op, call.firing});
  EXPECT_EQ(got, want);
  EXPECT_EQ(run.ticks, (std::vector<int>{7}));
  EXPECT_EQ(run.ringColumns, (std::vector<int>{6, 6}));
  EXPECT_EQ(run.executedMacs, 2 * 36 * 9);
}

TEST(Simulate, TwoStripsRecomputeTheirOverlap) {
  Graph graph = makeChain();
  StagePlan stage = makeStage(0, 2, 1, 2);
  stage.ringRows = {3, 0};
  StageRun run = simulateStage(graph, stage);
  ASSERT_EQ(run.error, "");
  // Columns [0,3) of the result need [0,4) of the ring, [3,6) need [2,6).
  EXPECT_EQ(run.region(0, 0).cols, (Interval{0, 4}));
  EXPECT_EQ(run.region(1, 0).cols, (Interval{2, 6}));
  EXPECT_EQ(run.ringColumns, (std::vector<int>{4, 6}));
  EXPECT_EQ(run.computedPixels, (std::vector<int64_t>{48, 36}));
}

TEST(Simulate, SkipPathNeedsALongerRing) {
  // in -> a -> b (3x3) -> add(a, b): while b's first row waits for row 1 of a,
  // add still holds row 0 of a. b reads 3 rows at once, so 3 rows do.
  GraphBuilder builder;
  TensorId a = builder.conv(builder.input(6, 6, 1), 2, 1);
  TensorId b = builder.conv(a, 2, 3, 1, 1);
  TensorId c = builder.conv(b, 2, 3, 1, 1);
  builder.output(builder.add(a, c));
  StagePlan stage = makeStage(0, 4);
  // Row y of c needs row y+1 of b, which needs row y+2 of a; add still reads
  // row y of a: rows y..y+2 are alive. Then b row y+2 would need a's y+3.
  EXPECT_EQ(minimalRings(builder.graph, stage), (std::vector<int>{3, 3, 1, 0}));
  stage.ringRows = {3, 3, 1, 0};
  EXPECT_EQ(simulateStage(builder.graph, stage).error, "");
}

TEST(Simulate, UpsamplingHoldsItsProducerBack) {
  GraphBuilder builder;
  TensorId a = builder.conv(builder.input(4, 4, 1), 1, 1);
  WindowMap map;
  map.divisor = 2;
  builder.output(builder.rows(a, 8, 8, 1, map, map));
  StagePlan stage = makeStage(0, 2);
  stage.ringRows = minimalRings(builder.graph, stage);
  EXPECT_EQ(stage.ringRows, (std::vector<int>{1, 0}));
  StageRun run = simulateStage(builder.graph, stage);
  ASSERT_EQ(run.error, "");
  EXPECT_EQ(run.ticks[0], 8);
}

TEST(Simulate, ReductionFiresPerOperandRow) {
  GraphBuilder builder;
  TensorId a = builder.conv(builder.input(5, 5, 1), 4, 3);
  TensorId sum = builder.reduce(a, 16);
  builder.output(builder.conv(sum, 2, 1));
  StagePlan stage = makeStage(0, 3);
  stage.ringRows = minimalRings(builder.graph, stage);
  EXPECT_EQ(stage.ringRows, (std::vector<int>{1, 1, 0}));
  StageRun run = simulateStage(builder.graph, stage);
  ASSERT_EQ(run.error, "");
  // Three rows of a, three firings of the reduction, then one of the last op.
  EXPECT_EQ(run.calls.size(), 7u);
  EXPECT_EQ(run.calls.back().op, 2);
}

TEST(Simulate, SequentialSourceDeliversAllRows) {
  for (bool sequential : {false, true}) {
    GraphBuilder builder;
    TensorId in = builder.source(7, 7, 3, sequential);
    builder.output(builder.conv(in, 1, 2, 2)); // reads rows 0..5
    StagePlan stage = makeStage(0, 2);
    stage.ringRows = minimalRings(builder.graph, stage);
    StageRun run = simulateStage(builder.graph, stage);
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(run.inputBytesRead, sequential ? 7 * 7 * 3 : 6 * 6 * 3);
    stage.strips = 3;
    EXPECT_EQ(simulateStage(builder.graph, stage).ok(), !sequential);
  }
}

TEST(CheckStage, negative_EachRule) {
  Graph graph = makeChain();
  StagePlan good = makeStage(0, 2);
  good.ringRows = {3, 0};
  ASSERT_EQ(checkStage(graph, good), "");
  auto expectError = [&](StagePlan stage, const char *what) {
    EXPECT_NE(checkStage(graph, stage).find(what), std::string::npos)
        << "wanted '" << what << "', got '" << checkStage(graph, stage) << "'";
    EXPECT_FALSE(simulateStage(graph, stage).ok());
  };
  StagePlan stage = good;
  stage.firstOp = -1;
  expectError(stage, "stage has ops [-1, 2)"); // S1
  stage = good;
  stage.endOp = 3;
  expectError(stage, "but the graph has 2"); // S1
  stage = good;
  stage.ringRows = {3};
  expectError(stage, "1 rings but 2 ops"); // S2
  stage = good;
  stage.bands = 0;
  expectError(stage, "0 bands"); // S3
  stage = good;
  stage.strips = 7;
  expectError(stage, "7 strips but its result has 6 rows and 6 columns"); // S3
  stage = good;
  stage.ringRows = {3, 2};
  expectError(stage, "must be a full tensor"); // S6
  stage = good;
  stage.ringRows = {0, 0};
  expectError(stage, "needs a ring, but has 0"); // S6
  stage = good;
  stage.ringRows = {2, 0};
  expectError(stage, "has 2 rows but a reader needs 3"); // S7
  stage = good;
  stage.ringRows = {7, 0};
  expectError(stage, "has 7 rows but its tensor has 6"); // S8
}

TEST(CheckStage, negative_PatchesNeedOneResultAndRowOps) {
  GraphBuilder builder;
  TensorId a = builder.conv(builder.input(6, 6, 1), 1, 1);
  TensorId b = builder.conv(a, 1, 1);
  builder.whole(b, 2, 2, 1);
  builder.output(a);
  builder.output(builder.reduce(b));
  const Graph &graph = builder.graph;
  StagePlan stage = makeStage(0, 2, 2, 1);
  stage.ringRows = {0, 0};
  EXPECT_NE(checkStage(graph, stage).find("second result"), std::string::npos);
  stage = makeStage(1, 3);
  stage.ringRows = {0, 0};
  EXPECT_NE(checkStage(graph, stage).find("must be alone"), std::string::npos);
  stage = makeStage(2, 3, 2, 1);
  stage.ringRows = {0};
  EXPECT_NE(checkStage(graph, stage).find("it needs one"), std::string::npos);
  stage = makeStage(3, 4, 1, 1);
  stage.ringRows = {0};
  EXPECT_EQ(checkStage(graph, stage), "");
}

TEST(Simulate, negative_DeadlockNamesOpAndRing) {
  GraphBuilder builder;
  TensorId a = builder.conv(builder.input(6, 6, 1), 2, 1);
  TensorId b = builder.conv(a, 2, 3, 1, 1);
  TensorId c = builder.conv(b, 2, 3, 1, 1);
  TensorId d = builder.conv(c, 2, 3, 1, 1);
  builder.output(builder.add(a, d));
  StagePlan stage = makeStage(0, 5);
  stage.ringRows = {3, 3, 3, 1, 0};
  StageRun run = simulateStage(builder.graph, stage);
  // Row 0 of d needs rows 0..3 of a; add still waits for row 0.
  EXPECT_EQ(run.error, "deadlock in patch 0: row 3 of '0:ROWS' finds its ring "
                       "of 3 rows full, which '4:ROWS' still reads");
}

TEST(CheckStage, SurvivesGarbage) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Graph graph = randomGraph(seed % 50 + 1, 8);
    auto garbage = [&]() {
      const int values[] = {-1, 0, 1, 2, 3, 7, 1000, INT_MAX, INT_MIN};
      return values[random.in(0, 8)];
    };
    StagePlan stage = makeStage(garbage(), garbage(), garbage(), garbage());
    for (int count = random.in(0, 9); count > 0; --count)
      stage.ringRows.push_back(garbage());
    StageRun run = simulateStage(graph, stage);
    EXPECT_EQ(run.ok(), !run.calls.empty());
  }
}

/// What each op must make of its result, by enumeration of single pixels.
static Region neededRegion(const GraphIndex &index, const StagePlan &stage,
                           const std::vector<Region> &regions, int patch,
                           OpId id) {
  TensorId result = index.op(id).result;
  const Tensor &tensor = index.tensor(result);
  std::vector<bool> rows(tensor.height), cols(tensor.width);
  for (OpId reader = id + 1; reader < stage.endOp; ++reader) {
    const Op &op = index.op(reader);
    const Region &target =
        regions[patch * stage.numOps() + reader - stage.firstOp];
    if (target.empty())
      continue;
    for (const Operand &operand : op.operands) {
      if (index.root(operand.tensor) != result)
        continue;
      bool whole = operand.tensor != result || op.kind == OpKind::Reduce;
      Interval y, x;
      for (int row = target.rows.begin; row < target.rows.end; ++row)
        y = y.hull(operand.y.inputFor({row, row + 1}, tensor.height));
      for (int col = target.cols.begin; col < target.cols.end; ++col)
        x = x.hull(operand.x.inputFor({col, col + 1}, tensor.width));
      if (whole) {
        y = {0, tensor.height};
        x = {0, tensor.width};
      }
      if (y.empty() || x.empty())
        continue;
      std::fill(rows.begin() + y.begin, rows.begin() + y.end, true);
      std::fill(cols.begin() + x.begin, cols.begin() + x.end, true);
    }
  }
  auto hull = [](const std::vector<bool> &used) {
    Interval all;
    for (int i = 0; i < static_cast<int>(used.size()); ++i)
      if (used[i])
        all = all.hull({i, i + 1});
    return all;
  };
  return {hull(rows), hull(cols)};
}

/// Calls `check` for all stages of random graphs that have a valid shape.
template <typename Fn>
static void forRandomStages(int numSeeds, int maxOps, Fn check) {
  for (int seed = 1; seed <= numSeeds; ++seed) {
    Graph graph = randomGraph(seed, maxOps);
    GraphIndex index(graph);
    for (OpId first = 0; first < index.numOps(); ++first)
      for (OpId end = first + 1; end <= index.numOps(); ++end)
        for (int bands = 1; bands <= 3; ++bands)
          for (int strips = 1; strips <= 3; ++strips) {
            StagePlan stage = makeStage(first, end, bands, strips);
            if (!checkStageShape(index, stage).empty())
              continue;
            SCOPED_TRACE("seed " + std::to_string(seed) + " ops [" +
                         std::to_string(first) + ", " + std::to_string(end) +
                         ") patches " + std::to_string(bands) + " x " +
                         std::to_string(strips));
            check(index, stage);
            if (testing::Test::HasFailure())
              return;
          }
  }
}

TEST(StageRegions, AgreeWithEnumeration) {
  forRandomStages(120, 8, [](const GraphIndex &index, const StagePlan &stage) {
    std::vector<Region> regions = stageRegions(index, stage);
    int numOps = stage.numOps();
    int64_t resultPixels = 0;
    for (int patch = 0; patch < stage.numPatches(); ++patch) {
      for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
        const Region &got = regions[patch * numOps + id - stage.firstOp];
        const Tensor &tensor = index.tensor(index.op(id).result);
        if (index.mustBeFull(id, stage.firstOp, stage.endOp)) {
          if (stage.numPatches() == 1)
            EXPECT_EQ(got.pixels(), int64_t(tensor.height) * tensor.width);
          continue;
        }
        if (index.op(id).sequential)
          continue;
        Region want = neededRegion(index, stage, regions, patch, id);
        EXPECT_TRUE(got.rows.contains(want.rows));
        EXPECT_TRUE(got.cols.contains(want.cols));
        // Between two windows that are both padding the hull may be larger.
        if (!want.empty() && want.rows.begin > 0 && want.cols.begin > 0 &&
            want.rows.end < tensor.height && want.cols.end < tensor.width)
          EXPECT_TRUE(got == want);
      }
      resultPixels += regions[patch * numOps + numOps - 1].pixels();
    }
    // The patches tile the result.
    const Tensor &last = index.tensor(index.op(stage.endOp - 1).result);
    EXPECT_EQ(resultPixels, int64_t(last.height) * last.width);
  });
}

TEST(MinimalRings, RunAndCannotShrink) {
  forRandomStages(150, 8, [](const GraphIndex &index, StagePlan stage) {
    stage.ringRows = minimalRings(index, stage);
    StageRun run = simulateStage(index, stage);
    ASSERT_EQ(run.error, "");
    for (int local = 0; local < stage.numOps(); ++local) {
      if (stage.ringRows[local] <= 1)
        continue;
      StagePlan smaller = stage;
      --smaller.ringRows[local];
      EXPECT_FALSE(simulateStage(index, smaller).ok()) << "ring " << local;
    }
  });
}

TEST(MinimalRings, NoSmallerVectorWorks) {
  // Exhaustive: no vector of rings that is smaller or equal everywhere runs.
  forRandomStages(60, 6, [](const GraphIndex &index, StagePlan stage) {
    stage.ringRows = minimalRings(index, stage);
    int64_t count = 1;
    for (int rows : stage.ringRows)
      count *= std::max(rows, 1);
    if (count > 200)
      return;
    StagePlan other = stage;
    for (int64_t code = 0; code < count; ++code) {
      int64_t rest = code;
      for (size_t i = 0; i < stage.ringRows.size(); ++i) {
        int choices = std::max(stage.ringRows[i], 1);
        other.ringRows[i] =
            stage.ringRows[i] == 0 ? 0 : 1 + static_cast<int>(rest % choices);
        rest /= choices;
      }
      if (other.ringRows != stage.ringRows)
        EXPECT_FALSE(simulateStage(index, other).ok());
    }
  });
}

TEST(MinimalRings, LargerRingsNeverDeadlock) {
  forRandomStages(60, 8, [](const GraphIndex &index, StagePlan stage) {
    stage.ringRows = minimalRings(index, stage);
    Random random(stage.firstOp * 31 + stage.endOp);
    for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
      int &rows = stage.ringRows[id - stage.firstOp];
      if (rows > 0)
        rows = std::min(rows + random.in(0, 2),
                        index.tensor(index.op(id).result).height);
    }
    EXPECT_EQ(simulateStage(index, stage).error, "");
  });
}
