//===- TickLoop.h - The loop nest of one stage ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_TICKLOOP_H
#define TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_TICKLOOP_H

#include "tessera/Dialect/Patch/Transforms/NetworkGraph.h"
#include "tessera/Planning/Simulate.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace tessera::patch {

/// What the loops of all stages of a function share.
struct LoopContext {
  const NetworkGraph &network;
  const planning::GraphIndex &index;
  const planning::Plan &plan;
  /// Per op of the graph: its kernel, and the constants the kernel reads.
  llvm::ArrayRef<kernels::RowKernel> kernels;
  llvm::ArrayRef<llvm::SmallVector<mlir::LLVM::GlobalOp>> constants;
  /// Arguments of NAME_run.
  mlir::Value arena;
  mlir::Value io;
  /// Number of the network's inputs, and of each input tensor its argument.
  unsigned numInputs;
  llvm::DenseMap<planning::TensorId, unsigned> inputNumber;
  /// Makes a constant table of i16 or i32 in the module.
  llvm::function_ref<mlir::LLVM::GlobalOp(mlir::DenseElementsAttr)> makeTable;
};

/// Emits the loop nest of a stage at the builder's insertion point. Returns the
/// status (i32) that input callbacks left, or null if the stage calls none.
/// `run` is the stage's successful simulation.
mlir::Value emitTickLoop(mlir::OpBuilder &builder, const LoopContext &context,
                         const planning::StagePlan &stage,
                         const planning::StageRun &run);

} // namespace tessera::patch

#endif // TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_TICKLOOP_H
