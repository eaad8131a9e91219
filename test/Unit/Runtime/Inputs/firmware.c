/*===- firmware.c - A program that a user's compiler builds ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs toy_run on sixteen bytes and ends the emulator with 0 if each came out 3
// larger. The floating point arithmetic and the enumeration make the compiler
// write the attributes that a linker compares. Its own start-up code is the
// board support's.
//
//===----------------------------------------------------------------------===*/

#include <stdint.h>

int toy_run(void *arena, const void *io);
_Noreturn void semihostingExit(uint32_t status);

enum Outcome { Right = 40, Wrong = 41 };

static uint8_t arena[32] __attribute__((aligned(16)));
static volatile enum Outcome outcome = Wrong;
static volatile float scale = 1.5f;

float scaled(float value);
float scaled(float value) { return value * scale; }

_Noreturn void tesseraMain(void);
_Noreturn void tesseraMain(void) {
  for (int i = 0; i < 16; ++i)
    arena[i] = (uint8_t)(i * 7);
  int isRight = toy_run(arena, 0) == 0 && scaled(2.0f) == 3.0f;
  for (int i = 0; i < 16; ++i)
    isRight &= arena[16 + i] == (uint8_t)(i * 7 + 3);
  if (isRight)
    outcome = Right;
  semihostingExit(outcome);
}

/* Named by the start-up code, not reached. */
void tesseraReportFault(const uint32_t *frame);
void tesseraReportFault(const uint32_t *frame) { semihostingExit(frame[6]); }
void tesseraHarnessServeRow(void);
void tesseraHarnessServeRow(void) {}
void tesseraHarnessServeWindow(void);
void tesseraHarnessServeWindow(void) {}
