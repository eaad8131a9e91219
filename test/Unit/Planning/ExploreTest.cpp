//===- ExploreTest.cpp - Receptive fields, frontier, advice ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Explore.h"

#include <gtest/gtest.h>

using namespace tessera::planning;

namespace {

WindowMap window(int kernel, int stride, int pad) {
  WindowMap map;
  map.kernel = kernel;
  map.stride = stride;
  map.padBefore = pad;
  return map;
}

/// A chain on a square map of 16-byte pixels; each entry is {kernel, stride}
/// with "same" padding.
Graph chain(int size, const std::vector<std::pair<int, int>> &layers) {
  Graph graph;
  Tensor input;
  input.height = input.width = size;
  input.pixelBytes = 16;
  input.isInput = true;
  graph.tensors.push_back(input);
  for (auto [kernel, stride] : layers) {
    size = (size + stride - 1) / stride;
    Tensor tensor = graph.tensors.back();
    tensor.isInput = false;
    tensor.height = tensor.width = size;
    TensorId from = static_cast<TensorId>(graph.tensors.size()) - 1;
    graph.tensors.push_back(tensor);
    Op op;
    WindowMap map = window(kernel, stride, (kernel - 1) / 2);
    op.operands.push_back({from, map, map});
    op.result = from + 1;
    op.macsPerPixel = 16 * kernel * kernel;
    graph.ops.push_back(op);
  }
  graph.tensors.back().isOutput = true;
  return graph;
}

/// Input rows that one row of the last tensor depends on, by marking.
int64_t markedRows(const Graph &graph, int row) {
  Interval need{row, row + 1};
  for (size_t i = graph.ops.size(); i-- > 0;)
    need = graph.ops[i].operands[0].y.unclipped(need);
  return need.size();
}

TEST(Explore, ReceptiveFieldGrowsWithTheProductOfStrides) {
  // 3x3 s1: 1 + 2 = 3. 3x3 s2: 3 + 2 * 1 = 5, elements 2 rows apart. 5x5 s1: 5
  // + 4 * 2 = 13. 1x1: 13.
  Graph graph = chain(32, {{3, 1}, {3, 2}, {5, 1}, {1, 1}});
  std::vector<ReceptiveField> fields = receptiveFields(GraphIndex(graph));
  EXPECT_EQ(fields[0].extent[0], 1);
  EXPECT_EQ(fields[1].extent[0], 3);
  EXPECT_EQ(fields[2].extent[0], 5);
  EXPECT_EQ(fields[3].extent[0], 13);
  EXPECT_EQ(fields[4].extent[1], 13);
  EXPECT_EQ(fields[3].jump[0], 2.0);
  EXPECT_EQ(fields[4].extent[0], markedRows(graph, 8));
  // Halos: 3x3 s1 shares 2 rows, 3x3 s2 one, 5x5 four, 1x1 none.
  EXPECT_EQ(fields[0].halo[0], 2);
  EXPECT_EQ(fields[1].halo[0], 1);
  EXPECT_EQ(fields[2].halo[0], 4);
  EXPECT_EQ(fields[3].halo[0], 0);
}

TEST(Explore, WholeWindowsSeeEverything) {
  Graph graph = chain(8, {{3, 1}});
  Tensor pooled;
  pooled.pixelBytes = 16;
  pooled.isOutput = true;
  graph.tensors[1].isOutput = false;
  graph.tensors.push_back(pooled);
  Op op;
  op.kind = OpKind::Reduce;
  op.operands.push_back({1, WindowMap::whole(), WindowMap::whole()});
  op.result = 2;
  op.scratchBytes = 64;
  graph.ops.push_back(op);
  // 3 rows for one element and 7 more elements, a row apart: 10.
  std::vector<ReceptiveField> fields = receptiveFields(GraphIndex(graph));
  EXPECT_EQ(fields[2].extent[0], 10);
  EXPECT_EQ(fields[2].jump[0], 0.0);
}

TEST(Explore, FrontierFallsAndStartsAtTheLeastRecompute) {
  Graph graph = chain(64, {{3, 1}, {3, 1}, {3, 2}, {3, 1}, {3, 2}});
  graph.tensors[0].isExternal = true;
  std::vector<FrontierPoint> points = frontier(graph, {});
  ASSERT_FALSE(points.empty());
  EXPECT_DOUBLE_EQ(points.front().recomputeFactor, 1.0);
  for (size_t i = 1; i < points.size(); ++i) {
    EXPECT_GT(points[i].recomputeFactor, points[i - 1].recomputeFactor);
    EXPECT_LT(points[i].arenaBytes, points[i - 1].arenaBytes);
  }
}

TEST(Explore, AdviceNamesTheLayerWithTheLargestRing) {
  // The 7x7 layer needs a ring of 7 rows, the 3x3 one of 3.
  Graph graph = chain(32, {{1, 1}, {7, 1}, {3, 1}, {1, 1}});
  graph.tensors[0].isExternal = true;
  PlanOptions options;
  options.schedule = Schedule::Stream;
  PlanResult result = plan(graph, options);
  ASSERT_TRUE(result.ok());
  std::vector<PointwiseAdvice> advice =
      advise(graph, result.plan, options, /*most=*/2);
  ASSERT_FALSE(advice.empty());
  EXPECT_EQ(advice.front().op, 1);
  EXPECT_LT(advice.front().arenaBytes, result.stats.arenaBytes);
}

} // namespace
