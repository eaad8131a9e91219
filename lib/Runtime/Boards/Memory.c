/*===- Memory.c - What the C compiler may call ----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The harness is freestanding, but a compiler may still turn its loops into
// these. Generated objects never call them: they have no undefined symbols.
//
//===----------------------------------------------------------------------===*/

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict destination, const void *restrict source,
             size_t bytes);
void *memmove(void *destination, const void *source, size_t bytes);
void *memset(void *destination, int value, size_t bytes);

void *memcpy(void *restrict destination, const void *restrict source,
             size_t bytes) {
  uint8_t *to = (uint8_t *)destination;
  const uint8_t *from = (const uint8_t *)source;
  while (bytes--)
    *to++ = *from++;
  return destination;
}

void *memmove(void *destination, const void *source, size_t bytes) {
  uint8_t *to = (uint8_t *)destination;
  const uint8_t *from = (const uint8_t *)source;
  if (to < from)
    while (bytes--)
      *to++ = *from++;
  else
    while (bytes--)
      to[bytes] = from[bytes];
  return destination;
}

void *memset(void *destination, int value, size_t bytes) {
  uint8_t *to = (uint8_t *)destination;
  while (bytes--)
    *to++ = (uint8_t)value;
  return destination;
}

void __aeabi_memcpy(void *destination, const void *source, size_t bytes);
void __aeabi_memmove(void *destination, const void *source, size_t bytes);
void __aeabi_memset(void *destination, size_t bytes, int value);
void __aeabi_memclr(void *destination, size_t bytes);

void __aeabi_memcpy(void *destination, const void *source, size_t bytes) {
  memcpy(destination, source, bytes);
}
void __aeabi_memmove(void *destination, const void *source, size_t bytes) {
  memmove(destination, source, bytes);
}
// Value and size change places in the run-time ABI.
void __aeabi_memset(void *destination, size_t bytes, int value) {
  memset(destination, value, bytes);
}
void __aeabi_memclr(void *destination, size_t bytes) {
  memset(destination, 0, bytes);
}

// Variants that promise alignment of 4 and 8.
void __aeabi_memcpy4(void *, const void *, size_t)
    __attribute__((alias("__aeabi_memcpy")));
void __aeabi_memcpy8(void *, const void *, size_t)
    __attribute__((alias("__aeabi_memcpy")));
void __aeabi_memset4(void *, size_t, int)
    __attribute__((alias("__aeabi_memset")));
void __aeabi_memset8(void *, size_t, int)
    __attribute__((alias("__aeabi_memset")));
void __aeabi_memclr4(void *, size_t) __attribute__((alias("__aeabi_memclr")));
void __aeabi_memclr8(void *, size_t) __attribute__((alias("__aeabi_memclr")));
