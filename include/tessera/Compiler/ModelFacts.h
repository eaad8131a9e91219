//===- ModelFacts.h - What is known of a planned model ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_COMPILER_MODELFACTS_H
#define TESSERA_COMPILER_MODELFACTS_H

#include "tessera/Dialect/Patch/IR/PatchDialect.h"
#include "tessera/Planning/Planner.h"
#include "tessera/Runtime/Executor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>
#include <string>
#include <vector>

namespace tessera {

/// An input or output of the network, as the generated header describes it.
struct PortFacts {
  std::string name;
  /// Of the file, any rank.
  std::vector<int64_t> shape;
  /// C type of an element: "int8_t", "uint8_t" or "float".
  std::string elementType;
  int64_t bytes = 0;
  /// Byte offset in the arena; -1: not in the arena.
  int64_t arenaOffset = -1;
  /// As a callback sees it: rows of pixels.
  int64_t height = 1, width = 1, pixelBytes = 1;
  std::optional<float> scale;
  std::optional<int64_t> zeroPoint;
};

struct LayerFacts {
  /// "7:CONV_2D", and the patch op without its dialect ("conv2d").
  std::string name, op;
  /// Symbol of its row kernel; "input" for a delivered input.
  std::string kernel;
  int64_t macs = 0;
  int64_t executedMacs = 0;
};

struct StageFacts {
  /// Indices of its layers: [firstLayer, endLayer).
  int firstLayer = 0, endLayer = 0;
  int bands = 1, strips = 1;
  /// Per layer: rows of its ring, 0: a full tensor.
  std::vector<int> ringRows;
  /// Bytes of its rings.
  int64_t ringBytes = 0;
};

/// Everything that header, report and harness say of a model.
struct ModelFacts {
  std::string name;
  patch::InputMode inputMode = patch::InputMode::Resident;
  planning::PlanStats stats;
  /// MACs of the file that no output needs: those it had less those planned.
  int64_t removedMacs = 0;
  /// The layer that runs when most bytes are alive.
  std::string peakLayer;
  int64_t arenaAlignment = 16;
  std::vector<PortFacts> inputs, outputs;
  std::vector<LayerFacts> layers;
  std::vector<StageFacts> stages;
  /// What the planner saw and chose; layers are the ops of the graph.
  planning::Graph graph;
  planning::Plan plan;

  /// What the harness needs (`stackBytes` is left 0).
  runtime::ModelInfo runtimeInfo() const;
};

/// Reads the facts of a function at phase `plan`.
mlir::FailureOr<ModelFacts> collectFacts(mlir::func::FuncOp func);

} // namespace tessera

#endif // TESSERA_COMPILER_MODELFACTS_H
