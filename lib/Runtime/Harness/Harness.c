/*===- Harness.c - How a generated object is exercised --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Garbage, guards and callbacks. The garbage is a stream of xorshift32 numbers:
// no byte of it repeats with a period that a row pitch could match, and another
// seed changes nearly all of it. Guards are fixed bytes that differ by
position,
// so that a stray copy of one guard byte over another one shows.
//
//===----------------------------------------------------------------------===*/

#include "tessera/Runtime/Harness.h"

static uint8_t guardByte(uint32_t position) {
  return (uint8_t)(0xA5u ^ (position * 29u));
}

static uint32_t nextRandom(uint32_t state) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static void fillGuard(uint8_t *guard) {
  for (uint32_t i = 0; i < TESSERA_HARNESS_GUARD_BYTES; ++i)
    guard[i] = guardByte(i);
}

/// Fills `bytes` bytes between two guards. `seed` is any number: 0, the one
/// fixed point of xorshift, is replaced.
static void fillBlock(uint8_t *block, uint32_t bytes, uint32_t seed) {
  uint32_t state = seed ? seed : 0x9E3779B9u;
  uint8_t *data = block + TESSERA_HARNESS_GUARD_BYTES;
  fillGuard(block);
  for (uint32_t i = 0; i < bytes; ++i) {
    state = nextRandom(state);
    data[i] = (uint8_t)(state >> 24);
  }
  fillGuard(data + bytes);
}

/// Returns 1 and the offset (from the data) of the first changed guard byte.
static int guardChanged(const uint8_t *block, uint32_t bytes, int32_t *offset) {
  const uint8_t *after = block + TESSERA_HARNESS_GUARD_BYTES + bytes;
  for (uint32_t i = 0; i < TESSERA_HARNESS_GUARD_BYTES; ++i)
    if (block[i] != guardByte(i)) {
      *offset = (int32_t)i - (int32_t)TESSERA_HARNESS_GUARD_BYTES;
      return 1;
    }
  for (uint32_t i = 0; i < TESSERA_HARNESS_GUARD_BYTES; ++i)
    if (after[i] != guardByte(i)) {
      *offset = (int32_t)(bytes + i);
      return 1;
    }
  return 0;
}

/// FNV-1a.
static uint32_t hashBytes(const uint8_t *data, uint32_t bytes) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < bytes; ++i)
    hash = (hash ^ data[i]) * 16777619u;
  return hash;
}

static uint32_t inputBytes(const TesseraHarnessInput *input) {
  return input->height * input->width * input->pixelBytes;
}

/// The first violation stays: later ones follow from it.
static void violate(TesseraHarness *harness, uint32_t violation,
                    int32_t detail0, int32_t detail1) {
  if (harness->violation != TESSERA_VIOLATION_NONE)
    return;
  harness->violation = violation;
  harness->detail[0] = detail0;
  harness->detail[1] = detail1;
}

uint32_t tesseraHarnessInputBytes(const TesseraHarnessDescriptor *descriptor) {
  uint32_t bytes = 0;
  for (uint32_t i = 0; i < descriptor->numInputs; ++i)
    bytes += inputBytes(&descriptor->inputs[i]);
  return bytes;
}

uint32_t
tesseraHarnessBlockAlignment(const TesseraHarnessDescriptor *descriptor) {
  return descriptor->arenaAlignment > TESSERA_HARNESS_GUARD_BYTES
             ? descriptor->arenaAlignment
             : TESSERA_HARNESS_GUARD_BYTES;
}

/// The arena follows one guard; a larger alignment moves both.
static uint32_t arenaLead(const TesseraHarnessDescriptor *descriptor) {
  return tesseraHarnessBlockAlignment(descriptor) - TESSERA_HARNESS_GUARD_BYTES;
}

uint32_t
tesseraHarnessArenaBlockBytes(const TesseraHarnessDescriptor *descriptor) {
  return arenaLead(descriptor) + descriptor->arenaBytes +
         2 * TESSERA_HARNESS_GUARD_BYTES;
}

/// Inputs start at multiples of 16 in their block.
static uint32_t inputOffset(const TesseraHarnessDescriptor *descriptor,
                            uint32_t index) {
  uint32_t offset = 0;
  for (uint32_t i = 0; i < index; ++i)
    offset += (inputBytes(&descriptor->inputs[i]) + 15u) & ~15u;
  return offset;
}

static uint32_t
inputBlockDataBytes(const TesseraHarnessDescriptor *descriptor) {
  return inputOffset(descriptor, descriptor->numInputs);
}

uint32_t
tesseraHarnessInputBlockBytes(const TesseraHarnessDescriptor *descriptor) {
  return inputBlockDataBytes(descriptor) + 2 * TESSERA_HARNESS_GUARD_BYTES;
}

void tesseraHarnessBegin(TesseraHarness *harness,
                         const TesseraHarnessDescriptor *descriptor,
                         uint8_t *arenaBlock, uint8_t *inputBlock) {
  harness->descriptor = descriptor;
  harness->arena =
      arenaBlock + arenaLead(descriptor) + TESSERA_HARNESS_GUARD_BYTES;
  harness->inputBlock = inputBlock;
  for (uint32_t i = 0; i < TESSERA_HARNESS_MAX_INPUTS; ++i)
    harness->nextRow[i] = 0;
  harness->inputHash = 0;
  harness->callbackCalls = 0;
  harness->callbackStatus = 0;
  harness->inputBytesRead = 0;
  harness->status = 0;
  harness->stackUsedBytes = 0;
  harness->violation = TESSERA_VIOLATION_NONE;
  harness->detail[0] = harness->detail[1] = 0;
  fillBlock(harness->arena - TESSERA_HARNESS_GUARD_BYTES,
            descriptor->arenaBytes, descriptor->garbageSeed);
  fillBlock(inputBlock, inputBlockDataBytes(descriptor),
            ~descriptor->garbageSeed);
}

uint8_t *tesseraHarnessInput(const TesseraHarness *harness, uint32_t index) {
  const TesseraHarnessDescriptor *descriptor = harness->descriptor;
  if (descriptor->inputMode == TESSERA_INPUT_RESIDENT)
    return harness->arena + descriptor->inputs[index].arenaOffset;
  return harness->inputBlock + TESSERA_HARNESS_GUARD_BYTES +
         inputOffset(descriptor, index);
}

/// What every callback does first. Returns 1 if it must return `*status` now.
static int enterCallback(TesseraHarness *harness, int *status) {
  const TesseraHarnessDescriptor *descriptor = harness->descriptor;
  uint32_t call = harness->callbackCalls++;
  *status = harness->callbackStatus;
  if (*status != 0) // The run went on after a failure: Check will see.
    return 1;
  if (call != descriptor->failCallbackAt)
    return 0;
  harness->callbackStatus = (int32_t)descriptor->failCallbackStatus;
  *status = harness->callbackStatus;
  return 1;
}

/// Ends the run with a status of the harness's own.
static int refuse(TesseraHarness *harness, uint32_t violation, int32_t detail0,
                  int32_t detail1) {
  violate(harness, violation, detail0, detail1);
  harness->callbackStatus = -1;
  return -1;
}

/// True if [destination, destination + bytes) is in the arena.
static int inArena(const TesseraHarness *harness, const uint8_t *destination,
                   uint32_t bytes, int32_t *offset) {
  uintptr_t start = (uintptr_t)destination - (uintptr_t)harness->arena;
  uint32_t arenaBytes = harness->descriptor->arenaBytes;
  *offset = (int32_t)(intptr_t)start;
  return start <= arenaBytes && bytes <= arenaBytes - start;
}

static void copyBytes(uint8_t *destination, const uint8_t *source,
                      uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i)
    destination[i] = source[i];
}

int tesseraHarnessServeRow(void *context, int y, void *destination,
                           uint32_t index) {
  TesseraHarness *harness = (TesseraHarness *)context;
  const TesseraHarnessInput *input = &harness->descriptor->inputs[index];
  uint32_t rowBytes = input->width * input->pixelBytes;
  int32_t offset;
  int status;
  if (enterCallback(harness, &status))
    return status;
  if (y < 0 || (uint32_t)y != harness->nextRow[index] ||
      (uint32_t)y >= input->height)
    return refuse(harness, TESSERA_VIOLATION_ROW_ORDER, y,
                  (int32_t)harness->nextRow[index]);
  if (!inArena(harness, (uint8_t *)destination, rowBytes, &offset))
    return refuse(harness, TESSERA_VIOLATION_DESTINATION, offset, 0);
  copyBytes((uint8_t *)destination,
            tesseraHarnessInput(harness, index) + (uint32_t)y * rowBytes,
            rowBytes);
  harness->nextRow[index]++;
  harness->inputBytesRead += rowBytes;
  return 0;
}

int tesseraHarnessServeWindow(void *context, int y0, int x0, int h, int w,
                              void *destination, size_t pitch, uint32_t index) {
  TesseraHarness *harness = (TesseraHarness *)context;
  const TesseraHarnessInput *input = &harness->descriptor->inputs[index];
  uint32_t rowBytes = input->width * input->pixelBytes;
  int32_t offset;
  int status;
  if (enterCallback(harness, &status))
    return status;
  if (y0 < 0 || h <= 0 || (int64_t)y0 + h > (int64_t)input->height)
    return refuse(harness, TESSERA_VIOLATION_WINDOW_BOUNDS, y0, h);
  if (x0 < 0 || w <= 0 || (int64_t)x0 + w > (int64_t)input->width)
    return refuse(harness, TESSERA_VIOLATION_WINDOW_BOUNDS, x0, w);
  uint32_t windowRowBytes = (uint32_t)w * input->pixelBytes;
  for (int row = 0; row < h; ++row) {
    uint8_t *to = (uint8_t *)destination + (size_t)row * pitch;
    if ((h > 1 && pitch < windowRowBytes) ||
        !inArena(harness, to, windowRowBytes, &offset))
      return refuse(harness, TESSERA_VIOLATION_DESTINATION, offset,
                    (int32_t)pitch);
    copyBytes(to,
              tesseraHarnessInput(harness, index) +
                  (uint32_t)(y0 + row) * rowBytes +
                  (uint32_t)x0 * input->pixelBytes,
              windowRowBytes);
    harness->inputBytesRead += windowRowBytes;
  }
  return 0;
}

#define CALLBACKS(index)                                                       \
  static int row##index(void *context, int y, void *destination) {             \
    return tesseraHarnessServeRow(context, y, destination, index);             \
  }                                                                            \
  static int window##index(void *context, int y0, int x0, int h, int w,        \
                           void *destination, size_t pitch) {                  \
    return tesseraHarnessServeWindow(context, y0, x0, h, w, destination,       \
                                     pitch, index);                            \
  }
CALLBACKS(0)
CALLBACKS(1)
CALLBACKS(2)
CALLBACKS(3)
CALLBACKS(4)
CALLBACKS(5)
CALLBACKS(6)
CALLBACKS(7)

void tesseraHarnessArm(TesseraHarness *harness, void *const *callbacks) {
  static int (*const rows[])(void *, int, void *) = {row0, row1, row2, row3,
                                                     row4, row5, row6, row7};
  static int (*const windows[])(void *, int, int, int, int, void *, size_t) = {
      window0, window1, window2, window3, window4, window5, window6, window7};
  const TesseraHarnessDescriptor *descriptor = harness->descriptor;
  uint32_t slot = 0;
  for (uint32_t i = 0; i < descriptor->numInputs; ++i) {
    switch (descriptor->inputMode) {
    case TESSERA_INPUT_EXTERNAL:
      harness->io[slot++] = tesseraHarnessInput(harness, i);
      break;
    case TESSERA_INPUT_ROWS:
      harness->io[slot++] = callbacks ? callbacks[i] : (void *)rows[i];
      break;
    case TESSERA_INPUT_WINDOWS:
      harness->io[slot++] = callbacks ? callbacks[i] : (void *)windows[i];
      break;
    default:
      break;
    }
  }
  harness->io[slot] = harness;
  harness->inputHash =
      hashBytes(harness->inputBlock, tesseraHarnessInputBlockBytes(descriptor));
}

const void *tesseraHarnessIO(const TesseraHarness *harness) {
  return harness->descriptor->inputMode == TESSERA_INPUT_RESIDENT ? NULL
                                                                  : harness->io;
}

void tesseraHarnessCheck(TesseraHarness *harness) {
  const TesseraHarnessDescriptor *descriptor = harness->descriptor;
  int32_t offset;
  if (guardChanged(harness->arena - TESSERA_HARNESS_GUARD_BYTES,
                   descriptor->arenaBytes, &offset))
    violate(harness, TESSERA_VIOLATION_ARENA_GUARD, offset, 0);
  if (hashBytes(harness->inputBlock, tesseraHarnessInputBlockBytes(
                                         descriptor)) != harness->inputHash)
    violate(harness, TESSERA_VIOLATION_INPUT_WRITTEN, 0, 0);
  if (harness->status != harness->callbackStatus)
    violate(harness, TESSERA_VIOLATION_STATUS, harness->status,
            harness->callbackStatus);
  if (descriptor->stackBytes != 0 &&
      harness->stackUsedBytes > descriptor->stackBytes)
    violate(harness, TESSERA_VIOLATION_STACK, (int32_t)harness->stackUsedBytes,
            (int32_t)descriptor->stackBytes);
}
