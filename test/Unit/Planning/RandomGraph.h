//===- RandomGraph.h - Small graphs for property tests -------- -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_TEST_UNIT_PLANNING_RANDOMGRAPH_H
#define TESSERA_TEST_UNIT_PLANNING_RANDOMGRAPH_H

#include "tessera/Planning/Graph.h"

namespace tessera::planning::test {

/// splitmix64: the same sequence with every standard library.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next() {
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  /// Uniform in [low, high].
  int in(int low, int high) {
    return low + static_cast<int>(next() % uint64_t(high - low + 1));
  }
  bool oneIn(int n) { return in(1, n) == 1; }

private:
  uint64_t state;
};

/// Builds graphs op by op; every method returns the id of the new tensor.
struct GraphBuilder {
  Graph graph;

  /// A graph input of height x width pixels.
  TensorId input(int height, int width, int64_t pixelBytes,
                 bool external = false);
  /// A Source op and its tensor.
  TensorId source(int height, int width, int64_t pixelBytes,
                  bool sequential = false);
  /// A Rows op with one operand read through `y` and `x`; the result's height
  /// and width as given.
  TensorId rows(TensorId from, int height, int width, int64_t pixelBytes,
                WindowMap y, WindowMap x);
  /// k x k, stride s, padding p on all sides, square dilation d.
  TensorId conv(TensorId from, int64_t pixelBytes, int k, int s = 1, int p = 0,
                int d = 1);
  /// Element-wise of two tensors of one shape; in place on `inPlace` (-1: no).
  TensorId add(TensorId a, TensorId b, int inPlace = -1);
  /// Sums over all pixels: one pixel.
  TensorId reduce(TensorId from, int64_t scratchBytes = 0);
  TensorId whole(TensorId from, int height, int width, int64_t pixelBytes);
  TensorId alias(TensorId of, int height, int width, int64_t pixelBytes);
  void output(TensorId id) { graph.tensors[id].isOutput = true; }

private:
  TensorId tensor(int height, int width, int64_t pixelBytes);
};

/// Chains with branches, residual adds, strides, dilations, padding,
/// upsampling, reductions, aliases, scratch, several outputs. Well formed for
/// every seed.
Graph randomGraph(uint64_t seed, int maxOps);

} // namespace tessera::planning::test

#endif // TESSERA_TEST_UNIT_PLANNING_RANDOMGRAPH_H
