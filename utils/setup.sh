#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs what Tessera needs on a fresh Debian 12: the compiler, LLVM and MLIR
# 22.1, flatbuffers, GoogleTest, QEMU for Arm, Debian's Arm cross-compiler (for
# the tests that link generated code into a C program) and Python with numpy.
# Everything comes from Debian's own archives.
#
#   utils/setup.sh            install what is missing (as root, or through sudo)
#   utils/setup.sh --check    install nothing; exit 1 and name what is missing
#
# It may be run again: when nothing is missing it says so and is done in a
# moment. LLVM 22 reached Debian 12 through the security archive; where the
# machine's apt sources lack that suite, one file is added,
# /etc/apt/sources.list.d/tessera-security.sources, which uses the mirror that
# the machine uses already.

set -euo pipefail

packages=(
  # build
  cmake ninja-build git g++ ccache clang-22 clang-format-22 lld-22
  libclang-rt-22-dev
  # compiler libraries; the last three are what LLVM's CMake package looks for
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools
  zlib1g-dev libzstd-dev libxml2-dev
  # reading .tflite files, unit tests
  libflatbuffers-dev flatbuffers-compiler libgtest-dev
  # running the generated code
  qemu-system-arm gcc-arm-none-eabi libnewlib-arm-none-eabi
  # model builder, demo, lit
  python3 python3-numpy python3-flatbuffers python3-pytest
)
securitySources=/etc/apt/sources.list.d/tessera-security.sources

say() { printf 'setup: %s\n' "$*"; }
die() {
  printf 'setup: error: %s\n' "$*" >&2
  exit 1
}

# Prints the packages of the list that are not installed.
missingPackages() {
  local installed name
  installed=$(dpkg-query --show --showformat='${Package} ${db:Status-Abbrev}\n' |
    awk '$2 == "ii" { print $1 }')
  for name in "${packages[@]}"; do
    grep -qxF "$name" <<<"$installed" || printf '%s ' "$name"
  done
}

asRoot() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Runs apt-get quietly; what it printed is shown when it fails.
aptGet() {
  local log
  log=$(mktemp)
  if ! asRoot env DEBIAN_FRONTEND=noninteractive apt-get -q \
    -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    die "'apt-get $1' failed; its last lines are above"
  fi
  rm -f "$log"
}

# True when the machine's package lists offer `package` in any version.
isOffered() {
  local policy
  policy=$(LC_ALL=C apt-cache policy "$1")
  grep -q '^  Candidate: [^(]' <<<"$policy"
}

# Adds bookworm-security next to the archive the machine already uses: a mirror
# keeps it in the sibling directory `debian-security` of `debian`.
addSecuritySuite() {
  local mirror
  mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' \
    'Created-By: Packages' | awk '$1 == "bookworm" { print $2; exit }')
  [ -n "$mirror" ] || die "the apt sources have no 'bookworm' archive;" \
    "add one (deb http://deb.debian.org/debian bookworm main) and run this again"
  mirror=${mirror%/}
  say "adding the bookworm-security suite: $securitySources"
  asRoot tee "$securitySources" >/dev/null <<EOF
# Written by Tessera's utils/setup.sh: LLVM 22 for Debian 12 is in this suite.
Types: deb
URIs: ${mirror%/debian}/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
EOF
}

checkOnly=0
case "${1:-}" in
'') ;;
--check) checkOnly=1 ;;
-h | --help)
  sed -n '4,17s/^# \{0,1\}//p' "$0"
  exit 0
  ;;
*) die "unknown argument '$1'; the only option is --check" ;;
esac

command -v dpkg-query >/dev/null ||
  die "this is not a Debian machine; install by hand: ${packages[*]}"

missing=$(missingPackages)
if [ -z "$missing" ]; then
  say "all ${#packages[@]} packages are installed"
  exit 0
fi
if [ "$checkOnly" -eq 1 ]; then
  die "not installed: ${missing% }; run utils/setup.sh"
fi
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
  die "installing needs root: run it as root, or install sudo"
fi

say "to install: ${missing% }"
say "reading the package lists (apt-get update)"
aptGet update
if ! isOffered libmlir-22-dev; then
  addSecuritySuite
  aptGet update
  isOffered libmlir-22-dev ||
    die "the archives of this machine do not offer libmlir-22-dev;" \
      "Tessera needs Debian 12 (bookworm) with its security updates"
fi
say "installing (about 4 GB on disk when nothing was there; some minutes)"
# shellcheck disable=SC2086 # one argument per package
aptGet install --no-install-recommends --yes $missing

missing=$(missingPackages)
[ -z "$missing" ] || die "still not installed: $missing"
say "done: all ${#packages[@]} packages are installed"
