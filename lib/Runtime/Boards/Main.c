/*===- Main.c - The harness on a board ------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads vectors from `inputs.bin`, runs each, writes `outputs.bin` and one line
// per vector to `result.txt`:
//
//   status stackUsedBytes inputBytesRead violation detail0 detail1
//
// The three files lie in the directory that the command line names. The arena
// and the input block are carved from the board's largest memory, so that the
// image does not depend on their sizes.
//
//===----------------------------------------------------------------------===*/

#include "Semihosting.h"
#include "tessera/Runtime/Harness.h"

extern const TesseraHarnessDescriptor tesseraHarnessDescriptor;

// From the linker script.
extern uint8_t tesseraHeapStart[], tesseraHeapEnd[];
extern uint32_t tesseraMeasuredStackBottom[], tesseraMeasuredStackTop[];

// From Startup.S.
int tesseraInvoke(int (*run)(void *, const void *), void *arena, const void *io,
                  void *stackTop);
#define DECLARE_CALLBACKS(index)                                               \
  void tesseraRow##index(void);                                                \
  void tesseraWindow##index(void);
DECLARE_CALLBACKS(0)
DECLARE_CALLBACKS(1)
DECLARE_CALLBACKS(2)
DECLARE_CALLBACKS(3)
DECLARE_CALLBACKS(4)
DECLARE_CALLBACKS(5)
DECLARE_CALLBACKS(6)
DECLARE_CALLBACKS(7)

_Noreturn void tesseraMain(void);
_Noreturn void tesseraReportFault(const uint32_t *frame);

/// Exit codes besides 0, for a person who reads the emulator's.
enum { EXIT_HARNESS = 1, EXIT_FAULT = 2 };

enum { PAINT = 0x5AC3A53Cu };

static TesseraHarness harness;
static char path[1024];

static _Noreturn void fail(const char *message) {
  semihostingPrint("tessera harness: ");
  semihostingPrint(message);
  semihostingPrint("\n");
  semihostingExit(EXIT_HARNESS);
}

static void printHex(const char *name, uint32_t value) {
  char text[] = " 0x00000000";
  for (int i = 10; i > 2; --i, value >>= 4)
    text[i] = "0123456789abcdef"[value & 15u];
  semihostingPrint(name);
  semihostingPrint(text);
}

_Noreturn void tesseraReportFault(const uint32_t *frame) {
  // Exception frame: r0-r3, r12, lr, pc, xpsr.
  semihostingPrint("tessera harness: the processor faulted:");
  printHex(" pc", frame[6]);
  printHex(" lr", frame[5]);
  printHex(" CFSR", *(volatile uint32_t *)0xE000ED28u);
  printHex(" address", *(volatile uint32_t *)0xE000ED38u);
  semihostingPrint("\n");
  semihostingExit(EXIT_FAULT);
}

/// Opens `name` in the directory that `path` starts with (`length` characters).
static int openFile(uint32_t length, const char *name, int mode) {
  path[length] = '/';
  uint32_t i = 0;
  do {
    if (length + 1 + i >= sizeof path)
      fail("the working directory's name is too long");
    path[length + 1 + i] = name[i];
  } while (name[i++]);
  int handle = semihostingOpen(path, mode);
  if (handle < 0)
    fail(name);
  return handle;
}

static void writeNumber(int file, int32_t value, char end) {
  char text[16];
  uint32_t at = sizeof text;
  uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
  text[--at] = end;
  do {
    text[--at] = (char)('0' + rest % 10u);
    rest /= 10u;
  } while (rest);
  if (value < 0)
    text[--at] = '-';
  if (!semihostingWrite(file, text + at, (uint32_t)sizeof text - at))
    fail("cannot write the results");
}

/// Takes `bytes` from the heap at `*next`.
static uint8_t *take(uint8_t **next, uint32_t bytes, uint32_t alignment) {
  uintptr_t start =
      ((uintptr_t)*next + alignment - 1) & ~(uintptr_t)(alignment - 1);
  if (start > (uintptr_t)tesseraHeapEnd ||
      bytes > (uintptr_t)tesseraHeapEnd - start)
    fail("arena, inputs and weights do not fit into the board's memory");
  *next = (uint8_t *)(start + bytes);
  return (uint8_t *)start;
}

static void paintStack(void) {
  for (uint32_t *p = tesseraMeasuredStackBottom; p < tesseraMeasuredStackTop;
       ++p)
    *(volatile uint32_t *)p = PAINT;
}

/// Bytes from the stack's top to the deepest word that is no longer paint.
static uint32_t stackUsedBytes(void) {
  const uint32_t *p = tesseraMeasuredStackBottom;
  while (p < tesseraMeasuredStackTop && *p == PAINT)
    ++p;
  return (uint32_t)((const uint8_t *)tesseraMeasuredStackTop -
                    (const uint8_t *)p);
}

static void runVector(const TesseraHarnessDescriptor *descriptor,
                      uint8_t *arenaBlock, uint8_t *inputBlock, int inputs,
                      int outputs, int result) {
#define ROW(index) (void *)tesseraRow##index
#define WINDOW(index) (void *)tesseraWindow##index
  static void *const rows[] = {ROW(0), ROW(1), ROW(2), ROW(3),
                               ROW(4), ROW(5), ROW(6), ROW(7)};
  static void *const windows[] = {WINDOW(0), WINDOW(1), WINDOW(2), WINDOW(3),
                                  WINDOW(4), WINDOW(5), WINDOW(6), WINDOW(7)};

  tesseraHarnessBegin(&harness, descriptor, arenaBlock, inputBlock);
  for (uint32_t i = 0; i < descriptor->numInputs; ++i) {
    const TesseraHarnessInput *input = &descriptor->inputs[i];
    if (!semihostingRead(inputs, tesseraHarnessInput(&harness, i),
                         input->height * input->width * input->pixelBytes))
      fail("cannot read inputs.bin");
  }
  tesseraHarnessArm(
      &harness, descriptor->inputMode == TESSERA_INPUT_ROWS ? rows : windows);

  paintStack();
  harness.status =
      tesseraInvoke(descriptor->run, harness.arena, tesseraHarnessIO(&harness),
                    tesseraMeasuredStackTop);
  harness.stackUsedBytes = stackUsedBytes();
  tesseraHarnessCheck(&harness);

  for (uint32_t i = 0; i < descriptor->numOutputs; ++i)
    if (!semihostingWrite(outputs,
                          harness.arena + descriptor->outputs[i].arenaOffset,
                          descriptor->outputs[i].bytes))
      fail("cannot write outputs.bin");
  writeNumber(result, harness.status, ' ');
  writeNumber(result, (int32_t)harness.stackUsedBytes, ' ');
  writeNumber(result, (int32_t)harness.inputBytesRead, ' ');
  writeNumber(result, (int32_t)harness.violation, ' ');
  writeNumber(result, harness.detail[0], ' ');
  writeNumber(result, harness.detail[1], '\n');
}

_Noreturn void tesseraMain(void) {
  const TesseraHarnessDescriptor *descriptor = &tesseraHarnessDescriptor;
  if (!semihostingCommandLine(path, sizeof path))
    fail("no command line");
  uint32_t length = 0;
  while (path[length])
    ++length;
  int inputs = openFile(length, "inputs.bin", SEMIHOSTING_READ_BINARY);
  int outputs = openFile(length, "outputs.bin", SEMIHOSTING_WRITE_BINARY);
  int result = openFile(length, "result.txt", SEMIHOSTING_WRITE_BINARY);

  uint8_t *next = tesseraHeapStart;
  uint8_t *arenaBlock = take(&next, tesseraHarnessArenaBlockBytes(descriptor),
                             tesseraHarnessBlockAlignment(descriptor));
  uint8_t *inputBlock =
      take(&next, tesseraHarnessInputBlockBytes(descriptor), 16);
  for (uint32_t i = 0; i < descriptor->numVectors; ++i)
    runVector(descriptor, arenaBlock, inputBlock, inputs, outputs, result);

  semihostingClose(inputs);
  semihostingClose(outputs);
  semihostingClose(result);
  semihostingExit(0);
}
