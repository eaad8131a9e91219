//===- RemoveUnreadEnds.cpp - Rows and columns that no layer reads --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The least size of each map, per axis: every map starts at one line, and sizes
// are raised until all layers agree. A window raises its input to the last tap
// that lies inside, and its result to what its input gives without padding
// behind it (padding cannot be negative, so that a map may have to keep lines
// that only its size asks for); layers that work pixel by pixel keep all their
// maps alike; arguments, results and whatever reads whole maps keep their size.
// As sizes only grow, and those of the network as it is satisfy everything,
// this ends there at the latest.
//
// What a window read behind the end stays padding: a map is only cut where no
// tap of a line that stays falls on it.
//
//===----------------------------------------------------------------------===//

#include "RewriteReceptiveField.h"
#include "SlidingWindow.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

namespace {
/// The sizes of all maps along one axis.
class LineCounts {
public:
  LineCounts(func::FuncOp func, unsigned axis);

  int64_t get(Value value) const { return lines.lookup(value); }
  int64_t getFull(Value value) const {
    return cast<RankedTensorType>(value.getType()).getDimSize(1 + axis);
  }

private:
  /// Returns true if the value's size was below `count`.
  bool raise(Value value, int64_t count);
  bool raiseAround(Operation &op);

  unsigned axis;
  llvm::DenseMap<Value, int64_t> lines;
};
} // namespace

static bool isMap(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 4;
}

bool LineCounts::raise(Value value, int64_t count) {
  if (!isMap(value))
    return false;
  int64_t &size = lines[value];
  count = std::min(count, getFull(value));
  if (count <= size)
    return false;
  size = count;
  return true;
}

bool LineCounts::raiseAround(Operation &op) {
  bool changed = false;
  if (std::optional<SlidingWindow> window = SlidingWindow::get(&op, axis)) {
    Value input = op.getOperand(0), output = op.getResult(0);
    int64_t last =
        (get(output) - 1) * window->stride - window->padBefore + window->reach;
    changed |= raise(input, last);
    changed |= raise(output, window->leastOutput(get(input)));
    return changed;
  }
  if (auto pad = dyn_cast<PadOp>(op)) {
    int64_t before = pad.getPad()[2 * axis];
    changed |= raise(pad.getInput(), get(pad.getOutput()) - before);
    changed |= raise(pad.getOutput(), get(pad.getInput()) + before);
    return changed;
  }
  bool isPixelwise =
      isa<AddOp, RequantizeOp, SoftmaxOp, QuantizeOp, DequantizeOp>(op);
  int64_t most = isPixelwise ? 0 : INT64_MAX;
  SmallVector<Value> values(op.getOperands());
  llvm::append_range(values, op.getResults());
  for (Value value : values)
    if (isPixelwise)
      most = std::max(most, get(value));
  for (Value value : values)
    changed |= raise(value, most);
  return changed;
}

LineCounts::LineCounts(func::FuncOp func, unsigned axis) : axis(axis) {
  Block &block = func.getBody().front();
  for (BlockArgument argument : block.getArguments())
    raise(argument, INT64_MAX);
  for (Operation &op : block)
    for (Value result : op.getResults())
      raise(result, 1);
  bool changed = true;
  while (changed) {
    changed = false;
    for (Operation &op : llvm::reverse(block))
      if (!op.hasTrait<OpTrait::ConstantLike>())
        changed |= raiseAround(op);
  }
}

bool patch::removeUnreadEnds(func::FuncOp func) {
  LineCounts counts[2] = {LineCounts(func, 0), LineCounts(func, 1)};
  SmallVector<Operation *> layers;
  bool changed = false;
  for (Operation &op : func.getBody().front())
    if (isa<WindowOpInterface>(op))
      layers.push_back(&op);
  // Pads first: they are computed from sizes that are not yet in the types.
  for (Operation *op : layers) {
    auto pad = op->getAttrOfType<DenseI32ArrayAttr>("pad");
    if (!pad)
      continue;
    SmallVector<int32_t> sides(pad.asArrayRef());
    for (unsigned axis = 0; axis < 2; ++axis) {
      Value input = op->getOperand(0), output = op->getResult(0);
      const LineCounts &count = counts[axis];
      if (count.get(input) == count.getFull(input) &&
          count.get(output) == count.getFull(output))
        continue;
      int64_t after = 0;
      if (std::optional<SlidingWindow> window = SlidingWindow::get(op, axis))
        after = window->padAfter(count.get(input), count.get(output));
      else
        after = count.get(output) - count.get(input) - sides[2 * axis];
      sides[2 * axis + 1] = static_cast<int32_t>(after);
    }
    op->setAttr("pad", DenseI32ArrayAttr::get(op->getContext(), sides));
  }
  for (Operation *op : layers) {
    Value output = op->getResult(0);
    auto type = cast<RankedTensorType>(output.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[1] = counts[0].get(output);
    shape[2] = counts[1].get(output);
    if (ArrayRef(shape) == type.getShape())
      continue;
    LayerCost before = LayerCost::get(op);
    output.setType(type.clone(shape));
    remarkSaving(op, "RemovedEnds", before);
    changed = true;
  }
  return changed;
}
