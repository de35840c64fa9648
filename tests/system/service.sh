#!/bin/bash
# SPDX-License-Identifier: ISC
# Sourced after common.sh on a booted system: what is asked of the service there.

# property NAME [UNIT]
property() {
	systemctl show -P "$1" "${2-netlabd}"
}

status_is() {
	[[ $(property StatusText) == "$1"* ]]
}

# answers [ADDRESS]
# shellcheck disable=SC2120 # who sources this gives one
answers() {
	[ "$(netlab send "${1-localhost:2345/tcp}" hello)" = HELLO ]
}

# A process other than PID serves.
replaced() {
	local now
	now=$(property MainPID)
	[ "$now" != 0 ] && [ "$now" != "$1" ] && answers localhost:2345/tcp
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

kill_it() {
	kill -KILL "$(property MainPID)"
}

# newer PACKAGE.deb: makes one with the same files and a higher version, and
# prints its name.
newer() {
	local work=/root/newer
	rm -rf "$work"
	dpkg-deb -R "$1" "$work"
	sed -i 's/^Version: .*/&+newer/' "$work/DEBIAN/control"
	dpkg-deb -b "$work" "$work.deb" >/dev/null
	rm -r "$work"
	echo "$work.deb"
}

# across WHAT CMD...: 1,000 datagrams a second for 10 seconds, and the command
# amid them, after which another process serves; each datagram has its answer.
across() {
	local what=$1 pid load figures
	shift
	pid=$(property MainPID)
	figures=$(mktemp)
	perl /source/tests/system/numbered.pl 2345 1000 10 >"$figures" 2>&1 &
	load=$!
	sleep 3
	"$@" >/dev/null 2>&1 || fail "$what: $*"
	wait "$load" || fail "across $what: $(cat "$figures")"
	ok "across $what: $(cat "$figures")"
	rm "$figures"
	replaced "$pid" || fail "$what: the process is the one from before"
}
