/*===- firmware.c - Two models in one program -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a user would write around NAME.h and NAME.o, as C99 or C++17: two models
// share one arena, one with its input in the arena, one with rows from a
// callback. Ends the emulator with 0 if all output bytes are those of data.h.
//
//===----------------------------------------------------------------------===*/

#include "ds_cnn_small.h"
#include "resnet8_small.h"

#include "data.h"

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
void reset(void);
extern uint32_t stackTop[];
#ifdef __cplusplus
}
#endif

#define LARGER(a, b) ((a) > (b) ? (a) : (b))

static unsigned char
    arena[LARGER(DS_CNN_SMALL_ARENA_BYTES, RESNET8_SMALL_ARENA_BYTES)]
    __attribute__((aligned(
        LARGER(DS_CNN_SMALL_ARENA_ALIGNMENT, RESNET8_SMALL_ARENA_ALIGNMENT))));

/* Makes the compiler write down the float ABI it uses. */
static volatile float scale;
static float scaled(float value) { return value * scale; }

static void endEmulation(uint32_t status) {
  /* SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit. */
  const uint32_t parameters[2] = {0x20026, status};
  register uint32_t operation __asm__("r0") = 0x20;
  register const void *block __asm__("r1") = parameters;
  __asm__ volatile("bkpt 0xab" : : "r"(operation), "r"(block) : "memory");
}

/* A camera's row: an abort from line `*ctx` on. */
static int deliverRow(void *ctx, int y, void *dst) {
  const size_t bytes =
      RESNET8_SMALL_INPUT0_COLUMNS * RESNET8_SMALL_INPUT0_PIXEL_BYTES;
  if (y == *(const int *)ctx)
    return 77;
  memcpy(dst, resnet8Input + (size_t)y * bytes, bytes);
  return 0;
}

static uint32_t firstWrong(void) {
  /* No row has this number, so that nothing is aborted; then row 3. */
  int never = -1, third = 3;
  resnet8_small_io io;
  io.row0 = deliverRow;
  io.ctx = &never;

  memset(arena, 0xA5, sizeof(arena));
  memcpy(arena + DS_CNN_SMALL_INPUT0_OFFSET, dsCnnInput, sizeof(dsCnnInput));
  if (ds_cnn_small_run(arena, NULL) != 0)
    return 1;
  if (memcmp(arena + DS_CNN_SMALL_OUTPUT0_OFFSET, dsCnnOutput,
             sizeof(dsCnnOutput)) != 0)
    return 2;

  /* The arena holds what the first model left there. */
  if (resnet8_small_run(arena, &io) != 0)
    return 3;
  if (memcmp(arena + RESNET8_SMALL_OUTPUT0_OFFSET, resnet8Output,
             sizeof(resnet8Output)) != 0)
    return 4;

  io.ctx = &third;
  if (resnet8_small_run(arena, &io) != 77)
    return 5;

  scale = 1.5f;
  return scaled(2.0f) == 3.0f ? 0 : 6;
}

void reset(void) {
  /* CPACR: the FPU. */
  *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
  __asm__ volatile("dsb\n\tisb" : : : "memory");
  endEmulation(firstWrong());
  for (;;)
    ;
}

static void fault(void) { endEmulation(99); }

typedef void (*Handler)(void);
struct Vectors {
  uint32_t *stack;
  Handler handlers[6];
};
__attribute__((section(".vectors"),
               used)) static const struct Vectors vectors = {
    stackTop, {reset, fault, fault, fault, fault, fault}};
