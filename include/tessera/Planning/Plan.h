//===- Plan.h - What the planner decides ------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PLANNING_PLAN_H
#define TESSERA_PLANNING_PLAN_H

#include "tessera/Planning/Graph.h"

#include <optional>

namespace tessera::planning {

/// Ops [firstOp, endOp) of the graph run as one loop nest: bands x strips x
/// ticks. A band is an interval of the stage result's rows, a strip one of its
/// columns; each (band, strip) pair is a patch that starts with empty rings.
/// More than one patch: the stage has exactly one result that is read outside.
struct StagePlan {
  OpId firstOp = 0;
  OpId endOp = 0;
  int bands = 1;
  int strips = 1;
  /// Per op of the stage: rows of the ring that holds its result; 0 for a
  /// result that is a full tensor (read outside the stage, or a graph output).
  std::vector<int> ringRows;

  int numOps() const { return endOp - firstOp; }
  int numPatches() const { return bands * strips; }
};

/// Where things lie in the arena, in bytes from its start; -1: not in the
/// arena.
struct ArenaLayout {
  /// Per tensor of the graph: its ring or its full tensor. Aliases repeat the
  /// offset of what they alias.
  std::vector<int64_t> tensorOffset;
  /// Per op: its scratch.
  std::vector<int64_t> scratchOffset;
  int64_t arenaBytes = 0;
  /// Most bytes alive at one moment: no layout of this plan can be smaller.
  int64_t maxLiveBytes = 0;
};

struct Plan {
  std::vector<StagePlan> stages; // cover all ops, in order
  ArenaLayout layout;
};

} // namespace tessera::planning

#endif // TESSERA_PLANNING_PLAN_H
