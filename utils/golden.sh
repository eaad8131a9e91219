#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Compares the compiler with the recorded outputs of public models; see the
# head of utils/golden.py for the options.

set -euo pipefail
exec /usr/bin/python3 "$(dirname "$0")/golden.py" "$@"
