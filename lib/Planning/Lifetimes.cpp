//===- Lifetimes.cpp - When every row of every buffer is alive ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One walk over all kernel calls. Each call touches the slots that it reads and
// writes; a ring row starts a new lifetime, everything else stretches the one
// lifetime of its slot. In-place rows are noted on the way and settled at the
// end, when the last reader of every row is known. The peak is a sweep over
// births and deaths.
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Lifetimes.h"

#include <algorithm>
#include <tuple>

using namespace tessera::planning;

namespace {

/// A call that could write its result row over an operand row, if that row
/// turns out to have no later reader.
struct InPlaceCandidate {
  InPlacePair slots;
  int operandSpan;
  int resultSpan;
  int64_t call;
};

class TimelineBuilder {
public:
  TimelineBuilder(const GraphIndex &index, const TimelineOptions &options)
      : index(index), options(options) {}
  Timeline build(const std::vector<StagePlan> &stages,
                 const std::vector<StageRun> &runs);

private:
  void addFullTensors();
  void addStageBuffers(const StagePlan &stage, const StageRun &run);
  void walk(const StagePlan &stage, const StageRun &run);
  void read(const KernelCall &call, int k);
  void write(const KernelCall &call, const StageRun &run);
  void useScratch(const KernelCall &call);
  void noteInPlace(const KernelCall &call);
  void settleInPlace();
  void collapse();

  /// The slots of the tensor's buffer that hold rows [rows) of it.
  std::pair<int, int> slotsOf(TensorId tensor, Interval rows) const;
  /// Extends the newest lifetime of a slot to `time`, or starts one there.
  static void touch(std::vector<LiveSpan> &spans, int64_t time) {
    if (spans.empty())
      spans.push_back({time, time});
    else
      spans.back().death = std::max(spans.back().death, time);
  }

  const GraphIndex &index;
  TimelineOptions options;
  Timeline timeline;
  /// Per op of the current stage: columns of result and in-place operand start
  /// at the same tensor column in every patch.
  std::vector<bool> inPlaceFits;
  OpId firstOp = 0;
  std::vector<InPlaceCandidate> candidates;
};

} // namespace

int64_t tessera::planning::scratchBytes(const GraphIndex &index,
                                        const StageRun &run, OpId id) {
  const Op &op = index.op(id);
  int columns = 0;
  if (op.scratchBytesPerColumn > 0 && !op.operands.empty())
    for (int patch = 0; patch < run.numPatches; ++patch)
      columns = std::max(columns, operandColumns(index.graph(), id, 0,
                                                 run.region(patch, id).cols)
                                      .size());
  return op.scratchBytes + op.scratchBytesPerColumn * columns;
}

/// Inputs, and results that are read outside their stage, get their buffers
/// here; the slots are the rows of the alias with the smallest rows.
void TimelineBuilder::addFullTensors() {
  std::vector<int64_t> pitch(index.numTensors(), 0);
  for (TensorId id = 0; id < index.numTensors(); ++id) {
    int64_t &smallest = pitch[index.root(id)];
    int64_t rowBytes = index.tensor(id).rowBytes();
    smallest = smallest == 0 ? rowBytes : std::min(smallest, rowBytes);
  }
  for (TensorId id = 0; id < index.numTensors(); ++id) {
    const Tensor &tensor = index.tensor(id);
    if (index.root(id) != id || tensor.isExternal || !tensor.isInput)
      continue;
    timeline.bufferOfTensor[id] = static_cast<int>(timeline.buffers.size());
    Buffer buffer;
    buffer.tensor = id;
    buffer.bytes = tensor.bytes();
    buffer.pitchBytes = pitch[id];
    buffer.slots.resize((buffer.bytes + pitch[id] - 1) / pitch[id]);
    for (std::vector<LiveSpan> &spans : buffer.slots)
      spans.push_back({-1, -1});
    timeline.buffers.push_back(std::move(buffer));
  }
  for (OpId id = 0; id < index.numOps(); ++id) {
    TensorId result = index.op(id).result;
    Buffer buffer;
    buffer.tensor = result;
    buffer.op = id;
    buffer.bytes = index.tensor(result).bytes();
    buffer.pitchBytes = pitch[result];
    buffer.slots.resize((buffer.bytes + pitch[result] - 1) / pitch[result]);
    timeline.bufferOfTensor[result] = static_cast<int>(timeline.buffers.size());
    timeline.buffers.push_back(std::move(buffer));
  }
}

/// Turns results that are rings in this stage into rings; adds scratch.
void TimelineBuilder::addStageBuffers(const StagePlan &stage,
                                      const StageRun &run) {
  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    int local = id - stage.firstOp;
    if (int rows = stage.ringRows[local]) {
      TensorId result = index.op(id).result;
      Buffer &ring = timeline.buffers[timeline.bufferOfTensor[result]];
      ring.kind = Buffer::Kind::Ring;
      ring.pitchBytes =
          run.ringColumns[local] * index.tensor(result).pixelBytes;
      ring.bytes = rows * ring.pitchBytes;
      ring.slots.assign(rows, {});
    }
    int64_t bytes = scratchBytes(index, run, id);
    if (bytes == 0)
      continue;
    timeline.bufferOfScratch[id] = static_cast<int>(timeline.buffers.size());
    Buffer scratch;
    scratch.kind = Buffer::Kind::Scratch;
    scratch.op = id;
    scratch.bytes = scratch.pitchBytes = bytes;
    scratch.slots.resize(1);
    timeline.buffers.push_back(std::move(scratch));
  }
}

std::pair<int, int> TimelineBuilder::slotsOf(TensorId tensor,
                                             Interval rows) const {
  const Buffer &buffer = timeline.buffers[timeline.bufferOfTensor[tensor]];
  int64_t rowBytes = index.tensor(tensor).rowBytes();
  int64_t begin = rows.begin * rowBytes, end = rows.end * rowBytes;
  return {static_cast<int>(begin / buffer.pitchBytes),
          static_cast<int>((end + buffer.pitchBytes - 1) / buffer.pitchBytes)};
}

void TimelineBuilder::read(const KernelCall &call, int k) {
  TensorId tensor = index.op(call.op).operands[k].tensor;
  int id = timeline.bufferOfTensor[tensor];
  Interval rows = operandRows(index.graph(), call.op, k, call.firing);
  if (id < 0 || rows.empty())
    return;
  Buffer &buffer = timeline.buffers[id];
  int64_t time = 2 * timeline.numCalls + 1;
  if (buffer.kind == Buffer::Kind::Ring) {
    int height = static_cast<int>(buffer.slots.size());
    for (int row = rows.begin; row < rows.end; ++row)
      touch(buffer.slots[row % height], time);
    return;
  }
  auto [first, end] = slotsOf(tensor, rows);
  for (int slot = first; slot < end; ++slot)
    touch(buffer.slots[slot], time);
}

void TimelineBuilder::write(const KernelCall &call, const StageRun &run) {
  const Op &op = index.op(call.op);
  int row = call.firing;
  if (op.kind == OpKind::Reduce) {
    if (row + 1 < run.numFirings(index.graph(), call.patch, call.op))
      return;
    row = 0;
  }
  Buffer &buffer = timeline.buffers[timeline.bufferOfTensor[op.result]];
  LiveSpan now{2 * timeline.numCalls, 2 * timeline.numCalls + 1};
  if (buffer.kind == Buffer::Kind::Ring) {
    int height = static_cast<int>(buffer.slots.size());
    buffer.slots[row % height].push_back(now);
    return;
  }
  Interval rows{row, row + 1};
  if (op.kind == OpKind::Whole)
    rows = {0, index.tensor(op.result).height};
  auto [first, end] = slotsOf(op.result, rows);
  for (int slot = first; slot < end; ++slot) {
    touch(buffer.slots[slot], now.birth);
    touch(buffer.slots[slot], now.death);
  }
}

void TimelineBuilder::useScratch(const KernelCall &call) {
  int id = timeline.bufferOfScratch[call.op];
  if (id < 0)
    return;
  std::vector<LiveSpan> &spans = timeline.buffers[id].slots[0];
  int64_t time = 2 * timeline.numCalls;
  // Sums live on between firings; calls that follow each other merge.
  bool survives = index.op(call.op).kind == OpKind::Reduce;
  if (spans.empty() || (!survives && spans.back().death + 1 < time))
    spans.push_back({time, time + 1});
  else
    spans.back().death = time + 1;
}

void TimelineBuilder::noteInPlace(const KernelCall &call) {
  const Op &op = index.op(call.op);
  if (op.inPlaceOperand < 0 || !options.rowLifetimes ||
      !inPlaceFits[call.op - firstOp])
    return;
  auto slotOf = [&](int id) {
    const Buffer &buffer = timeline.buffers[id];
    return buffer.kind == Buffer::Kind::Ring
               ? call.firing % static_cast<int>(buffer.slots.size())
               : call.firing;
  };
  InPlaceCandidate candidate;
  InPlacePair &pair = candidate.slots;
  pair.operandBuffer =
      timeline.bufferOfTensor[op.operands[op.inPlaceOperand].tensor];
  pair.operandSlot = slotOf(pair.operandBuffer);
  pair.resultBuffer = timeline.bufferOfTensor[op.result];
  pair.resultSlot = slotOf(pair.resultBuffer);
  auto newestSpan = [&](int id, int slot) {
    return static_cast<int>(timeline.buffers[id].slots[slot].size()) - 1;
  };
  candidate.operandSpan = newestSpan(pair.operandBuffer, pair.operandSlot);
  candidate.resultSpan = newestSpan(pair.resultBuffer, pair.resultSlot);
  candidate.call = timeline.numCalls;
  candidates.push_back(candidate);
}

void TimelineBuilder::walk(const StagePlan &stage, const StageRun &run) {
  firstOp = stage.firstOp;
  inPlaceFits.assign(stage.numOps(), false);
  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    const Op &op = index.op(id);
    if (op.inPlaceOperand < 0)
      continue;
    TensorId from = op.operands[op.inPlaceOperand].tensor;
    int numReads = 0;
    for (const Operand &operand : op.operands)
      numReads += index.root(operand.tensor) == index.root(from);
    // One slot must be one row, on both sides.
    bool fits = numReads == 1 && timeline.bufferOfTensor[from] >= 0 &&
                !index.hasAlias(from) && !index.hasAlias(op.result);
    OpId producer = index.producer(from);
    for (int patch = 0; fits && patch < run.numPatches; ++patch) {
      auto firstColumn = [&](OpId made) {
        bool ring =
            made >= stage.firstOp && stage.ringRows[made - stage.firstOp] != 0;
        return ring ? run.region(patch, made).cols.begin : 0;
      };
      fits = firstColumn(producer) == firstColumn(id);
    }
    inPlaceFits[id - stage.firstOp] = fits;
  }
  for (const KernelCall &call : run.calls) {
    for (size_t k = 0; k < index.op(call.op).operands.size(); ++k)
      read(call, static_cast<int>(k));
    write(call, run);
    useScratch(call);
    noteInPlace(call);
    ++timeline.numCalls;
  }
}

/// An operand row that dies in the very call in which the result row over it is
/// born gives way half a step earlier.
void TimelineBuilder::settleInPlace() {
  for (const InPlaceCandidate &candidate : candidates) {
    const InPlacePair &pair = candidate.slots;
    LiveSpan &operand = timeline.buffers[pair.operandBuffer]
                            .slots[pair.operandSlot][candidate.operandSpan];
    LiveSpan &result = timeline.buffers[pair.resultBuffer]
                           .slots[pair.resultSlot][candidate.resultSpan];
    if (operand.death != 2 * candidate.call + 1 ||
        result.birth != 2 * candidate.call)
      continue;
    operand.death = 2 * candidate.call;
    result.birth = 2 * candidate.call + 1;
    timeline.inPlace.push_back(pair);
  }
  auto key = [](const InPlacePair &pair) {
    return std::make_tuple(pair.operandBuffer, pair.resultBuffer,
                           pair.operandSlot, pair.resultSlot);
  };
  std::vector<InPlacePair> &pairs = timeline.inPlace;
  std::sort(pairs.begin(), pairs.end(),
            [&](const InPlacePair &a, const InPlacePair &b) {
              return key(a) < key(b);
            });
  pairs.erase(std::unique(pairs.begin(), pairs.end(),
                          [&](const InPlacePair &a, const InPlacePair &b) {
                            return key(a) == key(b);
                          }),
              pairs.end());
}

/// Whole-tensor lifetimes: one slot, from the first use to the last.
void TimelineBuilder::collapse() {
  for (Buffer &buffer : timeline.buffers) {
    std::vector<LiveSpan> whole;
    for (const std::vector<LiveSpan> &spans : buffer.slots) {
      for (const LiveSpan &span : spans) {
        if (whole.empty())
          whole.push_back(span);
        whole[0].birth = std::min(whole[0].birth, span.birth);
        whole[0].death = std::max(whole[0].death, span.death);
      }
    }
    buffer.pitchBytes = buffer.bytes;
    buffer.slots.assign(1, whole);
  }
}

Timeline TimelineBuilder::build(const std::vector<StagePlan> &stages,
                                const std::vector<StageRun> &runs) {
  timeline.bufferOfTensor.assign(index.numTensors(), -1);
  timeline.bufferOfScratch.assign(index.numOps(), -1);
  addFullTensors();
  for (TensorId id = 0; id < index.numTensors(); ++id)
    timeline.bufferOfTensor[id] = timeline.bufferOfTensor[index.root(id)];
  for (size_t i = 0; i < stages.size(); ++i)
    addStageBuffers(stages[i], runs[i]);
  for (size_t i = 0; i < stages.size(); ++i)
    walk(stages[i], runs[i]);
  for (Buffer &buffer : timeline.buffers)
    if (buffer.tensor >= 0 && index.isOutput(buffer.tensor))
      for (std::vector<LiveSpan> &spans : buffer.slots)
        touch(spans, 2 * timeline.numCalls);
  settleInPlace();
  if (!options.rowLifetimes)
    collapse();

  int64_t peakTime = -1;
  timeline.maxLiveBytes = maxLiveBytes(timeline.buffers, &peakTime);
  int64_t before = 0;
  for (const StageRun &run : runs) {
    int64_t call = peakTime / 2 - before;
    if (peakTime >= 0 && call >= 0 &&
        call < static_cast<int64_t>(run.calls.size()))
      timeline.peakOp = run.calls[call].op;
    before += run.calls.size();
  }
  return std::move(timeline);
}

Timeline tessera::planning::computeTimeline(
    const GraphIndex &index, const std::vector<StagePlan> &stages,
    const std::vector<StageRun> &runs, const TimelineOptions &options) {
  return TimelineBuilder(index, options).build(stages, runs);
}

int64_t tessera::planning::maxLiveBytes(const std::vector<Buffer> &buffers,
                                        int64_t *peakTime) {
  std::vector<std::pair<int64_t, int64_t>> changes;
  for (const Buffer &buffer : buffers) {
    for (size_t slot = 0; slot < buffer.slots.size(); ++slot) {
      int64_t bytes = buffer.slotBytes(static_cast<int>(slot));
      for (const LiveSpan &span : buffer.slots[slot]) {
        changes.push_back({span.birth, bytes});
        changes.push_back({span.death + 1, -bytes});
      }
    }
  }
  // At one time, deaths (negative) sort before births.
  std::sort(changes.begin(), changes.end());
  int64_t live = 0, peak = 0;
  for (const auto &[time, bytes] : changes) {
    live += bytes;
    if (live <= peak)
      continue;
    peak = live;
    if (peakTime)
      *peakTime = time;
  }
  return peak;
}
