//===- GraphIndex.cpp - Who makes and reads what in a graph ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// checkGraph walks tensors, then ops in order, and stops at the first broken
// rule. GraphIndex then fills its tables in one pass over the ops.
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/GraphIndex.h"

#include <algorithm>
#include <limits>

using namespace tessera::planning;

/// Far above any microcontroller's tensor; below it, no count of bytes or MACs
/// overflows 64 bits and tables with an entry per row stay small.
static constexpr int kMaxSide = 1 << 16;
static constexpr int64_t kMaxBytes = int64_t(1) << 31;

static std::string describeTensor(const Graph &graph, TensorId id) {
  const std::string &name = graph.tensors[id].name;
  std::string text = "tensor " + std::to_string(id);
  return name.empty() ? text : text + " '" + name + "'";
}

static std::string describeOp(const Graph &graph, OpId id) {
  const std::string &name = graph.ops[id].name;
  std::string text = "op " + std::to_string(id);
  return name.empty() ? text : text + " '" + name + "'";
}

/// The end of an alias chain, or -1 if the chain leaves the graph or circles.
static TensorId findRoot(const Graph &graph, TensorId id) {
  int numTensors = static_cast<int>(graph.tensors.size());
  for (int hops = 0; hops <= numTensors; ++hops) {
    if (id < 0 || id >= numTensors)
      return -1;
    if (graph.tensors[id].aliasOf < 0)
      return id;
    id = graph.tensors[id].aliasOf;
  }
  return -1;
}

static std::string checkTensors(const Graph &graph) {
  int numTensors = static_cast<int>(graph.tensors.size());
  for (TensorId id = 0; id < numTensors; ++id) {
    const Tensor &tensor = graph.tensors[id];
    if (tensor.height < 1 || tensor.width < 1 || tensor.pixelBytes < 1 ||
        tensor.height > kMaxSide || tensor.width > kMaxSide ||
        tensor.pixelBytes > kMaxBytes ||
        int64_t(tensor.height) * tensor.width > kMaxBytes / tensor.pixelBytes)
      return describeTensor(graph, id) +
             " has no bytes or too many: " + std::to_string(tensor.height) +
             " x " + std::to_string(tensor.width) + " pixels of " +
             std::to_string(tensor.pixelBytes) + " bytes";
  }
  for (TensorId id = 0; id < numTensors; ++id) {
    const Tensor &tensor = graph.tensors[id];
    if (tensor.aliasOf < 0) {
      if (tensor.isExternal && !tensor.isInput)
        return describeTensor(graph, id) + " is external but not an input";
      if (tensor.isExternal && tensor.isOutput)
        return describeTensor(graph, id) +
               " is external and an output: outputs lie in the arena";
      continue;
    }
    if (tensor.isInput || tensor.isExternal)
      return describeTensor(graph, id) + " is an alias and an input: mark " +
             "the tensor it aliases";
    TensorId root = findRoot(graph, id);
    if (root < 0)
      return describeTensor(graph, id) + " aliases no tensor";
    if (graph.tensors[root].bytes() != tensor.bytes())
      return describeTensor(graph, id) + " has " +
             std::to_string(tensor.bytes()) + " bytes but aliases " +
             std::to_string(graph.tensors[root].bytes()) + " bytes";
    if (graph.tensors[root].isExternal && tensor.isOutput)
      return describeTensor(graph, id) +
             " is external and an output: outputs lie in the arena";
  }
  return {};
}

static bool isIdentity(const WindowMap &map) {
  return !map.all && map.kernel == 1 && map.stride == 1 && map.padBefore == 0 &&
         map.divisor == 1;
}

static std::string checkInPlace(const Graph &graph, OpId id) {
  const Op &op = graph.ops[id];
  if (op.inPlaceOperand < 0)
    return {};
  if (op.inPlaceOperand >= static_cast<int>(op.operands.size()))
    return describeOp(graph, id) + " has no operand " +
           std::to_string(op.inPlaceOperand) + " to work in place on";
  const Operand &operand = op.operands[op.inPlaceOperand];
  const Tensor &from = graph.tensors[operand.tensor];
  const Tensor &to = graph.tensors[op.result];
  if (op.kind != OpKind::Rows || !isIdentity(operand.y) ||
      !isIdentity(operand.x) || from.height != to.height ||
      from.width != to.width || from.pixelBytes != to.pixelBytes)
    return describeOp(graph, id) +
           " cannot work in place: operand and result differ in shape or " +
           "are not read pixel by pixel";
  return {};
}

static std::string checkOp(const Graph &graph, OpId id,
                           std::vector<bool> &made) {
  const Op &op = graph.ops[id];
  int numTensors = static_cast<int>(graph.tensors.size());
  if (op.result < 0 || op.result >= numTensors)
    return describeOp(graph, id) + " makes no tensor of the graph";
  if (made[op.result])
    return describeTensor(graph, op.result) + " is made twice, again by " +
           describeOp(graph, id);
  const Tensor &result = graph.tensors[op.result];
  if (result.isInput || result.aliasOf >= 0)
    return describeTensor(graph, op.result) +
           " is an input or an alias but made by " + describeOp(graph, id);
  for (const Operand &operand : op.operands) {
    if (operand.tensor < 0 || operand.tensor >= numTensors)
      return describeOp(graph, id) + " reads no tensor of the graph";
    TensorId root = findRoot(graph, operand.tensor);
    if (!graph.tensors[root].isInput && !made[root])
      return describeOp(graph, id) + " reads " +
             describeTensor(graph, operand.tensor) + " before it is made";
    if (!operand.y.isValid() || !operand.x.isValid())
      return describeOp(graph, id) + " reads " +
             describeTensor(graph, operand.tensor) +
             " through an invalid window";
  }
  if (op.macsPerPixel < 0 || op.macsPerPixel > kMaxBytes ||
      op.scratchBytes < 0 || op.scratchBytes > kMaxBytes ||
      op.scratchBytesPerColumn < 0 || op.scratchBytesPerColumn > kMaxBytes)
    return describeOp(graph, id) + " has a negative or absurd cost";
  if (op.kind == OpKind::Source && !op.operands.empty())
    return describeOp(graph, id) + " is a source but has operands";
  if (op.kind != OpKind::Source && op.operands.empty())
    return describeOp(graph, id) + " has no operands";
  if (op.kind == OpKind::Reduce &&
      (op.operands.size() != 1 || result.height != 1))
    return describeOp(graph, id) +
           " is a reduction: it needs one operand and one result row";
  if (std::string error = checkInPlace(graph, id); !error.empty())
    return error;
  made[op.result] = true;
  return {};
}

std::string tessera::planning::checkGraph(const Graph &graph) {
  constexpr size_t maxCount = 1 << 20;
  if (graph.ops.size() > maxCount || graph.tensors.size() > maxCount)
    return "the graph has too many ops or tensors";
  if (std::string error = checkTensors(graph); !error.empty())
    return error;
  std::vector<bool> made(graph.tensors.size(), false);
  for (OpId id = 0; id < static_cast<int>(graph.ops.size()); ++id)
    if (std::string error = checkOp(graph, id, made); !error.empty())
      return error;
  for (TensorId id = 0; id < static_cast<int>(graph.tensors.size()); ++id) {
    TensorId root = findRoot(graph, id);
    if (graph.tensors[id].isOutput && !made[root] &&
        !graph.tensors[root].isInput)
      return describeTensor(graph, id) + " is an output but nothing makes it";
  }
  return {};
}

GraphIndex::GraphIndex(const Graph &graph) : source(&graph) {
  size_t count = graph.tensors.size();
  roots.resize(count);
  producers.assign(count, -1);
  readersOf.resize(count);
  lastUses.assign(count, -1);
  aliased.assign(count, false);
  outputs.assign(count, false);
  for (size_t id = 0; id < count; ++id) {
    roots[id] = findRoot(graph, static_cast<TensorId>(id));
    if (roots[id] != static_cast<TensorId>(id))
      aliased[roots[id]] = true;
    if (graph.tensors[id].isOutput)
      outputs[roots[id]] = true;
  }
  for (OpId id = 0; id < numOps(); ++id) {
    producers[graph.ops[id].result] = id;
    for (const Operand &operand : graph.ops[id].operands) {
      std::vector<OpId> &readers = readersOf[roots[operand.tensor]];
      if (readers.empty() || readers.back() != id)
        readers.push_back(id);
      lastUses[roots[operand.tensor]] = id;
    }
  }
  for (size_t id = 0; id < count; ++id)
    if (outputs[id])
      lastUses[id] = numOps();
}

bool GraphIndex::mustBeFull(OpId id, OpId first, OpId end) const {
  TensorId result = source->ops[id].result;
  if (outputs[result] || aliased[result] || readersOf[result].empty())
    return true;
  return readersOf[result].front() < first || readersOf[result].back() >= end;
}

int64_t GraphIndex::macs(OpId id) const {
  const Op &op = source->ops[id];
  const Tensor &tensor =
      source->tensors[op.kind == OpKind::Reduce ? op.operands[0].tensor
                                                : op.result];
  return int64_t(tensor.height) * tensor.width * op.macsPerPixel;
}

int64_t GraphIndex::totalMacs() const {
  int64_t total = 0;
  for (OpId id = 0; id < numOps(); ++id)
    total += macs(id);
  return total;
}

Interval tessera::planning::operandRows(const Graph &graph, OpId op, int k,
                                        int firing) {
  const Operand &operand = graph.ops[op].operands[k];
  int height = graph.tensors[operand.tensor].height;
  switch (graph.ops[op].kind) {
  case OpKind::Reduce:
    return {firing, firing + 1};
  case OpKind::Whole:
    return {0, height};
  default:
    return operand.y.inputFor({firing, firing + 1}, height);
  }
}

Interval tessera::planning::operandColumns(const Graph &graph, OpId op, int k,
                                           Interval cols) {
  const Operand &operand = graph.ops[op].operands[k];
  int width = graph.tensors[operand.tensor].width;
  if (graph.ops[op].kind == OpKind::Reduce ||
      graph.ops[op].kind == OpKind::Whole)
    return {0, width};
  return operand.x.inputFor(cols, width);
}
