//===- Emit.cpp - LLVM module to object -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Four steps: refuse what generated code must not have, bring the module's
// attributes in line with the target, optimise, generate code. Then the object
// is read back and what it has is compared with what the interface promises.
//
//===----------------------------------------------------------------------===//

#include "tessera/Target/Emit.h"

#include "Machine.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/ObjCopy/CommonConfig.h"
#include "llvm/ObjCopy/ELF/ELFConfig.h"
#include "llvm/ObjCopy/ELF/ELFObjcopy.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

namespace tessera::target {

namespace {

/// Every failure here is a fault of the compiler, never of a model.
Error internalError(const Twine &message) {
  return createStringError("internal error in object emission: " + message);
}

/// The steps of `emitObject`, on one module.
class Emitter {
public:
  Emitter(Module &module, const TargetInfo &target, const EmitOptions &options)
      : module(module), target(target), options(options) {}

  Expected<EmittedObject> run();

private:
  Error checkInput() const;
  Error checkNoFloatingPoint() const;
  Error checkAllocas() const;
  Error setTargetAttributes();
  void optimise();
  Error generate(SmallVector<char, 0> &bytes);
  Error checkObject(const ObjectInfo &info) const;

  Module &module;
  const TargetInfo &target;
  const EmitOptions &options;
  std::unique_ptr<TargetMachine> machine;
};

bool hasFloat(Type *type) {
  if (type->isFPOrFPVectorTy())
    return true;
  if (type->isArrayTy())
    return hasFloat(type->getArrayElementType());
  if (auto *structType = dyn_cast<StructType>(type))
    return any_of(structType->elements(), hasFloat);
  if (auto *function = dyn_cast<FunctionType>(type))
    return hasFloat(function->getReturnType()) ||
           any_of(function->params(), hasFloat);
  return false;
}

/// `llvm.used` and its like: lists for LLVM, which take no memory.
bool isReserved(const GlobalObject &object) {
  return object.getName().starts_with("llvm.");
}

/// A library info that knows no function: nothing is recognised, and nothing
/// is formed.
TargetLibraryInfoImpl emptyLibrary(const Module &module) {
  TargetLibraryInfoImpl result(module.getTargetTriple());
  result.disableAllFunctions();
  return result;
}

} // namespace

static CodeGenOptLevel codeGenLevel(OptLevel level) {
  switch (level) {
  case OptLevel::O0:
    return CodeGenOptLevel::None;
  case OptLevel::O3:
    return CodeGenOptLevel::Aggressive;
  case OptLevel::O2:
  case OptLevel::Os:
  case OptLevel::Oz:
    return CodeGenOptLevel::Default;
  }
  llvm_unreachable("all levels are mapped above");
}

static OptimizationLevel pipelineLevel(OptLevel level) {
  switch (level) {
  case OptLevel::O0:
    return OptimizationLevel::O0;
  case OptLevel::O2:
    return OptimizationLevel::O2;
  case OptLevel::O3:
    return OptimizationLevel::O3;
  case OptLevel::Os:
    return OptimizationLevel::Os;
  case OptLevel::Oz:
    return OptimizationLevel::Oz;
  }
  llvm_unreachable("all levels are mapped above");
}

Error Emitter::checkNoFloatingPoint() const {
  for (const GlobalVariable &global : module.globals())
    if (hasFloat(global.getValueType()))
      return internalError("floating point in global '" + global.getName() +
                           "'");
  for (const Function &function : module) {
    if (hasFloat(function.getFunctionType()))
      return internalError("floating point in the type of '" +
                           function.getName() + "'");
    for (const Instruction &inst : instructions(function))
      if (hasFloat(inst.getType()) ||
          any_of(inst.operands(),
                 [](const Use &use) { return hasFloat(use->getType()); }))
        return internalError("floating point instruction '" +
                             Twine(inst.getOpcodeName()) + "' in '" +
                             function.getName() + "'");
  }
  return Error::success();
}

Error Emitter::checkInput() const {
  std::string message;
  raw_string_ostream stream(message);
  if (verifyModule(module, &stream))
    return internalError("the LLVM module does not verify: " +
                         StringRef(message).rtrim());

  const Function *entry = module.getFunction(options.inspect.entry);
  if (!entry || entry->isDeclaration())
    return internalError("the module does not define '" +
                         options.inspect.entry + "'");
  for (const GlobalVariable &global : module.globals())
    if (!global.isConstant() && !global.isDeclaration() && !isReserved(global))
      return internalError("writable global '" + global.getName() + "'");
  for (const DICompileUnit *unit : module.debug_compile_units())
    if (sys::path::is_absolute(unit->getFilename()) ||
        sys::path::is_absolute(unit->getDirectory()))
      return internalError("debug information has the absolute path '" +
                           unit->getDirectory() + "', '" + unit->getFilename() +
                           "'");
  return checkNoFloatingPoint();
}

Error Emitter::checkAllocas() const {
  const DataLayout &layout = module.getDataLayout();
  for (const Function &function : module)
    for (const Instruction &inst : instructions(function)) {
      const auto *alloca = dyn_cast<AllocaInst>(&inst);
      if (!alloca)
        continue;
      std::optional<TypeSize> size = alloca->getAllocationSize(layout);
      if (!size || !alloca->isStaticAlloca())
        return internalError("alloca of a run-time size in '" +
                             function.getName() + "'");
      if (int64_t(size->getFixedValue()) > options.maxAllocaBytes)
        return internalError("alloca of " + Twine(size->getFixedValue()) +
                             " bytes in '" + function.getName() +
                             "', more than " + Twine(options.maxAllocaBytes) +
                             ": scratch belongs in the arena");
    }
  return Error::success();
}

Error Emitter::setTargetAttributes() {
  DataLayout layout = machine->createDataLayout();
  if (!module.getDataLayoutStr().empty() && module.getDataLayout() != layout)
    return internalError("the module's data layout '" +
                         module.getDataLayoutStr() + "' is not the one of " +
                         target.name + ", '" +
                         layout.getStringRepresentation() + "'");
  module.setDataLayout(layout);
  module.setTargetTriple(machine->getTargetTriple());
  // Both would put the name of a file or a compiler into the object.
  module.setSourceFileName(options.inspect.entry);
  if (NamedMDNode *ident = module.getNamedMetadata("llvm.ident"))
    module.eraseNamedMetadata(ident);

  for (Function &function : module) {
    for (StringRef name : {"target-cpu", "target-features", "tune-cpu",
                           "probe-stack", "stack-protector-buffer-size"})
      function.removeFnAttr(name);
    for (Attribute::AttrKind kind :
         {Attribute::UWTable, Attribute::StackProtect,
          Attribute::StackProtectStrong, Attribute::StackProtectReq})
      function.removeFnAttr(kind);
    function.addFnAttr("no-builtins");
    // A red zone would be stack that no frame size tells of.
    if (target.isHost)
      function.addFnAttr(Attribute::NoRedZone);
    function.addFnAttr("frame-pointer", "none");
    if (!function.isIntrinsic())
      function.setDoesNotThrow();
  }
  // Private symbols would vanish from the symbol table, and with them the names
  // and sizes that the inspection needs.
  for (GlobalObject &object : module.global_objects())
    if (!object.isDeclaration() && !isReserved(object) &&
        object.getName() != options.inspect.entry) {
      object.setLinkage(GlobalValue::InternalLinkage);
      object.setVisibility(GlobalValue::DefaultVisibility);
      object.setDSOLocal(true);
    }
  Function *entry = module.getFunction(options.inspect.entry);
  entry->setLinkage(GlobalValue::ExternalLinkage);
  entry->setVisibility(GlobalValue::DefaultVisibility);
  entry->setDSOLocal(true);
  return Error::success();
}

void Emitter::optimise() {
  LoopAnalysisManager loopAnalyses;
  FunctionAnalysisManager functionAnalyses;
  CGSCCAnalysisManager sccAnalyses;
  ModuleAnalysisManager moduleAnalyses;

  PipelineTuningOptions tuning;
  // LLVM 22 miscompiles what its loop vectoriser makes for MVE: a loop over
  // rows around a row that fits one tail-predicated vector becomes one
  // tail-predicated loop (`dlstp`), which ends after the first row. Vectors on
  // the stack also realign it by bytes that `.stack_sizes` does not tell. The
  // other boards have no vectors.
  tuning.LoopVectorization = target.isHost;
  tuning.SLPVectorization = target.isHost && options.optLevel != OptLevel::Oz;
  PassBuilder builder(machine.get(), tuning);
  TargetLibraryInfoImpl library = emptyLibrary(module);
  functionAnalyses.registerPass([&] { return TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(moduleAnalyses);
  builder.registerCGSCCAnalyses(sccAnalyses);
  builder.registerFunctionAnalyses(functionAnalyses);
  builder.registerLoopAnalyses(loopAnalyses);
  builder.crossRegisterProxies(loopAnalyses, functionAnalyses, sccAnalyses,
                               moduleAnalyses);

  OptimizationLevel level = pipelineLevel(options.optLevel);
  ModulePassManager passes = level == OptimizationLevel::O0
                                 ? builder.buildO0DefaultPipeline(level)
                                 : builder.buildPerModuleDefaultPipeline(level);
  passes.run(module, moduleAnalyses);
}

/// Runs the code generator alone.
static Error generateObject(Module &module, TargetMachine &machine,
                            SmallVector<char, 0> &bytes) {
  raw_svector_ostream stream(bytes);
  legacy::PassManager passes;
  passes.add(new TargetLibraryInfoWrapperPass(emptyLibrary(module)));
  if (machine.addPassesToEmitFile(passes, stream, /*DwoOut=*/nullptr,
                                  CodeGenFileType::ObjectFile))
    return internalError("LLVM's target cannot write an object file");
  passes.run(module);
  return Error::success();
}

/// Removes .note.GNU-stack. GCC's objects for bare metal do not have it, and
/// GNU ld warns of each that lacks it as soon as one has it.
static Error removeStackNote(SmallVector<char, 0> &bytes) {
  Expected<std::unique_ptr<object::ObjectFile>> file =
      object::ObjectFile::createELFObjectFile(
          MemoryBufferRef(StringRef(bytes.data(), bytes.size()), "object"));
  if (!file)
    return file.takeError();
  Expected<objcopy::NameOrPattern> note = objcopy::NameOrPattern::create(
      ".note.GNU-stack", objcopy::MatchStyle::Literal,
      [](Error error) { return error; });
  if (!note)
    return note.takeError();
  objcopy::CommonConfig config;
  if (Error error = config.ToRemove.addMatcher(std::move(note)))
    return error;
  SmallVector<char, 0> result;
  raw_svector_ostream stream(result);
  if (Error error = objcopy::elf::executeObjcopyOnBinary(
          config, objcopy::ELFConfig(), cast<object::ELFObjectFileBase>(**file),
          stream))
    return error;
  bytes = std::move(result);
  return Error::success();
}

Error Emitter::generate(SmallVector<char, 0> &bytes) {
  if (Error error = generateObject(module, *machine, bytes))
    return error;
  return target.isHost ? Error::success() : removeStackNote(bytes);
}

Error Emitter::checkObject(const ObjectInfo &info) const {
  if (!info.undefinedSymbols.empty())
    return internalError("the object for " + target.name +
                         " calls what it does not contain: " +
                         join(info.undefinedSymbols, ", ") +
                         "; the code that led to these must be softened "
                         "before emission");
  if (info.staticRamBytes != 0)
    return internalError("the object has " + Twine(info.staticRamBytes) +
                         " bytes of writable sections");
  if (info.globalSymbols.size() != 1 ||
      info.globalSymbols.front() != options.inspect.entry)
    return internalError("the object's global symbols are " +
                         join(info.globalSymbols, ", ") + " instead of " +
                         options.inspect.entry + " alone");
  return Error::success();
}

Expected<EmittedObject> Emitter::run() {
  if (Error error = checkInput())
    return error;
  Expected<std::unique_ptr<TargetMachine>> created =
      createMachine(target, options.floatABI, codeGenLevel(options.optLevel));
  if (!created)
    return created.takeError();
  machine = std::move(*created);

  if (Error error = setTargetAttributes())
    return error;
  optimise();
  if (options.optimisedIR)
    module.print(*options.optimisedIR, /*AAW=*/nullptr);
  if (Error error = checkAllocas())
    return error;

  EmittedObject result;
  if (Error error = generate(result.bytes))
    return error;
  Expected<ObjectInfo> info =
      inspectObject(result.bytes, target, options.floatABI, options.inspect);
  if (!info)
    return internalError(toString(info.takeError()));
  if (Error error = checkObject(*info))
    return error;
  result.info = std::move(*info);
  return result;
}

Expected<EmittedObject> emitObject(Module &module, const TargetInfo &target,
                                   const EmitOptions &options) {
  return Emitter(module, target, options).run();
}

Expected<SmallVector<char, 0>>
emitDataObject(Module &module, const TargetInfo &target, FloatABI floatABI) {
  Expected<std::unique_ptr<TargetMachine>> machine =
      createMachine(target, floatABI, CodeGenOptLevel::None);
  if (!machine)
    return machine.takeError();
  module.setDataLayout((*machine)->createDataLayout());
  module.setTargetTriple((*machine)->getTargetTriple());
  SmallVector<char, 0> bytes;
  if (Error error = generateObject(module, **machine, bytes))
    return error;
  return bytes;
}

} // namespace tessera::target
