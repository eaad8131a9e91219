//===- Executor.cpp - Run and measure an emitted object -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The checks and messages that both executors share, and the choice between
// them.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace tessera::runtime {

Expected<InputMode> parseInputMode(StringRef text) {
  for (InputMode mode : {InputMode::Resident, InputMode::External,
                         InputMode::Rows, InputMode::Windows})
    if (text == stringify(mode))
      return mode;
  return createStringError("unknown input mode '" + text +
                           "': use one of resident, external, rows, windows");
}

StringRef stringify(InputMode mode) {
  switch (mode) {
  case InputMode::Resident:
    return "resident";
  case InputMode::External:
    return "external";
  case InputMode::Rows:
    return "rows";
  case InputMode::Windows:
    return "windows";
  }
  llvm_unreachable("all input modes are named above");
}

static uint32_t harnessMode(InputMode mode) {
  switch (mode) {
  case InputMode::Resident:
    return TESSERA_INPUT_RESIDENT;
  case InputMode::External:
    return TESSERA_INPUT_EXTERNAL;
  case InputMode::Rows:
    return TESSERA_INPUT_ROWS;
  case InputMode::Windows:
    return TESSERA_INPUT_WINDOWS;
  }
  llvm_unreachable("all input modes are mapped above");
}

int64_t ModelInfo::inputBytes() const {
  int64_t bytes = 0;
  for (const InputInfo &input : inputs)
    bytes += input.bytes();
  return bytes;
}

int64_t ModelInfo::outputBytes() const {
  int64_t bytes = 0;
  for (const OutputInfo &output : outputs)
    bytes += output.bytes;
  return bytes;
}

HarnessTables makeTables(const RunRequest &request) {
  const ModelInfo &model = request.model;
  HarnessTables tables;
  for (const InputInfo &input : model.inputs)
    tables.inputs.push_back({uint32_t(input.arenaOffset),
                             uint32_t(input.height), uint32_t(input.width),
                             uint32_t(input.pixelBytes)});
  for (const OutputInfo &output : model.outputs)
    tables.outputs.push_back(
        {uint32_t(output.arenaOffset), uint32_t(output.bytes)});

  TesseraHarnessDescriptor &descriptor = tables.descriptor;
  descriptor = {};
  descriptor.numInputs = tables.inputs.size();
  descriptor.numOutputs = tables.outputs.size();
  descriptor.inputMode = harnessMode(model.inputMode);
  descriptor.arenaBytes = model.arenaBytes;
  descriptor.arenaAlignment = model.arenaAlignment;
  descriptor.stackBytes = model.stackBytes;
  descriptor.garbageSeed = request.garbageSeed;
  descriptor.numVectors = request.inputs.size();
  descriptor.failCallbackAt =
      request.failCallbackAt < 0 ? UINT32_MAX : request.failCallbackAt;
  descriptor.failCallbackStatus = request.failCallbackStatus;
  return tables;
}

/// [offset, offset + bytes) lies in the arena.
static bool inArena(const ModelInfo &model, int64_t offset, int64_t bytes) {
  return offset >= 0 && bytes >= 0 && bytes <= model.arenaBytes &&
         offset <= model.arenaBytes - bytes;
}

Error checkRequest(const RunRequest &request) {
  const ModelInfo &model = request.model;
  assert(request.target && "a run needs a target");
  if (model.arenaBytes < 0 || model.arenaBytes > INT32_MAX)
    return createStringError("cannot run '" + model.entry + "': its arena of " +
                             Twine(model.arenaBytes) +
                             " bytes does not fit into 31 bits");
  if (!isPowerOf2_64(model.arenaAlignment) || model.arenaAlignment > 4096)
    return createStringError(
        "cannot run '" + model.entry + "': arena alignment " +
        Twine(model.arenaAlignment) + " is no power of two up to 4096");
  if (model.inputMode != InputMode::Resident &&
      model.inputs.size() > TESSERA_HARNESS_MAX_INPUTS)
    return createStringError(
        "cannot run '" + model.entry + "': it has " +
        Twine(model.inputs.size()) + " inputs, but input mode '" +
        stringify(model.inputMode) + "' runs with at most " +
        Twine(TESSERA_HARNESS_MAX_INPUTS) + "; use resident inputs");
  if (model.inputMode == InputMode::Resident)
    for (const InputInfo &input : model.inputs)
      if (!inArena(model, input.arenaOffset, input.bytes()))
        return createStringError("cannot run '" + model.entry +
                                 "': an input is not inside the arena");
  for (const OutputInfo &output : model.outputs)
    if (!inArena(model, output.arenaOffset, output.bytes))
      return createStringError("cannot run '" + model.entry +
                               "': an output is not inside the arena");
  if (request.inputs.empty())
    return createStringError("cannot run '" + model.entry +
                             "': there is no input");
  for (size_t i = 0; i < request.inputs.size(); ++i)
    if (int64_t(request.inputs[i].size()) != model.inputBytes())
      return createStringError(
          "input " + Twine(i) + " has " + Twine(request.inputs[i].size()) +
          " bytes, but the model's inputs need " + Twine(model.inputBytes()));
  return Error::success();
}

Error violationError(const RunRequest &request, size_t vectorIndex,
                     uint32_t violation, int32_t detail0, int32_t detail1) {
  const ModelInfo &model = request.model;
  std::string where = ("'" + model.entry + "' with input " +
                       Twine(vectorIndex) + " on " + request.target->name)
                          .str();
  switch (violation) {
  case TESSERA_VIOLATION_ARENA_GUARD:
    return createStringError(where + " wrote outside the arena, at offset " +
                             Twine(detail0) + " of " + Twine(model.arenaBytes) +
                             " bytes");
  case TESSERA_VIOLATION_INPUT_WRITTEN:
    return createStringError(where + " wrote to an input outside the arena");
  case TESSERA_VIOLATION_ROW_ORDER:
    return createStringError(where + " asked for input row " + Twine(detail0) +
                             " when row " + Twine(detail1) + " was due");
  case TESSERA_VIOLATION_WINDOW_BOUNDS:
    return createStringError(where + " asked for a window from " +
                             Twine(detail0) + " of size " + Twine(detail1) +
                             ", which leaves the input");
  case TESSERA_VIOLATION_DESTINATION:
    return createStringError(where + " asked for input at offset " +
                             Twine(detail0) +
                             " of the arena, where it does not fit");
  case TESSERA_VIOLATION_STACK:
    return createStringError(where + " used " + Twine(detail0) +
                             " bytes of stack, but " + Twine(detail1) +
                             " were promised");
  case TESSERA_VIOLATION_STATUS:
    return createStringError(where + " returned " + Twine(detail0) +
                             " where its callbacks returned " + Twine(detail1));
  default:
    return createStringError(where +
                             ": the harness reported the unknown "
                             "violation " +
                             Twine(violation));
  }
}

Expected<RunResult> run(const RunRequest &request) {
  return request.target->isHost ? runOnHost(request) : runOnQemu(request);
}

Expected<InstructionCounts> countInstructions(RunRequest request) {
  if (request.inputs.size() != 1)
    return createStringError("counting instructions needs exactly one input");
  request.countInstructions = true;
  Expected<RunResult> result = run(request);
  if (!result)
    return result.takeError();
  return std::move(result->instructions);
}

} // namespace tessera::runtime
