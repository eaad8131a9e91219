//===- GraphIndex.h - Who makes and reads what in a graph ----- -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The planner's questions about a graph, answered once: producers, readers,
// alias roots, and which results must exist as full tensors.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PLANNING_GRAPHINDEX_H
#define TESSERA_PLANNING_GRAPHINDEX_H

#include "tessera/Planning/Graph.h"

namespace tessera::planning {

/// Empty if the graph is well formed, else one line that names the op or tensor
/// and the rule it breaks: ids in range, ops in topological order, every tensor
/// made once, valid windows, Reduce with one operand and one result row, Source
/// without operands, aliases of equal byte size, an in-place operand of the
/// result's shape that is read through identity windows. Survives any garbage.
std::string checkGraph(const Graph &graph);

/// Facts about a well-formed graph (see checkGraph). Keeps a reference to it.
class GraphIndex {
public:
  explicit GraphIndex(const Graph &graph);

  const Graph &graph() const { return *source; }
  const Op &op(OpId id) const { return source->ops[id]; }
  const Tensor &tensor(TensorId id) const { return source->tensors[id]; }
  int numOps() const { return static_cast<int>(source->ops.size()); }
  int numTensors() const { return static_cast<int>(source->tensors.size()); }

  /// The tensor whose bytes these are: follows aliasOf to its end.
  TensorId root(TensorId id) const { return roots[id]; }
  /// The op that makes the bytes of this tensor (through aliases); -1: an
  /// input.
  OpId producer(TensorId id) const { return producers[roots[id]]; }
  /// Ops that read this tensor or an alias of it, ascending, each once.
  const std::vector<OpId> &readers(TensorId id) const {
    return readersOf[roots[id]];
  }
  /// The last op that reads these bytes; numOps() if they are a graph output;
  /// -1 if nothing reads them.
  OpId lastUse(TensorId id) const { return lastUses[roots[id]]; }
  bool hasAlias(TensorId id) const { return aliased[roots[id]]; }
  /// These bytes are a graph output, under this or an alias's name.
  bool isOutput(TensorId id) const { return outputs[roots[id]]; }
  /// The result of `id` must be a full tensor in a stage [first, end): read by
  /// an op outside, a graph output, read under another shape, or not read.
  bool mustBeFull(OpId id, OpId first, OpId end) const;

  /// MACs of one run without recomputing: pixels of the result (Reduce: of the
  /// operand) times macsPerPixel.
  int64_t macs(OpId id) const;
  int64_t totalMacs() const;

private:
  const Graph *source;
  std::vector<TensorId> roots;
  std::vector<OpId> producers;
  std::vector<std::vector<OpId>> readersOf;
  std::vector<OpId> lastUses;
  std::vector<bool> aliased;
  std::vector<bool> outputs;
};

/// Rows of operand `k` that one firing reads, clipped; of an alias: rows of the
/// alias itself.
Interval operandRows(const Graph &graph, OpId op, int k, int firing);

/// Columns of operand `k` that a firing reads that makes `cols` of its result
/// (Reduce and Whole: all columns), clipped.
Interval operandColumns(const Graph &graph, OpId op, int k, Interval cols);

} // namespace tessera::planning

#endif // TESSERA_PLANNING_GRAPHINDEX_H
