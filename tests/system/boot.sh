#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: boot.sh PACKAGES
# Installs the packages of that folder (build.sh makes them) in a fresh Debian,
# boots that with its systemd, and drives the service: booted.sh.
set -euo pipefail
# shellcheck source=tests/system/common.sh
. "$(dirname -- "$0")/common.sh"

[ $# -eq 1 ] || { sed -n '3s/^# //p' "$0" && exit 2; }
need_lab
packages=$(realpath -e -- "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/netlabd-boot.XXXXXX")
root=$work/root
trap '"$lab/stop-root" "$root" || :; rm -rf --one-file-system -- "$work"' EXIT

"$lab/fresh-root" -p systemd "$root" >/dev/null
"$lab/in-fresh-root" --net --bind-ro "$packages:/packages" "$root" '
	exec >/root/install.log 2>&1
	apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y \
		/packages/netlabd_*.deb /packages/netlab_*.deb' ||
	{ tail -n 40 "$root/root/install.log" && fail 'the installation'; }
sed -n '/NEW packages/,/^[^ ]*[0-9]* upgraded/p' "$root/root/install.log"
same 'the boot' running "$("$lab/boot-root" --bind-ro "$packages:/packages" --bind-ro "$top:/source" "$root")"
"$lab/in-booted-root" "$root" /source/tests/system/booted.sh /packages
