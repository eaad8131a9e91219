/*===- QemuPlugin.h - The part of QEMU's plugin interface in use --*- C -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Debian packages QEMU without the header of its TCG plugin interface. These
are
// the few declarations that the counter needs, of version 1 (QEMU 7.2 accepts
// versions 0 and 1). The emulator resolves the functions when it loads the
// plugin.
//
//===----------------------------------------------------------------------===*/

#ifndef TESSERA_QEMUPLUGIN_QEMUPLUGIN_H
#define TESSERA_QEMUPLUGIN_QEMUPLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

/// The number that the emulator knows a loaded plugin by.
typedef uint64_t qemu_plugin_id_t;

/// About the emulator; opaque here.
struct qemu_info_t;
/// A block of guest instructions while it is translated, and one of them.
struct qemu_plugin_tb;
struct qemu_plugin_insn;

/// What a callback may do with guest registers.
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS = 0 };
/// What translated code may do without a call.
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id,
                                               struct qemu_plugin_tb *block);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu, void *userdata);

void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t callback);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
/// `callback` runs before the instruction, each time.
void qemu_plugin_register_vcpu_insn_exec_cb(
    struct qemu_plugin_insn *insn, qemu_plugin_vcpu_udata_cb_t callback,
    enum qemu_plugin_cb_flags flags, void *userdata);
/// Adds `value` to the 64-bit number at `address` for each execution.
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                enum qemu_plugin_op op,
                                                void *address, uint64_t value);

/// Defined by the plugin: the version it was written for, and its start, which
/// returns 0 unless it refuses.
extern QEMU_PLUGIN_EXPORT int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const struct qemu_info_t *info,
                                           int argc, char **argv);

#endif /* TESSERA_QEMUPLUGIN_QEMUPLUGIN_H */
