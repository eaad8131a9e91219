//===- PlanSearch.h - Paths of stages under a RAM cap --------- -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Given ways to run intervals of ops, finds the ways to run all of them: paths
// over the cut points that use only options of at most `cap` live bytes, with
// the fewest executed MACs.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_PLANNING_PLANSEARCH_H
#define TESSERA_LIB_PLANNING_PLANSEARCH_H

#include "StageCost.h"
#include "tessera/Planning/Planner.h"

namespace tessera::planning {

/// A stage option and whether it is the kind of stage that the schedule asks
/// for at least once.
struct PathOption {
  StageOption option;
  bool qualifies = true;
};

/// Among paths of equally many MACs.
enum class PathTie { LeastLiveBytes, FewestStages, MostStages };

class PathSearch {
public:
  /// `needsQualified`: the path must contain an option that qualifies.
  PathSearch(int numOps, std::vector<PathOption> options, bool needsQualified);

  /// Distinct live bytes of all options, ascending.
  const std::vector<int64_t> &caps() const { return allCaps; }

  struct Path {
    std::vector<StagePlan> stages;
    int64_t executedMacs = 0;
    /// The largest live bytes on the path.
    int64_t liveBytes = 0;
  };
  /// The path of fewest MACs under the cap, if there is any.
  std::optional<Path> fewestMacs(int64_t cap,
                                 PathTie tie = PathTie::LeastLiveBytes) const;

  /// Index into caps() of the lowest cap with a path of at most `maxMacs`, by
  /// bisection; caps().size() if there is none.
  size_t lowestCap(int64_t maxMacs) const;

private:
  int numOps;
  std::vector<PathOption> options;
  /// Per cut point: options that end there.
  std::vector<std::vector<int>> endingAt;
  bool needsQualified;
  std::vector<int64_t> allCaps;
};

/// The options that a schedule allows, pruned by bounds that cannot cut off the
/// plan of least RAM among those it enumerates: bands and strips come from
/// short lists, and options that need no less RAM than a cheaper one of the
/// same interval are dropped.
class OptionEnumerator {
public:
  OptionEnumerator(const GraphIndex &index, const PlanOptions &options,
                   int64_t maxMacs);
  std::vector<PathOption> enumerate();

private:
  void addLayers();
  void addStreams();
  void addPatches();
  void addPatchesOf(StagePlan stage, int64_t streamMacs, int64_t ceiling);
  bool canFuse(OpId firstOp, OpId endOp) const;
  bool streamsRows(OpId firstOp, OpId endOp) const;
  int64_t lowerBound(OpId firstOp, OpId endOp) const;

  const GraphIndex &index;
  const PlanOptions &options;
  int64_t maxMacs;
  StageCost cost;
  std::vector<PathOption> found;
};

} // namespace tessera::planning

#endif // TESSERA_LIB_PLANNING_PLANSEARCH_H
