//===- MinimalRings.cpp - The smallest rings that do not deadlock ---------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Bounded buffers between deterministic processes: which firings are reached
// does not depend on the order of firing, and a larger ring only adds to them.
// So a deadlocked nest can go on from where it stands once a ring on the cycle
// of waiting ops grows; of the rings on the cycle the one with the fewest bytes
// per row is taken. A cycle with a single ring on it forces that ring to grow,
// whatever the others are; only rings that also grew by choice are tried one
// row smaller afterwards.
//
//===----------------------------------------------------------------------===//

#include "StageNest.h"
#include "tessera/Planning/Simulate.h"

#include <algorithm>

using namespace tessera::planning;

namespace {
struct RingSearch {
  const GraphIndex &index;
  const StagePlan &stage;
  std::vector<Region> regions;
  std::vector<bool> full;
  std::vector<bool> grewByChoice;
  std::vector<int> rings;
  std::vector<int> lowerBounds;

  RingSearch(const GraphIndex &index, const StagePlan &stage);
  std::vector<int> run();

private:
  const Region *bandRegions(int band) const {
    return &regions[size_t(band) * stage.strips * stage.numOps()];
  }
  int64_t rowBytes(int local) const {
    return index.tensor(index.op(stage.firstOp + local).result).rowBytes();
  }
  void grow(StageNest &nest);
  bool runsWith(const std::vector<int> &candidate) const;
};
} // namespace

RingSearch::RingSearch(const GraphIndex &index, const StagePlan &stage)
    : index(index), stage(stage), regions(stageRegions(index, stage)),
      full(stage.numOps()), grewByChoice(stage.numOps(), false),
      rings(stage.numOps(), 1) {
  for (int local = 0; local < stage.numOps(); ++local) {
    full[local] =
        index.mustBeFull(stage.firstOp + local, stage.firstOp, stage.endOp);
    if (full[local])
      rings[local] = 0;
  }
  // The rows of a region do not depend on the strip: one strip stands for all.
  StageNest nest(index, stage.firstOp, stage.endOp, rings);
  for (int band = 0; band < stage.bands; ++band) {
    nest.start(bandRegions(band));
    for (int local = 0; local < stage.numOps(); ++local)
      if (!full[local])
        rings[local] = std::max(rings[local], nest.largestWindow(local));
  }
  lowerBounds = rings;
}

/// The nest is deadlocked: enlarges one ring on a cycle of waiting ops.
void RingSearch::grow(StageNest &nest) {
  // Every unfinished op waits for another one; following first causes from any
  // of them ends in a cycle.
  int local = 0;
  while (nest.opFinished(local))
    ++local;
  std::vector<int> visitedAt(stage.numOps(), -1);
  std::vector<int> path;
  while (visitedAt[local] < 0) {
    visitedAt[local] = static_cast<int>(path.size());
    path.push_back(local);
    local = nest.cause(local).other;
  }
  int chosen = -1;
  int numRings = 0;
  for (size_t i = visitedAt[local]; i < path.size(); ++i) {
    if (nest.cause(path[i]).wait != StageNest::Wait::Slot)
      continue;
    ++numRings;
    if (chosen < 0 || rowBytes(path[i]) < rowBytes(chosen) ||
        (rowBytes(path[i]) == rowBytes(chosen) && path[i] < chosen))
      chosen = path[i];
  }
  if (numRings > 1)
    grewByChoice[chosen] = true;
  nest.setRing(chosen, ++rings[chosen]);
}

bool RingSearch::runsWith(const std::vector<int> &candidate) const {
  StageNest nest(index, stage.firstOp, stage.endOp, candidate);
  for (int band = 0; band < stage.bands; ++band) {
    nest.start(bandRegions(band));
    while (!nest.finished())
      if (nest.tick([](int, int) {}) == 0)
        return false;
  }
  return true;
}

std::vector<int> RingSearch::run() {
  StageNest nest(index, stage.firstOp, stage.endOp, rings);
  for (int band = 0; band < stage.bands; ++band) {
    nest.start(bandRegions(band));
    while (!nest.finished())
      if (nest.tick([](int, int) {}) == 0)
        grow(nest);
  }
  // Shrinking one ring never lets another one shrink further, so one pass over
  // the rings, widest rows first, leaves none that could be smaller.
  std::vector<int> order;
  for (int local = 0; local < stage.numOps(); ++local)
    if (grewByChoice[local])
      order.push_back(local);
  std::sort(order.begin(), order.end(), [this](int a, int b) {
    return rowBytes(a) != rowBytes(b) ? rowBytes(a) > rowBytes(b) : a < b;
  });
  for (int local : order) {
    while (rings[local] > lowerBounds[local]) {
      std::vector<int> smaller = rings;
      --smaller[local];
      if (!runsWith(smaller))
        break;
      rings = smaller;
    }
  }
  return rings;
}

std::vector<int> tessera::planning::minimalRings(const GraphIndex &index,
                                                 const StagePlan &stage) {
  return RingSearch(index, stage).run();
}

std::vector<int> tessera::planning::minimalRings(const Graph &graph,
                                                 const StagePlan &stage) {
  return minimalRings(GraphIndex(graph), stage);
}
