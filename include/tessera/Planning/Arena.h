//===- Arena.h - Static offsets for buffers with row lifetimes  -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Packing. Two buffers conflict at some distances and not at others: while a
// stage reads its input top to bottom, its output may grow over the rows that
// are already read, if it starts low enough. So for each pair the forbidden
// distances off(B) - off(A) are computed as a union of open intervals from all
// pairs of slots that are alive together; a layout is a choice of offsets with
// no distance forbidden. Buffers are placed one by one at the lowest (or
// highest) free offset, in several orders, and the best order is improved by a
// local search of a fixed number of steps. The same input gives the same layout
// everywhere.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PLANNING_ARENA_H
#define TESSERA_PLANNING_ARENA_H

#include "tessera/Planning/Lifetimes.h"

namespace tessera::planning {

/// All offsets in the arena are multiples of this many bytes: sums and scratch
/// are read as 32-bit words.
inline constexpr int64_t kArenaAlignment = 4;

/// The distances d = off(B) - off(A) at which A and B collide: a sorted list of
/// disjoint open intervals (first, second).
using ForbiddenDistances = std::vector<std::pair<int64_t, int64_t>>;

/// From the slots of two buffers that are alive at the same time.
ForbiddenDistances forbiddenDistances(const Buffer &a, const Buffer &b);

struct PackOptions {
  int64_t alignment = kArenaAlignment;
  /// Steps of the local search; 0: only the fixed orders.
  int searchSteps = 400;
  /// Stop as soon as the arena is not larger than this (0: the lower bound).
  int64_t goodEnoughBytes = 0;
};

/// Offsets per buffer of a timeline, and the bytes they span.
struct Packing {
  std::vector<int64_t> offsets;
  int64_t arenaBytes = 0;
};

/// Never fails; arenaBytes >= timeline.maxLiveBytes.
Packing packBuffers(const Timeline &timeline, const PackOptions &options = {});

/// True if no two buffers of the timeline collide and all offsets are aligned
/// and inside the arena. By slots, not by forbiddenDistances.
bool isValidPacking(const Timeline &timeline, const Packing &packing,
                    int64_t alignment = kArenaAlignment);

/// The packing as offsets per tensor and op.
ArenaLayout makeLayout(const GraphIndex &index, const Timeline &timeline,
                       const Packing &packing);

} // namespace tessera::planning

#endif // TESSERA_PLANNING_ARENA_H
