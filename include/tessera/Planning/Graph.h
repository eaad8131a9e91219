//===- Graph.h - The planner's view of a network ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A network as the planner sees it: row-major tensors, ops that read windows of
// tensors and make rows of one tensor. No MLIR types, so that everything in
// lib/Planning can be tested against brute force in milliseconds.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PLANNING_GRAPH_H
#define TESSERA_PLANNING_GRAPH_H

#include "tessera/Planning/Window.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::planning {

using TensorId = int;
using OpId = int;

/// An activation tensor: `height` rows of `width` pixels of `pixelBytes` bytes
/// (channels times element size), batch 1, NHWC. A row is contiguous.
struct Tensor {
  int height = 1;
  int width = 1;
  int64_t pixelBytes = 1;
  /// Holds a graph input when the run starts (resident or external inputs; an
  /// input that is delivered by a callback is made by a Source op instead).
  bool isInput = false;
  /// An input that lies outside the arena: never written, takes no arena bytes.
  bool isExternal = false;
  /// Must be whole in the arena when the run ends.
  bool isOutput = false;
  /// If >= 0: the same bytes as that tensor under another shape (reshape).
  TensorId aliasOf = -1;
  /// For messages and reports.
  std::string name;

  int64_t rowBytes() const { return width * pixelBytes; }
  int64_t bytes() const { return height * rowBytes(); }
};

/// One activation operand of an op.
struct Operand {
  TensorId tensor = -1;
  WindowMap y;
  WindowMap x;
};

/// How an op makes its result.
enum class OpKind {
  /// Firing y makes row y of the result from the rows that `Operand::y` names.
  Rows,
  /// Firing y reads row y of operand 0 into 32-bit sums; the last firing
  /// (y = input height - 1) writes the result, which has exactly one row.
  Reduce,
  /// Firing y makes row y of the result through the input callback; no operand.
  Source,
  /// A single firing reads all operands whole and writes the whole result.
  /// Never fused with another op.
  Whole,
};

struct Op {
  OpKind kind = OpKind::Rows;
  std::vector<Operand> operands;
  TensorId result = -1;
  /// Multiply-accumulates per output pixel, all taps counted, padding included.
  /// (For Reduce: per pixel of the operand.)
  int64_t macsPerPixel = 0;
  /// Bytes of arena the kernel writes besides its result:
  /// scratchBytes + scratchBytesPerColumn * (columns of operand 0's window).
  /// Of a Reduce op it holds the sums and must survive from the first firing to
  /// the last; of all other kinds it is dead between firings.
  int64_t scratchBytes = 0;
  int64_t scratchBytesPerColumn = 0;
  /// If >= 0: the kernel may write row y of the result exactly over row y of
  /// that operand, when that row is dead afterwards (element-wise ops; the
  /// operand's pixelBytes equal the result's).
  int inPlaceOperand = -1;
  /// Of a Source: the callback delivers every row exactly once, whole and in
  /// order (a camera). Its stage then has one patch and asks for the whole
  /// tensor. Otherwise any window may be asked for, again if need be.
  bool sequential = false;
  /// For messages and reports, e.g. "7:CONV_2D".
  std::string name;
};

/// Ops are in topological order (execution order of layer by layer). Every
/// tensor is made by at most one op.
struct Graph {
  std::vector<Tensor> tensors;
  std::vector<Op> ops;
};

} // namespace tessera::planning

#endif // TESSERA_PLANNING_GRAPH_H
