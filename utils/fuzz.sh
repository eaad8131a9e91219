#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Builds the libFuzzer target of the .tflite reader under AddressSanitizer and
# UndefinedBehaviorSanitizer in build/fuzz/ (seconds: the reader is plain C++),
# replays the seeds of test/Fuzz/corpus/, then searches.
#
#   utils/fuzz.sh             one minute
#   utils/fuzz.sh SECONDS     as long as you like; 0: replays the seeds only
#
# New inputs are kept in build/fuzz/corpus/, an input that fails is written to
# build/fuzz/ and named at the end of the output.

set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
case $seconds in
*[!0-9]* | '')
  echo "fuzz: error: '$seconds' is no number of seconds" >&2
  exit 1
  ;;
esac

build=build/fuzz
mkdir -p "$build/corpus"
flatc --cpp --cpp-std c++17 --scoped-enums --gen-object-api -o "$build" \
  third_party/tflite-schema/tflite.fbs
reader=lib/Import/TFLite
clang++-22 -std=c++17 -O1 -g -Wall -Wextra -Wno-unused-parameter \
  -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
  -Iinclude -isystem "$build" \
  test/Fuzz/ReaderFuzzer.cpp \
  "$reader/Reader.cpp" "$reader/GraphChecks.cpp" "$reader/Names.cpp" \
  -o "$build/reader-fuzzer"

"$build/reader-fuzzer" -runs=0 test/Fuzz/corpus
if [ "$seconds" -ne 0 ]; then
  "$build/reader-fuzzer" -max_total_time="$seconds" -max_len=8192 \
    -rss_limit_mb=1024 -timeout=10 -artifact_prefix="$build/" \
    -print_final_stats=1 "$build/corpus" test/Fuzz/corpus
fi
