//===- Simulate.h - Replay of a stage's loop nest ------------- -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How a stage runs. The code generator emits exactly this nest, and everything
// the planner claims about a stage follows from replaying it:
//
//   for each band, for each strip (a patch):
//     next[op] = first row of the op's region in this patch     (Reduce: 0)
//     repeat ticks(patch) times:
//       for each op of the stage, in order, fire it at most once, if
//         (a) it has firings left: next[op] < end of its region's rows
//             (Reduce: < height of its operand);
//         (b) for each operand made inside the stage: next[producer] >= end of
//             the clipped rows that this firing reads (operands read under an
//             alias: the producer has finished); a producer whose region in the
//             patch is empty is not waited for;
//         (c) its result is a full tensor, or for each reader q of it in the
//             stage that has not finished:  next[op] < first row that q's next
//             firing reads + ringRows[op];
//       firing does the work for row next[op] and adds 1 to next[op].
//
// Row y of a ring of R rows lies in slot y mod R; its columns are stored
// relative to the first column of the op's region in the patch. A full tensor
// is stored at its full width.
//
// Bands and strips split the stage result evenly: part i of n indices in p
// parts is [i * n / p, (i + 1) * n / p). The region of every other op in a
// patch is the hull of what its readers in the stage read for their regions.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PLANNING_SIMULATE_H
#define TESSERA_PLANNING_SIMULATE_H

#include "tessera/Planning/GraphIndex.h"
#include "tessera/Planning/Plan.h"

namespace tessera::planning {

/// What a patch computes of one op's result: rows x columns; both empty if
/// nothing of it is needed. A Reduce result is {[0,1), its columns}.
struct Region {
  Interval rows;
  Interval cols;

  bool empty() const { return rows.empty() || cols.empty(); }
  int64_t pixels() const { return int64_t(rows.size()) * cols.size(); }
  bool operator==(const Region &o) const {
    return rows == o.rows && cols == o.cols;
  }
};

/// Patches of one stage; each costs a row in the generated region tables.
inline constexpr int kMaxPatches = 1024;

/// Part i of [0, n) split into `parts`: [i * n / parts, (i + 1) * n / parts).
Interval splitPart(int n, int parts, int i);

/// One kernel call. What it reads follows from operandRows / operandColumns,
/// what it writes is columns `region(patch, op).cols` of row `firing` (Reduce:
/// the sums; the last firing writes row 0; Whole: everything).
struct KernelCall {
  OpId op = 0;
  int firing = 0;
  int patch = 0;
};

/// What follows from running a stage once.
struct StageRun {
  /// Empty, or why the plan cannot run (malformed, or a deadlock: names the op
  /// that waits and the ring that is too small). All else is empty then.
  std::string error;
  OpId firstOp = 0;
  int numOps = 0;
  int numPatches = 0;
  /// Patch-major: regions[patch * numOps + (op - firstOp)];
  /// patch = band * strips + strip.
  std::vector<Region> regions;
  /// Per op: columns of its ring, the most that any patch needs; of a full
  /// tensor its width.
  std::vector<int> ringColumns;
  /// Per patch: trips of the tick loop.
  std::vector<int> ticks;
  std::vector<KernelCall> calls;
  /// Per op: pixels of the result computed, repeats counted (Reduce: pixels of
  /// the operand that were read).
  std::vector<int64_t> computedPixels;
  int64_t executedMacs = 0;
  /// Bytes that Source ops were asked for.
  int64_t inputBytesRead = 0;

  bool ok() const { return error.empty(); }
  const Region &region(int patch, OpId op) const {
    return regions[patch * numOps + (op - firstOp)];
  }
  /// Firings of an op in a patch.
  int numFirings(const Graph &graph, int patch, OpId op) const;
};

/// Empty if the stage is well formed in this (well-formed) graph, else one line
/// naming the rule and both values. Rules:
///   S1 0 <= firstOp < endOp <= number of ops
///   S2 ringRows has one entry per op
///   S3 bands and strips are >= 1 and at most the result's height and width;
///      at most kMaxPatches patches
///   S4 a Whole op is alone in its stage and its stage has one patch
///   S5 more than one patch: exactly one result is a full tensor, it is the
///      last op's, and there is neither a Reduce op nor a sequential Source
///   S6 ringRows is 0 exactly for the results that must be full tensors
///   S7 a ring holds every window that a reader in the stage reads of it
///   S8 a ring has at most as many rows as its tensor
/// Deadlocks are found by simulateStage. Survives any garbage.
std::string checkStage(const GraphIndex &index, const StagePlan &stage);
std::string checkStage(const Graph &graph, const StagePlan &stage);

/// S1-S5 of checkStage alone: can these ops form a stage with these patches?
std::string checkStageShape(const GraphIndex &index, const StagePlan &stage);

/// Regions per patch and op (see StageRun::regions). The stage's shape must be
/// well formed; ringRows is not looked at.
std::vector<Region> stageRegions(const GraphIndex &index,
                                 const StagePlan &stage);

/// Checks the stage, replays its loop nest and returns what follows from it.
StageRun simulateStage(const GraphIndex &index, const StagePlan &stage);
StageRun simulateStage(const Graph &graph, const StagePlan &stage);

/// The smallest rings with which the nest does not deadlock, for a stage of
/// well-formed shape: starts at the largest window a reader reads, enlarges the
/// ring of fewest bytes per row on a cycle of waiting ops, then takes back what
/// was not needed. No single ring can shrink by a row. The entries of
/// stage.ringRows are ignored.
std::vector<int> minimalRings(const GraphIndex &index, const StagePlan &stage);
std::vector<int> minimalRings(const Graph &graph, const StagePlan &stage);

} // namespace tessera::planning

#endif // TESSERA_PLANNING_SIMULATE_H
