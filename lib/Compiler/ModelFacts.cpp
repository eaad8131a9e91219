//===- ModelFacts.cpp - What is known of a planned model ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Compiler/ModelFacts.h"

#include "tessera/Dialect/Patch/Transforms/NetworkGraph.h"
#include "tessera/Dialect/Patch/Transforms/ReceptiveField.h"
#include "tessera/Planning/Lifetimes.h"

using namespace mlir;
using namespace tessera;
using planning::OpId;
using planning::OpKind;

static PortFacts describePort(Type type, DictionaryAttr attrs,
                              StringRef fallbackName) {
  auto tensor = cast<RankedTensorType>(type);
  PortFacts port;
  port.name = fallbackName.str();
  port.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  Type element = tensor.getElementType();
  unsigned bits = element.getIntOrFloatBitWidth();
  port.elementType = element.isF32()
                         ? "float"
                         : (element.isUnsignedInteger() ? "uint" : "int") +
                               std::to_string(bits) + "_t";
  port.bytes = tensor.getNumElements() * (bits / 8);
  if (attrs) {
    if (auto name = attrs.getAs<StringAttr>("tessera.name"))
      port.name = name.str();
    if (auto scale = attrs.getAs<FloatAttr>("tessera.scale");
        scale && scale.getValue().isFinite())
      port.scale = static_cast<float>(scale.getValueAsDouble());
    if (auto zero = attrs.getAs<IntegerAttr>("tessera.zero_point"))
      port.zeroPoint = zero.getInt();
  }
  return port;
}

/// Rows of pixels, as `read_input` or else the type says.
static void describeRows(PortFacts &port, RankedTensorType type) {
  int64_t elementBytes = type.getElementTypeBitWidth() / 8;
  port.height = 1;
  port.width = 1;
  port.pixelBytes = port.bytes;
  if (type.getRank() != 4 || type.getDimSize(0) != 1)
    return;
  port.height = type.getDimSize(1);
  port.width = type.getDimSize(2);
  port.pixelBytes = type.getDimSize(3) * elementBytes;
}

static void collectLayers(const patch::NetworkGraph &network,
                          const planning::GraphIndex &index,
                          const planning::Plan &plan, ModelFacts &facts,
                          kernels::KernelSet set) {
  for (const planning::StagePlan &stage : plan.stages) {
    planning::StageRun run = planning::simulateStage(index, stage);
    StageFacts stageFacts;
    stageFacts.firstLayer = stage.firstOp;
    stageFacts.endLayer = stage.endOp;
    stageFacts.bands = stage.bands;
    stageFacts.strips = stage.strips;
    stageFacts.ringRows = stage.ringRows;
    for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
      const planning::Op &op = network.graph.ops[id];
      int local = id - stage.firstOp;
      stageFacts.ringBytes += int64_t(stage.ringRows[local]) *
                              run.ringColumns[local] *
                              network.graph.tensors[op.result].pixelBytes;
      LayerFacts layer;
      layer.name = op.name;
      layer.op = network.layers[id]->getName().stripDialect().str();
      layer.macs = index.macs(id);
      layer.executedMacs = run.computedPixels[local] * op.macsPerPixel;
      layer.kernel = "input";
      if (op.kind != OpKind::Source)
        if (auto kernel = kernels::selectKernel(network.layers[id], set);
            succeeded(kernel))
          layer.kernel = kernel->symbol;
      facts.layers.push_back(std::move(layer));
    }
    facts.stages.push_back(std::move(stageFacts));
  }
}

FailureOr<ModelFacts> tessera::collectFacts(func::FuncOp func) {
  FailureOr<kernels::KernelSet> set = patch::getKernelSet(func);
  if (failed(set))
    return failure();
  FailureOr<patch::NetworkGraph> network = patch::buildNetworkGraph(func, *set);
  if (failed(network))
    return failure();
  FailureOr<planning::Plan> plan = patch::readPlan(func, *network);
  if (failed(plan))
    return failure();
  planning::GraphIndex index(network->graph);
  ModelFacts facts;
  facts.name = func.getName().str();

  std::vector<planning::StageRun> runs;
  for (const planning::StagePlan &stage : plan->stages) {
    runs.push_back(planning::simulateStage(index, stage));
    if (!runs.back().ok())
      return func.emitError("the plan cannot run: ") << runs.back().error;
  }
  planning::Timeline timeline =
      planning::computeTimeline(index, plan->stages, runs);
  plan->layout.maxLiveBytes = timeline.maxLiveBytes;
  facts.stats = planning::statsOf(network->graph, *plan);
  if (auto removed = func->getAttrOfType<IntegerAttr>(patch::kRemovedMacsAttr))
    facts.removedMacs = removed.getInt();
  if (timeline.peakOp >= 0)
    facts.peakLayer = network->graph.ops[timeline.peakOp].name;

  for (BlockArgument argument : func.getArguments()) {
    unsigned number = argument.getArgNumber();
    PortFacts port =
        describePort(argument.getType(), func.getArgAttrDict(number),
                     "input" + std::to_string(number));
    if (auto mode = func.getArgAttrOfType<patch::InputModeAttr>(
            number, patch::kInputModeAttr))
      facts.inputMode = mode.getValue();
    describeRows(port, cast<RankedTensorType>(argument.getType()));
    if (auto it = network->tensorOf.find(argument);
        it != network->tensorOf.end())
      port.arenaOffset = plan->layout.tensorOffset[it->second];
    facts.inputs.push_back(std::move(port));
  }
  for (Operation *layer : network->layers)
    if (auto read = dyn_cast<patch::ReadInputOp>(layer))
      describeRows(facts.inputs[read.getNumber()],
                   cast<RankedTensorType>(read.getOutput().getType()));

  Operation *terminator = func.getBody().front().getTerminator();
  for (auto [number, value] : llvm::enumerate(terminator->getOperands())) {
    PortFacts port =
        describePort(value.getType(), func.getResultAttrDict(number),
                     "output" + std::to_string(number));
    describeRows(port, cast<RankedTensorType>(value.getType()));
    port.arenaOffset = plan->layout.tensorOffset[network->tensorOf[value]];
    facts.outputs.push_back(std::move(port));
  }
  collectLayers(*network, index, *plan, facts, *set);
  facts.plan = *plan;
  facts.graph = network->graph;
  return facts;
}

runtime::ModelInfo ModelFacts::runtimeInfo() const {
  runtime::ModelInfo info;
  info.entry = name + "_run";
  info.inputMode = static_cast<runtime::InputMode>(inputMode);
  static_assert(static_cast<int>(patch::InputMode::Windows) ==
                    static_cast<int>(runtime::InputMode::Windows),
                "the two enumerations name the same modes in the same order");
  info.arenaBytes = stats.arenaBytes;
  info.arenaAlignment = arenaAlignment;
  for (const PortFacts &port : inputs)
    info.inputs.push_back({std::max<int64_t>(port.arenaOffset, 0), port.height,
                           port.width, port.pixelBytes});
  for (const PortFacts &port : outputs)
    info.outputs.push_back({port.arenaOffset, port.bytes});
  return info;
}
