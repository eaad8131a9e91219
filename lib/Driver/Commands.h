//===- Commands.h - The subcommands and what they share ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_DRIVER_COMMANDS_H
#define TESSERA_LIB_DRIVER_COMMANDS_H

#include "tessera/Compiler/Artefacts.h"

#include "llvm/Support/CommandLine.h"

namespace tessera::driver {

enum class Format { Text, Json };

/// The parsed command line. Options that several subcommands have mean the same
/// in all of them.
struct Options {
  std::string modelFile;
  std::string outputDirectory;
  std::string reportFile;
  /// Of `plan`: a page to look at, the trade-off, receptive fields.
  std::string htmlFile;
  bool frontier = false;
  bool receptiveFields = false;
  Format format = Format::Text;
  std::vector<std::string> inputFiles;
  std::vector<std::string> outputFiles;
  unsigned garbageSeed = 1;
  CompileOptions compile;
};

/// Which subcommand was asked for.
enum class Command { None, Compile, Plan, Run, Bench };

/// Parses the command line. Null after an error (or help) has been printed;
/// then `exitCode` says which.
std::optional<std::pair<Command, Options>>
parseCommandLine(int argc, char **argv, int &exitCode);

/// Parses "65536", "64KiB", "64K", "64kB" (decimal), "1MiB", "1M", "1MB".
llvm::Expected<int64_t> parseByteSize(llvm::StringRef text);

/// Prints "tessera: error: …" and returns 1.
int fail(const llvm::Twine &message);
int fail(llvm::Error error);

/// Reads and compiles the model of the options. Errors are printed.
std::optional<CompiledModel> compileModel(mlir::MLIRContext &context,
                                          const Options &options);

/// Writes all files or none: to temporary names first, which are renamed when
/// all are written.
struct OutputFile {
  std::string path;
  std::string contents;
};
llvm::Error writeFiles(llvm::ArrayRef<OutputFile> files);

/// The contents of a file, or an error that names it and the cause.
llvm::Expected<std::string> readFile(llvm::StringRef path);

int runCompile(mlir::MLIRContext &context, const Options &options);
int runPlan(mlir::MLIRContext &context, const Options &options);
int runRun(mlir::MLIRContext &context, const Options &options);
int runBench(mlir::MLIRContext &context, const Options &options);

} // namespace tessera::driver

#endif // TESSERA_LIB_DRIVER_COMMANDS_H
