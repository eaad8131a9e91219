//===- Internal.h - Shared by the executors ---------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What running in this process and running in the emulator have in common;
// private to lib/Runtime.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_RUNTIME_INTERNAL_H
#define TESSERA_LIB_RUNTIME_INTERNAL_H

#include "tessera/Runtime/Executor.h"
#include "tessera/Runtime/Harness.h"

#include "llvm/ADT/SmallString.h"

#include <vector>

namespace tessera::runtime {

/// A temporary directory, removed with all it holds when this goes.
class TemporaryDirectory {
public:
  static llvm::Expected<TemporaryDirectory> create();
  TemporaryDirectory(TemporaryDirectory &&other);
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
  ~TemporaryDirectory();

  llvm::StringRef path() const { return directory; }
  /// Path of the file `name` in it.
  std::string file(llvm::StringRef name) const;

private:
  TemporaryDirectory() = default;
  llvm::SmallString<128> directory;
};

/// The harness's tables of inputs and outputs, as the model has them.
struct HarnessTables {
  std::vector<TesseraHarnessInput> inputs;
  std::vector<TesseraHarnessOutput> outputs;
  /// All numbers of `request`; `run`, `inputs` and `outputs` are null.
  TesseraHarnessDescriptor descriptor;
};
HarnessTables makeTables(const RunRequest &request);

/// Sizes, offsets and counts of `request` make sense.
llvm::Error checkRequest(const RunRequest &request);

/// What a harness's violation means, for the vector of that number.
llvm::Error violationError(const RunRequest &request, size_t vectorIndex,
                           uint32_t violation, int32_t detail0,
                           int32_t detail1);

/// Writes a file / reads one whole.
llvm::Error writeFile(const std::string &path, llvm::ArrayRef<char> bytes);
llvm::Expected<std::string> readFile(const std::string &path);

/// Runs a program to its end without standard input. `log` gets its standard
/// output and error. An error if it cannot start, is killed, or takes too long;
/// otherwise its exit code.
llvm::Expected<int> runProgram(llvm::ArrayRef<std::string> command,
                               const std::string &log, unsigned timeoutSeconds);

/// The path of a program, or an error that names Debian's package of it.
llvm::Expected<std::string> findProgram(llvm::ArrayRef<llvm::StringRef> names,
                                        llvm::StringRef package);

/// Links `request.object` with the board support into `image`.
llvm::Error linkImage(const RunRequest &request,
                      const std::string &runtimeDirectory,
                      const TemporaryDirectory &directory,
                      const std::string &image);

/// Writes what the counting plugin must know: addresses in `image`.
llvm::Error writeCounterConfig(const RunRequest &request,
                               const std::string &image,
                               const std::string &path);
/// Reads what the plugin wrote.
llvm::Expected<InstructionCounts> readCounts(const std::string &path);

} // namespace tessera::runtime

#endif // TESSERA_LIB_RUNTIME_INTERNAL_H
