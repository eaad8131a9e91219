//===- Explore.h - What a plan could be, and why it is so -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Questions about a network and its plans that a person asks: how far does an
// element see, what do neighbouring patches share, what would more recompute
// buy, and which layers cost the early stages most.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PLANNING_EXPLORE_H
#define TESSERA_PLANNING_EXPLORE_H

#include "tessera/Planning/GraphIndex.h"
#include "tessera/Planning/Planner.h"

namespace tessera::planning {

/// Of one tensor, [0] along y, [1] along x.
struct ReceptiveField {
  /// Input rows (columns) that one element depends on, padding included:
  /// r' = r + (kernel - 1) * dilation * j, largest over the operands
  /// (Araujo, Norris, Sim, "Computing receptive fields of convolutional neural
  /// networks", Distill 2019).
  int64_t extent[2] = {1, 1};
  /// Input rows (columns) between neighbouring elements: j' = j * stride /
  /// divisor; 0 if there is one element only.
  double jump[2] = {1.0, 1.0};
  /// Rows (columns) of this tensor that two neighbouring patches of its reader
  /// both need: (kernel - 1) * dilation + 1 - stride, largest over the readers,
  /// at least 0.
  int halo[2] = {0, 0};
};

/// Per tensor of a well-formed graph.
std::vector<ReceptiveField> receptiveFields(const GraphIndex &index);

/// A plan that no other one found beats in both numbers.
struct FrontierPoint {
  double recomputeFactor = 1.0;
  int64_t arenaBytes = 0;
  int64_t inputBytesRead = 0;
};

/// RAM against F: plans under ascending bounds on F, dominated ones left out.
/// Sorted by recomputeFactor; empty if the graph has no plan at all.
std::vector<FrontierPoint> frontier(const Graph &graph,
                                    const PlanOptions &options);

/// What a K x K layer costs: the plan if it were 1 x 1 (same stride and
/// channels), which is what moving receptive field to later layers buys.
struct PointwiseAdvice {
  OpId op = -1;
  /// Bytes of the ring that its window needs in the plan as it is.
  int64_t ringBytes = 0;
  /// Of the best plan if it were 1 x 1.
  int64_t arenaBytes = 0;
  double recomputeFactor = 1.0;
};

/// The K x K layers whose rings are largest in stages up to that of the peak,
/// at most `most`, each with the best plan if it were 1 x 1. The plan must pass
/// verifyPlan.
std::vector<PointwiseAdvice> advise(const Graph &graph, const Plan &plan,
                                    const PlanOptions &options, int most);

} // namespace tessera::planning

#endif // TESSERA_PLANNING_EXPLORE_H
