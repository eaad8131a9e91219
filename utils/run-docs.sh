#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Runs the commands of docs/GettingStarted.md as they stand there: all its
# blocks marked `sh`, in order, in one shell, with build/ and python/ in place.
# Needs the tools in build/bin. A command that fails, fails the script.

set -euo pipefail
cd "$(dirname "$0")/.."

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
ln -s "$PWD/build" "$PWD/python" "$directory"

awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' \
  docs/GettingStarted.md >"$directory/commands"
blocks=$(grep -c '^```sh$' docs/GettingStarted.md)
cd "$directory"
bash -euxo pipefail commands
echo "run-docs: $blocks blocks ran"
