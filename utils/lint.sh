#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Checks the tracked files: clang-format 22 on C and C++, and the text rules of
# utils/lint.py (licence lines, whitespace, machine paths, length).
#
#   utils/lint.sh           report; exit 1 when something is wrong
#   utils/lint.sh --fix     reformat and repair what can be repaired, then report

set -euo pipefail
cd "$(dirname "$0")/.."

fix=0
case "${1:-}" in
'') ;;
--fix) fix=1 ;;
*)
  echo "lint: error: unknown argument '$1'; the only option is --fix" >&2
  exit 1
  ;;
esac

status=0
sources() {
  git ls-files -z -- '*.h' '*.hpp' '*.c' '*.cc' '*.cpp' ':!third_party' |
    while IFS= read -r -d '' file; do
      [ ! -f "$file" ] || printf '%s\0' "$file"
    done
}
if [ "$fix" -eq 1 ]; then
  sources | xargs -0 -r -n 16 -P 2 clang-format-22 -i
  /usr/bin/python3 utils/lint.py --fix || status=1
else
  sources | xargs -0 -r -n 16 -P 2 clang-format-22 --dry-run -Werror --ferror-limit=1 || status=1
  /usr/bin/python3 utils/lint.py || status=1
fi

if [ "$status" -ne 0 ]; then
  echo "lint: failed; 'utils/lint.sh --fix' repairs formatting and whitespace" >&2
fi
exit "$status"
