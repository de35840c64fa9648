#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: newcomer.sh PACKAGES
# The first quarter of an hour with netlabd, as a transcript: on a fresh booted
# system where the packages are not installed yet (boot.sh -d).
set -euo pipefail
# shellcheck source=tests/system/common.sh
. "$(dirname -- "$0")/common.sh"

cd -- "$1"
export DEBIAN_FRONTEND=noninteractive NO_COLOR=1
said=

# type STATUS COMMAND: shows it, and what it says, as a terminal does.
type() {
	local status=0
	printf '# %s\n' "$2"
	said=$(bash -c "$2" 2>&1) || status=$?
	[ -z "$said" ] || printf '%s\n' "$said" | sed 's/.*\r//'
	[ "$status" -eq "$1" ] || fail "$2: exit status $status instead of $1"
}

# says WHAT PATTERN: what the last command has said.
says() {
	# shellcheck disable=SC2053 # a pattern
	[[ $said == $2 ]] || fail "$1: $2 is not in it"
	ok "$1"
}

type 0 'apt-get install -y -q ./netlabd_*.deb ./netlab_*.deb'
type 0 'dpkg -s netlabd netlab | grep -E "^(Package|Version|Installed-Size):"'
type 0 'systemctl is-active netlabd'
says 'it runs once it is installed' active
type 0 'netlab send localhost:2345 hello'
says 'the first answer' HELLO
type 0 'netlab spew localhost disk nearly full'
type 0 'sleep 0.2; cat /var/log/netlabd/bucket.log'
says 'the bucket' '*disk nearly full'
type 0 'printf "echo more {\n\tlisten = \"localhost:7\"\n}\n" >>/etc/netlabd/netlabd.conf'
type 0 'netlabd -t && systemctl reload netlabd'
type 0 'netlab send localhost:7 as it is'
says 'what was added' 'as it is'
type 0 'sed -i "s/localhost:7\"/localhost:seven\"/" /etc/netlabd/netlabd.conf'
type 1 'systemctl reload netlabd'
says 'the reload is refused' '*failed*'
type 0 'journalctl -u netlabd -o cat -n 4 --no-pager'
says 'why' '*netlabd.conf:*seven*'
type 0 'netlab send localhost:7 still there'
says 'what runs goes on' 'still there'
type 0 'sed -i "s/localhost:seven/localhost:9/" /etc/netlabd/netlabd.conf'
type 0 'systemctl reload netlabd'
type 0 'netlab send localhost:9 mended'
says 'the mended one' mended
type 0 'systemctl show -P StatusText netlabd'
says 'the status' '6 services, * reloaded *'
type 0 'apt-get purge -y -q netlabd netlab'
type 2 'ls -d /etc/netlabd /var/log/netlabd /run/netlabd 2>/dev/null'
says 'nothing is left' ''
echo "$count passed"
