//===- QemuExecutor.cpp - Run an object on an emulated board --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Link, write the inputs, boot, read the outputs: all in one temporary
// directory, whose name is the program's command line.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <sstream>

using namespace llvm;

namespace tessera::runtime {

/// QEMU's option lists end a value at a comma; a doubled one stands for itself.
static std::string escapeCommas(StringRef text) {
  std::string result;
  for (char c : text)
    result.append(c == ',' ? 2 : 1, c);
  return result;
}

/// The console's last line that says something, for an error message.
static std::string lastLine(StringRef text) {
  return text.trim().rsplit('\n').second.empty()
             ? text.trim().str()
             : text.trim().rsplit('\n').second.str();
}

static Error writeInputs(const RunRequest &request, const std::string &path) {
  SmallVector<char, 0> bytes;
  for (const std::vector<uint8_t> &vector : request.inputs)
    bytes.append(vector.begin(), vector.end());
  return writeFile(path, bytes);
}

static Error boot(const RunRequest &request,
                  const TemporaryDirectory &directory, const std::string &image,
                  const std::string &runtimeDirectory) {
  Expected<std::string> qemu =
      findProgram({"qemu-system-arm"}, "qemu-system-arm");
  if (!qemu)
    return qemu.takeError();
  std::vector<std::string> command = {*qemu,
                                      "-machine",
                                      request.target->qemuBoard.str(),
                                      "-nodefaults",
                                      "-display",
                                      "none",
                                      "-semihosting-config",
                                      "enable=on,target=native,arg=" +
                                          escapeCommas(directory.path()),
                                      "-kernel",
                                      image};
  if (request.countInstructions) {
    std::string config = directory.file("counter.txt");
    if (Error error = writeCounterConfig(request, image, config))
      return error;
    // lib/tessera/runtime -> lib
    SmallString<128> plugin(
        sys::path::parent_path(sys::path::parent_path(runtimeDirectory)));
    sys::path::append(plugin, "libtessera-insn-count.so");
    if (!sys::fs::exists(plugin))
      return createStringError("cannot find the counting plugin '" +
                               Twine(plugin) +
                               "': build the target 'tessera-insn-count'");
    command.push_back("-plugin");
    command.push_back(escapeCommas(plugin) + ",config=" + escapeCommas(config) +
                      ",output=" + escapeCommas(directory.file("counts.txt")));
  }

  std::string log = directory.file("console.log");
  Expected<int> status = runProgram(command, log, request.timeoutSeconds);
  if (!status)
    return status.takeError();
  if (*status == 0)
    return Error::success();
  Expected<std::string> console = readFile(log);
  if (!console)
    return console.takeError();
  return createStringError("'" + request.model.entry + "' failed on " +
                           request.target->qemuBoard + " (exit code " +
                           Twine(*status) + "): " + lastLine(*console));
}

static Expected<RunResult> readResult(const RunRequest &request,
                                      const TemporaryDirectory &directory) {
  Expected<std::string> lines = readFile(directory.file("result.txt"));
  if (!lines)
    return lines.takeError();
  Expected<std::string> outputs = readFile(directory.file("outputs.bin"));
  if (!outputs)
    return outputs.takeError();
  size_t outputBytes = request.model.outputBytes();
  if (outputs->size() != outputBytes * request.inputs.size())
    return createStringError("the board wrote " + Twine(outputs->size()) +
                             " bytes of outputs instead of " +
                             Twine(outputBytes * request.inputs.size()));

  RunResult result;
  std::istringstream stream(*lines);
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    int64_t status, stackUsed, inputRead, violation, detail0, detail1;
    if (!(stream >> status >> stackUsed >> inputRead >> violation >> detail0 >>
          detail1))
      return createStringError("the board wrote no result for input " +
                               Twine(i));
    if (violation != TESSERA_VIOLATION_NONE)
      return violationError(request, i, violation, detail0, detail1);
    const auto *begin =
        reinterpret_cast<const uint8_t *>(outputs->data()) + i * outputBytes;
    result.outputs.emplace_back(begin, begin + outputBytes);
    result.statuses.push_back(status);
    result.inputBytesRead.push_back(inputRead);
    result.stackUsedBytes = std::max(result.stackUsedBytes, stackUsed);
  }
  return result;
}

Expected<RunResult> runOnQemu(const RunRequest &request) {
  if (Error error = checkRequest(request))
    return error;
  if (request.target->isHost)
    return createStringError("the host has no board: choose a Cortex-M CPU");
  std::string runtimeDirectory = request.runtimeDirectory;
  if (runtimeDirectory.empty()) {
    Expected<std::string> found = findRuntimeDirectory();
    if (!found)
      return found.takeError();
    runtimeDirectory = *found;
  }
  Expected<TemporaryDirectory> directory = TemporaryDirectory::create();
  if (!directory)
    return directory.takeError();

  std::string image = directory->file("image.elf");
  if (Error error = linkImage(request, runtimeDirectory, *directory, image))
    return error;
  if (Error error = writeInputs(request, directory->file("inputs.bin")))
    return error;
  if (Error error = boot(request, *directory, image, runtimeDirectory))
    return error;
  Expected<RunResult> result = readResult(request, *directory);
  if (!result || !request.countInstructions)
    return result;
  Expected<InstructionCounts> counts =
      readCounts(directory->file("counts.txt"));
  if (!counts)
    return counts.takeError();
  result->instructions = std::move(*counts);
  return result;
}

} // namespace tessera::runtime
