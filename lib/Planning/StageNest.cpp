//===- StageNest.cpp - State of a stage's loop nest -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageNest.h"

#include <algorithm>

using namespace tessera::planning;

StageNest::StageNest(const GraphIndex &index, OpId firstOp, OpId endOp,
                     const std::vector<int> &rings)
    : ops(endOp - firstOp), rings(rings), next(endOp - firstOp),
      begins(endOp - firstOp), ends(endOp - firstOp) {
  for (OpId id = firstOp; id < endOp; ++id) {
    const Op &op = index.op(id);
    LocalOp &local = ops[id - firstOp];
    local.reduce = op.kind == OpKind::Reduce;
    if (local.reduce)
      local.reduceHeight = index.tensor(op.operands[0].tensor).height;
    for (const Operand &operand : op.operands) {
      OpId producer = index.producer(operand.tensor);
      if (producer < firstOp)
        continue;
      Link link;
      link.map = operand.y;
      link.height = index.tensor(operand.tensor).height;
      link.reduce = local.reduce;
      link.whole = index.root(operand.tensor) != operand.tensor ||
                   op.kind == OpKind::Whole;
      link.other = producer - firstOp;
      local.operands.push_back(link);
      link.other = id - firstOp;
      ops[producer - firstOp].readers.push_back(link);
    }
  }
}

void StageNest::start(const Region *regions) {
  numUnfinished = 0;
  front = 0;
  for (int i = 0; i < numOps(); ++i) {
    Interval firings = regions[i].empty() ? Interval{} : regions[i].rows;
    if (ops[i].reduce && !firings.empty())
      firings = {0, ops[i].reduceHeight};
    begins[i] = next[i] = firings.begin;
    ends[i] = firings.end;
    numUnfinished += !firings.empty();
  }
}

StageNest::Cause StageNest::cause(int local) const {
  int row = next[local];
  if (row >= ends[local])
    return {Wait::Finished, -1};
  const LocalOp &op = ops[local];
  for (const Link &link : op.operands) {
    Interval need = link.rows(row);
    // A producer that has nothing to make in this patch is not waited for: its
    // reader meets only padding there.
    if (need.empty() || begins[link.other] == ends[link.other])
      continue;
    // A reduction has its row only when all its firings are done, and a result
    // that is read under another shape counts as one piece.
    bool there = link.whole || ops[link.other].reduce
                     ? opFinished(link.other)
                     : next[link.other] >= need.end;
    if (!there)
      return {Wait::Rows, link.other};
  }
  if (rings[local] == 0)
    return {};
  // Sums need no slot until the last firing, and a Reduce result has one row,
  // which is row 0: its ring is never in the way.
  if (op.reduce)
    return {};
  for (const Link &link : op.readers) {
    if (opFinished(link.other))
      continue;
    if (row >= link.rows(next[link.other]).begin + rings[local])
      return {Wait::Slot, link.other};
  }
  return {};
}

int StageNest::largestWindow(int local) const {
  int largest = 1;
  for (const Link &link : ops[local].readers)
    for (int row = begins[link.other]; row < ends[link.other]; ++row)
      largest = std::max(largest, link.rows(row).size());
  return largest;
}
