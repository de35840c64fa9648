#!/bin/sh
# SPDX-License-Identifier: ISC
# The tests over real sockets (integration/), as one program of `make check`,
# which tells in the environment which python3 (PYTHON) and which programs
# (NETLABD, NETLAB); by hand they are those of build/, wherever one stands.
# Arguments go to pytest. Without pytest: skipped, but in continuous integration
# (CI=true) that is a failure.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
built=$PWD/../src
[ -x "$built/netlabd" ] || built=${here%/*}/build/src
NETLABD=${NETLABD:-$built/netlabd}
NETLAB=${NETLAB:-$built/netlab}
export PYTHON NETLABD NETLAB

# skip WHY: what a developer may do without, continuous integration may not.
skip() {
	echo "skipped: $1"
	[ "${CI-}" != true ] || exit 1
	exit 77
}

has_pytest() {
	"$PYTHON" -m pytest --version >/dev/null 2>&1
}

# By hand: the system's python3 before another one, as configure has it.
if [ -z "${PYTHON-}" ]; then
	PYTHON=/usr/bin/python3
	has_pytest || PYTHON=python3
fi
has_pytest || skip "no pytest for $PYTHON (Debian: apt-get install python3-pytest)"
[ -d "$here/integration" ] || skip "no tests in $here/integration"

# With xdist one worker a processor; the sources may be read-only.
workers=
"$PYTHON" -c 'import xdist' 2>/dev/null && workers='-n auto'
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

# shellcheck disable=SC2086 # two words
exec "$PYTHON" -m pytest -q -rs -p no:cacheprovider --rootdir="$here/integration" \
	$workers "$@" "$here/integration"
