#!/bin/sh
# SPDX-License-Identifier: ISC
# Checks that the tables of doc/PERFORMANCE.md are what the records beside it
# come to, and that the measurements that it names exist. Measures nothing.
command -v python3 >/dev/null || exit 77
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
srcdir=${srcdir:-$(dirname -- "$0")}
exec "$srcdir/run" --check-document "$srcdir/../doc/PERFORMANCE.md"
