//===- Planner.cpp - The choice of a plan ---------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// plan(): enumerate the stage options of the schedule, bisect the lowest cap
// with a path within the recompute bound, pack the paths at that cap and at a
// few higher ones (packing may need more than is alive at once, and not always
// the most where the peak is), and keep the smallest arena. With a RAM limit
// Auto then climbs from the limit's cap downwards and takes the path of fewest
// MACs whose arena fits.
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Planner.h"
#include "PlanSearch.h"
#include "tessera/Planning/Arena.h"

#include <algorithm>
#include <cstdio>
#include <limits>

using namespace tessera::planning;

namespace {

/// A path with its packing.
struct Candidate {
  std::vector<StagePlan> stages;
  std::vector<StageRun> runs;
  Timeline timeline;
  Packing packing;
  int64_t executedMacs = 0;
};

class Chooser {
public:
  Chooser(const Graph &graph, const PlanOptions &options)
      : index(graph), options(options) {}
  PlanResult run();

private:
  PlanResult fail(PlanFailure::Kind kind, std::string message,
                  std::string advice) const;
  PlanResult failLimit(const Candidate &best) const;
  PlanResult failSchedule() const;
  std::optional<Candidate> leastRam(const PathSearch &search, int64_t maxMacs);
  std::optional<Candidate> leastMacs(const PathSearch &search,
                                     const Candidate &leastRam, int64_t limit);
  Candidate prepare(std::vector<StagePlan> stages, int searchSteps) const;
  PlanResult finish(const Candidate &candidate) const;

  GraphIndex index;
  const PlanOptions &options;
};

} // namespace

static bool sameStages(const std::vector<StagePlan> &a,
                       const std::vector<StagePlan> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const StagePlan &x, const StagePlan &y) {
                      return x.firstOp == y.firstOp && x.endOp == y.endOp &&
                             x.bands == y.bands && x.strips == y.strips &&
                             x.ringRows == y.ringRows;
                    });
}

/// Simulates and packs. The stages are well formed and do not deadlock.
Candidate Chooser::prepare(std::vector<StagePlan> stages,
                           int searchSteps) const {
  Candidate candidate;
  candidate.stages = std::move(stages);
  for (const StagePlan &stage : candidate.stages) {
    candidate.runs.push_back(simulateStage(index, stage));
    candidate.executedMacs += candidate.runs.back().executedMacs;
  }
  TimelineOptions timelineOptions;
  timelineOptions.rowLifetimes = options.schedule != Schedule::Layer;
  candidate.timeline =
      computeTimeline(index, candidate.stages, candidate.runs, timelineOptions);
  PackOptions packOptions;
  packOptions.searchSteps = searchSteps;
  candidate.packing = packBuffers(candidate.timeline, packOptions);
  return candidate;
}

/// The smallest arena among paths near the lowest cap.
std::optional<Candidate> Chooser::leastRam(const PathSearch &search,
                                           int64_t maxMacs) {
  // Live bytes within 4 % of the lowest are worth packing: packing loses about
  // as much. At most this many caps are tried, spread evenly.
  constexpr int numCaps = 6;
  constexpr int quickSteps = 0, fullSteps = 600;
  constexpr size_t numFinalists = 4;
  const std::vector<int64_t> &caps = search.caps();
  size_t lowest = search.lowestCap(maxMacs);
  if (lowest == caps.size())
    return std::nullopt;
  size_t end = std::upper_bound(caps.begin(), caps.end(),
                                caps[lowest] + caps[lowest] / 25) -
               caps.begin();
  std::vector<Candidate> candidates;
  for (int i = 0; i < numCaps; ++i) {
    size_t cap = lowest + (end - 1 - lowest) * i / (numCaps - 1);
    for (PathTie tie : {PathTie::LeastLiveBytes, PathTie::FewestStages,
                        PathTie::MostStages}) {
      std::optional<PathSearch::Path> path = search.fewestMacs(caps[cap], tie);
      bool isNew =
          std::none_of(candidates.begin(), candidates.end(),
                       [&](const Candidate &candidate) {
                         return sameStages(candidate.stages, path->stages);
                       });
      if (isNew)
        candidates.push_back(prepare(std::move(path->stages), quickSteps));
    }
  }
  auto better = [](const Candidate &a, const Candidate &b) {
    if (a.packing.arenaBytes != b.packing.arenaBytes)
      return a.packing.arenaBytes < b.packing.arenaBytes;
    return a.executedMacs < b.executedMacs;
  };
  // Sorting by (arena, MACs, position) is the same everywhere.
  std::vector<size_t> order(candidates.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (better(candidates[a], candidates[b]) ||
        better(candidates[b], candidates[a]))
      return better(candidates[a], candidates[b]);
    return a < b;
  });
  size_t best = order[0];
  PackOptions packOptions;
  packOptions.searchSteps = fullSteps;
  for (size_t rank = 0; rank < order.size() && rank < numFinalists; ++rank) {
    Candidate &candidate = candidates[order[rank]];
    if (candidate.timeline.maxLiveBytes >= candidates[best].packing.arenaBytes)
      continue;
    candidate.packing = packBuffers(candidate.timeline, packOptions);
    if (better(candidate, candidates[best]))
      best = order[rank];
  }
  return std::move(candidates[best]);
}

/// The fewest MACs within the limit; `leastRam` fits and is the fallback.
std::optional<Candidate> Chooser::leastMacs(const PathSearch &search,
                                            const Candidate &leastRam,
                                            int64_t limit) {
  constexpr int numTries = 10, searchSteps = 200;
  const std::vector<int64_t> &caps = search.caps();
  size_t lowest = std::lower_bound(caps.begin(), caps.end(),
                                   leastRam.timeline.maxLiveBytes) -
                  caps.begin();
  size_t highest =
      std::upper_bound(caps.begin(), caps.end(), limit) - caps.begin();
  std::vector<StagePlan> tried;
  for (int i = 0; i < numTries && lowest < highest; ++i) {
    size_t cap = highest - 1 - (highest - 1 - lowest) * i / (numTries - 1);
    std::optional<PathSearch::Path> path = search.fewestMacs(caps[cap]);
    if (!path || sameStages(path->stages, tried))
      continue;
    if (path->executedMacs >= leastRam.executedMacs)
      break;
    tried = path->stages;
    Candidate candidate = prepare(std::move(path->stages), searchSteps);
    if (candidate.packing.arenaBytes <= limit)
      return candidate;
  }
  return std::nullopt;
}

PlanResult Chooser::fail(PlanFailure::Kind kind, std::string message,
                         std::string advice) const {
  PlanResult result;
  PlanFailure failure;
  failure.kind = kind;
  failure.message = std::move(message);
  failure.advice = std::move(advice);
  result.failure = std::move(failure);
  return result;
}

PlanResult Chooser::failSchedule() const {
  if (options.schedule == Schedule::Stream)
    return fail(PlanFailure::Kind::NoSuchSchedule,
                "schedule stream needs two neighbouring ops that pass rows "
                "through a ring, and this graph has none",
                "Schedule layer runs any graph.");
  return fail(PlanFailure::Kind::NoSuchSchedule,
              "schedule patch needs neighbouring ops with one result of two "
              "or more rows and columns, within the bounds on recomputed MACs "
              "and on input bytes read, and this graph has none",
              "Schedule stream needs no recompute; layer runs any graph.");
}

PlanResult Chooser::failLimit(const Candidate &best) const {
  int64_t needed = best.packing.arenaBytes;
  OpId peak = best.timeline.peakOp;
  std::string peakName = peak < 0 ? "" : index.op(peak).name;
  PlanResult result = fail(
      PlanFailure::Kind::RamLimit,
      "the plan of least RAM needs " + std::to_string(needed) +
          " bytes but the limit is " + std::to_string(*options.ramLimitBytes) +
          (peak < 0 ? std::string("; the inputs alone are the peak")
                    : "; the peak is at " + (peakName.empty()
                                                 ? "op " + std::to_string(peak)
                                                 : "'" + peakName + "'")),
      "");
  int64_t inputBytes = 0;
  for (const Tensor &tensor : index.graph().tensors)
    if (tensor.isInput && !tensor.isExternal)
      inputBytes += tensor.bytes();
  std::string &advice = result.failure->advice;
  if (options.schedule == Schedule::Layer)
    advice = "Schedule auto fuses ops and needs less.";
  else if (inputBytes > 0)
    advice = "The input takes " + std::to_string(inputBytes) +
             " bytes of the arena: pass it as rows, windows or external.";
  else if (options.schedule != Schedule::Auto)
    advice = "Schedule auto may need less.";
  else
    advice = "A higher bound on recomputed MACs may need less.";
  result.failure->neededBytes = needed;
  result.failure->peakOp = peak;
  result.failure->peakOpName = peakName;
  return result;
}

PlanResult Chooser::finish(const Candidate &candidate) const {
  PlanResult result;
  result.plan.stages = candidate.stages;
  result.plan.layout = makeLayout(index, candidate.timeline, candidate.packing);
  PlanStats &stats = result.stats;
  stats.arenaBytes = candidate.packing.arenaBytes;
  stats.maxLiveBytes = candidate.timeline.maxLiveBytes;
  stats.peakOp = candidate.timeline.peakOp;
  stats.macs = index.totalMacs();
  for (const StageRun &run : candidate.runs) {
    stats.executedMacs += run.executedMacs;
    stats.inputBytesRead += run.inputBytesRead;
  }
  if (stats.macs > 0)
    stats.recomputeFactor =
        std::max(1.0, double(stats.executedMacs) / double(stats.macs));
  stats.layerByLayerBytes = layerByLayerBytes(index.graph());
  return result;
}

PlanResult Chooser::run() {
  if (index.numOps() == 0)
    return fail(PlanFailure::Kind::InvalidGraph, "the graph has no ops", "");
  double maxRecompute = std::numeric_limits<double>::infinity();
  if (options.maxRecompute)
    maxRecompute = *options.maxRecompute;
  else if (options.schedule == Schedule::Auto)
    maxRecompute = kDefaultMaxRecompute;
  int64_t macs = index.totalMacs();
  if (!(maxRecompute >= 1.0)) {
    char bound[32];
    std::snprintf(bound, sizeof bound, "%g", maxRecompute);
    return fail(PlanFailure::Kind::RecomputeLimit,
                std::string("the bound on recompute is ") + bound +
                    " but no plan has a factor below 1",
                "Use a bound of 1 or more.");
  }
  // Far above any plan, far below overflow.
  constexpr double unbounded = 1e17;
  int64_t maxMacs = static_cast<int64_t>(
      std::min(unbounded, maxRecompute * static_cast<double>(macs)));

  bool mustQualify = options.schedule == Schedule::Stream ||
                     options.schedule == Schedule::Patch;
  OptionEnumerator enumerator(index, options, maxMacs);
  PathSearch search(index.numOps(), enumerator.enumerate(), mustQualify);
  std::optional<Candidate> best = leastRam(search, maxMacs);
  if (!best)
    return failSchedule();
  if (options.ramLimitBytes) {
    if (best->packing.arenaBytes > *options.ramLimitBytes)
      return failLimit(*best);
    if (options.schedule == Schedule::Auto)
      if (std::optional<Candidate> cheaper =
              leastMacs(search, *best, *options.ramLimitBytes))
        best = std::move(cheaper);
  }
  return finish(*best);
}

static PlanResult invalid(std::string message) {
  PlanResult result;
  PlanFailure failure;
  failure.kind = PlanFailure::Kind::InvalidGraph;
  failure.message = std::move(message);
  result.failure = std::move(failure);
  return result;
}

PlanResult tessera::planning::plan(const Graph &graph,
                                   const PlanOptions &options) {
  if (std::string error = checkGraph(graph); !error.empty())
    return invalid(error);
  return Chooser(graph, options).run();
}

PlanResult tessera::planning::completePlan(const Graph &graph,
                                           std::vector<StagePlan> stages,
                                           bool rowLifetimes) {
  if (std::string error = checkGraph(graph); !error.empty())
    return invalid(error);
  GraphIndex index(graph);
  std::vector<StageRun> runs;
  OpId next = 0;
  for (StagePlan &stage : stages) {
    if (stage.firstOp != next)
      return invalid("stage begins at op " + std::to_string(stage.firstOp) +
                     " but the one before ends at " + std::to_string(next));
    if (std::string error = checkStageShape(index, stage); !error.empty())
      return invalid(error);
    if (stage.ringRows.empty())
      stage.ringRows = minimalRings(index, stage);
    runs.push_back(simulateStage(index, stage));
    if (!runs.back().ok())
      return invalid(runs.back().error);
    next = stage.endOp;
  }
  if (next != index.numOps())
    return invalid("stages end at op " + std::to_string(next) +
                   " but the graph has " + std::to_string(index.numOps()));
  TimelineOptions timelineOptions;
  timelineOptions.rowLifetimes = rowLifetimes;
  Timeline timeline = computeTimeline(index, stages, runs, timelineOptions);
  PlanResult result;
  result.plan.layout = makeLayout(index, timeline, packBuffers(timeline));
  result.plan.stages = std::move(stages);
  result.stats = statsOf(graph, result.plan);
  result.stats.peakOp = timeline.peakOp;
  return result;
}

int64_t tessera::planning::layerByLayerBytes(const Graph &graph) {
  GraphIndex index(graph);
  int64_t peak = 0;
  for (OpId id = 0; id < index.numOps(); ++id) {
    const Op &op = index.op(id);
    int64_t live = op.scratchBytes;
    if (!op.operands.empty())
      live +=
          op.scratchBytesPerColumn * index.tensor(op.operands[0].tensor).width;
    for (TensorId root = 0; root < index.numTensors(); ++root) {
      if (index.root(root) != root || index.tensor(root).isExternal)
        continue;
      bool born = index.tensor(root).isInput ||
                  (index.producer(root) >= 0 && index.producer(root) <= id);
      if (born && (index.lastUse(root) >= id || index.producer(root) == id))
        live += index.tensor(root).bytes();
    }
    peak = std::max(peak, live);
  }
  return peak;
}

PlanStats tessera::planning::statsOf(const Graph &graph, const Plan &plan) {
  GraphIndex index(graph);
  PlanStats stats;
  stats.arenaBytes = plan.layout.arenaBytes;
  stats.maxLiveBytes = plan.layout.maxLiveBytes;
  stats.macs = index.totalMacs();
  for (const StagePlan &stage : plan.stages) {
    StageRun run = simulateStage(index, stage);
    stats.executedMacs += run.executedMacs;
    stats.inputBytesRead += run.inputBytesRead;
  }
  if (stats.macs > 0)
    stats.recomputeFactor =
        std::max(1.0, double(stats.executedMacs) / double(stats.macs));
  stats.layerByLayerBytes = layerByLayerBytes(graph);
  return stats;
}
