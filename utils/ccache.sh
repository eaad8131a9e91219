#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Compiler launcher: ccache with the settings that a precompiled header needs.
# The header is rebuilt with the same content in every clone, so that its time
# stamps must not count; the compiler gets -fno-pch-timestamp for the same
# reason (CMakePresets.json).
CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
export CCACHE_SLOPPINESS
# A user without a home directory still gets a cache.
if [ -z "${CCACHE_DIR:-}" ] && [ ! -w "${HOME:-/nonexistent}" ]; then
  CCACHE_DIR=${TMPDIR:-/tmp}/tessera-ccache-$(id -u)
  export CCACHE_DIR
fi
exec ccache "$@"
