#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: build.sh [-r] [-l] OUT
# Builds the Debian packages of what is committed, in a fresh Debian that has
# nothing but their Build-Depends and no network, and leaves them in OUT.
#   -l  lintian has nothing to say about them
#   -r  a second build, elsewhere and otherwise, gives the same bytes
set -euo pipefail
# shellcheck source=tests/system/common.sh
. "$(dirname -- "$0")/common.sh"

lint=no again=no
while getopts lr option; do
	case $option in
	l) lint=yes ;;
	r) again=yes ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -eq 1 ] || { sed -n '3s/^# //p' "$0" && exit 2; }
need_lab
out=$(realpath -m -- "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/netlabd-build.XXXXXX")
trap 'rm -rf --one-file-system -- "$work"' EXIT
root=$work/root
tree=netlabd-$version

# unpack DIR: the source package's tree in the root, as its user has it.
unpack() {
	mkdir -p "$root$1"
	git -C "$top" archive --prefix="$tree/" HEAD -- . ':(exclude)debian' |
		xz -T1 >"$root$1/netlabd_$version.orig.tar.xz"
	tar -C "$root$1" -xf "$root$1/netlabd_$version.orig.tar.xz"
	git -C "$top" archive --prefix="$tree/" HEAD -- debian | tar -C "$root$1" -xf -
	chown -R 1000:1000 "$root$1"
}

# in_root [OPTION...] COMMAND
in_root() {
	"$lab/in-fresh-root" "${@:1:$#-1}" "$root" "${@:$#}"
}

# build DIR ENVIRONMENT: the tests, too, run there as another user than root.
build() {
	if ! in_root --user builder --cwd "$1/$tree" \
		"umask $3; env $2 dpkg-buildpackage -us -uc >../build.log 2>&1"; then
		grep -E '^(E   |FAILED |FAIL )|:[EF]:' "$root$1/build.log" || :
		tail -n 60 "$root$1/build.log"
		fail "the build ($2)"
	fi
	ok "the build ($2)"
}

"$lab/fresh-root" -i build-essential "$root" >/dev/null
in_root 'useradd -m -u 1000 builder'
unpack /build/one
in_root --net --cwd "/build/one/$tree" '
	exec >/build/packages.log 2>&1
	apt-get update && DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends build-dep ./' ||
	{ tail -n 40 "$root/build/packages.log" && fail 'the Build-Depends'; }
build /build/one 'TZ=UTC LC_ALL=C.UTF-8' 022
grep -hE '^# (TOTAL|PASS|SKIP|FAIL|ERROR):' "$root/build/one/build.log" || :
mkdir -p "$out"
find "$root/build/one" -maxdepth 1 -type f -exec cp -- {} "$out/" \;

if [ "$again" = yes ]; then
	unpack /build/another-place
	build /build/another-place \
		'TZ=Asia/Kathmandu LC_ALL=C HOME=/ DEB_BUILD_OPTIONS=nocheck' 077
	for file in "$root"/build/one/*.deb; do
		cmp "$file" "$root/build/another-place/${file##*/}" ||
			fail "${file##*/} differs between two builds"
	done
	ok 'the same bytes, built twice'
fi

if [ "$lint" = yes ]; then
	in_root --net '
		DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends install lintian' \
		>>"$root/build/packages.log" 2>&1
	in_root --user builder --cwd /build/one \
		'lintian --pedantic -I -E --fail-on error,warning,info,pedantic,experimental *.changes' ||
		fail lintian
	ok 'lintian'
fi
echo "$count passed"
