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
# With the libraries that a machine which only builds netlabd does not have.
set -- syslog-ng-core libivykis0 libnet1 libglib2.0-0 libpcre3 libjson-c5 \
	memcached libsasl2-2
apt-get download -q "$@"
for package; do
	dpkg-deb -x "$package"_*.deb .
done
