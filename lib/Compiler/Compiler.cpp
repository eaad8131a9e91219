//===- Compiler.cpp - One call from a model to an object ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Compiler/Compiler.h"

#include "tessera/Dialect/Patch/Transforms/NetworkGraph.h"
#include "tessera/Import/TFLite/Import.h"
#include "tessera/Pipelines/Pipelines.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace tessera;

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

static constexpr PhaseInfo phaseTable[] = {
    {Phase::Import, "import", "TOSA, and patch ops for what TOSA cannot say"},
    {Phase::Patch, "patch", "one patch op per quantised layer"},
    {Phase::Plan, "plan", "stages with plans: tiling, rings, offsets"},
    {Phase::Loops, "loops", "loops over row kernels in one arena"},
    {Phase::LLVM, "llvm", "the LLVM dialect for the target"},
    {Phase::Object, "object", "object, header and report"},
};

ArrayRef<PhaseInfo> tessera::allPhases() { return phaseTable; }

StringRef tessera::stringify(Phase phase) {
  return phaseTable[static_cast<size_t>(phase)].name;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

void tessera::loadDialects(MLIRContext &context) {
  DialectRegistry registry;
  registry
      .insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
              LLVM::LLVMDialect, memref::MemRefDialect, scf::SCFDialect,
              tensor::TensorDialect, tosa::TosaDialect, patch::PatchDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
}

/// The one public function with a body, or null after an error.
static func::FuncOp findModelFunction(ModuleOp module) {
  func::FuncOp found;
  for (auto func : module.getOps<func::FuncOp>()) {
    if (func.isExternal())
      continue;
    if (found) {
      emitError(func.getLoc())
          << "the module has more than one function with a body; a model is "
             "one public function: remove the others";
      return {};
    }
    found = func;
  }
  if (!found || found.isPrivate())
    emitError(module.getLoc()) << "the module has no public function; a model "
                                  "is one public func.func on tensors";
  return found && found.isPrivate() ? func::FuncOp() : found;
}

OwningOpRef<ModuleOp> tessera::readModel(MLIRContext &context,
                                         StringRef contents,
                                         StringRef bufferName,
                                         StringRef modelName) {
  constexpr StringLiteral bytecodeMagic("ML\xEFR");
  bool tflite = contents.size() >= 8 && contents.substr(4, 4) == "TFL3";
  if (tflite || bufferName.ends_with(".tflite"))
    return importTFLite(&context, contents, modelName);
  StringRef start = contents.take_front(4096);
  bool text = llvm::all_of(start, [](char c) {
    return llvm::isPrint(c) || llvm::isSpace(c) || (c & 0x80);
  });
  if (!contents.starts_with(bytecodeMagic) && (!text || contents.empty())) {
    emitError(UnknownLoc::get(&context))
        << "'" << bufferName
        << "' is neither a .tflite file nor MLIR; give a .tflite, or a module "
           "of TOSA in MLIR's text or bytecode";
    return {};
  }
  ParserConfig config(&context);
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(contents, config, bufferName);
  if (!module)
    return {};
  func::FuncOp func = findModelFunction(*module);
  if (!func)
    return {};
  if (failed(SymbolTable(*module).rename(func, modelName))) {
    emitError(func.getLoc()) << "cannot rename the function to '" << modelName
                             << "': the name is taken";
    return {};
  }
  return module;
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

/// Every function of the module into the section for code.
static void setCodeSection(llvm::Module &module, StringRef section) {
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      function.setSection(section);
}

/// Forbids to hoist anything out of the loops of the entry function. What is
/// invariant there are addresses of rings and tables, an add each, for every
/// layer of a stage: hoisted, all of them would only be spilled to the stack.
static void forbidHoisting(llvm::Function &entry) {
  llvm::DominatorTree dominators(entry);
  llvm::LoopInfo loops(dominators);
  llvm::LLVMContext &context = entry.getContext();
  for (llvm::Loop *loop : loops.getLoopsInPreorder()) {
    auto *disable = llvm::MDNode::get(
        context, llvm::MDString::get(context, "llvm.licm.disable"));
    llvm::MDNode *id = llvm::MDNode::getDistinct(context, {nullptr, disable});
    id->replaceOperandWith(0, id);
    loop->setLoopID(id);
  }
}

static FailureOr<target::EmittedObject> emit(ModuleOp module,
                                             const CompileOptions &options) {
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, llvmContext, options.name);
  if (!llvmModule)
    return failure();
  setCodeSection(*llvmModule, options.codeSection.empty()
                                  ? ".text." + options.name
                                  : options.codeSection);
  forbidHoisting(*llvmModule->getFunction(options.name + "_run"));
  target::EmitOptions emitOptions;
  emitOptions.floatABI = options.floatABI;
  emitOptions.inspect.entry = options.name + "_run";
  if (options.weightsSection.empty()) {
    emitOptions.inspect.weightsSections = {".rodata." + options.name +
                                           ".weights"};
    emitOptions.inspect.tablesSections = {".rodata." + options.name +
                                          ".tables"};
  } else {
    emitOptions.inspect.weightsSections = {options.weightsSection};
  }
  llvm::Expected<target::EmittedObject> object =
      target::emitObject(*llvmModule, *options.target, emitOptions);
  if (!object)
    return emitError(module.getLoc()) << llvm::toString(object.takeError());
  return std::move(*object);
}

FailureOr<CompiledModel> tessera::compile(OwningOpRef<ModuleOp> module,
                                          const CompileOptions &options) {
  MLIRContext *context = module->getContext();
  CompiledModel model;
  model.name = options.name;
  (*module)->setAttr(patch::kCpuAttr,
                     StringAttr::get(context, options.target->name));
  (*module)->setAttr(
      patch::kFloatAbiAttr,
      StringAttr::get(context, target::stringify(options.floatABI)));

  PlanPipelineOptions pipeline;
  pipeline.schedule = options.schedule;
  pipeline.input = options.input;
  pipeline.ramLimitBytes = options.ramLimitBytes.value_or(0);
  pipeline.maxRecompute = options.maxRecompute.value_or(0.0);
  pipeline.weightsSection = options.weightsSection;
  pipeline.indexBitwidth = options.target->indexBits;

  auto runPhase = [&](Phase phase) -> LogicalResult {
    PassManager pm(context);
    switch (phase) {
    case Phase::Import:
    case Phase::Object:
      break;
    case Phase::Patch:
      buildPatchPipeline(pm);
      break;
    case Phase::Plan:
      buildPlanPipeline(pm, pipeline);
      break;
    case Phase::Loops:
      buildLoopsPipeline(pm, pipeline);
      break;
    case Phase::LLVM:
      buildLLVMPipeline(pm, pipeline);
      break;
    }
    return pm.run(*module);
  };
  for (const PhaseInfo &info : allPhases()) {
    if (info.phase > options.compileTo)
      break;
    if (options.onPhase)
      options.onPhase(info.phase);
    if (failed(runPhase(info.phase)))
      return failure();
    model.reached = info.phase;
    if (info.phase == Phase::Plan) {
      auto func = (*module).lookupSymbol<func::FuncOp>(options.name);
      if (!func)
        return emitError(module->getLoc())
               << "the module has no function '" << options.name << "' to plan";
      FailureOr<ModelFacts> facts = collectFacts(func);
      if (failed(facts))
        return failure();
      model.facts = std::move(*facts);
    }
    if (info.phase == Phase::Object) {
      FailureOr<target::EmittedObject> object = emit(*module, options);
      if (failed(object))
        return failure();
      model.object = std::move(*object);
    }
  }
  model.module = std::move(module);
  return model;
}
