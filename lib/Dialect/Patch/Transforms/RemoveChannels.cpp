//===- RemoveChannels.cpp - Constant and dead channels --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// ChannelRanges says which channels have one value whatever the input is,
// LiveChannels which have to stay; here weights, biases and types follow.
//
// A constant channel c of value v adds (v − zero point) · Σ taps w to every sum
// of a reader that misses no tap of it: that goes into the reader's bias, in
// 32-bit wrap-around arithmetic like the sums themselves, and is exact even
// where they wrap. A constant channel that has to stay gets weights of zero and
// a bias that gives its value, so that nothing is live for its sake.
//
//===----------------------------------------------------------------------===//

#include "LiveChannels.h"
#include "RewriteReceptiveField.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

namespace {
class ChannelRemover {
public:
  ChannelRemover(func::FuncOp func, int64_t multiple)
      : func(func), ranges(func), live(func, ranges, multiple) {}

  bool run();

private:
  bool rewriteWeighted(const WeightedLayer &layer);
  bool rewrite(Operation &op);

  func::FuncOp func;
  ChannelRanges ranges;
  LiveChannels live;
};
} // namespace

static RankedTensorType withChannels(Type type, int64_t channels) {
  auto ranked = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(ranked.getShape());
  shape.back() = channels;
  return RankedTensorType::get(shape, ranked.getElementType());
}

template <typename T>
static Value makeConstant(Operation *before, ArrayRef<int64_t> shape,
                          ArrayRef<T> data) {
  OpBuilder builder(before);
  auto type =
      RankedTensorType::get(shape, builder.getIntegerType(8 * sizeof(T)));
  return arith::ConstantOp::create(builder, before->getLoc(),
                                   DenseElementsAttr::get(type, data));
}

/// The entries of a requantisation for these channels.
static RequantAttr select(RequantAttr requant, ArrayRef<int64_t> channels) {
  if (requant.getMultiplier().size() == 1)
    return requant;
  SmallVector<int32_t> multipliers, exponents;
  for (int64_t channel : channels) {
    multipliers.push_back(requant.getMultiplier()[channel]);
    exponents.push_back(requant.getExponent()[channel]);
  }
  return RequantAttr::get(requant.getContext(), multipliers, exponents,
                          requant.getZeroPoint(), requant.getMin(),
                          requant.getMax(), requant.getRounding());
}

/// What the input channels that go add to the sum of output channel o, modulo
/// 2^32.
static uint32_t foldInputs(const WeightedLayer &layer, int64_t o,
                           const ChannelRanges &ranges,
                           const LiveChannels &live) {
  uint32_t sum = 0;
  Value input = layer.op->getOperand(0);
  for (int64_t i = 0; i < layer.inputChannels; ++i) {
    if (live.isLive(input, i) || !canFoldConstant(layer, ranges.get(input, i)))
      continue;
    int64_t value = ranges.get(input, i).lo - layer.inputZp;
    for (int64_t tap = 0; tap < layer.taps; ++tap)
      sum += static_cast<uint32_t>(value * layer.weight(o, tap, i));
  }
  return sum;
}

/// Rebuilds weights, bias and requantisation for the channels that stay.
bool ChannelRemover::rewriteWeighted(const WeightedLayer &layer) {
  Operation *op = layer.op;
  Value input = op->getOperand(0), output = op->getResult(0);
  SmallVector<int64_t, 0> inputs = live.get(input), outputs = live.get(output);
  bool changed = static_cast<int64_t>(inputs.size()) != layer.inputChannels ||
                 static_cast<int64_t>(outputs.size()) != layer.outputChannels;
  SmallVector<int8_t, 0> weights;
  SmallVector<int32_t, 0> bias;
  weights.reserve(layer.weights.size());
  if (layer.isDepthwise()) {
    for (int64_t tap = 0; tap < layer.taps; ++tap)
      for (int64_t o : outputs)
        weights.push_back(layer.weight(o, tap, 0));
    for (int64_t o : outputs)
      bias.push_back(layer.bias[o]);
  } else {
    for (int64_t o : outputs) {
      bool constant = ranges.get(output, o).isConstant();
      for (int64_t tap = 0; tap < layer.taps; ++tap)
        for (int64_t i : inputs) {
          int8_t weight = layer.weight(o, tap, i);
          changed |= constant && weight != 0;
          weights.push_back(constant ? 0 : weight);
        }
      bias.push_back(
          constant ? ranges.getConstantSum(op, o)
                   : static_cast<int32_t>(static_cast<uint32_t>(layer.bias[o]) +
                                          foldInputs(layer, o, ranges, live)));
    }
  }
  if (!changed)
    return false;

  auto shape = cast<RankedTensorType>(op->getOperand(1).getType()).getShape();
  int64_t numOutputs = outputs.size(), numInputs = inputs.size();
  SmallVector<int64_t> newShape;
  if (layer.isDepthwise())
    newShape = {shape[0], shape[1], numOutputs};
  else if (isa<Conv2DOp>(op))
    newShape = {numOutputs, shape[1], shape[2], numInputs};
  else
    newShape = {numOutputs, layer.taps * numInputs};
  op->setOperand(1, makeConstant<int8_t>(op, newShape, weights));
  op->setOperand(2, makeConstant<int32_t>(op, {numOutputs}, bias));
  op->setAttr("requant", select(layer.requant, outputs));
  return true;
}

bool ChannelRemover::rewrite(Operation &op) {
  // Read before the result's type changes; the operands' has already.
  LayerCost before = LayerCost::get(&op);
  int64_t removed = 0;
  bool changed = false;
  if (const WeightedLayer *layer = ranges.getLayer(&op))
    changed = rewriteWeighted(*layer);
  for (Value result : op.getResults()) {
    int64_t channels = getNumChannels(result);
    int64_t stay = live.get(result).size();
    if (stay == channels)
      continue;
    removed += channels - stay;
    result.setType(withChannels(result.getType(), stay));
  }
  if (!changed && removed == 0)
    return false;
  if (isa<WindowOpInterface>(op))
    remarkSaving(&op, "RemovedChannels", before);
  return true;
}

bool ChannelRemover::run() {
  bool changed = false;
  for (Operation &op :
       llvm::make_early_inc_range(func.getBody().front().without_terminator()))
    if (!op.hasTrait<OpTrait::ConstantLike>())
      changed |= rewrite(op);
  return changed;
}

bool patch::removeConstantChannels(func::FuncOp func, int64_t multiple) {
  return ChannelRemover(func, multiple).run();
}
