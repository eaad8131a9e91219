//===- GraphTest.cpp - Well-formed graphs and the questions about them ----===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomGraph.h"
#include "tessera/Planning/GraphIndex.h"

#include <functional>
#include <gtest/gtest.h>

using namespace tessera::planning;
using namespace tessera::planning::test;

/// in(4x4) -> conv 3x3 -> skip; skip -> conv -> add(skip) -> reduce.
static Graph makeResidual() {
  GraphBuilder builder;
  TensorId in = builder.input(4, 4, 2);
  TensorId skip = builder.conv(in, 3, 3, 1, 1);
  TensorId body = builder.conv(skip, 3, 3, 1, 1);
  TensorId sum = builder.add(skip, body, 1);
  builder.output(builder.reduce(sum, 12));
  return builder.graph;
}

TEST(GraphIndex, KnowsProducersReadersAndLastUses) {
  Graph graph = makeResidual();
  ASSERT_EQ(checkGraph(graph), "");
  GraphIndex index(graph);
  EXPECT_EQ(index.producer(0), -1);
  EXPECT_EQ(index.producer(1), 0);
  EXPECT_EQ(index.readers(1), (std::vector<OpId>{1, 2}));
  EXPECT_EQ(index.lastUse(1), 2);
  EXPECT_EQ(index.lastUse(4), index.numOps()) << "an output is used at the end";
  // Stage [0, 2): op 0's result is read by op 2 outside; in [0, 3) it is not.
  EXPECT_TRUE(index.mustBeFull(0, 0, 2));
  EXPECT_FALSE(index.mustBeFull(0, 0, 3));
  // 4x4 pixels of 3 channels, 9 taps of 3 bytes each; the reduction counts the
  // 16 pixels of its operand with one tap.
  EXPECT_EQ(index.macs(0), 16 * 27);
  EXPECT_EQ(index.macs(3), 16 * 3);
}

TEST(GraphIndex, SeesThroughAliases) {
  GraphBuilder builder;
  TensorId in = builder.input(2, 2, 1);
  TensorId made = builder.conv(in, 3, 1);
  TensorId flat = builder.alias(made, 1, 4, 3);
  TensorId flatter = builder.alias(flat, 1, 1, 12);
  TensorId out = builder.rows(flatter, 1, 1, 5, {}, {});
  builder.output(out);
  ASSERT_EQ(checkGraph(builder.graph), "");
  GraphIndex index(builder.graph);
  EXPECT_EQ(index.root(flatter), made);
  EXPECT_EQ(index.producer(flatter), 0);
  EXPECT_EQ(index.readers(made), (std::vector<OpId>{1}));
  EXPECT_TRUE(index.mustBeFull(0, 0, 2)) << "read under another shape";
}

TEST(CheckGraph, RandomGraphsAreWellFormed) {
  for (uint64_t seed = 1; seed <= 500; ++seed)
    ASSERT_EQ(checkGraph(randomGraph(seed, 9)), "") << "seed " << seed;
}

TEST(CheckGraph, negative_EachRule) {
  struct Case {
    const char *what;
    std::function<void(Graph &)> breakIt;
  };
  const Case cases[] = {
      {"no bytes", [](Graph &g) { g.tensors[1].height = 0; }},
      {"no bytes", [](Graph &g) { g.tensors[1].pixelBytes = -4; }},
      {"too many", [](Graph &g) { g.tensors[1].pixelBytes = INT64_MAX; }},
      {"external but not an input",
       [](Graph &g) { g.tensors[1].isExternal = true; }},
      {"external and an output",
       [](Graph &g) {
         g.tensors[0].isExternal = g.tensors[0].isOutput = true;
       }},
      {"aliases no tensor", [](Graph &g) { g.tensors[1].aliasOf = 77; }},
      {"aliases no tensor", [](Graph &g) { g.tensors[1].aliasOf = 1; }},
      {"aliases 32 bytes", [](Graph &g) { g.tensors[1].aliasOf = 0; }},
      {"alias and an input",
       [](Graph &g) {
         g.tensors[1].aliasOf = 0;
         g.tensors[1].isInput = true;
       }},
      {"makes no tensor", [](Graph &g) { g.ops[1].result = -1; }},
      {"makes no tensor", [](Graph &g) { g.ops[1].result = 99; }},
      {"made twice", [](Graph &g) { g.ops[1].result = g.ops[0].result; }},
      {"is an input or an alias", [](Graph &g) { g.ops[1].result = 0; }},
      {"reads no tensor", [](Graph &g) { g.ops[1].operands[0].tensor = 99; }},
      {"before it is made", [](Graph &g) { g.ops[0].operands[0].tensor = 3; }},
      {"invalid window", [](Graph &g) { g.ops[0].operands[0].y.kernel = 0; }},
      {"invalid window", [](Graph &g) { g.ops[0].operands[0].x.stride = -1; }},
      {"invalid window", [](Graph &g) { g.ops[0].operands[0].x.divisor = 0; }},
      {"negative or absurd", [](Graph &g) { g.ops[0].scratchBytes = -1; }},
      {"is a source", [](Graph &g) { g.ops[0].kind = OpKind::Source; }},
      {"has no operands", [](Graph &g) { g.ops[0].operands.clear(); }},
      {"one result row", [](Graph &g) { g.ops[0].kind = OpKind::Reduce; }},
      {"has no operand", [](Graph &g) { g.ops[2].inPlaceOperand = 2; }},
      {"cannot work in place", [](Graph &g) { g.ops[1].inPlaceOperand = 0; }},
      {"nothing makes it",
       [](Graph &g) {
         g.ops.pop_back();
         g.ops.pop_back();
       }},
  };
  for (const Case &test : cases) {
    Graph graph = makeResidual();
    ASSERT_EQ(checkGraph(graph), "");
    test.breakIt(graph);
    EXPECT_NE(checkGraph(graph).find(test.what), std::string::npos)
        << "wanted '" << test.what << "', got '" << checkGraph(graph) << "'";
  }
}
