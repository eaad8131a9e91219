//===- ImageLinker.cpp - Object and board support to an image -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes the harness's descriptor as an object (a module of constants), then
// lets LLD link it with the model's object and the board support.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include "tessera/Target/Emit.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace tessera::runtime {

/// A table of 32-bit words as a private constant.
static Constant *makeTable(Module &module, ArrayRef<uint32_t> words,
                           const Twine &name) {
  Constant *data = ConstantDataArray::get(module.getContext(), words);
  return new GlobalVariable(module, data->getType(), /*isConstant=*/true,
                            GlobalValue::PrivateLinkage, data, name);
}

/// TesseraHarnessDescriptor with the layout that a 32-bit ARM gives it.
static Expected<SmallVector<char, 0>>
makeDescriptorObject(const RunRequest &request) {
  HarnessTables tables = makeTables(request);
  const TesseraHarnessDescriptor &d = tables.descriptor;
  SmallVector<uint32_t> inputs, outputs;
  for (const TesseraHarnessInput &input : tables.inputs)
    inputs.append(
        {input.arenaOffset, input.height, input.width, input.pixelBytes});
  for (const TesseraHarnessOutput &output : tables.outputs)
    outputs.append({output.arenaOffset, output.bytes});

  LLVMContext context;
  Module module("tesseraHarnessDescriptor", context);
  auto *run = Function::Create(
      FunctionType::get(Type::getInt32Ty(context), /*isVarArg=*/false),
      GlobalValue::ExternalLinkage, request.model.entry, module);
  SmallVector<Constant *> fields = {run, makeTable(module, inputs, "inputs"),
                                    makeTable(module, outputs, "outputs")};
  for (uint32_t word : {d.numInputs, d.numOutputs, d.inputMode, d.arenaBytes,
                        d.arenaAlignment, d.stackBytes, d.garbageSeed,
                        d.numVectors, d.failCallbackAt, d.failCallbackStatus})
    fields.push_back(ConstantInt::get(Type::getInt32Ty(context), word));
  Constant *descriptor = ConstantStruct::getAnon(context, fields);
  new GlobalVariable(module, descriptor->getType(), /*isConstant=*/true,
                     GlobalValue::ExternalLinkage, descriptor,
                     "tesseraHarnessDescriptor");
  return target::emitDataObject(module, *request.target, request.floatABI);
}

Error linkImage(const RunRequest &request, const std::string &runtimeDirectory,
                const TemporaryDirectory &directory, const std::string &image) {
  Expected<std::string> linker = findProgram({"ld.lld-22", "ld.lld"}, "lld-22");
  if (!linker)
    return linker.takeError();
  Expected<SmallVector<char, 0>> descriptor = makeDescriptorObject(request);
  if (!descriptor)
    return descriptor.takeError();
  std::string modelFile = directory.file("model.o");
  std::string descriptorFile = directory.file("descriptor.o");
  if (Error error = writeFile(modelFile, request.object))
    return error;
  if (Error error = writeFile(descriptorFile, *descriptor))
    return error;

  std::vector<std::string> command = {
      *linker,   "--fatal-warnings",
      "-L",      runtimeDirectory,
      "-T",      (request.target->name + ".ld").str(),
      "-o",      image,
      modelFile, descriptorFile};
  SmallString<128> support(runtimeDirectory);
  sys::path::append(support,
                    request.target->runtimeSubdirectory(request.floatABI));
  for (StringRef name :
       {"Startup.o", "Main.o", "Harness.o", "Semihosting.o", "Memory.o"}) {
    SmallString<128> file = support;
    sys::path::append(file, name);
    if (!sys::fs::exists(file))
      return createStringError("the board support is incomplete: no '" +
                               Twine(file) +
                               "'; build the target "
                               "'tessera-board-support'");
    command.push_back(file.str().str());
  }

  std::string log = directory.file("link.log");
  Expected<int> status = runProgram(command, log, /*timeoutSeconds=*/120);
  if (!status)
    return status.takeError();
  if (*status == 0)
    return Error::success();
  Expected<std::string> text = readFile(log);
  if (!text)
    return text.takeError();
  return createStringError("cannot link the image for " +
                           request.target->qemuBoard + ": " +
                           StringRef(*text).trim().split('\n').first);
}

} // namespace tessera::runtime
