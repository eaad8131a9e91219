//===- LiveChannels.cpp - Which channels a network needs ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Optimistic marking: every class of channels is dead until something needs it,
// so that cycles of dead layers (a dead channel that only feeds dead channels)
// stay dead. One sweep from the last layer to the first suffices for a chain;
// ties between branches may need more, and sweeps are repeated until nothing
// new is marked.
//
//===----------------------------------------------------------------------===//

#include "LiveChannels.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

bool patch::canFoldConstant(const WeightedLayer &layer, ChannelRange input) {
  return input.isConstant() && (!layer.isPadded || input.lo == layer.inputZp);
}

/// Layers that make each channel of one channel of every operand. Operands are
/// maps that layers make, not constants.
static bool isChannelwise(Operation &op) {
  return isa<AvgPool2DOp, MaxPool2DOp, MeanOp, RequantizeOp, LookupOp,
             ResizeNearestOp, ConcatOp, PadOp, AddOp, ReshapeOp>(op) &&
         llvm::none_of(op.getOperands(), [](Value operand) {
           return matchPattern(operand, m_Constant());
         });
}

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

/// Element e of `a` and of `b` are the same or made of the same channel. With
/// unequal numbers of channels (a reshape) what remains is equal modulo both.
void LiveChannels::tieChannels(Value a, Value b) {
  unsigned channelsOfA = getNumChannels(a), channelsOfB = getNumChannels(b);
  int64_t elements = cast<RankedTensorType>(a.getType()).getNumElements();
  if (channelsOfA == channelsOfB)
    elements = channelsOfA;
  for (int64_t e = 0; e < elements; ++e)
    classes.join(first[a] + e % channelsOfA, first[b] + e % channelsOfB);
}

void LiveChannels::tie(Operation &op) {
  if (!isChannelwise(op) && !ranges.getLayer(&op))
    return;
  if (auto concat = dyn_cast<ConcatOp>(op); concat && concat.getAxis() == 3) {
    unsigned next = first[concat.getOutput()];
    for (Value operand : concat.getInputs())
      for (int64_t c = 0, end = getNumChannels(operand); c < end; ++c)
        classes.join(first[operand] + c, next++);
    return;
  }
  if (isChannelwise(op)) {
    for (Value operand : op.getOperands())
      tieChannels(operand, op.getResult(0));
    return;
  }
  const WeightedLayer *layer = ranges.getLayer(&op);
  if (!layer || !layer->isDepthwise())
    return;
  for (int64_t o = 0; o < layer->outputChannels; ++o)
    classes.join(first[op.getOperand(0)] + o / layer->multiplier,
                 first[op.getResult(0)] + o);
}

//===----------------------------------------------------------------------===//
// Marking
//===----------------------------------------------------------------------===//

/// Returns true if the class was not live before.
bool LiveChannels::mark(Value value, int64_t channel) {
  unsigned id = classes[first[value] + channel];
  if (live[id])
    return false;
  live[id] = true;
  return true;
}

bool LiveChannels::markInputs(const WeightedLayer &layer) {
  if (layer.isDepthwise())
    return false; // Tied.
  bool changed = false;
  Value input = layer.op->getOperand(0), output = layer.op->getResult(0);
  for (int64_t o = 0; o < layer.outputChannels; ++o) {
    if (!isLive(output, o) || visited[first[output] + o])
      continue;
    visited[first[output] + o] = true;
    if (ranges.get(output, o).isConstant())
      continue;
    for (int64_t i = 0; i < layer.inputChannels; ++i) {
      if (isLive(input, i) || canFoldConstant(layer, ranges.get(input, i)))
        continue;
      bool reads = false;
      for (int64_t tap = 0; tap < layer.taps && !reads; ++tap)
        reads = layer.weight(o, tap, i) != 0;
      if (reads)
        changed |= mark(input, i);
    }
  }
  return changed;
}

void LiveChannels::propagate(func::FuncOp func) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (Operation &op : llvm::reverse(func.getBody().front()))
      if (const WeightedLayer *layer = ranges.getLayer(&op))
        changed |= markInputs(*layer);
  }
}

/// Marks channels until the value has a multiple of `multiple`, or all: first
/// constant ones, which need none of their maker's inputs. Returns true if any
/// was marked.
bool LiveChannels::fillUp(Value value, int64_t multiple) {
  bool changed = false;
  int64_t size = get(value).size();
  for (bool constant : {true, false})
    for (int64_t c = 0, end = getNumChannels(value); c < end; ++c) {
      if (size > 0 && size % multiple == 0)
        return changed;
      if (constant && !ranges.get(value, c).isConstant())
        continue;
      if (!mark(value, c))
        continue;
      // More than one if they are tied.
      size = get(value).size();
      changed = true;
    }
  return changed;
}

LiveChannels::LiveChannels(func::FuncOp func, const ChannelRanges &ranges,
                           int64_t multiple)
    : ranges(ranges) {
  SmallVector<Value> values;
  unsigned numChannels = 0;
  auto add = [&](Value value) {
    if (!isa<RankedTensorType>(value.getType()))
      return;
    values.push_back(value);
    first[value] = numChannels;
    count[value] = getNumChannels(value);
    numChannels += getNumChannels(value);
  };
  Block &block = func.getBody().front();
  llvm::for_each(block.getArguments(), add);
  for (Operation &op : block)
    if (!op.hasTrait<OpTrait::ConstantLike>())
      llvm::for_each(op.getResults(), add);

  classes.grow(numChannels);
  for (Operation &op : block)
    tie(op);
  classes.compress();
  live.assign(classes.getNumClasses(), false);
  visited.assign(numChannels, false);

  auto markAll = [&](Value value) {
    if (first.contains(value))
      for (int64_t c = 0, end = getNumChannels(value); c < end; ++c)
        mark(value, c);
  };
  llvm::for_each(block.getArguments(), markAll);
  for (Operation &op : block) {
    if (isChannelwise(op) || ranges.getLayer(&op))
      continue;
    llvm::for_each(op.getOperands(), markAll);
    llvm::for_each(op.getResults(), markAll);
  }
  propagate(func);

  // What is marked for one map may be of others, too.
  bool changed = true;
  while (changed) {
    changed = false;
    for (Value value : llvm::reverse(values))
      if (fillUp(value, multiple)) {
        propagate(func);
        changed = true;
      }
  }
}

SmallVector<int64_t, 0> LiveChannels::get(Value value) const {
  SmallVector<int64_t, 0> result;
  for (int64_t c = 0, end = count.find(value)->second; c < end; ++c)
    if (isLive(value, c))
      result.push_back(c);
  return result;
}
