//===- StageCost.h - What a stage costs, whatever is around it  -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bytes that are alive while a stage runs follow from the stage and from
// its two borders: which rows of which full tensors are still to be read is the
// same for every way to cut the other ops. So a plan's peak is the maximum over
// its stages, and its MACs are their sum.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_PLANNING_STAGECOST_H
#define TESSERA_LIB_PLANNING_STAGECOST_H

#include "tessera/Planning/Simulate.h"

#include <map>
#include <optional>
#include <tuple>

namespace tessera::planning {

class StageNest;

/// One way to run an interval of ops, with its cost.
struct StageOption {
  StagePlan stage;
  /// Most bytes alive while it runs, everything that is alive across it
  /// included.
  int64_t liveBytes = 0;
  /// The same, with each ring row and scratch held from its first use to its
  /// last: what a layout needs in which nothing slips into a ring's gaps.
  int64_t heldBytes = 0;
  int64_t executedMacs = 0;
};

class StageCost {
public:
  explicit StageCost(const GraphIndex &index);

  /// Bytes that are alive before op `cut` runs: rows that it or a later op
  /// reads, outputs. No stage that begins or ends there needs less.
  int64_t cutBytes(OpId cut) const { return cuts[cut]; }
  /// All inputs in the arena: alive before anything runs.
  int64_t inputBytes() const { return inputs; }

  /// MACs and bytes asked of sources with these patches. Shape must be valid.
  struct Work {
    int64_t executedMacs = 0;
    int64_t inputBytesRead = 0;
    /// Bytes of the tensors that the sources make.
    int64_t sourceBytes = 0;
  };
  Work work(const StagePlan &stage) const;

  /// As work(), but from the bands and the strips apart, which is much cheaper
  /// for many patches. Exact unless whole windows are padding.
  Work estimateWork(const StagePlan &stage) const;

  /// Minimal rings and live bytes. Shape must be valid.
  StageOption evaluate(StagePlan stage);

private:
  struct Record {
    int birth;
    int death;
    int64_t bytes;
    /// Records of one ring row or scratch; -1: of a full tensor.
    int group = -1;
  };
  struct InPlaceCall {
    int operandRecord;
    int resultRecord;
    int time;
  };
  const std::vector<int> &rings(const StagePlan &stage);
  Work workOf(const StagePlan &stage, const std::vector<Region> &regions) const;
  void replay(const StagePlan &stage, const std::vector<Region> &regions);
  void settleInPlace();
  int64_t peak(const std::vector<Record> &lives, int64_t always) const;
  std::vector<Record> heldRecords() const;
  int64_t outsideBytes(const StagePlan &stage) const;
  void enter(const StagePlan &stage, const std::vector<Region> &regions);
  void addFull(TensorId root, bool before, OpId endOp);
  void fire(const StagePlan &stage, const Region *regions, OpId id, int firing);
  std::vector<bool> inPlaceOps(const StagePlan &stage,
                               const std::vector<Region> &regions) const;

  const GraphIndex &index;
  /// Per root tensor: bytes of a slot, as in the timeline; and per slot the
  /// last op that reads it (-1: none; numOps: output).
  std::vector<int64_t> pitch;
  std::vector<std::vector<OpId>> lastReader;
  std::vector<int64_t> cuts;
  int64_t inputs = 0;
  std::map<std::tuple<OpId, OpId, int>, std::vector<int>> ringMemo;

  // State of one evaluation.
  std::vector<Record> records;
  std::vector<InPlaceCall> inPlaceCalls;
  /// Per tensor: record of each slot (full) or row (ring); -1: none.
  std::vector<std::vector<int>> recordOf;
  std::vector<bool> isRing;
  std::vector<int64_t> ringRowBytes;
  /// First group of each tensor's ring rows and of each op's scratch.
  std::vector<int> ringGroup;
  std::vector<int> ringRows;
  std::vector<int> scratchGroup;
  int numGroups = 0;
  std::vector<int64_t> scratch;
  std::vector<int> sumsRecord;
  std::vector<bool> inPlace;
  /// Per tensor: the evaluation that its records belong to.
  std::vector<int> enteredAt;
  int evaluation = 0;
  int time = 0;
};

} // namespace tessera::planning

#endif // TESSERA_LIB_PLANNING_STAGECOST_H
