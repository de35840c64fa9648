#!/bin/bash
# SPDX-License-Identifier: ISC
# The Debian packages, from their build to their purge, on a booted system. Needs
# root and the scripts that make and boot roots (NETLAB_LAB: their folder);
# without them: skipped.
set -euo pipefail
# shellcheck source=tests/system/common.sh
. "$(dirname -- "$0")/common.sh"

need_lab
packages=$(mktemp -d "${TMPDIR:-/tmp}/netlabd-packages.XXXXXX")
trap 'rm -rf -- "$packages"' EXIT
"$here/build.sh" -l -r "$packages"
"$here/boot.sh" "$packages"
