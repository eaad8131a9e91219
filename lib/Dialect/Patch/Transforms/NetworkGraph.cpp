//===- NetworkGraph.cpp - From patch IR to the planner's graph ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One walk over the function builds the graph. A stage adds nothing to it: its
// arguments are the tensors of its operands and its results those of the values
// that it yields.
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/Transforms/NetworkGraph.h"

#include "tessera/Dialect/Patch/IR/LayerName.h"
#include "tessera/Dialect/Patch/Transforms/ReceptiveField.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;
using planning::OpId;
using planning::TensorId;

/// The layer's name in the file, or its number and mnemonic ("7:conv2d").
static std::string nameOf(Operation *layer, int number) {
  StringRef name = getLayerName(layer->getLoc());
  if (!name.empty())
    return name.str();
  return std::to_string(number) + ":" + layer->getName().stripDialect().str();
}

OpId NetworkGraph::opOf(Operation *layer) const {
  return static_cast<OpId>(llvm::find(layers, layer) - layers.begin());
}

FailureOr<kernels::KernelSet> patch::getKernelSet(Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<ModuleOp>();
  auto cpu =
      module ? module->getAttrOfType<StringAttr>(kCpuAttr) : StringAttr();
  if (!cpu)
    return kernels::KernelSet::Portable;
  llvm::Expected<const target::TargetInfo *> info =
      target::lookupTarget(cpu.getValue());
  if (!info)
    return emitError(module.getLoc(), "attribute ")
           << kCpuAttr << ": " << llvm::toString(info.takeError());
  std::optional<StringRef> text;
  if (auto abi = module->getAttrOfType<StringAttr>(kFloatAbiAttr);
      abi && !(*info)->isHost)
    text = abi.getValue();
  llvm::Expected<target::FloatABI> abi = target::resolveFloatABI(**info, text);
  if (!abi)
    return emitError(module.getLoc(), "attribute ")
           << kFloatAbiAttr << ": " << llvm::toString(abi.takeError());
  return (*info)->kernelSet(*abi);
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

namespace {
struct GraphBuilder {
  explicit GraphBuilder(kernels::KernelSet kernels) : kernels(kernels) {}

  LogicalResult run(func::FuncOp func);
  LogicalResult visitBlock(Block &block, StageOp stage);
  LogicalResult visitLayer(Operation *layer, StageOp stage);

  /// A new tensor for this value; anything but NHWC counts as one row.
  TensorId addTensor(Value value);
  FailureOr<TensorId> lookUp(Operation *user, Value value);

  NetworkGraph network;
  kernels::KernelSet kernels;
};
} // namespace

TensorId GraphBuilder::addTensor(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t elementBytes =
      std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
  planning::Tensor tensor;
  if (type.getRank() == 4 && type.getDimSize(0) == 1) {
    tensor.height = static_cast<int>(type.getDimSize(1));
    tensor.width = static_cast<int>(type.getDimSize(2));
    tensor.pixelBytes = type.getDimSize(3) * elementBytes;
  } else {
    tensor.pixelBytes = type.getNumElements() * elementBytes;
  }
  TensorId id = static_cast<TensorId>(network.graph.tensors.size());
  tensor.name = "t" + std::to_string(id);
  network.graph.tensors.push_back(std::move(tensor));
  network.tensorOf[value] = id;
  return id;
}

FailureOr<TensorId> GraphBuilder::lookUp(Operation *user, Value value) {
  auto it = network.tensorOf.find(value);
  if (it == network.tensorOf.end())
    return user->emitOpError("reads a value that no layer makes");
  return it->second;
}

/// A `patch.read_input` names the argument of the function that it delivers,
/// which says how.
static LogicalResult checkDelivery(ReadInputOp read) {
  auto argument = cast<BlockArgument>(read.getInput());
  while (auto stage = dyn_cast<StageOp>(argument.getOwner()->getParentOp())) {
    argument =
        dyn_cast<BlockArgument>(stage.getInputs()[argument.getArgNumber()]);
    if (!argument)
      return read.emitOpError("I2: reads a value that is not an argument of "
                              "the function");
  }
  auto func = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  if (!func || argument.getArgNumber() != read.getNumber())
    return read.emitOpError("number ")
           << read.getNumber() << " is not that of the argument it reads";
  auto mode =
      func.getArgAttrOfType<InputModeAttr>(read.getNumber(), kInputModeAttr);
  if (!mode || mode.getValue() != read.getMode())
    return read.emitOpError("the argument it reads lacks ")
           << kInputModeAttr << " = " << read.getModeAttr();
  return success();
}

LogicalResult GraphBuilder::visitLayer(Operation *layer, StageOp stage) {
  auto window = cast<WindowOpInterface>(layer);
  if (layer->getNumResults() != 1)
    return layer->emitOpError("has more than one result");
  OpId id = static_cast<OpId>(network.layers.size());
  planning::Op op;
  op.kind = window.getRowKind();
  op.macsPerPixel = window.getMacsPerPixel();
  if (auto inFile = layer->getAttrOfType<IntegerAttr>(kFileMacsAttr))
    op.macsPerPixel = inFile.getInt();
  op.inPlaceOperand = window.getInPlaceActivation();
  op.name = nameOf(layer, id);
  auto read = dyn_cast<ReadInputOp>(layer);
  if (read && failed(checkDelivery(read)))
    return failure();
  if (read)
    op.sequential = read.getMode() == InputMode::Rows;
  for (auto [index, operand] :
       llvm::enumerate(window.getActivationOperands())) {
    FailureOr<TensorId> tensor = lookUp(layer, operand->get());
    if (failed(tensor))
      return failure();
    op.operands.push_back({*tensor, window.getWindowMap(index, 0),
                           window.getWindowMap(index, 1)});
  }
  // Pixels of unequal size (16-bit to 8-bit) cannot be replaced in place.
  if (op.inPlaceOperand >= 0 &&
      window.getActivationOperands()[op.inPlaceOperand]->get().getType() !=
          layer->getResult(0).getType())
    op.inPlaceOperand = -1;
  if (op.kind != planning::OpKind::Source) {
    FailureOr<kernels::ScratchSize> scratch =
        kernels::getScratchSize(layer, kernels);
    if (failed(scratch))
      return failure();
    op.scratchBytes = scratch->bytes;
    op.scratchBytesPerColumn = scratch->bytesPerColumn;
  }
  op.result = addTensor(layer->getResult(0));
  network.graph.ops.push_back(std::move(op));
  network.layers.push_back(layer);
  network.stageOf.push_back(stage);
  return success();
}

LogicalResult GraphBuilder::visitBlock(Block &block, StageOp stage) {
  for (Operation &op : block.without_terminator()) {
    if (op.hasTrait<OpTrait::ConstantLike>())
      continue;
    if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      // A view of an argument that only a read_input looks at is no tensor.
      FailureOr<TensorId> source = lookUp(&op, reshape.getInput());
      if (failed(source))
        return failure();
      TensorId alias = addTensor(reshape.getOutput());
      network.graph.tensors[alias].aliasOf = *source;
      continue;
    }
    if (auto inner = dyn_cast<StageOp>(op)) {
      for (auto [argument, input] :
           llvm::zip_equal(inner.getBody().getArguments(), inner.getInputs())) {
        // Arguments that a read_input delivers are not tensors of the graph.
        if (auto it = network.tensorOf.find(input);
            it != network.tensorOf.end())
          network.tensorOf[argument] = it->second;
      }
      if (failed(visitBlock(inner.getBody().front(), inner)))
        return failure();
      Operation *yield = inner.getBody().front().getTerminator();
      for (auto [result, value] :
           llvm::zip_equal(inner.getOutputs(), yield->getOperands())) {
        FailureOr<TensorId> tensor = lookUp(yield, value);
        if (failed(tensor))
          return failure();
        network.tensorOf[result] = *tensor;
      }
      continue;
    }
    if (!isa<WindowOpInterface>(op))
      return op.emitOpError("is not a layer of the patch dialect; run "
                            "convert-tosa-to-patch first");
    if (failed(visitLayer(&op, stage)))
      return failure();
  }
  return success();
}

/// True if the argument is delivered by callback: all that uses it is
/// `patch.read_input`, perhaps in a stage.
static bool isDelivered(BlockArgument argument) {
  if (argument.use_empty())
    return false;
  return llvm::all_of(argument.getUses(), [](OpOperand &use) {
    if (isa<ReadInputOp>(use.getOwner()))
      return true;
    auto stage = dyn_cast<StageOp>(use.getOwner());
    return stage &&
           isDelivered(stage.getBody().getArgument(use.getOperandNumber()));
  });
}

LogicalResult GraphBuilder::run(func::FuncOp func) {
  if (!func.getBody().hasOneBlock())
    return func.emitOpError("must have exactly one block");
  for (BlockArgument argument : func.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || !type.hasStaticShape() ||
        !type.getElementType().isIntOrFloat())
      return func.emitOpError("argument ")
             << argument.getArgNumber()
             << " must be a static tensor of integers or floats, not "
             << argument.getType();
    Type element = type.getElementType();
    if (!element.isF32() && !element.isInteger(8) && !element.isInteger(16))
      return func.emitOpError("argument ")
             << argument.getArgNumber() << " has elements of type " << element
             << "; they must be i8, ui8, i16 or f32";
    if (isDelivered(argument))
      continue;
    TensorId id = addTensor(argument);
    network.graph.tensors[id].isInput = true;
    auto mode = func.getArgAttrOfType<InputModeAttr>(argument.getArgNumber(),
                                                     kInputModeAttr);
    network.graph.tensors[id].isExternal =
        mode && mode.getValue() == InputMode::External;
  }
  if (failed(visitBlock(func.getBody().front(), nullptr)))
    return failure();
  Operation *terminator = func.getBody().front().getTerminator();
  for (Value value : terminator->getOperands()) {
    FailureOr<TensorId> tensor = lookUp(terminator, value);
    if (failed(tensor))
      return failure();
    network.graph.tensors[*tensor].isOutput = true;
  }
  return success();
}

FailureOr<NetworkGraph> patch::buildNetworkGraph(func::FuncOp func,
                                                 kernels::KernelSet kernels) {
  GraphBuilder builder(kernels);
  if (failed(builder.run(func)))
    return failure();
  return std::move(builder.network);
}

//===----------------------------------------------------------------------===//
// Reading a plan
//===----------------------------------------------------------------------===//

FailureOr<planning::Plan> patch::readPlan(func::FuncOp func,
                                          const NetworkGraph &network) {
  planning::Plan plan;
  plan.layout.tensorOffset.assign(network.graph.tensors.size(), -1);
  plan.layout.scratchOffset.assign(network.graph.ops.size(), -1);
  for (size_t id = 0; id < network.layers.size();) {
    StageOp stage = network.stageOf[id];
    if (!stage)
      return network.layers[id]->emitOpError(
          "is not in a stage; put all layers in stages, or none and run "
          "patch-plan-stages");
    PlanAttr attr = stage.getPlanAttr();
    if (!attr)
      return stage.emitOpError(
          "has no plan; give one, or run patch-plan-stages "
          "on layers without stages");
    planning::StagePlan part;
    part.firstOp = static_cast<OpId>(id);
    part.bands = attr.getBands();
    part.strips = attr.getStrips();
    part.ringRows.assign(attr.getRings().begin(), attr.getRings().end());
    for (size_t k = 0;
         id < network.layers.size() && network.stageOf[id] == stage;
         ++id, ++k) {
      TensorId result = network.graph.ops[id].result;
      if (!attr.getOffsets().empty())
        plan.layout.tensorOffset[result] = attr.getOffsets()[k];
      if (!attr.getScratch().empty())
        plan.layout.scratchOffset[id] = attr.getScratch()[k];
    }
    part.endOp = static_cast<OpId>(id);
    plan.stages.push_back(std::move(part));
  }
  for (BlockArgument argument : func.getArguments()) {
    auto offset = func.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(),
                                                     kOffsetAttr);
    auto it = network.tensorOf.find(argument);
    if (offset && it != network.tensorOf.end())
      plan.layout.tensorOffset[it->second] = offset.getInt();
  }
  // Aliases lie where the tensor lies that they are a view of (always an
  // earlier one).
  for (size_t id = 0; id < network.graph.tensors.size(); ++id)
    if (TensorId source = network.graph.tensors[id].aliasOf; source >= 0)
      plan.layout.tensorOffset[id] = plan.layout.tensorOffset[source];
  if (auto bytes = func->getAttrOfType<IntegerAttr>(kArenaBytesAttr))
    plan.layout.arenaBytes = bytes.getInt();
  return plan;
}
