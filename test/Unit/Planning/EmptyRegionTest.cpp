//===- EmptyRegionTest.cpp - Patches that meet only padding ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Planner.h"
#include "tessera/Planning/Simulate.h"
#include "tessera/Planning/Verify.h"

#include <gtest/gtest.h>

using namespace tessera::planning;

namespace {

/// A 4 x 4 map, copied, then padded by 4 columns on the left: 4 x 8.
Graph paddedCopy() {
  Graph graph;
  graph.tensors.resize(3);
  for (Tensor &tensor : graph.tensors) {
    tensor.height = 4;
    tensor.width = 4;
    tensor.pixelBytes = 8;
  }
  graph.tensors[0].isInput = true;
  graph.tensors[2].width = 8;
  graph.tensors[2].isOutput = true;
  graph.ops.resize(2);
  graph.ops[0].operands.push_back({0, WindowMap(), WindowMap()});
  graph.ops[0].result = 1;
  WindowMap pad;
  pad.padBefore = 4;
  graph.ops[1].operands.push_back({1, WindowMap(), pad});
  graph.ops[1].result = 2;
  return graph;
}

TEST(EmptyRegion, ReaderOfPaddingDoesNotWait) {
  Graph graph = paddedCopy();
  StagePlan stage;
  stage.endOp = 2;
  stage.strips = 2;
  stage.ringRows = {1, 0};
  // Strip 0 is columns [0, 4): all padding, the copy makes nothing. Strip 1 is
  // columns [4, 8): the copy makes its 4 x 4.
  StageRun run = simulateStage(graph, stage);
  ASSERT_TRUE(run.ok()) << run.error;
  EXPECT_TRUE(run.region(0, 0).empty());
  EXPECT_EQ(run.numFirings(graph, 0, 0), 0);
  EXPECT_EQ(run.numFirings(graph, 1, 0), 4);
  EXPECT_EQ(run.computedPixels[0], 16);
  EXPECT_EQ(run.computedPixels[1], 32);
}

TEST(EmptyRegion, EveryScheduleEnds) {
  Graph graph = paddedCopy();
  for (Schedule schedule :
       {Schedule::Auto, Schedule::Layer, Schedule::Patch, Schedule::Stream}) {
    PlanOptions options;
    options.schedule = schedule;
    PlanResult result = plan(graph, options);
    ASSERT_TRUE(result.ok()) << result.failure->message;
    EXPECT_EQ(verifyPlan(graph, result.plan), "");
  }
}

} // namespace
