#!/bin/sh
# SPDX-License-Identifier: ISC
# usage: fetch-inetds.sh DIR
# Unpacks Debian's inetds into DIR, where the tests of loops find them
# (NETLABD_INETDS=DIR). Only one of them can be installed at a time, and whoever
# builds netlabd wants none of them to run.
set -eu

dir=${1:?usage: fetch-inetds.sh DIR}
mkdir -p -- "$dir"
cd -- "$dir"
[ ! -e usr/sbin/xinetd ] || exit 0
if ! command -v apt-get >/dev/null; then
	echo 'skipped: no apt-get to fetch inetds with'
	exit 77
fi
if ! apt-get download -q xinetd openbsd-inetd inetutils-inetd libwrap0; then
	echo 'skipped: apt-get cannot download inetds'
	exit 77
fi
for package in ./*.deb; do
	dpkg-deb -x "$package" .
done
