//===- RunCommand.cpp - tessera run ---------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Commands.h"
#include "Progress.h"

using namespace tessera;
using namespace tessera::driver;

int driver::runRun(mlir::MLIRContext &context, const Options &options) {
  if (options.inputFiles.empty())
    return fail(
        "--input-file is missing: the model's inputs, one after another");
  if (options.inputFiles.size() != options.outputFiles.size())
    return fail(llvm::Twine(options.inputFiles.size()) + " --input-file but " +
                llvm::Twine(options.outputFiles.size()) +
                " --output-file; give one for each");
  std::vector<std::vector<uint8_t>> inputs;
  for (const std::string &path : options.inputFiles) {
    llvm::Expected<std::string> contents = readFile(path);
    if (!contents)
      return fail(contents.takeError());
    inputs.emplace_back(contents->begin(), contents->end());
  }
  std::optional<CompiledModel> model = compileModel(context, options);
  if (!model)
    return 1;

  runtime::RunRequest request;
  request.object = model->object->bytes;
  request.target = options.compile.target;
  request.floatABI = options.compile.floatABI;
  request.model = model->facts.runtimeInfo();
  request.model.stackBytes = model->object->info.stackBytes;
  request.garbageSeed = options.garbageSeed;
  for (auto [path, bytes] : llvm::zip_equal(options.inputFiles, inputs))
    if (static_cast<int64_t>(bytes.size()) != request.model.inputBytes())
      return fail("'" + path + "' has " + llvm::Twine(bytes.size()) +
                  " bytes but the model's inputs take " +
                  llvm::Twine(request.model.inputBytes()));
  request.inputs = std::move(inputs);
  Progress progress;
  progress.start("running " + model->name + " on " +
                 options.compile.target->name.str());
  llvm::Expected<runtime::RunResult> result = runtime::run(request);
  if (!result)
    return fail(result.takeError());
  std::vector<OutputFile> files;
  for (auto [path, bytes] :
       llvm::zip_equal(options.outputFiles, result->outputs))
    files.push_back({path, std::string(bytes.begin(), bytes.end())});
  std::string report;
  llvm::raw_string_ostream os(report);
  if (!options.reportFile.empty()) {
    llvm::json::Object object = makeReport(*model, options.compile);
    object["stack_used_bytes"] = result->stackUsedBytes;
    object["input_bytes_delivered"] = llvm::json::Array(result->inputBytesRead);
    os << llvm::formatv("{0:2}", llvm::json::Value(std::move(object))) << '\n';
    files.push_back({options.reportFile, report});
  }
  if (llvm::Error error = writeFiles(files))
    return fail(std::move(error));
  llvm::outs() << "ran " << model->name << " on "
               << options.compile.target->name << ": " << result->outputs.size()
               << " inference" << (result->outputs.size() == 1 ? "" : "s")
               << ", arena " << model->facts.stats.arenaBytes
               << " bytes, stack ";
  if (result->stackUsedBytes >= 0)
    llvm::outs() << result->stackUsedBytes << " used of ";
  llvm::outs() << model->object->info.stackBytes << " bytes\n";
  return 0;
}
