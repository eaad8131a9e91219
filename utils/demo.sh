#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The demo: sets the machine up, builds the compiler and shows a network that
# does not fit a Cortex-M7's RAM layer by layer, and does as a streamed one.
# Arguments are handed on to python/demo.py.

set -euo pipefail
cd "$(dirname "$0")/.."

utils/build.sh tessera
exec /usr/bin/python3 python/demo.py "$@"
