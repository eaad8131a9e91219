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
// the most where the peak is), and keep the smallest arena. The same is done
// for the paths that are best if every ring is held as a whole, a pessimistic
// measure where live bytes are an optimistic one. With a RAM limit
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
#include <numeric>
#include <tuple>

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
  void propose(const PathSearch &search, int64_t maxMacs,
               std::vector<Candidate> &candidates) const;
  void tuneRings(Candidate &candidate) const;
  std::optional<Candidate> leastRam(const PathSearch &byLive,
                                    const PathSearch &byHeld,
                                    int64_t maxMacs) const;
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

/// Packs paths near the lowest cap of one search and adds those that are new.
void Chooser::propose(const PathSearch &search, int64_t maxMacs,
                      std::vector<Candidate> &candidates) const {
  // Bytes within 4 % of the lowest are worth packing: packing loses about as
  // much. At most this many caps are tried, spread evenly.
  constexpr int numCaps = 6;
  const std::vector<int64_t> &caps = search.caps();
  size_t lowest = search.lowestCap(maxMacs);
  if (lowest == caps.size())
    return;
  size_t end = std::upper_bound(caps.begin(), caps.end(),
                                caps[lowest] + caps[lowest] / 25) -
               caps.begin();
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
        candidates.push_back(prepare(std::move(path->stages), 0));
    }
  }
}

/// Tries other ring heights where that lets rings share bytes: an operand ring
/// as high as the result that may be written in place over it, and one more row
/// for rings of the stage at the peak. Keeps what makes the arena smaller.
void Chooser::tuneRings(Candidate &candidate) const {
  constexpr int maxTrials = 60, searchSteps = 40;
  int numTrials = 0;
  auto tryRing = [&](size_t stage, int local, int rows) {
    if (candidate.packing.arenaBytes <= candidate.timeline.maxLiveBytes ||
        numTrials >= maxTrials)
      return;
    OpId id = candidate.stages[stage].firstOp + local;
    if (rows > index.tensor(index.op(id).result).height)
      return;
    std::vector<StagePlan> stages = candidate.stages;
    stages[stage].ringRows[local] = rows;
    ++numTrials;
    Candidate tuned = prepare(std::move(stages), searchSteps);
    if (tuned.packing.arenaBytes < candidate.packing.arenaBytes)
      candidate = std::move(tuned);
  };
  for (size_t i = 0; i < candidate.stages.size(); ++i) {
    OpId firstOp = candidate.stages[i].firstOp;
    OpId endOp = candidate.stages[i].endOp;
    for (OpId id = endOp - 1; id >= firstOp; --id) {
      const Op &op = index.op(id);
      if (op.inPlaceOperand < 0)
        continue;
      OpId from = index.producer(op.operands[op.inPlaceOperand].tensor);
      if (from < firstOp || candidate.stages[i].ringRows[from - firstOp] == 0)
        continue;
      int rows = candidate.stages[i].ringRows[id - firstOp];
      if (rows == 0)
        rows = index.tensor(op.result).height;
      if (candidate.stages[i].ringRows[from - firstOp] < rows)
        tryRing(i, from - firstOp, rows);
    }
  }
  for (size_t i = 0; i < candidate.stages.size(); ++i) {
    const StagePlan stage = candidate.stages[i];
    if (candidate.timeline.peakOp < stage.firstOp ||
        candidate.timeline.peakOp >= stage.endOp)
      continue;
    for (int local = 0; local < stage.numOps(); ++local)
      if (stage.ringRows[local] > 0)
        tryRing(i, local, candidate.stages[i].ringRows[local] + 1);
  }
}

/// The smallest arena among the paths of both searches.
std::optional<Candidate> Chooser::leastRam(const PathSearch &byLive,
                                           const PathSearch &byHeld,
                                           int64_t maxMacs) const {
  constexpr int fullSteps = 600;
  constexpr size_t numFinalists = 6, numTuned = 3;
  std::vector<Candidate> candidates;
  propose(byLive, maxMacs, candidates);
  propose(byHeld, maxMacs, candidates);
  // A looser bound on recompute must not lose to a tighter one in the packing.
  if (options.schedule == Schedule::Auto && maxMacs > index.totalMacs()) {
    propose(byLive, index.totalMacs(), candidates);
    propose(byHeld, index.totalMacs(), candidates);
  }
  if (candidates.empty())
    return std::nullopt;
  auto rank = [&](size_t i) {
    return std::make_tuple(candidates[i].packing.arenaBytes,
                           candidates[i].executedMacs, i);
  };
  std::vector<size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), 0);
  auto byRank = [&](size_t a, size_t b) { return rank(a) < rank(b); };
  std::sort(order.begin(), order.end(), byRank);
  PackOptions packOptions;
  packOptions.searchSteps = fullSteps;
  for (size_t i = 0; i < order.size() && i < numFinalists; ++i)
    candidates[order[i]].packing =
        packBuffers(candidates[order[i]].timeline, packOptions);
  std::sort(order.begin(), order.end(), byRank);
  if (options.schedule != Schedule::Layer)
    for (size_t i = 0; i < order.size() && i < numTuned; ++i)
      tuneRings(candidates[order[i]]);
  std::sort(order.begin(), order.end(), byRank);
  size_t best = order[0];
  // Schedule Patch has no bound of its own on recompute: the last percent of
  // RAM is not worth any amount of it.
  if (options.schedule == Schedule::Patch && !options.maxRecompute)
    for (size_t i : order)
      if (candidates[i].packing.arenaBytes <=
              candidates[order[0]].packing.arenaBytes / 100 * 101 &&
          candidates[i].executedMacs < candidates[best].executedMacs)
        best = i;
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
  // Patches without a bound of their own are enumerated up to this factor;
  // published patch schedules stay below 1.5.
  constexpr double sensibleRecompute = 2.0;
  int64_t enumeratedMacs = maxMacs;
  if (options.schedule == Schedule::Patch && !options.maxRecompute)
    enumeratedMacs = static_cast<int64_t>(
        std::min(unbounded, sensibleRecompute * static_cast<double>(macs)));
  OptionEnumerator enumerator(index, options, enumeratedMacs);
  std::vector<PathOption> found = enumerator.enumerate();
  std::vector<PathOption> held = found;
  for (PathOption &option : held)
    option.option.liveBytes = option.option.heldBytes;
  PathSearch search(index.numOps(), std::move(found), mustQualify);
  PathSearch heldSearch(index.numOps(), std::move(held), mustQualify);
  std::optional<Candidate> best = leastRam(search, heldSearch, maxMacs);
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
