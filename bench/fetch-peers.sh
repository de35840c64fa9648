#!/bin/sh
# SPDX-License-Identifier: ISC
# usage: fetch-peers.sh DIR
# Unpacks into DIR those of Debian's programs to compare netlabd with that cannot
# be installed beside each other, or that nobody wants to run at each boot:
# inetds, memcached and syslog-ng. `make bench-peers PEERS=DIR` finds them.
set -eu

dir=${1:?usage: fetch-peers.sh DIR}
here=$(dirname -- "$(realpath -e -- "$0")")
"$here/../tests/fetch-inetds.sh" "$dir"
cd -- "$dir"
[ ! -e usr/sbin/syslog-ng ] || exit 0
apt-get download -q syslog-ng-core libivykis0 libnet1 memcached
for package in syslog-ng-core libivykis0 libnet1 memcached; do
	dpkg-deb -x "$package"_*.deb .
done
