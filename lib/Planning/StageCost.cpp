//===- StageCost.cpp - What a stage costs, whatever is around it ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The stage's nest is run once; every row gets a record of its birth and death,
// in the half-steps of Lifetimes.h. Of many strips only the first, one in the
// middle and the last are run: rows fire alike in all strips of a band, tensors
// outside are born in the first and die in the last.
//
//===----------------------------------------------------------------------===//

#include "StageCost.h"
#include "StageNest.h"
#include "tessera/Planning/Lifetimes.h"

#include <algorithm>
#include <limits>

using namespace tessera::planning;

/// Death of what is alive when the stage ends.
static constexpr int kNever = std::numeric_limits<int>::max();

StageCost::StageCost(const GraphIndex &index)
    : index(index), pitch(index.numTensors(), 0),
      lastReader(index.numTensors()), cuts(index.numOps() + 1, 0),
      recordOf(index.numTensors()), isRing(index.numTensors(), false),
      ringRowBytes(index.numTensors(), 0), ringGroup(index.numTensors(), 0),
      ringRows(index.numTensors(), 0), scratchGroup(index.numOps(), 0),
      scratch(index.numOps(), 0), sumsRecord(index.numOps(), -1),
      inPlace(index.numOps(), false), enteredAt(index.numTensors(), 0) {
  for (TensorId id = 0; id < index.numTensors(); ++id) {
    int64_t &smallest = pitch[index.root(id)];
    int64_t rowBytes = index.tensor(id).rowBytes();
    smallest = smallest == 0 ? rowBytes : std::min(smallest, rowBytes);
  }
  for (TensorId id = 0; id < index.numTensors(); ++id)
    if (index.root(id) == id)
      lastReader[id].assign((index.tensor(id).bytes() + pitch[id] - 1) /
                                pitch[id],
                            index.isOutput(id) ? index.numOps() : -1);
  for (OpId id = 0; id < index.numOps(); ++id) {
    const Op &op = index.op(id);
    int numFirings = index.tensor(op.result).height;
    if (op.kind == OpKind::Reduce)
      numFirings = index.tensor(op.operands[0].tensor).height;
    if (op.kind == OpKind::Whole)
      numFirings = 1;
    for (int k = 0; k < static_cast<int>(op.operands.size()); ++k) {
      TensorId tensor = op.operands[k].tensor;
      TensorId root = index.root(tensor);
      int64_t rowBytes = index.tensor(tensor).rowBytes();
      for (int firing = 0; firing < numFirings; ++firing) {
        Interval rows = operandRows(index.graph(), id, k, firing);
        if (rows.empty())
          continue;
        int64_t end = (rows.end * rowBytes + pitch[root] - 1) / pitch[root];
        for (int64_t slot = rows.begin * rowBytes / pitch[root]; slot < end;
             ++slot)
          lastReader[root][slot] = std::max(lastReader[root][slot], id);
      }
    }
  }
  for (TensorId id = 0; id < index.numTensors(); ++id) {
    const Tensor &tensor = index.tensor(id);
    if (index.root(id) != id || tensor.isExternal)
      continue;
    if (tensor.isInput)
      inputs += tensor.bytes();
    else if (index.producer(id) < 0)
      continue;
    int64_t last = static_cast<int64_t>(lastReader[id].size()) - 1;
    for (int64_t slot = 0; slot <= last; ++slot) {
      int64_t bytes =
          slot == last ? tensor.bytes() - last * pitch[id] : pitch[id];
      for (OpId cut = index.producer(id) + 1;
           cut <= index.numOps() && cut <= lastReader[id][slot]; ++cut)
        cuts[cut] += bytes;
    }
  }
}

StageCost::Work StageCost::work(const StagePlan &stage) const {
  return workOf(stage, stageRegions(index, stage));
}

StageCost::Work StageCost::workOf(const StagePlan &stage,
                                  const std::vector<Region> &regions) const {
  Work work;
  for (int patch = 0; patch < stage.numPatches(); ++patch) {
    for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
      const Op &op = index.op(id);
      int64_t pixels =
          regions[size_t(patch) * stage.numOps() + id - stage.firstOp].pixels();
      if (op.kind == OpKind::Reduce && pixels > 0) {
        const Tensor &read = index.tensor(op.operands[0].tensor);
        pixels = int64_t(read.height) * read.width;
      }
      work.executedMacs += pixels * op.macsPerPixel;
      if (op.kind != OpKind::Source)
        continue;
      const Tensor &made = index.tensor(op.result);
      work.inputBytesRead += pixels * made.pixelBytes;
      if (patch == 0)
        work.sourceBytes += made.bytes();
    }
  }
  return work;
}

/// Regions are products of rows, which depend on the band, and columns, which
/// depend on the strip: so are the sums over all patches.
StageCost::Work StageCost::estimateWork(const StagePlan &stage) const {
  StagePlan rowsOnly = stage, colsOnly = stage;
  rowsOnly.strips = 1;
  colsOnly.bands = 1;
  std::vector<Region> bands = stageRegions(index, rowsOnly);
  std::vector<Region> strips = stageRegions(index, colsOnly);
  Work work;
  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    int local = id - stage.firstOp;
    int64_t rows = 0, cols = 0;
    for (int band = 0; band < stage.bands; ++band)
      rows += bands[size_t(band) * stage.numOps() + local].rows.size();
    for (int strip = 0; strip < stage.strips; ++strip)
      cols += strips[size_t(strip) * stage.numOps() + local].cols.size();
    const Op &op = index.op(id);
    work.executedMacs += rows * cols * op.macsPerPixel;
    if (op.kind != OpKind::Source)
      continue;
    const Tensor &made = index.tensor(op.result);
    work.inputBytesRead += rows * cols * made.pixelBytes;
    work.sourceBytes += made.bytes();
  }
  return work;
}

const std::vector<int> &StageCost::rings(const StagePlan &stage) {
  // Rows of regions do not depend on strips.
  auto key = std::make_tuple(stage.firstOp, stage.endOp, stage.bands);
  auto [entry, isNew] = ringMemo.try_emplace(key);
  if (isNew) {
    StagePlan oneStrip = stage;
    oneStrip.strips = 1;
    entry->second = minimalRings(index, oneStrip);
  }
  return entry->second;
}

StageOption StageCost::evaluate(StagePlan stage) {
  stage.ringRows = rings(stage);
  std::vector<Region> regions = stageRegions(index, stage);
  StageOption option;
  option.executedMacs = workOf(stage, regions).executedMacs;
  replay(stage, regions);
  settleInPlace();
  int64_t always = outsideBytes(stage);
  option.liveBytes = peak(records, always);
  option.heldBytes = peak(heldRecords(), always);
  option.stage = std::move(stage);
  return option;
}

/// Tensors that are alive across the stage and not touched by it.
int64_t StageCost::outsideBytes(const StagePlan &stage) const {
  // Everything alive at the start, less the operands, which have records.
  int64_t bytes = cuts[stage.firstOp];
  std::vector<TensorId> seen;
  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    for (const Operand &operand : index.op(id).operands) {
      TensorId root = index.root(operand.tensor);
      if (index.producer(root) >= stage.firstOp ||
          index.tensor(root).isExternal ||
          std::find(seen.begin(), seen.end(), root) != seen.end())
        continue;
      seen.push_back(root);
      int64_t last = static_cast<int64_t>(lastReader[root].size()) - 1;
      for (int64_t slot = 0; slot <= last; ++slot)
        if (lastReader[root][slot] >= stage.firstOp)
          bytes -= slot == last
                       ? index.tensor(root).bytes() - last * pitch[root]
                       : pitch[root];
    }
  }
  return bytes;
}

/// Records for the slots of a full tensor that the stage reads (`before`: alive
/// at the start) or makes.
void StageCost::addFull(TensorId root, bool before, OpId endOp) {
  if (enteredAt[root] == evaluation)
    return;
  enteredAt[root] = evaluation;
  std::vector<int> &slots = recordOf[root];
  int64_t count = static_cast<int64_t>(lastReader[root].size());
  slots.assign(count, -1);
  isRing[root] = false;
  for (int64_t slot = 0; slot < count; ++slot) {
    OpId reader = lastReader[root][slot];
    if (before && reader < 0)
      continue;
    int64_t bytes = slot + 1 == count
                        ? index.tensor(root).bytes() - slot * pitch[root]
                        : pitch[root];
    slots[slot] = static_cast<int>(records.size());
    // A row that was alive before but was read for the last time by an earlier
    // op keeps its record, with no bytes: this stage does not touch it.
    records.push_back(
        {before ? -1 : kNever, reader >= endOp ? kNever : -1, bytes});
  }
}

std::vector<bool>
StageCost::inPlaceOps(const StagePlan &stage,
                      const std::vector<Region> &regions) const {
  std::vector<bool> result(stage.numOps(), false);
  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    const Op &op = index.op(id);
    if (op.inPlaceOperand < 0)
      continue;
    TensorId from = op.operands[op.inPlaceOperand].tensor;
    int numReads = 0;
    for (const Operand &operand : op.operands)
      numReads += index.root(operand.tensor) == index.root(from);
    bool fits = numReads == 1 && !index.tensor(index.root(from)).isExternal &&
                !index.hasAlias(from) && !index.hasAlias(op.result);
    OpId producer = index.producer(from);
    for (int patch = 0; fits && patch < stage.numPatches(); ++patch) {
      auto firstColumn = [&](OpId made) {
        if (made < stage.firstOp || stage.ringRows[made - stage.firstOp] == 0)
          return 0;
        return regions[size_t(patch) * stage.numOps() + made - stage.firstOp]
            .cols.begin;
      };
      fits = firstColumn(producer) == firstColumn(id);
    }
    result[id - stage.firstOp] = fits;
  }
  return result;
}

/// Sets up the records of all tensors that the stage touches.
void StageCost::enter(const StagePlan &stage,
                      const std::vector<Region> &regions) {
  records.clear();
  inPlaceCalls.clear();
  time = 0;
  numGroups = 0;
  ++evaluation;
  inPlace = inPlaceOps(stage, regions);
  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    const Op &op = index.op(id);
    for (const Operand &operand : op.operands) {
      TensorId root = index.root(operand.tensor);
      if (index.producer(root) < stage.firstOp &&
          !index.tensor(root).isExternal)
        addFull(root, true, stage.endOp);
    }
    int columns = 0, scratchColumns = 0;
    for (int patch = 0; patch < stage.numPatches(); ++patch) {
      Interval cols =
          regions[size_t(patch) * stage.numOps() + id - stage.firstOp].cols;
      columns = std::max(columns, cols.size());
      if (op.scratchBytesPerColumn > 0 && !op.operands.empty())
        scratchColumns = std::max(
            scratchColumns, operandColumns(index.graph(), id, 0, cols).size());
    }
    scratch[id] = op.scratchBytes + op.scratchBytesPerColumn * scratchColumns;
    sumsRecord[id] = -1;
    scratchGroup[id] = numGroups++;
    if (stage.ringRows[id - stage.firstOp] == 0) {
      addFull(op.result, false, stage.endOp);
      continue;
    }
    isRing[op.result] = true;
    ringRows[op.result] = stage.ringRows[id - stage.firstOp];
    ringGroup[op.result] = numGroups;
    numGroups += ringRows[op.result];
    ringRowBytes[op.result] = columns * index.tensor(op.result).pixelBytes;
    recordOf[op.result].assign(index.tensor(op.result).height, -1);
  }
}

/// One kernel call at `time` and `time + 1`.
void StageCost::fire(const StagePlan &stage, const Region *regions, OpId id,
                     int firing) {
  const Op &op = index.op(id);
  int operandRecord = -1;
  for (int k = 0; k < static_cast<int>(op.operands.size()); ++k) {
    TensorId tensor = op.operands[k].tensor;
    TensorId root = index.root(tensor);
    if (index.tensor(root).isExternal)
      continue;
    Interval rows = operandRows(index.graph(), id, k, firing);
    if (rows.empty())
      continue;
    // Nothing of the operand was made in this patch: its columns are padding.
    if (isRing[root] && recordOf[root][rows.begin] < 0)
      continue;
    int64_t begin = rows.begin, end = rows.end;
    if (!isRing[root]) {
      int64_t rowBytes = index.tensor(tensor).rowBytes();
      if (rowBytes != pitch[root]) {
        begin = begin * rowBytes / pitch[root];
        end = (end * rowBytes + pitch[root] - 1) / pitch[root];
      }
    }
    for (int64_t slot = begin; slot < end; ++slot) {
      Record &record = records[recordOf[root][slot]];
      record.death = std::max(record.death, time + 1);
    }
    if (k == op.inPlaceOperand && inPlace[id - stage.firstOp])
      operandRecord = recordOf[root][rows.begin];
  }

  const Region &region = regions[id - stage.firstOp];
  bool reduce = op.kind == OpKind::Reduce;
  if (scratch[id] > 0) {
    if (reduce && firing > 0) {
      records[sumsRecord[id]].death = time + 1;
    } else {
      sumsRecord[id] = static_cast<int>(records.size());
      records.push_back({time, time + 1, scratch[id], scratchGroup[id]});
    }
  }
  int row = firing;
  if (reduce) {
    if (firing + 1 < index.tensor(op.operands[0].tensor).height) {
      time += 2;
      return;
    }
    row = 0;
  }
  std::vector<int> &made = recordOf[op.result];
  if (isRing[op.result]) {
    made[row] = static_cast<int>(records.size());
    records.push_back({time, time + 1, ringRowBytes[op.result],
                       ringGroup[op.result] + row % ringRows[op.result]});
  } else {
    int64_t rowBytes = index.tensor(op.result).rowBytes();
    int64_t first = row, end = row + 1;
    if (op.kind == OpKind::Whole) {
      first = 0;
      end = region.rows.end;
    }
    if (rowBytes != pitch[op.result]) {
      first = first * rowBytes / pitch[op.result];
      end = (end * rowBytes + pitch[op.result] - 1) / pitch[op.result];
    }
    for (int64_t slot = first; slot < end; ++slot) {
      Record &record = records[made[slot]];
      record.birth = std::min(record.birth, time);
      record.death = std::max(record.death, time + 1);
    }
  }
  if (operandRecord >= 0)
    inPlaceCalls.push_back({operandRecord, made[row], time});
  time += 2;
}

/// Fills `records` with the births and deaths of everything the stage touches.
/// The rings are minimal, so the nest does not deadlock.
void StageCost::replay(const StagePlan &stage,
                       const std::vector<Region> &regions) {
  enter(stage, regions);
  StageNest nest(index, stage.firstOp, stage.endOp, stage.ringRows);
  for (int band = 0; band < stage.bands; ++band) {
    for (int strip = 0; strip < stage.strips; ++strip) {
      if (strip > 1 && strip + 1 < stage.strips)
        continue;
      const Region *patch =
          &regions[(size_t(band) * stage.strips + strip) * stage.numOps()];
      nest.start(patch);
      while (!nest.finished())
        nest.tick([&](int local, int firing) {
          fire(stage, patch, stage.firstOp + local, firing);
        });
    }
  }
}

void StageCost::settleInPlace() {
  for (const InPlaceCall &call : inPlaceCalls) {
    Record &operand = records[call.operandRecord];
    Record &result = records[call.resultRecord];
    if (operand.death == call.time + 1 && result.birth == call.time) {
      --operand.death;
      ++result.birth;
    }
  }
}

/// Records of one group joined from the first birth to the last death.
std::vector<StageCost::Record> StageCost::heldRecords() const {
  std::vector<Record> held;
  std::vector<int> ofGroup(numGroups, -1);
  for (const Record &record : records) {
    if (record.group >= 0 && ofGroup[record.group] >= 0) {
      Record &whole = held[ofGroup[record.group]];
      whole.birth = std::min(whole.birth, record.birth);
      whole.death = std::max(whole.death, record.death);
      continue;
    }
    if (record.group >= 0)
      ofGroup[record.group] = static_cast<int>(held.size());
    held.push_back(record);
  }
  return held;
}

int64_t StageCost::peak(const std::vector<Record> &lives,
                        int64_t always) const {
  std::vector<int64_t> changes(time + 1, 0);
  for (const Record &record : lives) {
    if (record.birth == kNever || record.death < 0)
      continue; // never made in this stage, or dead before it
    changes[std::max(record.birth, 0)] += record.bytes;
    if (record.death < time)
      changes[record.death + 1] -= record.bytes;
  }
  int64_t live = always, peak = live;
  for (int64_t change : changes) {
    live += change;
    peak = std::max(peak, live);
  }
  return peak;
}
