//===- PlanSearch.cpp - Paths of stages under a RAM cap -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanSearch.h"

#include <algorithm>
#include <limits>

using namespace tessera::planning;

/// Numbers of bands and strips that are tried: every small one, then coarser.
static constexpr int kStripCounts[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16};
static constexpr int kBandCounts[] = {1, 2, 3, 4, 6, 8};

/// Stages are at most this long. No published network gains from longer ones,
/// and it bounds the work on networks of several hundred ops.
static constexpr int kMaxStageOps = 96;

/// Stages that are patched only because the schedule asks for one.
static constexpr int kMaxFormalPatchOps = 4;

PathSearch::PathSearch(int numOps, std::vector<PathOption> options,
                       bool needsQualified)
    : numOps(numOps), options(std::move(options)), endingAt(numOps + 1),
      needsQualified(needsQualified) {
  for (size_t i = 0; i < this->options.size(); ++i) {
    const StageOption &option = this->options[i].option;
    endingAt[option.stage.endOp].push_back(static_cast<int>(i));
    allCaps.push_back(option.liveBytes);
  }
  std::sort(allCaps.begin(), allCaps.end());
  allCaps.erase(std::unique(allCaps.begin(), allCaps.end()), allCaps.end());
}

std::optional<PathSearch::Path> PathSearch::fewestMacs(int64_t cap,
                                                       PathTie tie) const {
  struct State {
    int64_t macs = std::numeric_limits<int64_t>::max();
    int64_t secondary = 0;
    int option = -1;
    bool fromQualified = false;
    bool reached = false;
  };
  // States without and with a qualifying option so far.
  std::vector<State> states[2];
  states[0].resize(numOps + 1);
  states[1].resize(numOps + 1);
  states[needsQualified ? 0 : 1][0] = {0, 0, -1, false, true};
  for (int end = 1; end <= numOps; ++end) {
    for (int id : endingAt[end]) {
      const StageOption &option = options[id].option;
      if (option.liveBytes > cap)
        continue;
      int64_t extra = 1;
      if (tie == PathTie::LeastLiveBytes)
        extra = option.liveBytes;
      else if (tie == PathTie::MostStages)
        extra = -1;
      for (bool before : {false, true}) {
        const State &from = states[before][option.stage.firstOp];
        if (!from.reached)
          continue;
        bool after = before || options[id].qualifies;
        State next{from.macs + option.executedMacs, from.secondary + extra, id,
                   before, true};
        State &best = states[after][end];
        if (!best.reached || std::make_pair(next.macs, next.secondary) <
                                 std::make_pair(best.macs, best.secondary))
          best = next;
      }
    }
  }
  if (!states[1][numOps].reached)
    return std::nullopt;
  Path path;
  path.executedMacs = states[1][numOps].macs;
  bool qualified = true;
  for (int end = numOps; end > 0;) {
    const State &state = states[qualified][end];
    const StageOption &option = options[state.option].option;
    path.stages.push_back(option.stage);
    path.liveBytes = std::max(path.liveBytes, option.liveBytes);
    qualified = state.fromQualified;
    end = option.stage.firstOp;
  }
  std::reverse(path.stages.begin(), path.stages.end());
  return path;
}

size_t PathSearch::lowestCap(int64_t maxMacs) const {
  auto feasible = [&](size_t i) {
    std::optional<Path> path = fewestMacs(allCaps[i]);
    return path && path->executedMacs <= maxMacs;
  };
  if (allCaps.empty() || !feasible(allCaps.size() - 1))
    return allCaps.size();
  size_t low = 0, high = allCaps.size() - 1;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (feasible(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

OptionEnumerator::OptionEnumerator(const GraphIndex &index,
                                   const PlanOptions &options, int64_t maxMacs)
    : index(index), options(options), maxMacs(maxMacs), cost(index) {}

bool OptionEnumerator::canFuse(OpId firstOp, OpId endOp) const {
  StagePlan stage;
  stage.firstOp = firstOp;
  stage.endOp = endOp;
  return checkStageShape(index, stage).empty();
}

/// At least two kernels with rows that pass through a ring between them: the
/// delivery of an input does not count as a kernel, and a tensor of one row has
/// nothing to stream.
bool OptionEnumerator::streamsRows(OpId firstOp, OpId endOp) const {
  for (OpId id = firstOp; id < endOp; ++id)
    if (index.op(id).kind != OpKind::Source &&
        index.tensor(index.op(id).result).height > 1 &&
        !index.mustBeFull(id, firstOp, endOp))
      return true;
  return false;
}

/// What is alive at the borders of a stage is alive while it runs.
int64_t OptionEnumerator::lowerBound(OpId firstOp, OpId endOp) const {
  return std::max(cost.cutBytes(firstOp), cost.cutBytes(endOp));
}

/// Each op alone; a Source with the next op if that is its only reader.
void OptionEnumerator::addLayers() {
  for (OpId id = 0; id < index.numOps(); ++id) {
    StagePlan stage;
    stage.firstOp = id;
    stage.endOp = id + 1;
    if (index.op(id).kind == OpKind::Source && id + 1 < index.numOps() &&
        index.op(id + 1).kind != OpKind::Whole &&
        !index.mustBeFull(id, id, id + 2))
      ++stage.endOp;
    found.push_back({cost.evaluate(stage), true});
    id = stage.endOp - 1;
  }
}

/// All intervals of ops in one patch.
void OptionEnumerator::addStreams() {
  for (OpId first = 0; first < index.numOps(); ++first) {
    for (OpId end = first + 1;
         end <= index.numOps() && end - first <= kMaxStageOps; ++end) {
      // A Whole op fuses with nothing, now or further on.
      if (!canFuse(first, end))
        break;
      StagePlan stage;
      stage.firstOp = first;
      stage.endOp = end;
      found.push_back(
          {cost.evaluate(stage),
           options.schedule != Schedule::Patch && streamsRows(first, end)});
    }
  }
}

/// Adds what patches of one interval are of use: they fit under `ceiling`.
/// More strips and more bands need less RAM and more MACs, so the most patches
/// that the bounds allow are tried first; where they do not fit, fewer will
/// not.
void OptionEnumerator::addPatchesOf(StagePlan stage, int64_t streamMacs,
                                    int64_t ceiling) {
  bool mustPatch = options.schedule == Schedule::Patch;
  for (int bands : kBandCounts) {
    stage.bands = bands;
    std::vector<int> stripCounts;
    for (int strips : kStripCounts) {
      stage.strips = strips;
      if (strips == 1 || (mustPatch && bands == 1))
        continue;
      if (!checkStageShape(index, stage).empty())
        break;
      StageCost::Work work = cost.estimateWork(stage);
      if (work.executedMacs - streamMacs > maxMacs - index.totalMacs() ||
          work.inputBytesRead > options.maxInputRead * work.sourceBytes)
        break;
      stripCounts.push_back(strips);
    }
    std::reverse(stripCounts.begin(), stripCounts.end());
    for (int strips : stripCounts) {
      stage.strips = strips;
      StageOption option = cost.evaluate(stage);
      if (option.liveBytes >= ceiling) {
        if (strips == stripCounts.front())
          break;
        continue;
      }
      found.push_back({std::move(option), bands > 1});
    }
  }
}

/// Several patches, where one patch needs more than the plan as a whole might.
void OptionEnumerator::addPatches() {
  bool mustPatch = options.schedule == Schedule::Patch;
  // No plan needs less than the best path over bare borders; an interval that
  // fits in that streams for free. And with one patch everywhere the peak is
  // `ceiling`: options above it are of no use.
  std::vector<PathOption> bare = found;
  for (PathOption &option : bare) {
    StagePlan &stage = option.option.stage;
    option.option.liveBytes = lowerBound(stage.firstOp, stage.endOp);
    option.qualifies = true;
  }
  PathSearch bareSearch(index.numOps(), std::move(bare), false);
  PathSearch streamSearch(index.numOps(), found, false);
  constexpr int64_t anyMacs = std::numeric_limits<int64_t>::max();
  int64_t floor = bareSearch.caps()[bareSearch.lowestCap(anyMacs)];
  int64_t ceiling = streamSearch.caps()[streamSearch.lowestCap(anyMacs)];

  size_t numStreams = found.size();
  for (size_t i = 0; i < numStreams; ++i) {
    StagePlan stage = found[i].option.stage;
    int64_t streamBytes = found[i].option.liveBytes;
    int64_t streamMacs = found[i].option.executedMacs;
    if (!streamsRows(stage.firstOp, stage.endOp))
      continue;
    if (streamBytes > floor && lowerBound(stage.firstOp, stage.endOp) < ceiling)
      addPatchesOf(stage, streamMacs, std::min(ceiling, streamBytes));
    // Where patches save nothing, schedule Patch still forms a short stage.
    if (!mustPatch || stage.numOps() > kMaxFormalPatchOps)
      continue;
    stage.bands = stage.strips = 2;
    if (checkStageShape(index, stage).empty()) {
      StageCost::Work work = cost.work(stage);
      if (work.inputBytesRead <= options.maxInputRead * work.sourceBytes)
        found.push_back({cost.evaluate(stage), true});
    }
  }
}

std::vector<PathOption> OptionEnumerator::enumerate() {
  found.clear();
  if (options.schedule == Schedule::Layer) {
    addLayers();
    return std::move(found);
  }
  addStreams();
  if (options.schedule != Schedule::Stream)
    addPatches();
  return std::move(found);
}
