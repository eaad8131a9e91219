#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs what the machine lacks, configures build/ and builds.
#
#   utils/build.sh              everything
#   utils/build.sh TARGET...    these targets

set -euo pipefail
cd "$(dirname "$0")/.."

utils/setup.sh
[ -f build/build.ninja ] || cmake --preset default
ninja -C build "$@"
