/*===- Semihosting.c - Files and exit of the emulator ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each call packs its parameters into words and traps.
//
//===----------------------------------------------------------------------===*/

#include "Semihosting.h"

enum Operation {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE0 = 0x04,
  SYS_WRITE = 0x05,
  SYS_READ = 0x06,
  SYS_GET_CMDLINE = 0x15,
  SYS_EXIT_EXTENDED = 0x20,
};

/// Reason code ADP_Stopped_ApplicationExit.
enum { APPLICATION_EXIT = 0x20026 };

static int32_t trap(uint32_t operation, const void *parameters) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = parameters;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return (int32_t)r0;
}

static uint32_t length(const char *text) {
  uint32_t result = 0;
  while (text[result])
    ++result;
  return result;
}

int semihostingOpen(const char *path, int mode) {
  const uint32_t parameters[] = {(uint32_t)path, (uint32_t)mode, length(path)};
  return trap(SYS_OPEN, parameters);
}

void semihostingClose(int handle) {
  const uint32_t parameters[] = {(uint32_t)handle};
  trap(SYS_CLOSE, parameters);
}

// Read and write return the number of bytes that were NOT transferred.
int semihostingRead(int handle, void *data, uint32_t bytes) {
  const uint32_t parameters[] = {(uint32_t)handle, (uint32_t)data, bytes};
  return bytes == 0 || trap(SYS_READ, parameters) == 0;
}

int semihostingWrite(int handle, const void *data, uint32_t bytes) {
  const uint32_t parameters[] = {(uint32_t)handle, (uint32_t)data, bytes};
  return bytes == 0 || trap(SYS_WRITE, parameters) == 0;
}

void semihostingPrint(const char *text) { trap(SYS_WRITE0, text); }

int semihostingCommandLine(char *buffer, uint32_t bytes) {
  uint32_t parameters[] = {(uint32_t)buffer, bytes};
  return trap(SYS_GET_CMDLINE, parameters) == 0;
}

_Noreturn void semihostingExit(uint32_t status) {
  const uint32_t parameters[] = {APPLICATION_EXIT, status};
  for (;;)
    trap(SYS_EXIT_EXTENDED, parameters);
}
