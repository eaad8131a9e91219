//===- Lifetimes.h - When every row of every buffer is alive -- -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The timeline of a whole plan. All stages run one after the other; call c of
// the whole run reads at time 2c and writes at time 2c + 1, which is too fine
// only for in-place ops: elsewhere a row that a call reads dies at 2c + 1 and a
// row that it writes is born at 2c, so that the two never share bytes.
//
// A buffer is a full tensor, a ring or an op's scratch, cut into slots: a full
// tensor's rows, a ring's R rows, a scratch as a whole. Tensors that alias each
// other are one buffer whose slots are the rows of the one with the smallest
// rows. Each slot has a list of lifetimes: a ring's slot is alive anew for each
// row it holds.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PLANNING_LIFETIMES_H
#define TESSERA_PLANNING_LIFETIMES_H

#include "tessera/Planning/Simulate.h"

namespace tessera::planning {

/// A closed interval of half-steps: alive at birth, at death and in between.
struct LiveSpan {
  int64_t birth = 0;
  int64_t death = 0;
  bool overlaps(const LiveSpan &o) const {
    return birth <= o.death && o.birth <= death;
  }
  bool operator==(const LiveSpan &o) const {
    return birth == o.birth && death == o.death;
  }
};

/// Something that needs a place in the arena.
struct Buffer {
  enum class Kind { Full, Ring, Scratch };
  Kind kind = Kind::Full;
  /// Full, Ring: the (root) tensor; Scratch: -1.
  TensorId tensor = -1;
  /// Scratch: the op; Ring, Full: the producer or -1.
  OpId op = -1;
  int64_t bytes = 0;
  /// Bytes from one slot to the next; the last slot may be shorter.
  int64_t pitchBytes = 0;
  /// Per slot, ascending and disjoint.
  std::vector<std::vector<LiveSpan>> slots;

  int64_t slotBytes(int slot) const {
    int64_t rest = bytes - slot * pitchBytes;
    return rest < pitchBytes ? rest : pitchBytes;
  }
};

/// A slot of an operand and a slot of the result of an in-place op that follow
/// each other within one call: they may share bytes only if they start at the
/// same byte.
struct InPlacePair {
  int operandBuffer = 0;
  int operandSlot = 0;
  int resultBuffer = 0;
  int resultSlot = 0;
};

struct Timeline {
  std::vector<Buffer> buffers;
  /// Buffer of each tensor (aliases share one); -1: not in the arena.
  std::vector<int> bufferOfTensor;
  /// Buffer of each op's scratch; -1: none.
  std::vector<int> bufferOfScratch;
  /// Sorted, each once.
  std::vector<InPlacePair> inPlace;
  int64_t numCalls = 0;
  /// Most bytes alive at one moment, and an op that runs then (-1: no op).
  int64_t maxLiveBytes = 0;
  OpId peakOp = -1;
};

struct TimelineOptions {
  /// false: every buffer lives as a whole from its first to its last use, and
  /// nothing is done in place. The plain baseline of Schedule::Layer.
  bool rowLifetimes = true;
};

/// Lifetimes of everything in the arena. `runs[i]` is the successful simulation
/// of `stages[i]`; the stages cover all ops in order. External inputs take
/// nothing; inputs are alive from before the first call, outputs until after
/// the last.
Timeline computeTimeline(const GraphIndex &index,
                         const std::vector<StagePlan> &stages,
                         const std::vector<StageRun> &runs,
                         const TimelineOptions &options = {});

/// Most bytes alive at one moment of a timeline, by a sweep over all lifetimes.
int64_t maxLiveBytes(const std::vector<Buffer> &buffers,
                     int64_t *peakTime = nullptr);

/// Bytes of an op's scratch when it runs in this stage.
int64_t scratchBytes(const GraphIndex &index, const StageRun &run, OpId op);

} // namespace tessera::planning

#endif // TESSERA_PLANNING_LIFETIMES_H
