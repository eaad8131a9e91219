//===- Planner.h - The choice of a plan ----------------------- -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A plan is a path over the cut points of the op order; each edge is a stage,
// an interval of ops with a number of bands and strips. The bytes alive during
// a stage do not depend on how the other ops are cut, so the path with the
// lowest peak is a shortest path under a RAM cap, and recomputed MACs add up
// along it. Cost model (StageCost), search (paths under caps) and packing are
// separate: the search proposes plans by their live bytes, packing decides.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PLANNING_PLANNER_H
#define TESSERA_PLANNING_PLANNER_H

#include "tessera/Planning/Plan.h"

namespace tessera::planning {

/// Which plans are allowed.
enum class Schedule {
  /// The least RAM within the recompute bound, by whatever stages give it.
  Auto,
  /// One op after the other, whole-tensor lifetimes: the baseline. (A Source op
  /// whose only reader is the next op shares its stage.)
  Layer,
  /// At least one stage of two or more ops runs in two or more bands and two or
  /// more strips, halos recomputed in both axes.
  Patch,
  /// At least one stage of two or more ops streams rows through rings; no op is
  /// computed twice (bands = strips = 1 everywhere).
  Stream,
};

/// Default bound on bytes asked of an input callback over bytes of the input.
inline constexpr double kDefaultMaxInputRead = 1.5;

/// Default bound on F for Schedule::Auto.
inline constexpr double kDefaultMaxRecompute = 1.05;

struct PlanOptions {
  Schedule schedule = Schedule::Auto;
  /// Arena bytes that must not be exceeded. Auto then prefers the plan of the
  /// least recompute within the limit.
  std::optional<int64_t> ramLimitBytes;
  /// Bound on F = executed MACs / MACs. Default: 1.05 for Auto. Patch without a
  /// bound considers patched stages that add up to as many MACs as the whole
  /// graph has, and gives up to 1 % of RAM for fewer MACs.
  std::optional<double> maxRecompute;
  /// Bound on the bytes asked of an input callback, as a multiple of the input:
  /// strips ask for their overlap again.
  double maxInputRead = kDefaultMaxInputRead;
};

/// One vocabulary with reports, see docs: bytes and MACs of a plan.
struct PlanStats {
  int64_t arenaBytes = 0;
  int64_t maxLiveBytes = 0;
  int64_t macs = 0;
  int64_t executedMacs = 0;
  /// executedMacs / macs, at least 1.
  double recomputeFactor = 1.0;
  /// Bytes that Source ops were asked for.
  int64_t inputBytesRead = 0;
  /// Peak of the same graph op by op: operands, results, scratch and every
  /// other tensor still needed, whole tensors, resident input, nothing in
  /// place.
  int64_t layerByLayerBytes = 0;
  /// The op that runs when most bytes are alive; -1: before the first call.
  OpId peakOp = -1;
};

/// Why there is no plan.
struct PlanFailure {
  enum class Kind {
    /// The graph is malformed: a bug of whoever built it.
    InvalidGraph,
    /// The schedule cannot be formed on this graph.
    NoSuchSchedule,
    /// No plan within maxRecompute.
    RecomputeLimit,
    /// The least RAM found exceeds the limit.
    RamLimit,
  };
  Kind kind = Kind::InvalidGraph;
  /// RamLimit: the least arena bytes found; else 0.
  int64_t neededBytes = 0;
  /// RamLimit: the op at the peak of that plan; -1: the input alone.
  OpId peakOp = -1;
  std::string peakOpName;
  /// One line: what is wrong, with both values.
  std::string message;
  /// One sentence: what would help. May be empty.
  std::string advice;
};

struct PlanResult {
  Plan plan;
  PlanStats stats;
  std::optional<PlanFailure> failure;

  bool ok() const { return !failure.has_value(); }
};

/// Chooses stages, rings and offsets. Deterministic; a plan it returns passes
/// verifyPlan.
PlanResult plan(const Graph &graph, const PlanOptions &options = {});

/// Simulates and packs the stages of a plan that is given by hand: fills in
/// ringRows where a stage has none, and the layout. Fails with InvalidGraph if
/// graph or stages are malformed.
PlanResult completePlan(const Graph &graph, std::vector<StagePlan> stages,
                        bool rowLifetimes = true);

/// Peak bytes op by op, see PlanStats::layerByLayerBytes.
int64_t layerByLayerBytes(const Graph &graph);

/// The numbers of a finished plan (maxLiveBytes is taken from its layout).
/// The plan must pass verifyPlan.
PlanStats statsOf(const Graph &graph, const Plan &plan);

} // namespace tessera::planning

#endif // TESSERA_PLANNING_PLANNER_H
