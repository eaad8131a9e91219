//===- Driver.cpp - The tessera command -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Driver/Driver.h"
#include "Commands.h"
#include "Progress.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

using namespace tessera;
using namespace tessera::driver;

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

int driver::fail(const llvm::Twine &message) {
  llvm::errs() << "tessera: error: " << message << '\n';
  return 1;
}

int driver::fail(llvm::Error error) {
  std::string text;
  llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
    if (!text.empty())
      text += ": ";
    text += info.message();
  });
  return fail(text);
}

/// Where a message belongs: the layer's name, or line and column of a text.
static std::string locationPrefix(mlir::Location loc) {
  std::string prefix;
  loc->walk([&](mlir::Location part) {
    if (auto named = llvm::dyn_cast<mlir::NameLoc>(part)) {
      prefix = named.getName().str() + ": ";
      return mlir::WalkResult::interrupt();
    }
    if (auto file = llvm::dyn_cast<mlir::FileLineColLoc>(part)) {
      prefix = file.getFilename().str() + ":" + std::to_string(file.getLine()) +
               ":" + std::to_string(file.getColumn()) + ": ";
      return mlir::WalkResult::interrupt();
    }
    return mlir::WalkResult::advance();
  });
  return prefix;
}

static mlir::LogicalResult printDiagnostic(mlir::Diagnostic &diagnostic) {
  const char *kind = "error: ";
  switch (diagnostic.getSeverity()) {
  case mlir::DiagnosticSeverity::Error:
    break;
  case mlir::DiagnosticSeverity::Warning:
    kind = "warning: ";
    break;
  default:
    // Notes and remarks are for tessera-opt.
    return mlir::success();
  }
  std::string text = diagnostic.str();
  llvm::errs() << "tessera: " << kind
               << locationPrefix(diagnostic.getLocation())
               << llvm::StringRef(text).trim() << '\n';
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

llvm::Expected<std::string> driver::readFile(llvm::StringRef path) {
  if (llvm::sys::fs::is_directory(path))
    return llvm::createStringError("cannot read '" + path +
                                   "': it is a folder");
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path +
                                   "': " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

/// The path that two names of one file have in common.
static std::string canonicalPath(llvm::StringRef path) {
  llvm::SmallString<128> result(path);
  llvm::sys::fs::make_absolute(result);
  llvm::sys::path::remove_dots(result, /*remove_dot_dot=*/true);
  return result.str().str();
}

/// Devices, pipes and links are written through, not replaced.
static bool isReplaceable(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status, /*follow=*/false))
    return true;
  return status.type() == llvm::sys::fs::file_type::regular_file ||
         status.type() == llvm::sys::fs::file_type::directory_file;
}

llvm::Error driver::writeFiles(llvm::ArrayRef<OutputFile> files) {
  llvm::StringSet<> paths;
  for (const OutputFile &file : files)
    if (isReplaceable(file.path) &&
        !paths.insert(canonicalPath(file.path)).second)
      return llvm::createStringError("cannot write '" + file.path +
                                     "': two results have this name");
  std::vector<std::string> temporaries;
  std::vector<std::string> finished;
  auto giveUp = [&](llvm::StringRef path, const std::error_code &error) {
    for (const std::string &name : temporaries)
      if (!name.empty())
        llvm::sys::fs::remove(name);
    for (const std::string &name : finished)
      llvm::sys::fs::remove(name);
    return llvm::createStringError("cannot write '" + path +
                                   "': " + error.message());
  };
  for (const OutputFile &file : files) {
    llvm::StringRef folder = llvm::sys::path::parent_path(file.path);
    if (!folder.empty() && !llvm::sys::fs::is_directory(folder)) {
      for (const std::string &name : temporaries)
        if (!name.empty())
          llvm::sys::fs::remove(name);
      return llvm::createStringError("cannot write '" + file.path +
                                     "': there is no folder '" + folder +
                                     "'; create it first");
    }
    std::string target = file.path;
    if (isReplaceable(file.path)) {
      target += ".partial" + std::to_string(llvm::sys::Process::getProcessId());
      temporaries.push_back(target);
    } else {
      temporaries.emplace_back();
    }
    std::error_code error;
    llvm::raw_fd_ostream os(target, error);
    if (error)
      return giveUp(file.path, error);
    os << file.contents;
    os.close();
    if (os.has_error()) {
      error = os.error();
      os.clear_error();
      return giveUp(file.path, error);
    }
  }
  for (auto [file, temporary] : llvm::zip_equal(files, temporaries)) {
    if (temporary.empty())
      continue;
    if (std::error_code error = llvm::sys::fs::rename(temporary, file.path))
      return giveUp(file.path, error);
    finished.push_back(file.path);
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

std::optional<CompiledModel> driver::compileModel(mlir::MLIRContext &context,
                                                  const Options &options) {
  llvm::Expected<std::string> contents = readFile(options.modelFile);
  if (!contents) {
    fail(contents.takeError());
    return std::nullopt;
  }
  Progress progress;
  progress.start("reading " + options.modelFile);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      readModel(context, *contents, options.modelFile, options.compile.name);
  if (!module)
    return std::nullopt;
  CompileOptions compileOptions = options.compile;
  compileOptions.onPhase = [&](Phase phase) {
    progress.start(("working towards phase '" + stringify(phase) + "' of " +
                    options.compile.name)
                       .str());
  };
  mlir::FailureOr<CompiledModel> model =
      compile(std::move(module), compileOptions);
  if (failed(model))
    return std::nullopt;
  return std::move(*model);
}

int tessera::driverMain(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  int exitCode = 0;
  auto parsed = parseCommandLine(argc, argv, exitCode);
  if (!parsed)
    return exitCode;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  loadDialects(context);
  mlir::ScopedDiagnosticHandler handler(&context, printDiagnostic);
  const Options &options = parsed->second;
  switch (parsed->first) {
  case Command::Compile:
    return runCompile(context, options);
  case Command::Plan:
    return runPlan(context, options);
  case Command::Run:
    return runRun(context, options);
  case Command::Bench:
    return runBench(context, options);
  case Command::None:
    break;
  }
  return 1;
}
