//===- CompileCommand.cpp - tessera compile and tessera plan --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Commands.h"
#include "Progress.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace tessera;
using namespace tessera::driver;

static std::string jsonText(llvm::json::Object object) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::formatv("{0:2}", llvm::json::Value(std::move(object))) << '\n';
  return text;
}

static std::string irText(CompiledModel &model) {
  std::string text;
  llvm::raw_string_ostream os(text);
  mlir::OpPrintingFlags flags;
  flags.enableDebugInfo();
  model.module->print(os, flags);
  os << '\n';
  return text;
}

int driver::runCompile(mlir::MLIRContext &context, const Options &options) {
  if (!llvm::sys::fs::is_directory(options.outputDirectory))
    return fail("there is no folder '" + options.outputDirectory +
                "'; create it first");
  std::optional<CompiledModel> model = compileModel(context, options);
  if (!model)
    return 1;
  if (model->reached != Phase::Object) {
    llvm::outs() << irText(*model);
    return 0;
  }
  auto path = [&](llvm::StringRef extension) {
    llvm::SmallString<128> result(options.outputDirectory);
    llvm::sys::path::append(result, model->name + extension);
    return result.str().str();
  };
  std::string header;
  llvm::raw_string_ostream headerOs(header);
  writeHeader(model->facts, headerOs);
  std::string report = jsonText(makeReport(*model, options.compile));
  const auto &bytes = model->object->bytes;
  std::vector<OutputFile> files{
      {path(".o"), std::string(bytes.begin(), bytes.end())},
      {path(".h"), header},
      {path(".json"), report}};
  if (!options.reportFile.empty())
    files.push_back({options.reportFile, report});
  if (llvm::Error error = writeFiles(files))
    return fail(std::move(error));
  printSummary(*model, options.compile, llvm::outs());
  llvm::outs() << "\n  wrote " << path(".o") << ", " << model->name << ".h, "
               << model->name << ".json\n";
  return 0;
}

int driver::runPlan(mlir::MLIRContext &context, const Options &options) {
  std::optional<CompiledModel> model = compileModel(context, options);
  if (!model)
    return 1;
  Progress progress;
  llvm::json::Object object = makeReport(*model, options.compile);
  if (options.frontier && options.format == Format::Json) {
    progress.start("searching the frontier of " + model->name);
    object["frontier"] = makeFrontier(model->facts, options.compile);
  }
  if (options.receptiveFields && options.format == Format::Json) {
    progress.start("searching advice for " + model->name);
    object["receptive_fields"] =
        makeReceptiveFields(model->facts, options.compile);
  }
  std::string report = jsonText(std::move(object));
  std::vector<OutputFile> files;
  if (!options.reportFile.empty())
    files.push_back({options.reportFile, report});
  if (!options.htmlFile.empty()) {
    progress.start("drawing the plan of " + model->name);
    std::string page;
    llvm::raw_string_ostream pageOs(page);
    writePlanPage(*model, options.compile, pageOs);
    files.push_back({options.htmlFile, std::move(page)});
  }
  if (llvm::Error error = writeFiles(files))
    return fail(std::move(error));
  if (options.format == Format::Json) {
    llvm::outs() << report;
    return 0;
  }
  printSummary(*model, options.compile, llvm::outs());
  if (options.frontier) {
    progress.start("searching the frontier of " + model->name);
    printFrontier(model->facts, options.compile, llvm::outs());
  }
  if (options.receptiveFields) {
    progress.start("searching advice for " + model->name);
    printReceptiveFields(model->facts, options.compile, llvm::outs());
  }
  return 0;
}
