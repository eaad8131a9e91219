//===- Executor.h - Run and measure an emitted object -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the very object file that the compiler wrote: loaded by ORC into this
// process, or linked with the project's board support and booted in QEMU. Both
// ways run the same harness (Harness.h), so both apply the same checks.
//
// The harness, for each vector of inputs: fills the arena with garbage, puts
// guard bytes around it, loads or serves the inputs, calls the entry, checks
// the guards and that an external input was not written, and copies the outputs
// out. On a board the entry runs on a painted stack of its own, so that the
// deepest byte written is known exactly; callbacks run on another stack.
//
//   tessera::runtime::RunRequest request;
//   request.object = emitted.bytes;
//   request.target = target;              // lookupTarget("cortex-m4")
//   request.floatABI = FloatABI::Hard;
//   request.model = model;                // ModelInfo, below
//   request.inputs = {bytesOfVector0, bytesOfVector1};
//   auto result = tessera::runtime::run(request);   // one boot
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_RUNTIME_EXECUTOR_H
#define TESSERA_RUNTIME_EXECUTOR_H

#include "tessera/Target/CortexM/TargetInfo.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::runtime {

/// Who brings the input; see the generated interface in docs/Architecture.
enum class InputMode { Resident, External, Rows, Windows };

/// Parses "resident", "external", "rows" or "windows".
llvm::Expected<InputMode> parseInputMode(llvm::StringRef text);
llvm::StringRef stringify(InputMode mode);

/// One input: `height` rows of `width` pixels of `pixelBytes` bytes.
struct InputInfo {
  /// Where a resident input starts in the arena; unused in the other modes.
  int64_t arenaOffset = 0;
  int64_t height = 1;
  int64_t width = 1;
  int64_t pixelBytes = 1;

  int64_t bytes() const { return height * width * pixelBytes; }
};

struct OutputInfo {
  int64_t arenaOffset = 0;
  int64_t bytes = 0;
};

/// What the harness must know of a model.
struct ModelInfo {
  /// The global function: "NAME_run".
  std::string entry;
  InputMode inputMode = InputMode::Resident;
  int64_t arenaBytes = 0;
  /// A power of two.
  int64_t arenaAlignment = 16;
  /// The promised stack (`stack_bytes`). If > 0, a board run that uses more is
  /// an error; 0 only measures.
  int64_t stackBytes = 0;
  std::vector<InputInfo> inputs;
  std::vector<OutputInfo> outputs;

  /// Bytes of one vector: all inputs / all outputs concatenated in order.
  int64_t inputBytes() const;
  int64_t outputBytes() const;
};

struct RunRequest {
  llvm::ArrayRef<char> object;
  const target::TargetInfo *target = nullptr;
  target::FloatABI floatABI = target::FloatABI::Hard;
  ModelInfo model;
  /// The test vectors, each all model inputs concatenated in order.
  std::vector<std::vector<uint8_t>> inputs;
  /// Seeds the bytes that fill the arena before each vector.
  uint32_t garbageSeed = 1;
  /// Kill the emulator after that many seconds of wall clock.
  unsigned timeoutSeconds = 600;
  /// Count instructions as well (boards only); see InstructionCounts.
  bool countInstructions = false;
  /// For tests of aborting callbacks: call number `failCallbackAt` (from 0,
  /// counted over rows and windows of one vector) returns `failCallbackStatus`.
  /// Not used if < 0.
  int64_t failCallbackAt = -1;
  int failCallbackStatus = 1;
  /// Where the board support is; if empty see `findRuntimeDirectory()`.
  std::string runtimeDirectory;
};

/// Instructions of the first vector's inference, from the first instruction of
/// the entry to its return. An instruction in an IT block counts whether its
/// condition holds or not, as the pipeline issues it.
struct InstructionCounts {
  struct Part {
    /// Source line of the call sites that these belong to: operator + 1; 0 for
    /// what ran before the first call that has a line.
    uint32_t line = 0;
    int64_t instructions = 0;
  };
  /// The sum of the parts. Callbacks of the harness are not in it.
  int64_t total = 0;
  /// Instructions belong to the line whose call site in the entry was reached
  /// last (a call without a line changes nothing). Sorted by line, one part per
  /// line.
  std::vector<Part> parts;
  /// Instructions inside callbacks.
  int64_t callbackInstructions = 0;
};

struct RunResult {
  /// Per vector all model outputs concatenated in order.
  std::vector<std::vector<uint8_t>> outputs;
  /// Per vector what the entry returned: 0, or a failing callback's value.
  std::vector<int> statuses;
  /// Largest over the vectors; -1 on the host, where it is not measured.
  int64_t stackUsedBytes = -1;
  /// Bytes that the callbacks delivered, per vector; 0 without callbacks.
  std::vector<int64_t> inputBytesRead;
  /// If asked for.
  InstructionCounts instructions;
};

/// Runs in this process. The object must be of the `host` target.
llvm::Expected<RunResult> runOnHost(const RunRequest &request);

/// Links with the board support and boots the target's QEMU machine once.
llvm::Expected<RunResult> runOnQemu(const RunRequest &request);

/// One of the two, by `request.target`. Errors of all three: an input of a
/// wrong size, a guard byte written, an external input written, rows out of
/// order, windows out of bounds, a stack deeper than promised, a crash or a
/// time-out of the emulator, a missing tool. A callback's status is no error:
/// see `statuses` (unless a callback returned none and the entry is not 0).
llvm::Expected<RunResult> run(const RunRequest &request);

/// Runs one vector on the target's board and counts. `request.inputs` holds
/// exactly one vector.
llvm::Expected<InstructionCounts> countInstructions(RunRequest request);

/// The directory with the board support: `$TESSERA_RUNTIME_DIR`, or
/// `lib/tessera/runtime` beside an ancestor of the running binary (works in the
/// build tree and in an install tree).
llvm::Expected<std::string> findRuntimeDirectory();

} // namespace tessera::runtime

#endif // TESSERA_RUNTIME_EXECUTOR_H
