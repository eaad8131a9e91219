#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs the build in build/ to build/standalone/prefix, builds the project
# test/Standalone against that tree alone and runs its tests. Works in
# build/standalone, which is made anew.

set -euo pipefail
cd "$(dirname "$0")/.."

work=$PWD/build/standalone
rm -rf "$work"
mkdir -p "$work"
cmake --install build --prefix "$work/prefix" >"$work/install.log"
echo "installed $(wc -l <"$work/install.log") files"

cmake -G Ninja -S test/Standalone -B "$work/build" \
  -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 \
  -DCMAKE_CXX_COMPILER_LAUNCHER="$PWD/utils/ccache.sh" \
  -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld-22 \
  -DCMAKE_PREFIX_PATH="$work/prefix"
ninja -C "$work/build"

status=0
/usr/bin/python3 /usr/lib/llvm-22/bin/lit -v \
  --param tool_dir="$work/build" --param llvm_tools_dir=/usr/lib/llvm-22/bin \
  --xunit-xml-output="$work/lit.xml" test/Standalone || status=1
/usr/bin/python3 utils/count_results.py "$work/lit.xml" || status=1
exit "$status"
