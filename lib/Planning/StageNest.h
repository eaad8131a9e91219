//===- StageNest.h - State of a stage's loop nest ------------- -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The firing rule of Simulate.h on dense local ids, shared by the simulator,
// the search for minimal rings and the planner's cost model.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_PLANNING_STAGENEST_H
#define TESSERA_LIB_PLANNING_STAGENEST_H

#include "tessera/Planning/Simulate.h"

namespace tessera::planning {

class StageNest {
public:
  /// Why an op cannot fire.
  enum class Wait { Nothing, Finished, Rows, Slot };
  struct Cause {
    Wait wait = Wait::Nothing;
    /// The local op that it waits for: a producer (Rows) or a reader (Slot).
    int other = -1;
  };

  /// The stage's shape must be well formed. `rings` has one entry per op.
  StageNest(const GraphIndex &index, OpId firstOp, OpId endOp,
            const std::vector<int> &rings);

  int numOps() const { return static_cast<int>(ops.size()); }
  /// Starts a patch: `regions` has one entry per op of the stage.
  void start(const Region *regions);
  bool finished() const { return numUnfinished == 0; }
  bool opFinished(int local) const { return next[local] >= ends[local]; }
  int nextFiring(int local) const { return next[local]; }
  Cause cause(int local) const;
  /// Precondition: cause(local).wait == Nothing.
  void fire(int local) {
    if (++next[local] >= ends[local])
      --numUnfinished;
  }
  void setRing(int local, int rows) { rings[local] = rows; }
  int ring(int local) const { return rings[local]; }

  /// One tick; calls onFire(local, firing) for each op that fires, before its
  /// counter moves. Returns how many fired.
  template <typename Fn>
  int tick(Fn onFire) {
    int fired = 0;
    while (front < numOps() && opFinished(front))
      ++front;
    for (int local = front; local < numOps(); ++local) {
      if (cause(local).wait != Wait::Nothing)
        continue;
      onFire(local, next[local]);
      fire(local);
      ++fired;
    }
    return fired;
  }

  /// The largest window that a reader in the stage reads of this op's result,
  /// over the firings of the patch that was started; at least 1.
  int largestWindow(int local) const;

private:
  /// A reader's view of a result made in the stage.
  struct Link {
    int other;
    WindowMap map;
    int height;
    bool reduce; // the reader is a Reduce op: reads row `firing`
    bool whole;  // through an alias: needs all rows
    Interval rows(int firing) const {
      if (reduce)
        return {firing, firing + 1};
      if (whole)
        return {0, height};
      return map.inputFor({firing, firing + 1}, height);
    }
  };
  struct LocalOp {
    std::vector<Link> operands; // made in the stage
    std::vector<Link> readers;  // in the stage
    bool reduce = false;
    int reduceHeight = 0;
  };

  std::vector<LocalOp> ops;
  std::vector<int> rings;
  std::vector<int> next;
  std::vector<int> begins;
  std::vector<int> ends;
  int numUnfinished = 0;
  int front = 0;
};

} // namespace tessera::planning

#endif // TESSERA_LIB_PLANNING_STAGENEST_H
