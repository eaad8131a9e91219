//===- Verify.cpp - Proof of a plan by replay -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each arena byte carries a mark: which row of which tensor its last writer put
// there, and in which patch. Reads compare marks; on a mismatch the mark that
// was found tells who destroyed the row. Only the loop nest itself
// (simulateStage) is shared with the planner: it is what the code generator
// emits, and the subject of the proof.
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Verify.h"
#include "tessera/Planning/Arena.h"
#include "tessera/Planning/Simulate.h"

#include <algorithm>

using namespace tessera::planning;

/// A larger arena is no microcontroller's; keeps garbage plans from allocating.
static constexpr int64_t kMaxArenaBytes = int64_t(1) << 30;

namespace {

struct Range {
  int64_t begin = 0;
  int64_t end = 0;
  bool empty() const { return end <= begin; }
  bool meets(const Range &o) const {
    return !empty() && !o.empty() && begin < o.end && o.begin < end;
  }
};

/// What a byte holds. Full tensors are marked row by row with patch -1, so that
/// strips may write and read the same row in turns.
struct Mark {
  enum class Kind { Garbage, Row, Scratch };
  Kind kind = Kind::Garbage;
  int id = -1; // root tensor, or op of the scratch
  int row = -1;
  int patch = -1;
  OpId writer = -1; // -1: the graph input
};

class Replay {
public:
  Replay(const GraphIndex &index, const Plan &plan)
      : index(index), layout(plan.layout), plan(plan) {}
  std::string run();

private:
  std::string checkLayout();
  void markInputs();
  std::string runStage(const StagePlan &stage, const StageRun &stageRun);
  std::string call(const StageRun &stageRun, const KernelCall &call);
  std::string checkRead(const StageRun &stageRun, const KernelCall &call, int k,
                        std::vector<Range> &reads);
  std::string checkOutputs();

  uint32_t addMark(const Mark &mark) {
    marks.push_back(mark);
    return static_cast<uint32_t>(marks.size() - 1);
  }
  bool isRing(TensorId tensor) const { return ringRows[tensor] > 0; }
  Range rowRange(const StageRun &stageRun, int patch, TensorId tensor, int row,
                 Interval cols) const;
  std::string expect(Range range, TensorId root, uint32_t markId, int row,
                     const std::string &reader) const;
  std::string expectFullRow(TensorId tensor, int row, Interval cols,
                            const std::string &reader) const;
  std::string opName(OpId id) const;
  std::string tensorName(TensorId id) const;

  const GraphIndex &index;
  const ArenaLayout &layout;
  const Plan &plan;
  std::vector<uint32_t> memory;
  std::vector<Mark> marks;
  /// Per tensor: ring rows in the current stage, 0 for full tensors; and the
  /// mark that each of its rows was last written with, 0 for never.
  std::vector<int> ringRows;
  std::vector<int> ringColumns;
  std::vector<std::vector<uint32_t>> rowMarks;
  /// Per op: the mark of its scratch, see Mark::Kind::Scratch.
  std::vector<uint32_t> scratchMarks;
};

} // namespace

std::string Replay::opName(OpId id) const {
  if (id < 0)
    return "the graph input";
  const std::string &name = index.op(id).name;
  return name.empty() ? "op " + std::to_string(id) : "'" + name + "'";
}

std::string Replay::tensorName(TensorId id) const {
  const std::string &name = index.tensor(id).name;
  return "tensor " + std::to_string(id) +
         (name.empty() ? "" : " '" + name + "'");
}

/// Sizes of all vectors, and every full tensor inside the arena. Rings and
/// scratch follow when their stage runs and their columns are known.
std::string Replay::checkLayout() {
  if (layout.tensorOffset.size() != size_t(index.numTensors()) ||
      layout.scratchOffset.size() != size_t(index.numOps()))
    return "layout has " + std::to_string(layout.tensorOffset.size()) +
           " tensor and " + std::to_string(layout.scratchOffset.size()) +
           " scratch offsets but the graph has " +
           std::to_string(index.numTensors()) + " tensors and " +
           std::to_string(index.numOps()) + " ops";
  if (layout.arenaBytes < 0 || layout.arenaBytes > kMaxArenaBytes)
    return "arena of " + std::to_string(layout.arenaBytes) + " bytes";
  for (TensorId id = 0; id < index.numTensors(); ++id) {
    int64_t offset = layout.tensorOffset[id];
    TensorId root = index.root(id);
    if (offset != layout.tensorOffset[root])
      return tensorName(id) + " lies at " + std::to_string(offset) +
             " but aliases " + tensorName(root) + " at " +
             std::to_string(layout.tensorOffset[root]);
    if (index.tensor(root).isExternal) {
      if (offset != -1)
        return tensorName(id) + " is external but lies at " +
               std::to_string(offset);
      continue;
    }
    if (root != id || (!index.tensor(id).isInput && index.producer(id) < 0))
      continue;
    if (offset < 0 || offset % kArenaAlignment != 0)
      return tensorName(id) + " lies at " + std::to_string(offset) +
             ", not at a multiple of " + std::to_string(kArenaAlignment);
    bool ring = isRing(id);
    if (!ring && offset > layout.arenaBytes - index.tensor(id).bytes())
      return tensorName(id) + " at " + std::to_string(offset) + " has " +
             std::to_string(index.tensor(id).bytes()) +
             " bytes and leaves the arena of " +
             std::to_string(layout.arenaBytes);
  }
  return {};
}

void Replay::markInputs() {
  for (TensorId id = 0; id < index.numTensors(); ++id) {
    const Tensor &tensor = index.tensor(id);
    if (!tensor.isInput || tensor.isExternal)
      continue;
    for (int row = 0; row < tensor.height; ++row) {
      uint32_t mark = addMark({Mark::Kind::Row, id, row, -1, -1});
      rowMarks[id][row] = mark;
      int64_t begin = layout.tensorOffset[id] + row * tensor.rowBytes();
      std::fill_n(memory.begin() + begin, tensor.rowBytes(), mark);
    }
  }
}

/// Where columns `cols` of a row lie. Ring rows: relative to the region.
Range Replay::rowRange(const StageRun &stageRun, int patch, TensorId tensor,
                       int row, Interval cols) const {
  const Tensor &shape = index.tensor(tensor);
  int64_t begin = layout.tensorOffset[tensor];
  if (isRing(tensor)) {
    int base = stageRun.region(patch, index.producer(tensor)).cols.begin;
    begin += (row % ringRows[tensor]) * ringColumns[tensor] * shape.pixelBytes;
    begin += (cols.begin - base) * shape.pixelBytes;
  } else {
    begin += row * shape.rowBytes() + cols.begin * shape.pixelBytes;
  }
  return {begin, begin + cols.size() * shape.pixelBytes};
}

/// All bytes of the range carry this mark.
std::string Replay::expect(Range range, TensorId root, uint32_t markId, int row,
                           const std::string &reader) const {
  for (int64_t byte = range.begin; byte < range.end; ++byte) {
    if (markId != 0 && memory[byte] == markId)
      continue;
    const Mark &found = marks[memory[byte]];
    std::string text = reader + " reads row " + std::to_string(row) + " of " +
                       tensorName(root) + " at byte " + std::to_string(byte);
    if (markId == 0 || found.kind == Mark::Kind::Garbage)
      return text + ", which is not written yet";
    text += ", overwritten by " + opName(found.writer);
    if (found.kind == Mark::Kind::Row)
      text += " with row " + std::to_string(found.row) + " of " +
              tensorName(found.id);
    else
      text += " with its scratch";
    return text;
  }
  return {};
}

/// As expect, for a row of a full tensor that may be an alias: its bytes belong
/// to rows of the root of another width.
std::string Replay::expectFullRow(TensorId tensor, int row, Interval cols,
                                  const std::string &reader) const {
  const Tensor &shape = index.tensor(tensor);
  TensorId root = index.root(tensor);
  int64_t rootRow = index.tensor(root).rowBytes();
  int64_t begin = row * shape.rowBytes() + cols.begin * shape.pixelBytes;
  int64_t end = begin + cols.size() * shape.pixelBytes;
  int64_t offset = layout.tensorOffset[root];
  for (int64_t at = begin; at < end;) {
    int64_t inRoot = at / rootRow;
    int64_t next = std::min(end, (inRoot + 1) * rootRow);
    std::string error =
        expect({offset + at, offset + next}, root, rowMarks[root][inRoot],
               static_cast<int>(inRoot), reader);
    if (!error.empty())
      return error;
    at = next;
  }
  return {};
}

std::string Replay::checkRead(const StageRun &stageRun, const KernelCall &call,
                              int k, std::vector<Range> &reads) {
  const Operand &operand = index.op(call.op).operands[k];
  TensorId tensor = operand.tensor;
  if (index.tensor(index.root(tensor)).isExternal)
    return {};
  Interval rows = operandRows(index.graph(), call.op, k, call.firing);
  Interval cols = operandColumns(index.graph(), call.op, k,
                                 stageRun.region(call.patch, call.op).cols);
  if (cols.empty())
    return {};
  for (int row = rows.begin; row < rows.end; ++row) {
    Range range = rowRange(stageRun, call.patch, tensor, row, cols);
    reads.push_back(range);
    if (isRing(tensor)) {
      const Region &made = stageRun.region(call.patch, index.producer(tensor));
      if (!made.cols.contains(cols) || !made.rows.contains({row, row + 1}))
        return opName(call.op) + " reads row " + std::to_string(row) + " of " +
               tensorName(tensor) + " outside the region of its patch";
      uint32_t mark = rowMarks[tensor][row];
      if (marks[mark].patch != call.patch)
        mark = 0;
      if (std::string error = expect(range, tensor, mark, row, opName(call.op));
          !error.empty())
        return error;
      continue;
    }
    if (std::string error = expectFullRow(tensor, row, cols, opName(call.op));
        !error.empty())
      return error;
  }
  return {};
}

std::string Replay::call(const StageRun &stageRun, const KernelCall &call) {
  const Op &op = index.op(call.op);
  const Region &region = stageRun.region(call.patch, call.op);
  int numFirings = stageRun.numFirings(index.graph(), call.patch, call.op);
  bool reduce = op.kind == OpKind::Reduce;
  int firstFiring = reduce ? 0 : region.rows.begin;
  bool last = call.firing == firstFiring + numFirings - 1;

  std::vector<Range> reads;
  /// reads[inPlaceFirst, inPlaceEnd) belong to the in-place operand.
  size_t inPlaceFirst = 0, inPlaceEnd = 0;
  for (int k = 0; k < static_cast<int>(op.operands.size()); ++k) {
    if (k == op.inPlaceOperand)
      inPlaceFirst = reads.size();
    if (std::string error = checkRead(stageRun, call, k, reads); !error.empty())
      return error;
    if (k == op.inPlaceOperand)
      inPlaceEnd = reads.size();
  }

  Range scratch;
  int columns =
      op.operands.empty()
          ? 0
          : operandColumns(index.graph(), call.op, 0, region.cols).size();
  int64_t scratchBytes = op.scratchBytes + op.scratchBytesPerColumn * columns;
  if (scratchBytes > 0) {
    int64_t offset = layout.scratchOffset[call.op];
    if (offset < 0 || offset % kArenaAlignment != 0 ||
        offset > layout.arenaBytes - scratchBytes)
      return "scratch of " + opName(call.op) + " lies at " +
             std::to_string(offset) + " and has " +
             std::to_string(scratchBytes) +
             " bytes: unaligned or outside the arena of " +
             std::to_string(layout.arenaBytes);
    scratch = {offset, offset + scratchBytes};
    if (reduce && call.firing > 0)
      for (int64_t byte = scratch.begin; byte < scratch.end; ++byte)
        if (memory[byte] != scratchMarks[call.op])
          return "the sums of " + opName(call.op) + " at byte " +
                 std::to_string(byte) + " are overwritten by " +
                 opName(marks[memory[byte]].writer);
    for (const Range &range : reads)
      if (range.meets(scratch))
        return opName(call.op) + " reads bytes of its own scratch";
    if (!reduce || call.firing == 0) {
      scratchMarks[call.op] =
          addMark({Mark::Kind::Scratch, call.op, -1, -1, call.op});
      std::fill(memory.begin() + scratch.begin, memory.begin() + scratch.end,
                scratchMarks[call.op]);
    }
  }
  if (reduce && !last)
    return {};

  Interval rows{call.firing, call.firing + 1};
  if (op.kind == OpKind::Whole)
    rows = {0, index.tensor(op.result).height};
  if (reduce)
    rows = {0, 1};
  bool ring = isRing(op.result);
  for (int row = rows.begin; row < rows.end; ++row) {
    Range range = rowRange(stageRun, call.patch, op.result, row, region.cols);
    if (range.begin < 0 || range.end > layout.arenaBytes)
      return "row " + std::to_string(row) + " of " + tensorName(op.result) +
             " leaves the arena of " + std::to_string(layout.arenaBytes);
    if (range.meets(scratch))
      return opName(call.op) + " writes its result over its own scratch";
    for (size_t i = 0; i < reads.size(); ++i) {
      bool inPlace =
          i >= inPlaceFirst && i < inPlaceEnd && reads[i].begin == range.begin;
      if (range.meets(reads[i]) && !inPlace)
        return opName(call.op) + " writes row " + std::to_string(row) + " of " +
               tensorName(op.result) + " over bytes that it is still reading";
    }
    uint32_t &mark = rowMarks[op.result][row];
    int patch = ring ? call.patch : -1;
    if (mark == 0 || marks[mark].patch != patch)
      mark = addMark({Mark::Kind::Row, op.result, row, patch, call.op});
    std::fill(memory.begin() + range.begin, memory.begin() + range.end, mark);
  }
  return {};
}

std::string Replay::runStage(const StagePlan &stage, const StageRun &stageRun) {
  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    TensorId result = index.op(id).result;
    ringColumns[result] = stageRun.ringColumns[id - stage.firstOp];
    int64_t bytes = int64_t(ringRows[result]) * ringColumns[result] *
                    index.tensor(result).pixelBytes;
    if (isRing(result) &&
        layout.tensorOffset[result] > layout.arenaBytes - bytes)
      return "the ring of " + opName(id) + " at " +
             std::to_string(layout.tensorOffset[result]) + " has " +
             std::to_string(bytes) + " bytes and leaves the arena of " +
             std::to_string(layout.arenaBytes);
  }
  for (const KernelCall &kernelCall : stageRun.calls)
    if (std::string error = call(stageRun, kernelCall); !error.empty())
      return error;
  return {};
}

std::string Replay::checkOutputs() {
  for (TensorId id = 0; id < index.numTensors(); ++id) {
    const Tensor &tensor = index.tensor(id);
    if (!tensor.isOutput)
      continue;
    for (int row = 0; row < tensor.height; ++row)
      if (std::string error =
              expectFullRow(id, row, {0, tensor.width}, "the end of the run");
          !error.empty())
        return error;
  }
  return {};
}

std::string Replay::run() {
  ringRows.assign(index.numTensors(), 0);
  ringColumns.assign(index.numTensors(), 0);
  scratchMarks.assign(index.numOps(), 0);
  rowMarks.resize(index.numTensors());
  for (TensorId id = 0; id < index.numTensors(); ++id)
    rowMarks[id].assign(index.tensor(id).height, 0);

  OpId next = 0;
  std::vector<StageRun> runs;
  for (const StagePlan &stage : plan.stages) {
    if (stage.firstOp != next)
      return "stage begins at op " + std::to_string(stage.firstOp) +
             " but the one before ends at " + std::to_string(next);
    runs.push_back(simulateStage(index, stage));
    if (!runs.back().ok())
      return runs.back().error;
    for (OpId id = stage.firstOp; id < stage.endOp; ++id)
      ringRows[index.op(id).result] = stage.ringRows[id - stage.firstOp];
    next = stage.endOp;
  }
  if (next != index.numOps())
    return "stages end at op " + std::to_string(next) + " but the graph has " +
           std::to_string(index.numOps());

  if (std::string error = checkLayout(); !error.empty())
    return error;
  memory.assign(layout.arenaBytes, 0);
  addMark({});
  markInputs();
  for (size_t i = 0; i < runs.size(); ++i)
    if (std::string error = runStage(plan.stages[i], runs[i]); !error.empty())
      return error;
  return checkOutputs();
}

std::string tessera::planning::verifyPlan(const Graph &graph,
                                          const Plan &plan) {
  if (std::string error = checkGraph(graph); !error.empty())
    return error;
  GraphIndex index(graph);
  return Replay(index, plan).run();
}
