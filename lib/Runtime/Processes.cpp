//===- Processes.cpp - Files, programs and where the runtime is -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The executors' dealings with the operating system. The runtime directory is
// looked for beside the binary that contains this code, which may be a program
// or a shared library that another language has loaded.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <dlfcn.h>

using namespace llvm;

namespace tessera::runtime {

Expected<TemporaryDirectory> TemporaryDirectory::create() {
  TemporaryDirectory result;
  if (std::error_code code =
          sys::fs::createUniqueDirectory("tessera", result.directory))
    return createStringError(
        "cannot make a temporary directory: " + code.message() +
        "; is TMPDIR a directory with free space?");
  return std::move(result);
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory &&other)
    : directory(other.directory) {
  other.directory.clear();
}

TemporaryDirectory::~TemporaryDirectory() {
  if (!directory.empty())
    sys::fs::remove_directories(directory);
}

std::string TemporaryDirectory::file(StringRef name) const {
  SmallString<128> path = directory;
  sys::path::append(path, name);
  return path.str().str();
}

Error writeFile(const std::string &path, ArrayRef<char> bytes) {
  std::error_code code;
  raw_fd_ostream stream(path, code, sys::fs::OF_None);
  if (!code) {
    stream.write(bytes.data(), bytes.size());
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    return createStringError("cannot write '" + path + "': " + code.message());
  return Error::success();
}

Expected<std::string> readFile(const std::string &path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

Expected<int> runProgram(ArrayRef<std::string> command, const std::string &log,
                         unsigned timeoutSeconds) {
  SmallVector<StringRef> arguments(command.begin(), command.end());
  std::string message;
  bool failed = false;
  // Standard input is empty; output and error share the log.
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  int status = sys::ExecuteAndWait(
      command.front(), arguments, /*Env=*/std::nullopt, redirects,
      timeoutSeconds, /*MemoryLimit=*/0, &message, &failed);
  StringRef name = sys::path::filename(command.front());
  if (failed || status == -1)
    return createStringError("cannot start '" + name + "': " + message);
  if (status == -2)
    return createStringError("'" + name + "' was stopped (time limit " +
                             Twine(timeoutSeconds) + " s): " + message);
  return status;
}

Expected<std::string> findProgram(ArrayRef<StringRef> names,
                                  StringRef package) {
  for (StringRef name : names)
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return *path;
  return createStringError("cannot find '" + names.front() +
                           "': install Debian's package '" + package +
                           "' or put the program's directory into PATH");
}

Expected<std::string> findRuntimeDirectory() {
  constexpr StringLiteral marker = "sections.ld";
  if (std::optional<std::string> variable =
          sys::Process::GetEnv("TESSERA_RUNTIME_DIR")) {
    SmallString<128> file(*variable);
    sys::path::append(file, marker);
    if (sys::fs::exists(file))
      return *variable;
    return createStringError("TESSERA_RUNTIME_DIR is '" + *variable +
                             "', which holds no board support (no '" + marker +
                             "')");
  }

  // Of the shared library that holds this code, or of the program: for the
  // latter dladdr says argv[0], which has no folder if a shell found the
  // program in $PATH.
  Dl_info info;
  std::string self;
  if (dladdr(reinterpret_cast<void *>(&findRuntimeDirectory), &info) &&
      info.dli_fname)
    self = info.dli_fname;
  if (self.find('/') == std::string::npos)
    self = sys::fs::getMainExecutable(self.c_str(), /*MainExecAddr=*/nullptr);
  SmallString<128> binary;
  if (!sys::fs::real_path(self, binary)) {
    // A binary may be in bin/, lib/ or test/Unit/ of its tree.
    StringRef ancestor = sys::path::parent_path(binary);
    for (int levels = 0; levels < 4 && !ancestor.empty(); ++levels) {
      for (StringRef library : {"lib", "."}) {
        SmallString<128> candidate = ancestor;
        if (library != ".")
          sys::path::append(candidate, library);
        sys::path::append(candidate, "tessera", "runtime");
        SmallString<128> file = candidate;
        sys::path::append(file, marker);
        if (sys::fs::exists(file))
          return candidate.str().str();
      }
      ancestor = sys::path::parent_path(ancestor);
    }
  }
  return createStringError(
      "cannot find the board support (lib/tessera/runtime) beside '" +
      Twine(binary) + "': set TESSERA_RUNTIME_DIR to it");
}

} // namespace tessera::runtime
