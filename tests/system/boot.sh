#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: boot.sh [-d] [-i PACKAGE,...] PACKAGES [SCRIPT]
# Installs the packages of that folder (build.sh makes them) in a fresh Debian,
# boots that with its systemd, and runs the script there: booted.sh.
#   -d  they are only downloaded, with what they need; the script installs them
#   -i  more packages of Debian
set -euo pipefail
# shellcheck source=tests/system/common.sh
. "$(dirname -- "$0")/common.sh"

apt='apt-get install -y' more=''
while getopts di: option; do
	case $option in
	d) apt='apt-get install -y --download-only' ;;
	i) more="--no-install-recommends ${OPTARG//,/ }" ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || { sed -n '3s/^# //p' "$0" && exit 2; }
need_lab
packages=$(realpath -e -- "$1")
script=${2-booted.sh}
work=$(mktemp -d "${TMPDIR:-/tmp}/netlabd-boot.XXXXXX")
root=$work/root
trap '"$lab/stop-root" "$root" || :; rm -rf --one-file-system -- "$work"' EXIT

"$lab/fresh-root" -p systemd "$root" >/dev/null
"$lab/in-fresh-root" --net --bind-ro "$packages:/packages" "$root" "
	exec >/root/install.log 2>&1
	apt-get update && DEBIAN_FRONTEND=noninteractive $apt \
		/packages/netlabd_*.deb /packages/netlab_*.deb $more" ||
	{ tail -n 40 "$root/root/install.log" && fail 'the installation'; }
sed -n '/NEW packages/,/^[^ ]*[0-9]* upgraded/p' "$root/root/install.log"
sed -n 's/^After this operation, \(.*\) of additional disk space.*/\1 on disk with all of these/p' \
	"$root/root/install.log"
rm "$root/root/install.log"
same 'the boot' running "$("$lab/boot-root" --bind-ro "$packages:/packages" --bind-ro "$top:/source" "$root")"
"$lab/in-booted-root" "$root" "/source/tests/system/$script" /packages
