#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: run.sh [-r]
# The Debian packages, from their build to their purge, on booted systems. Needs
# root and the scripts that make and boot roots (NETLAB_LAB: their folder);
# without them: skipped.
#   -r  they are built twice, and are the same
set -euo pipefail
# shellcheck source=tests/system/common.sh
. "$(dirname -- "$0")/common.sh"

again=()
[ "${1-}" != -r ] || again=(-r)
need_lab
packages=$(mktemp -d "${TMPDIR:-/tmp}/netlabd-packages.XXXXXX")
trap 'rm -rf -- "$packages"' EXIT
"$here/build.sh" -l "${again[@]}" "$packages"
"$here/boot.sh" "$packages"
"$here/boot.sh" -d "$packages" newcomer.sh
"$here/boot.sh" -i autopkgtest,dpkg-dev "$packages" autopkgtest.sh
"$here/piuparts.sh" "$packages"
