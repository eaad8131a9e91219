/*===- Harness.h - How a generated object is exercised -----------*- C -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of a run that is the same in this process and on a board:
freestanding
// C99 without mutable globals. The caller owns all
// memory and does the input and output:
//
//   tesseraHarnessBegin(&h, &descriptor, arenaBlock, inputBlock);
//   for each input i: read its bytes to tesseraHarnessInput(&h, i);
//   tesseraHarnessArm(&h);
//   h.status = descriptor.run(h.arena, tesseraHarnessIO(&h));
//   tesseraHarnessCheck(&h);
//   if h.violation is none: write h.arena + outputs[i].arenaOffset
//
//===----------------------------------------------------------------------===*/

#ifndef TESSERA_RUNTIME_HARNESS_H
#define TESSERA_RUNTIME_HARNESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Guard bytes on each side of the arena and of the input block.
#define TESSERA_HARNESS_GUARD_BYTES 64u
/// Callbacks carry no number, so there is one function per input.
#define TESSERA_HARNESS_MAX_INPUTS 8u

enum TesseraHarnessInputMode {
  TESSERA_INPUT_RESIDENT = 0,
  TESSERA_INPUT_EXTERNAL = 1,
  TESSERA_INPUT_ROWS = 2,
  TESSERA_INPUT_WINDOWS = 3,
};

/// What can be wrong with a run; `detail` of the harness says more.
enum TesseraHarnessViolation {
  TESSERA_VIOLATION_NONE = 0,
  /// detail0: first changed byte, counted from the start of the arena
  /// (negative before it).
  TESSERA_VIOLATION_ARENA_GUARD = 1,
  /// The run wrote to an external input or to the memory around it.
  TESSERA_VIOLATION_INPUT_WRITTEN = 2,
  /// detail0: the row asked for, detail1: the row due.
  TESSERA_VIOLATION_ROW_ORDER = 3,
  /// detail0: y0 or x0, detail1: h or w, whichever axis leaves the input.
  TESSERA_VIOLATION_WINDOW_BOUNDS = 4,
  /// A callback's destination is not in the arena. detail0: its offset.
  TESSERA_VIOLATION_DESTINATION = 5,
  /// detail0: bytes used, detail1: bytes promised.
  TESSERA_VIOLATION_STACK = 6,
  /// detail0: returned value, detail1: what a callback returned.
  TESSERA_VIOLATION_STATUS = 7,
};

typedef struct TesseraHarnessInput {
  uint32_t arenaOffset;
  uint32_t height;
  uint32_t width;
  uint32_t pixelBytes;
} TesseraHarnessInput;

typedef struct TesseraHarnessOutput {
  uint32_t arenaOffset;
  uint32_t bytes;
} TesseraHarnessOutput;

/// What the host tells the harness. On a board it is an object of its own,
/// made when the image is linked.
typedef struct TesseraHarnessDescriptor {
  int (*run)(void *arena, const void *io);
  const TesseraHarnessInput *inputs;
  const TesseraHarnessOutput *outputs;
  uint32_t numInputs;
  uint32_t numOutputs;
  /// TesseraHarnessInputMode.
  uint32_t inputMode;
  uint32_t arenaBytes;
  uint32_t arenaAlignment;
  /// Promised stack, 0: none promised.
  uint32_t stackBytes;
  uint32_t garbageSeed;
  uint32_t numVectors;
  /// Number of the callback call that fails, UINT32_MAX: none, and its value.
  uint32_t failCallbackAt;
  uint32_t failCallbackStatus;
} TesseraHarnessDescriptor;

/// State of one vector.
typedef struct TesseraHarness {
  const TesseraHarnessDescriptor *descriptor;
  uint8_t *arena;
  uint8_t *inputBlock;
  /// The generated NAME_io: input pointers or callbacks, then the context.
  void *io[TESSERA_HARNESS_MAX_INPUTS + 1];
  uint32_t nextRow[TESSERA_HARNESS_MAX_INPUTS];
  uint32_t inputHash;
  uint32_t callbackCalls;
  /// What the first failing callback returned, 0 if none failed.
  int32_t callbackStatus;
  uint32_t inputBytesRead;
  /// What the run returned; set by the caller.
  int32_t status;
  /// Set by the caller if measured.
  uint32_t stackUsedBytes;
  uint32_t violation;
  int32_t detail[2];
} TesseraHarness;

/// Bytes of all inputs together.
uint32_t tesseraHarnessInputBytes(const TesseraHarnessDescriptor *descriptor);
/// Bytes of the blocks that the caller provides: the arena or the inputs with
/// guards around them. The arena's block must be aligned to
/// `tesseraHarnessBlockAlignment`, the inputs' to 16.
uint32_t
tesseraHarnessArenaBlockBytes(const TesseraHarnessDescriptor *descriptor);
uint32_t
tesseraHarnessInputBlockBytes(const TesseraHarnessDescriptor *descriptor);
uint32_t
tesseraHarnessBlockAlignment(const TesseraHarnessDescriptor *descriptor);

/// Fills both blocks with garbage (seeded by garbageSeed) and their guards.
void tesseraHarnessBegin(TesseraHarness *harness,
                         const TesseraHarnessDescriptor *descriptor,
                         uint8_t *arenaBlock, uint8_t *inputBlock);
/// Where input `index` must be stored before the run: in the arena if resident.
uint8_t *tesseraHarnessInput(const TesseraHarness *harness, uint32_t index);
/// After the inputs are stored: prepares `io`. `callbacks`: one function per
/// input for rows or windows; NULL for the harness's own.
void tesseraHarnessArm(TesseraHarness *harness, void *const *callbacks);
/// The second argument of the run: NULL for a resident input, which needs none.
const void *tesseraHarnessIO(const TesseraHarness *harness);
/// After the run: guards, external input, status, stack.
void tesseraHarnessCheck(TesseraHarness *harness);

/// The callbacks' work; `index` says for which input.
int tesseraHarnessServeRow(void *context, int y, void *destination,
                           uint32_t index);
int tesseraHarnessServeWindow(void *context, int y0, int x0, int h, int w,
                              void *destination, size_t pitch, uint32_t index);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TESSERA_RUNTIME_HARNESS_H */
