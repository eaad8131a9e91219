/*===- Semihosting.h - Files and exit of the emulator -------------*- C -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The few calls of Arm's semihosting interface that the harness needs. On
// M-profile a call is `bkpt 0xab` with the number in r0 and the address of the
// parameters in r1; the result is in r0.
//
//===----------------------------------------------------------------------===*/

#ifndef TESSERA_BOARDS_SEMIHOSTING_H
#define TESSERA_BOARDS_SEMIHOSTING_H

#include <stdint.h>

/// fopen's modes, in the interface's numbering.
enum { SEMIHOSTING_READ_BINARY = 1, SEMIHOSTING_WRITE_BINARY = 5 };

/// Returns a handle, or -1.
int semihostingOpen(const char *path, int mode);
void semihostingClose(int handle);
/// Both return 1 if all bytes were transferred.
int semihostingRead(int handle, void *data, uint32_t bytes);
int semihostingWrite(int handle, const void *data, uint32_t bytes);
/// Prints a string that ends with 0 on the emulator's console.
void semihostingPrint(const char *text);
/// Copies the command line to `buffer`; returns 1 on success.
int semihostingCommandLine(char *buffer, uint32_t bytes);
/// Ends the emulator with `status` as its exit code.
_Noreturn void semihostingExit(uint32_t status);

#endif /* TESSERA_BOARDS_SEMIHOSTING_H */
