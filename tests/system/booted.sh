#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: booted.sh PACKAGES
# Drives the installed service on a booted system that is there for this alone:
# it breaks the configuration, kills the daemon and purges the packages.
set -euo pipefail
# shellcheck source=tests/system/common.sh
. "$(dirname -- "$0")/common.sh"
# shellcheck source=tests/system/service.sh
. "$here/service.sh"

packages=$1
conf=/etc/netlabd/netlabd.conf
bucket=/var/log/netlabd/bucket.log
unit=/lib/systemd/system/netlabd.service
drop_ins=/etc/systemd/system/netlabd.service.d
examples=/usr/share/doc/netlabd/examples

trap '[ $? -eq 0 ] || journalctl --no-pager -o cat -n 40 -u netlabd' EXIT

exposure() {
	systemd-analyze security --no-pager netlabd | sed -nE 's/.*level for .*: ([0-9.]+) .*/\1/p'
}

# at_most WHAT LIMIT VALUE
at_most() {
	awk -v limit="$2" -v value="$3" 'BEGIN { exit !(value != "" && value <= limit) }' ||
		fail "$1: $3, more than $2"
	ok "$1: $3"
}

installed() {
	bash /source/debian/tests/services || fail 'the tests of the package'
	same 'the units' '' "$(systemd-analyze verify --man=no netlabd.service netlabd@one.service 2>&1)"
	await 5 'the status' status_is '5 services, 13 listeners'
	at_most 'the exposure' 1.3 "$(exposure)"
}

# ExecReload has run, to its end.
has_been_signalled() {
	[ "$(property ActiveState) $(property ControlPID)" = 'reloading 0' ]
}

# While the daemon is stopped it cannot have reloaded: systemctl has to wait.
reload_is_waited_for() {
	local pid job
	pid=$(property MainPID)
	kill -STOP "$pid"
	systemctl reload netlabd &
	job=$!
	await 10 'a reload begins' has_been_signalled
	kill -0 "$job" 2>/dev/null || fail 'systemctl reload returns before netlabd has reloaded'
	ok 'systemctl waits for the reload'
	kill -CONT "$pid"
	wait "$job" || fail 'a reload that was waited for'
	same 'the state after the reload' active "$(property ActiveState)"
}

# Addresses that are not localhost's, and an interface for multicast.
network() {
	ip link add lab0 type veth peer name lab1
	ip address add 192.0.2.1/24 dev lab0
	ip address add 2001:db8::1/64 dev lab0 nodad
	ip address add fd00::1/64 dev lab0 nodad
	ip link set lab0 up
	ip link set lab1 up
	ip route add default dev lab0
}

# The one that it shuts itself into, within that of the unit.
own_sandbox() {
	local status
	status=/proc/$(property MainPID)/status
	same 'no new privileges, and a filter of system calls' '1 2' \
		"$(sed -nE 's/^(NoNewPrivs|Seccomp):\t//p' "$status" | tr '\n' ' ' | sed 's/ $//')"
	same 'its capabilities' 0000000000000400 "$(sed -n 's/^CapPrm:\t//p' "$status")"
	journalctl --no-pager -o cat -u netlabd |
		grep -E 'sandbox: no new privileges, (Landlock ABI [0-9]+, )?seccomp$' ||
		fail 'a sandbox of its own'
	ok 'it has a sandbox of its own'
}

# The unit itself, with another program in netlabd's place.
sandbox() {
	local probe=/run/systemd/system/netlabd-probe.service
	install -d -m 1777 /srv/netlabd-open
	touch /tmp/netlabd-marker /root/marker
	mkdir -p /home/somebody
	install -m 755 /source/tests/system/probe.pl /usr/local/bin/netlabd-probe
	sed -e '/^Exec/d; /^Restart/d; /^WatchdogSec/d; /^RuntimeDirectory=/d' \
		-e 's/^Type=.*/Type=oneshot/' \
		-e "/^\[Service\]/aRuntimeDirectory=netlabd-probe\nExecStart=/usr/local/bin/netlabd-probe /run/netlabd-probe $(readlink /proc/1/ns/ipc) $(cat /sys/class/net/lab0/ifindex)" \
		"$unit" >"$probe"
	systemctl daemon-reload
	systemctl start netlabd-probe ||
		{ journalctl --no-pager -o cat -u netlabd-probe && fail 'the sandbox'; }
	journalctl --no-pager -o cat -u netlabd-probe | grep '^ok: '
	count=$((count + $(journalctl -o cat -u netlabd-probe | grep -c '^ok: ')))

	# Without the sandbox the same tries go through, or they would prove nothing.
	mkdir -p /run/netlabd-probe
	tries=$(/usr/local/bin/netlabd-probe /run/netlabd-probe x "$(cat /sys/class/net/lab0/ifindex)" | grep -c '^not ok: ' || :)
	[ "$tries" -ge 30 ] || fail "only $tries tries go through without the sandbox"
	ok "$tries tries go through without the sandbox"
	rm -rf "$probe" /usr/local/bin/netlabd-probe /run/netlabd-probe /srv/netlabd-open \
		/tmp/netlabd-marker /root/marker /home/somebody
	systemctl daemon-reload
}

# A datagram each 2 ms, while the service is restarted: all get into the bucket.
restart_loses_nothing() {
	local i sent=300
	(for ((i = 0; i < sent; i++)); do
		echo "across a restart $i"
		sleep 0.002
	done | netlab spew 127.0.0.1) &
	systemctl restart netlabd
	wait $!
	await 5 'no datagram is lost by a restart' all_recorded "$sent"
}

all_recorded() {
	[ "$(grep -c 'across a restart' "$bucket")" -eq "$1" ]
}

rotation() {
	local i pid
	pid=$(property MainPID)
	echo line | netlab spew localhost
	await 5 'the bucket has lines' test -s "$bucket"
	logrotate --force /etc/logrotate.d/netlabd || fail logrotate
	await 5 'logrotate moves the bucket' test -e "$bucket.1"
	await 5 'the bucket is made anew' test -e "$bucket"
	echo 'after the rotation' | netlab spew localhost
	await 5 'the new one is written' grep -q 'after the rotation' "$bucket"
	same 'the process after a rotation' "$pid" "$(property MainPID)"
}

# As shipped the watchdog waits long enough for a busy machine; here, not so long.
watchdog() {
	local pid start
	same 'the patience of the watchdog' 30s "$(property WatchdogUSec)"
	mkdir -p "$drop_ins"
	printf '[Service]\nWatchdogSec=4\n' >"$drop_ins/watchdog.conf"
	systemctl daemon-reload
	systemctl restart netlabd
	pid=$(property MainPID)
	sleep 6
	same 'the process after more silence than the watchdog bears' "$pid" "$(property MainPID)"

	start=$(now_ms)
	kill -STOP "$pid"
	await 20 'restarted by the watchdog after kill -STOP' replaced "$pid"
	echo "    with WatchdogSec=4: $(($(now_ms) - start)) ms without answers"
	rm -r "$drop_ins"
	systemctl daemon-reload
	systemctl restart netlabd
}

# On a small machine: what nobody reads and a flood cost some of what is there.
small() {
	local pid holding
	mkdir -p "$drop_ins"
	printf '[Service]\nMemoryMax=32M\nMemorySwapMax=0\nLimitNOFILE=128\n' >"$drop_ins/small.conf"
	systemctl daemon-reload
	systemctl restart netlabd
	pid=$(property MainPID)
	coproc perl /source/tests/system/crowd.pl 2345 300 20000 11111 7739
	read -r holding <&"${COPROC[0]}" || fail 'the crowd'
	echo "    $holding; $(grep VmRSS "/proc/$pid/status"), $(property MemoryCurrent) bytes with the kernel's"
	answers localhost:11111/udp || fail 'beside a crowd, with little memory'
	eval "exec ${COPROC[1]}>&-"
	wait "$COPROC_PID" || :
	await 5 'answers again over TCP after a crowd' answers
	same 'the process after a crowd, with MemoryMax=32M and LimitNOFILE=128' "$pid" "$(property MainPID)"
	rm -r "$drop_ins"
	systemctl daemon-reload
	systemctl restart netlabd
}

# Nothing is tried again that stays wrong, and nothing has to be reset.
wrong_configuration() {
	cp -p "$conf" /root/saved.conf
	echo nonsense >>"$conf"
	systemctl reset-failed netlabd
	! systemctl restart netlabd 2>/dev/null || fail 'a start with a wrong configuration'
	same 'a wrong configuration' 'failed 78 0' \
		"$(property ActiveState) $(property ExecMainStatus) $(property NRestarts)"
	journalctl --no-pager -o cat -n 20 -u netlabd | grep -q '^error: .*netlabd.conf:[0-9]' ||
		fail 'what is wrong in it'
	ok 'what is wrong in it'
	mv /root/saved.conf "$conf"
	systemctl start netlabd || fail 'a start after the correction'
	answers || fail 'after the correction'
}

# What may pass is tried for a while; then the state says so. The address is of
# no interface here.
vain_starts() {
	cp -p "$conf" /root/saved.conf
	printf 'echo away {\n\tlisten = "198.51.100.1:2348"\n}\n' >>"$conf"
	systemctl reset-failed netlabd
	! systemctl restart netlabd 2>/dev/null || fail 'a start without an address'
	await 60 'vain starts end' systemctl is-failed --quiet netlabd
	same 'how many there were' 30 "$(property NRestarts)"
	mv /root/saved.conf "$conf"
	systemctl reset-failed netlabd
	systemctl start netlabd
	answers || fail 'after the repair'
}

upgrade() {
	local pid said
	pid=$(property MainPID)
	dpkg -i "$packages"/netlabd_*.deb >/dev/null 2>&1 || fail 'an upgrade'
	await 5 'an upgrade restarts the service' replaced "$pid"

	pid=$(property MainPID)
	cp -p "$conf" /root/saved.conf
	echo nonsense >>"$conf"
	said=$(dpkg -i "$packages"/netlabd_*.deb 2>&1) || fail "an upgrade with a wrong configuration: $said"
	[[ $said == *'not accepted'*'left as it was'* ]] || fail "an upgrade says: $said"
	ok 'an upgrade names a wrong configuration'
	same 'the process after that' "$pid" "$(property MainPID)"

	systemctl stop netlabd
	dpkg -i "$packages"/netlabd_*.deb >/dev/null 2>&1 || fail 'an upgrade while it is down'
	same 'the package after an upgrade while it is down' 'ii ' "$(dpkg-query -f '${db:Status-Abbrev}' -W netlabd)"
	mv /root/saved.conf "$conf"
	systemctl reset-failed netlabd
	systemctl start netlabd
	answers || fail 'after the repair'
}

instance() {
	printf 'echo-upper second {\n\tlisten = "localhost:2346"\n}\n' >/etc/netlabd/second.conf
	systemctl start netlabd@second
	answers localhost:2346/tcp || fail 'an instance'
	ok 'an instance answers'
	systemctl stop netlabd@second
	answers || fail 'the daemon beside an instance that stopped'
	ok 'the daemon beside an instance that stopped'
	systemctl start netlabd@second
}

documented_drop_ins() {
	mkdir -p "$drop_ins"
	printf 'echo-upper any {\n\tlisten = "*:2347"\n}\n' >>"$conf"
	systemctl reload netlabd
	answers 192.0.2.1:2347/udp || fail 'beyond localhost'
	ok 'answers beyond localhost'
	cp "$examples/strict.conf" "$examples/localhost.conf" "$drop_ins/"
	systemctl daemon-reload
	systemctl restart netlabd
	answers || fail 'with strict.conf and localhost.conf'
	at_most 'the exposure with strict.conf and localhost.conf' 0.9 "$(exposure)"
	answers 127.0.0.1:2347/udp || fail 'localhost with localhost.conf'
	! answers 192.0.2.1:2347/udp 2>/dev/null || fail 'localhost.conf lets others in'
	ok 'localhost.conf lets nobody else in'
	sed -i '/^echo-upper any/,$d' "$conf"
}

# As group.conf among the examples has it.
other_group() {
	local saved=/root/saved.conf
	mkdir -p "$drop_ins"
	cp -p "$conf" "$saved"
	sed -i 's|^\tfile = .*|\tfile = "/var/log/netlabd/group.log"\n\tfile-group = adm|' "$conf"
	systemctl reset-failed netlabd
	! systemctl restart netlabd 2>/dev/null || fail 'a group that netlabd is not in'
	ok 'no file for a group that netlabd is not in'
	sed -i "s/^control .*/&\n\tsocket-group = adm/" "$conf"
	cp "$examples/group.conf" "$drop_ins/"
	systemctl daemon-reload
	systemctl stop netlabd
	systemctl reset-failed netlabd
	systemctl start netlabd || fail 'with group.conf'
	same 'a file for another group' '_netlabd adm 640' "$(stat -c '%U %G %a' /var/log/netlabd/group.log)"
	same 'a socket for another group' '_netlabd adm 660' "$(stat -c '%U %G %a' /run/netlabd/control)"
	mv "$saved" "$conf"
	rm "$drop_ins/group.conf" /var/log/netlabd/group.log
	systemctl daemon-reload
	systemctl restart netlabd
}

# On sockets of systemd's own what is sent waits for the service.
socket_unit() {
	cp "$examples/netlabd.socket" /etc/systemd/system/
	systemctl daemon-reload
	systemctl stop netlabd
	systemctl start netlabd.socket
	systemctl start netlabd
	await 1 'answers over TCP on a socket of systemd' answers localhost:2345/tcp
	await 1 'answers over UDP on a socket of systemd' answers localhost:11111/udp
	systemctl stop netlabd 2>/dev/null
	netlab spew 127.0.0.1 'while it was down'
	systemctl start netlabd
	await 10 'what was sent while it was down' grep -q 'while it was down' "$bucket"
	systemctl stop netlabd.socket netlabd
	rm -r "$drop_ins" /etc/systemd/system/netlabd.socket
	systemctl daemon-reload
	systemctl start netlabd
}

removal() {
	apt-get -qq -y remove netlabd >/dev/null 2>&1 || fail 'the removal'
	same 'processes after the removal' '' "$(pgrep -x netlabd || :)"
	await 1 'a removal keeps the configuration' test -e "$conf"
	await 1 'a removal keeps the logs' test -s "$bucket"
	rm /etc/netlabd/second.conf
	apt-get -qq -y purge netlabd netlab >/dev/null 2>&1 || fail 'the purge'
	same 'files after the purge' '' "$(find / -xdev \
		\( -path /packages -o -path /source -o -path /.netlab-root \) -prune -o \
		\( -iname '*netlab*' -o -user _netlabd -o -nouser \) -print)"
	same 'failed units after the purge' '' "$(systemctl --failed --no-legend --plain)"
}

installed
reload_is_waited_for
network
own_sandbox
sandbox
answers || fail 'beside the sandbox'
restart_loses_nothing
rotation
across 'a restart' systemctl restart netlabd
across 'kill -9' kill_it
across 'an upgrade' dpkg -i "$(newer "$packages"/netlabd_*.deb)"
watchdog
small
upgrade
wrong_configuration
vain_starts
instance
other_group
documented_drop_ins
socket_unit
removal
echo "$count passed"
