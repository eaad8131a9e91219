#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Builds under AddressSanitizer and UndefinedBehaviorSanitizer in
# build-sanitize/ and runs what meets hostile input:
#
#   utils/sanitize.sh           the .tflite reader and the planner, plain C++:
#                               their unit tests (damaged files among them)
#   utils/sanitize.sh --tools   the compiler as well: the whole driver, and the
#                               lit tests of bad input with it (takes long)
#
# LLVM's and MLIR's shared libraries are not instrumented. Containers that grow
# there and are read here look overrun to the container check, so that one check
# is off for the tools.

set -euo pipefail
cd "$(dirname "$0")/.."

tools=0
case "${1:-}" in
'') ;;
--tools) tools=1 ;;
*)
  echo "sanitize: error: unknown argument '$1'; the only option is --tools" >&2
  exit 1
  ;;
esac

buildDir=build-sanitize
results=$PWD/$buildDir/results
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1:check_initialization_order=1

cmake --preset sanitize
ninja -C "$buildDir" test/Unit/Planning/all test/Unit/Import/all

status=0
rm -rf "$results"
mkdir -p "$results"
for folder in Planning Import; do
  GTEST_OUTPUT="xml:$results/" ctest --test-dir "$buildDir/test/Unit/$folder" \
    -j "$(nproc)" --output-on-failure --no-tests=error --timeout 600 || status=1
done

if [ "$tools" -eq 1 ]; then
  export ASAN_OPTIONS=$ASAN_OPTIONS:detect_container_overflow=0
  LIT_OPTS="-v --filter=[Ii]nvalid|[Bb]ad|negative --xunit-xml-output=$results/lit.xml" \
    ninja -C "$buildDir" check-tessera-lit || status=1
fi

/usr/bin/python3 utils/count_results.py "$results"/*.xml || status=1
exit "$status"
