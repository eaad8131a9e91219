#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Tries a command of the README on a fresh machine: makes a minimal Debian 12 in
# a directory, clones the repository's HEAD into it, and runs the command there
# with nothing else installed.
#
#   utils/clean-room.sh DIR                     utils/check.sh
#   utils/clean-room.sh DIR utils/demo.sh       another command
#
# Needs root and debootstrap, about 8 GB in DIR, and the network. DIR/root is
# made if it is not there, and kept: the second run of a command shows that it
# may be run again. The clone is made anew. Recorded outputs beside the
# repository (../shared) are made visible beside the clone.

set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -lt 1 ] || [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then
  echo "usage, as root, with debootstrap installed: $0 DIR [COMMAND...]" >&2
  exit 1
fi
# Mounts made below are seen by nobody else and end with the script.
if [ "${TESSERA_CLEAN_ROOM_NAMESPACE:-}" != 1 ]; then
  TESSERA_CLEAN_ROOM_NAMESPACE=1 exec unshare --mount "$0" "$@"
fi

mkdir -p "$1"
root=$(cd "$1" && pwd)/root
shift
[ $# -gt 0 ] || set -- utils/check.sh
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

if [ ! -x "$root/bin/bash" ]; then
  debootstrap --variant=minbase bookworm "$root" "$mirror"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
for directory in proc sys dev; do
  mount --rbind "/$directory" "$root/$directory"
done

rm -rf --one-file-system "$root/src/tessera"
mkdir -p "$root/src"
git clone --quiet --no-hardlinks . "$root/src/tessera"
if [ -d ../shared ]; then
  mkdir -p "$root/src/shared"
  mount --bind ../shared "$root/src/shared"
  mount -o remount,bind,ro "$root/src/shared"
fi

exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8 \
  chroot "$root" bash -c 'cd /src/tessera && exec "$@"' clean-room "$@"
