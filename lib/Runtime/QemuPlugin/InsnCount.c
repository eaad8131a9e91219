/*===- InsnCount.c - Exact instruction counts per operator ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A TCG plugin. Every translated instruction adds 1 to one counter, inline and
// thus exactly. At the few addresses that the configuration names, a callback
// runs before the instruction, while the counter does not yet have it: what the
// counter gained since the previous such event belongs to the part that was
// current until now.
//
// Configuration (`config=FILE`), decimal, one event a line:
//   entry ADDRESS 0      the first call of the entry starts the count
//   site ADDRESS LINE    from this instruction on, LINE is the current part
//   enter ADDRESS 0      a callback of the harness begins here
//   leave ADDRESS 0      its last instruction
//   return ADDRESS 0     where the entry returns to: the count ends
//
// Output (`output=FILE`), written when the count ends:
//   line LINE INSTRUCTIONS       one per part; line 0: before the first site
//   callbacks 0 INSTRUCTIONS
//   end 0 0
//
//===----------------------------------------------------------------------===*/

#include "QemuPlugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int qemu_plugin_version = 1;

enum EventKind {
  EVENT_ENTRY,
  EVENT_SITE,
  EVENT_ENTER,
  EVENT_LEAVE,
  EVENT_RETURN
};

static const char *const kindNames[] = {"entry", "site", "enter", "leave",
                                        "return"};

struct Event {
  enum EventKind kind;
  uint64_t address;
  /// Index of the part that a site makes current.
  size_t part;
};

struct Part {
  uint32_t line;
  uint64_t instructions;
};

/// Sorted by address.
static struct Event *events;
static size_t numEvents;
/// parts[0] is line 0.
static struct Part *parts;
static size_t numParts;
static uint64_t callbackInstructions;

static char *outputPath;
static uint64_t executed;
/// Value of `executed` that has been given to some part already.
static uint64_t settled;
static enum { WAITING, RUNNING, IN_CALLBACK, FINISHED } state = WAITING;
static size_t currentPart;

static void settle(uint64_t *counter) {
  *counter += executed - settled;
  settled = executed;
}

static void writeOutput(void) {
  FILE *file = fopen(outputPath, "w");
  if (!file) {
    perror(outputPath);
    return;
  }
  for (size_t i = 0; i < numParts; ++i)
    fprintf(file, "line %" PRIu32 " %" PRIu64 "\n", parts[i].line,
            parts[i].instructions);
  fprintf(file, "callbacks 0 %" PRIu64 "\nend 0 0\n", callbackInstructions);
  if (fclose(file) != 0)
    perror(outputPath);
}

static void onEvent(unsigned int vcpu, void *userdata) {
  const struct Event *event = userdata;
  (void)vcpu;
  switch (event->kind) {
  case EVENT_ENTRY:
    if (state != WAITING)
      return;
    state = RUNNING;
    settled = executed;
    currentPart = 0;
    return;
  case EVENT_SITE:
    if (state != RUNNING)
      return;
    settle(&parts[currentPart].instructions);
    currentPart = event->part;
    return;
  case EVENT_ENTER:
    if (state != RUNNING)
      return;
    settle(&parts[currentPart].instructions);
    state = IN_CALLBACK;
    return;
  case EVENT_LEAVE:
    if (state != IN_CALLBACK)
      return;
    settle(&callbackInstructions);
    // The leaving instruction itself is still to be counted.
    callbackInstructions += 1;
    settled += 1;
    state = RUNNING;
    return;
  case EVENT_RETURN:
    if (state != RUNNING)
      return;
    settle(&parts[currentPart].instructions);
    state = FINISHED;
    writeOutput();
    return;
  }
}

static int compareEvents(const void *left, const void *right) {
  const struct Event *a = left, *b = right;
  return (a->address > b->address) - (a->address < b->address);
}

static void onTranslate(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  size_t count = qemu_plugin_tb_n_insns(block);
  (void)id;
  for (size_t i = 0; i < count; ++i) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
    struct Event key = {EVENT_ENTRY, qemu_plugin_insn_vaddr(insn), 0};
    struct Event *event =
        bsearch(&key, events, numEvents, sizeof *events, compareEvents);
    if (event)
      qemu_plugin_register_vcpu_insn_exec_cb(insn, onEvent,
                                             QEMU_PLUGIN_CB_NO_REGS, event);
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                               &executed, 1);
  }
}

/// Index of the part for `line`; it is made if it does not exist.
static size_t partOfLine(uint32_t line) {
  for (size_t i = 0; i < numParts; ++i)
    if (parts[i].line == line)
      return i;
  struct Part *grown = realloc(parts, (numParts + 1) * sizeof *parts);
  if (!grown)
    abort();
  parts = grown;
  parts[numParts] = (struct Part){line, 0};
  return numParts++;
}

static int readConfig(const char *path) {
  FILE *file = fopen(path, "r");
  char name[16];
  uint64_t address;
  uint32_t line;
  if (!file) {
    perror(path);
    return -1;
  }
  partOfLine(0);
  while (fscanf(file, "%15s %" SCNu64 " %" SCNu32, name, &address, &line) ==
         3) {
    size_t kind = 0;
    while (kind <= EVENT_RETURN && strcmp(name, kindNames[kind]) != 0)
      ++kind;
    if (kind > EVENT_RETURN) {
      fprintf(stderr, "tessera-insn-count: unknown event '%s'\n", name);
      fclose(file);
      return -1;
    }
    struct Event *grown = realloc(events, (numEvents + 1) * sizeof *events);
    if (!grown)
      abort();
    events = grown;
    events[numEvents++] =
        (struct Event){(enum EventKind)kind, address, partOfLine(line)};
  }
  fclose(file);
  qsort(events, numEvents, sizeof *events, compareEvents);
  return 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info,
                        int argc, char **argv) {
  const char *config = NULL;
  (void)info;
  for (int i = 0; i < argc; ++i) {
    if (strncmp(argv[i], "config=", 7) == 0)
      config = argv[i] + 7;
    else if (strncmp(argv[i], "output=", 7) == 0)
      outputPath = strdup(argv[i] + 7);
  }
  if (!config || !outputPath) {
    fprintf(stderr, "tessera-insn-count: give config=FILE and output=FILE\n");
    return -1;
  }
  if (readConfig(config) != 0)
    return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, onTranslate);
  return 0;
}
