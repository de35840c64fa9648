#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: autopkgtest.sh PACKAGES
# The packages' own tests, as Debian runs them: on a booted system that has the
# packages, autopkgtest and dpkg-dev (boot.sh -i).
set -euo pipefail
# shellcheck source=tests/system/common.sh
. "$(dirname -- "$0")/common.sh"

tree=$(mktemp -d)
cp -r "$top/debian" "$tree/"
autopkgtest --no-built-binaries "$tree/" -- null 2>&1 | tee "$tree/log" || :
same 'autopkgtest' 'services PASS' "$(sed -n '/@@ summary/,$p' "$tree/log" | sed 1d | tr -s ' ')"
