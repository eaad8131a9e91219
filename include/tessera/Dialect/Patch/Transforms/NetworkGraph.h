//===- NetworkGraph.h - From patch IR to the planner and back ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DIALECT_PATCH_TRANSFORMS_NETWORKGRAPH_H
#define TESSERA_DIALECT_PATCH_TRANSFORMS_NETWORKGRAPH_H

#include "tessera/Dialect/Patch/IR/PatchDialect.h"
#include "tessera/Kernels/RowKernel.h"
#include "tessera/Planning/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace tessera::patch {

/// A function of patch layers as the planner sees it. Layers may be loose or
/// grouped in stages; both give the same graph.
struct NetworkGraph {
  planning::Graph graph;
  /// Per op of the graph: the layer it stands for.
  llvm::SmallVector<mlir::Operation *> layers;
  /// Per op of the graph: the stage that holds it, or null.
  llvm::SmallVector<StageOp> stageOf;
  /// Tensors of values, those inside stages included. Values that are the same
  /// tensor (operand and argument of a stage, …) share an id; a
  /// `patch.reshape` makes an alias.
  llvm::DenseMap<mlir::Value, planning::TensorId> tensorOf;

  /// The op that stands for a layer.
  planning::OpId opOf(mlir::Operation *layer) const;
};

/// Builds the graph of a function whose body holds layers, stages, constants,
/// `patch.reshape` and the return only; else fails with an error at the
/// op that is not allowed. Inputs are resident unless the argument has the
/// attribute `patch.input_mode` = external. Scratch is that of the kernels of
/// this set.
mlir::FailureOr<NetworkGraph> buildNetworkGraph(mlir::func::FuncOp func,
                                                kernels::KernelSet kernels);

/// The plan that the stages of a function hold, for its graph; every layer must
/// be in a stage. Rings and offsets that are left out stay empty.
mlir::FailureOr<planning::Plan> readPlan(mlir::func::FuncOp func,
                                         const NetworkGraph &network);

/// The kernel set that the target of the module around `op` asks for
/// (`tessera.cpu`, `tessera.float_abi`); the portable one if it names none.
/// Fails with an error if there is no such target.
mlir::FailureOr<kernels::KernelSet> getKernelSet(mlir::Operation *op);

/// Names of attributes that the phases leave for each other.
inline constexpr llvm::StringLiteral kInputModeAttr = "patch.input_mode";
inline constexpr llvm::StringLiteral kOffsetAttr = "patch.offset";
inline constexpr llvm::StringLiteral kArenaBytesAttr = "patch.arena_bytes";
inline constexpr llvm::StringLiteral kCpuAttr = "tessera.cpu";
inline constexpr llvm::StringLiteral kFloatAbiAttr = "tessera.float_abi";

} // namespace tessera::patch

#endif // TESSERA_DIALECT_PATCH_TRANSFORMS_NETWORKGRAPH_H
