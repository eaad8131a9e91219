#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Sets the machine up, builds everything and runs every test.
#
#   utils/check.sh              all steps
#   utils/check.sh STEP...      only these steps, in the order of the table
#   utils/check.sh --list       the steps
#
# A step is a function `step_NAME` below and a line in the table `steps`; it
# runs a script or target that a person can run too. It succeeds or fails by
# its exit status, and may print lines 'N passed, N failed, N skipped', the last
# of which is its count (a step without one counts as one test). Its output goes
# to build/check/NAME.log and is shown when the step fails.
#
# The exit status is 1 when a test failed, when a step could not run, and when a
# test was skipped for another reason than `maySkip`. The last line printed is
# the total, in the same form.

set -uo pipefail
cd "$(dirname "$0")/.."

# name, and what it does
steps=(
  'setup      installs what the machine lacks (utils/setup.sh)'
  'lint       formatting and text rules (utils/lint.sh)'
  'configure  cmake --preset default'
  'build      every library, tool and test'
  'unit       GoogleTest (ctest --test-dir build)'
  'lit        lit and FileCheck, on the host and in QEMU (check-tessera-lit)'
  'python     the Python package (pytest test/Python)'
  'docs       generated pages are current, commands run (utils/{update,run}-docs.sh)'
  'install    install tree and out-of-tree consumer (utils/standalone.sh)'
  'fuzz       the .tflite reader, half a minute (utils/fuzz.sh 30)'
  'sanitize   bad input under ASan and UBSan (utils/sanitize.sh)'
  'golden     recorded outputs of public models (utils/golden.sh --subset)'
  'measure    RAM and instructions against recorded figures (utils/measure.py)'
)
# A later step makes no sense when one of these has failed.
required=' setup configure build '
# Why a test may be skipped: it needs files that are not part of the repository.
# Any other skipped test counts as failed.
maySkip='shared-models|recorded outputs'

jobs=${JOBS:-$(nproc)}
python=/usr/bin/python3
logs=build/check

countResults() {
  "$python" utils/count_results.py --may-skip="$maySkip" "$@"
}

step_setup() { utils/setup.sh; }

step_lint() { utils/lint.sh; }

step_configure() { cmake --preset default; }

step_build() { ninja -C build -j "$jobs"; }

step_unit() {
  rm -rf "$logs/gtest"
  mkdir -p "$logs/gtest"
  local status=0
  GTEST_OUTPUT="xml:$PWD/$logs/gtest/" ctest --test-dir build -j "$jobs" \
    --output-on-failure --no-tests=error --timeout 600 || status=1
  countResults "$logs"/gtest/*.xml || status=1
  return "$status"
}

step_lit() {
  local status=0
  rm -f "$logs/lit.xml"
  LIT_OPTS="-v -j $jobs --xunit-xml-output=$PWD/$logs/lit.xml" \
    ninja -C build check-tessera-lit || status=1
  countResults "$logs/lit.xml" || status=1
  return "$status"
}

step_python() {
  local status=0
  rm -f "$logs/python.xml"
  "$python" -m pytest -q -p no:cacheprovider \
    --junitxml="$logs/python.xml" test/Python || status=1
  countResults "$logs/python.xml" || status=1
  return "$status"
}

step_docs() {
  utils/update-docs.sh --check
  utils/run-docs.sh
}

step_install() { utils/standalone.sh; }

step_fuzz() { utils/fuzz.sh 30; }

step_sanitize() { utils/sanitize.sh; }

step_golden() { utils/golden.sh --subset; }

step_measure() {
  local status=0
  "$python" utils/measure.py ram --check >"$logs/ram.txt" || status=1
  "$python" utils/measure.py instructions --check >"$logs/instructions.txt" || status=1
  cat "$logs/ram.txt" "$logs/instructions.txt"
  # Two scripts, one count.
  awk '/^[0-9]+ passed, / { p += $1; f += $3; s += $5 }
    END { printf "%d passed, %d failed, %d skipped\n", p, f, s }' \
    "$logs/ram.txt" "$logs/instructions.txt"
  return "$status"
}

# Runs one step; adds to passed, failed and skipped; prints a line.
runStep() {
  local name=$1 log=$logs/$1.log start=$SECONDS status count p f s
  printf '%-10s ...\n' "$name"
  (
    set -e
    "step_$name"
  ) >"$log" 2>&1
  status=$?
  count=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
  if [ -z "$count" ]; then
    count='1 passed, 0 failed, 0 skipped'
    [ "$status" -eq 0 ] || count='0 passed, 1 failed, 0 skipped'
  fi
  read -r p _ f _ s _ <<<"$count"
  if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
    f=1
  fi
  if [ "$f" -ne 0 ]; then
    echo "---- the end of $log"
    tail -n 150 "$log"
    echo "----"
  fi
  grep -E '^skipped(:|, )' "$log" | head -n 50
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  printf -v row '%-10s %7d %7d %7d %7d s' "$name" "$p" "$f" "$s" $((SECONDS - start))
  table+=("$row")
  printf '%-10s %d passed, %d failed, %d skipped; %d s\n' \
    "$name" "$p" "$f" "$s" $((SECONDS - start))
  [ "$f" -eq 0 ]
}

names=()
for line in "${steps[@]}"; do
  names+=("${line%% *}")
done
wanted=" $* "
if [ "${1:-}" = --list ]; then
  printf '%s\n' "${steps[@]}"
  exit 0
fi
for name in "$@"; do
  case " ${names[*]} " in
  *" $name "*) ;;
  *)
    echo "check: error: no step '$name'; the steps are: ${names[*]}" >&2
    exit 1
    ;;
  esac
done

mkdir -p "$logs"
passed=0 failed=0 skipped=0 table=()
for name in "${names[@]}"; do
  case $wanted in
  '  ' | *" $name "*) ;;
  *) continue ;;
  esac
  if ! runStep "$name"; then
    case $required in
    *" $name "*)
      echo "check: '$name' failed; the steps after it were not run"
      break
      ;;
    esac
  fi
done

printf '\n%-10s %7s %7s %7s %9s\n' step passed failed skipped time
printf '%s\n' "${table[@]}"
printf 'total time %d min %d s\n\n' $((SECONDS / 60)) $((SECONDS % 60))
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
