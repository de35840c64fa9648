#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: piuparts.sh PACKAGES
# piuparts: installing, removing and purging leaves nothing behind, in a fresh
# Debian that has systemd's programs and does not run.
set -euo pipefail
# shellcheck source=tests/system/common.sh
. "$(dirname -- "$0")/common.sh"

[ $# -eq 1 ] || { sed -n '3s/^# //p' "$0" && exit 2; }
need_lab
need piuparts piuparts
packages=$(realpath -e -- "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/netlabd-piuparts.XXXXXX")
trap 'rm -rf --one-file-system -- "$work"' EXIT
"$lab/fresh-root" -p systemd "$work/root" >/dev/null
# shellcheck source=/dev/null
suite=$(. "$work/root/etc/os-release" && echo "$VERSION_CODENAME")

# An upgrade needs an older version in an archive; booted.sh has one for it.
TMPDIR=$work piuparts -e "$work/root" -d "$suite" --no-upgrade-test \
	"$packages"/netlabd_*.deb "$packages"/netlab_*.deb >"$work/log" 2>&1 ||
	{ grep -E 'ERROR|FAIL|WARN' "$work/log" || tail -n 40 "$work/log"; fail piuparts; }
grep -E 'PASS' "$work/log" | sed 's/^[^ ]* //'
ok piuparts
echo "$count passed"
