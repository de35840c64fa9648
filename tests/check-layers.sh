#!/bin/sh
# SPDX-License-Identifier: ISC
# usage: check-layers.sh [TREE]
# Reads the #include lines of TREE/src and fails on any that breaks the floors:
#
#   folder     may include                      and of the system's
#   base/      base/                            PCRE2
#   net/       base/ net/                       libevent, http_parser
#   core/      base/ net/ core/                 libevent
#   services/  base/ core/service.h             no sockets, libevent, libconfuse
#   config/    base/ core/ services/services.h  libconfuse
#   daemon/    everything                       libevent, jansson
#   client/    base/ net/                       jansson
#
# services.c, the list, has the headers of services/; any service may have those
# of its own name, the first word of the file's (creosote_file.c: creosote.h).
# *_private.h stays in its folder.
# A file's own header comes first.
set -eu

tree=${1:-$(dirname -- "$0")/..}
cd -- "$tree/src"

# Headers that make writes.
made=$(sed -n 's/^BUILT_SOURCES *= *//p' Makefile.am 2>/dev/null || true)

# shellcheck disable=SC2016 # the dollars are awk's
find . -name '*.[ch]' | sed 's|^\./||' | sort | xargs awk -v made="$made" '
	function fault(why) {
		printf "src/%s:%d: %s\n", FILENAME, FNR, why
		faults++
	}

	# The header that must be the first of a file, "" if any may be: its own,
	# or one of the module that it is a part of (option_name.c: option.h,
	# stream_lines.c: stream.h or stream_private.h).
	function own_header(file, first,    stem) {
		stem = file
		sub(/\.[ch]$/, "", stem)
		if ((stem ".h") in exists)
			return stem ".h"
		while (!((stem ".h") in exists) && stem ~ /_[^_\/]*$/)
			sub(/_[^_\/]*$/, "", stem)
		if (!((stem ".h") in exists) || index(first, stem "_") == 1)
			return ""
		return stem ".h"
	}

	# Whether file and header are of one service in several files: their
	# names are one, or begin with one word.
	function is_kin(file, header) {
		sub(/[_.].*/, "", file)
		sub(/[_.].*/, "", header)
		return file == header
	}

	function may_include(folder, header,    to) {
		if (header !~ /^[a-z]+\/[a-z0-9_]+\.h$/)
			return 0
		to = header
		sub(/\/.*/, "", to)
		if (header ~ /_private\.h$/ && to != folder)
			return 0
		if (folder == "daemon")
			return to != "client"
		if (folder == "services" && to == "services")
			return is_kin(FILENAME, header) ||
			    FILENAME == "services/services.c"
		if (to == folder || to == "base")
			return 1
		return index(allowed[folder], " " header " ") ||
		    index(allowed[folder], " " to "/ ")
	}

	BEGIN {
		allowed["base"] = allowed["net"] = " "
		allowed["core"] = allowed["client"] = " net/ "
		allowed["services"] = " core/service.h "
		allowed["config"] = " core/ services/services.h "
		allowed["daemon"] = " everything "
		for (i = 1; i < ARGC; i++)
			exists[ARGV[i]] = 1
		n = split(made, word)
		for (i = 1; i <= n; i++)
			exists[word[i]] = 1
		sockets = "^(sys/(socket|un|epoll|select)|netdb|ifaddrs)\\.h$"
		sockets = sockets "|^(net|netinet|arpa|linux)/"
	}

	FNR == 1 {
		files++
		includes = 0
		folder = FILENAME
		if (!sub(/\/.*/, "", folder) || !(folder in allowed))
			fault("no floor for this folder")
	}

	/^[ \t]*#[ \t]*include/ {
		header = $0
		sub(/^[^"<]*/, "", header)
		quoted = header ~ /^"/
		sub(/^["<]/, "", header)
		sub(/[">].*$/, "", header)
		total++
		if (++includes == 1 && FILENAME ~ /\.c$/) {
			own = own_header(FILENAME, header)
			if (own != "" && header != own)
				fault("includes " header " before its own " own)
		}
		if (quoted) {
			if (!(header in exists))
				fault("includes " header ", which is not in src/")
			else if (!may_include(folder, header))
				fault(folder "/ must not include " header)
			next
		}
		if (header in exists)
			known = 0
		else if (header ~ /^(event|evutil|evhttp|evdns)/)
			known = header ~ /^event2\// &&
			    folder ~ /^(net|core|daemon)$/
		else if (header ~ /^confuse/)
			known = folder == "config"
		else if (header ~ /^http_parser/)
			known = folder == "net"
		else if (header ~ /^jansson/)
			known = folder ~ /^(daemon|client)$/
		else if (header ~ /^pcre2/)
			known = folder == "base"
		else if (header ~ /^systemd\//)
			known = folder == "daemon"
		else if (header ~ sockets)
			known = folder != "services"
		else
			known = 1
		if (!known)
			fault(folder "/ must not include <" header ">")
	}

	END {
		if (faults) {
			printf "%d includes break the floors\n", faults
			exit 1
		}
		if (!total) {
			print "no #include in src/: nothing was checked"
			exit 1
		}
		printf "%d includes of %d files keep to their floors\n", total, files
	}
'
