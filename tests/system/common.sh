#!/bin/bash
# SPDX-License-Identifier: ISC
# Sourced by the scripts beside it: where things are, and what a test prints.
# shellcheck disable=SC2034 # what is not used here is used there

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd -- "$here/../.." && pwd -P)
lab=${NETLAB_LAB:-$top/../shared/lab/system}
version=$(sed -nE 's/^AC_INIT\(\[netlabd\], \[(.*)\]\)/\1/p' "$top/configure.ac")
count=0

skip() {
	echo "skipped: $*"
	exit 77
}

# In a chroot, / is not that of PID 1. There no root can be booted.
in_chroot() {
	local first
	first=$(stat -Lc %d:%i /proc/1/root/. 2>/dev/null) &&
		[ "$first" != "$(stat -Lc %d:%i /)" ]
}

# need PROGRAM PACKAGE: CI has installed it, so that its absence is a fault there.
need() {
	! command -v "$1" >/dev/null || return 0
	[ "${CI-}" != true ] || fail "no $1 (Debian: apt-get install $2)"
	skip "no $1 (Debian: apt-get install $2)"
}

# Roots are made, entered and booted by these; they need root.
need_lab() {
	local program

	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	for program in fresh-root in-fresh-root boot-root in-booted-root stop-root; do
		[ -x "$lab/$program" ] ||
			skip "no $program in $lab (NETLAB_LAB says where they are)"
	done
	! in_chroot || skip 'in a chroot, where no system can be booted'
	grep -q ' cgroup2 ' /proc/mounts || skip 'no cgroup2 is mounted, and systemd needs one'
	need mmdebstrap mmdebstrap
	need ip iproute2
}

ok() {
	count=$((count + 1))
	echo "ok: $*"
}

fail() {
	echo "not ok: $*"
	exit 1
}

# same WHAT WANTED GOT
same() {
	[ "$2" = "$3" ] || fail "$1: '$3' instead of '$2'"
	ok "$1"
}

# await SECONDS WHAT CMD...: looks every 50 ms.
await() {
	local limit=$1 what=$2 i
	shift 2
	for ((i = 0; i < limit * 20; i++)); do
		if "$@" >/dev/null 2>&1; then
			ok "$what"
			return
		fi
		sleep 0.05
	done
	fail "$what: not within $limit s"
}
