#!/bin/sh
# SPDX-License-Identifier: ISC
# usage: check-manual.sh [TREE]
# Holds the programs against their manuals: NETLABD and NETLAB (environment) are
# run, TREE/man and TREE/conf/netlabd.conf are read. The conventions:
#
# netlabd --list-options prints a line an option, in columns separated by a tab
# or by two or more spaces, of which the first three are read. Lines that begin
# with # are for people.
#
#   SECTION      `global`, `common` (all services have it), or a service type
#   OPTION       its name
#   DEFAULT      as it would be written; - where there is none
#
# netlabd.conf.5 has each option as an item below a heading (.Sh or .Ss) that
# has SECTION as one of its words (`.Sh GLOBAL OPTIONS`, `.Ss creosote`; case
# does not matter). An item without a default stops after the name:
#
#   .It Ic backlog = 1024
#   .It Ic file = \&""
#   .It Ic listen
#
# Every option there is in the manual, with the same default, and none besides.
# conf/netlabd.conf has each as `OPTION =`, in a comment or not, and each service
# type as a section (`TYPE NAME {`).
#
# --help of either program: every --option and -o that begins a line (`  -c,
# --config FILE`) is an item of netlabd.8 or netlab.1 (`.It Fl c , -config Ar
# FILE`; long ones as `Fl -config`), and none besides. Where netlab's --help has
# a part that begins with a line `Commands:`, each indented first word in it is
# an item (`.It Ic spew`) or a heading (`.Ss spew`) of netlab.1, and the options
# that `netlab COMMAND --help` prints are items there too.
set -eu

tree=${1:-$(dirname -- "$0")/..}
netlabd=${NETLABD:-$tree/build/src/netlabd}
netlab=${NETLAB:-$tree/build/src/netlab}
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

if [ ! -x "$netlabd" ]; then
	echo "skipped: $netlabd has not been built"
	exit 77
fi

for file in man/netlabd.8 man/netlabd.conf.5 man/netlab.1 conf/netlabd.conf; do
	if [ ! -r "$tree/$file" ]; then
		echo "$file is missing"
		exit 1
	fi
done

# Rows "SECTION OPTION DEFAULT", tabs between, of what the program prints.
program_options() {
	"$netlabd" --list-options | awk '
		/^#/ || !NF { next }
		{ gsub(/\t|   *|  /, "\t"); gsub(/\t+/, "\t"); sub(/\t$/, "") }
		{
			split($0, column, "\t")
			print column[1] "\t" column[2] "\t" column[3]
		}
	'
}

# The same of the manual; each heading's words are sections.
manual_options() {
	# shellcheck disable=SC2016 # the dollars are awk's
	awk '
		/^\.(Sh|Ss) / { heading = tolower(substr($0, 5)) }
		/^\.It Ic / {
			name = $3
			initial = $0
			if (!sub(/^\.It Ic [^ ]+ = /, "", initial))
				initial = "-"
			gsub(/\\&/, "", initial)
			gsub(/\\\(dq/, "\"", initial)
			gsub(/\\-/, "-", initial)
			print heading "\t" name "\t" initial
		}
	' "$1"
}

compare_options() {
	# shellcheck disable=SC2016 # the dollars are awk's
	awk -F '\t' '
		FILENAME == ARGV[1] {
			options++
			initial[$1, $2] = $3
			section_of[$1] = 1
			next
		}
		{
			n = split($1, word, /[^a-z0-9-]+/)
			for (i = 1; i <= n; i++) {
				if (!(word[i] in section_of))
					continue
				if (!((word[i], $2) in initial)) {
					print "netlabd.conf.5: " $2 " of " word[i] \
					    " is no option"
				} else if (initial[word[i], $2] != $3) {
					print "netlabd.conf.5: the default of " $2 \
					    " of " word[i] " is " \
					    initial[word[i], $2] ", not " $3
				}
				found[word[i], $2] = 1
			}
		}
		END {
			if (!options)
				print "netlabd --list-options prints nothing"
			for (key in initial) {
				if (key in found)
					continue
				split(key, part, SUBSEP)
				print "netlabd.conf.5: lacks .It Ic " part[2] \
				    (initial[key] == "-" ? "" : " = " initial[key]) \
				    " below a heading with " part[1]
			}
		}
	' "$work/program" "$work/manual" | sort
}

check_sample() {
	sample=$tree/conf/netlabd.conf
	cut -f 2 "$work/program" | sort -u | while read -r name; do
		grep -qE -- "(^|[[:space:]#{])${name}[[:space:]]*=" "$sample" ||
			echo "conf/netlabd.conf: lacks $name ="
	done
	cut -f 1 "$work/program" | sort -u | grep -vxE 'global|common' |
		while read -r type; do
			grep -qE -- "^[#[:space:]]*${type}[[:space:]]+[^[:space:]]+[[:space:]]*\{" "$sample" ||
				echo "conf/netlabd.conf: lacks a section of $type"
		done
}

# The options that begin the lines of a help text.
help_options() {
	sed -nE 's/^[[:space:]]+(-[^[:space:]].*)$/\1/p' | sed -E 's/[[:space:]]{2,}.*//' |
		grep -oE -- '(^|[, ])--?[A-Za-z0-9][A-Za-z0-9-]*' | tr -d ', ' | sort -u
}

# The options that are items of a manual.
flag_items() {
	grep -E '^\.It Fl' "$1" | grep -oE '(Fl|,) +(Fl +)?-?[A-Za-z0-9][A-Za-z0-9-]*' |
		grep -vE ' (Ar|Fl|Cm|Ic|Ns|Op)$' |
		sed -E 's/^(Fl|,) +//; s/^Fl +/-/; s/^/-/' | sort -u
}

compare_flags() {
	comm -23 "$work/help" "$work/items" | sed "s|^|$1: lacks an item for |"
	comm -13 "$work/help" "$work/items" | sed "s|\$| is an item, but not in --help|; s|^|$1: |"
}

check_daemon_flags() {
	"$netlabd" --help | help_options >"$work/help"
	[ -s "$work/help" ] || echo 'netlabd --help tells no options'
	flag_items "$tree/man/netlabd.8" >"$work/items"
	compare_flags netlabd.8
}

client_commands() {
	"$netlab" --help | sed -nE '/^Commands:/I,/^[^[:space:]]/{
		/^Commands:/I!s/^[[:space:]]+([a-z][a-z0-9-]*).*/\1/p
	}'
}

check_client() {
	"$netlab" --help >"$work/help.text"
	client_commands >"$work/commands"
	while read -r name; do
		grep -qE "^\.(It (Ic|Cm)|Ss) $name( |\$)" "$tree/man/netlab.1" ||
			echo "netlab.1: lacks the command $name"
		"$netlab" "$name" --help >>"$work/help.text" 2>/dev/null </dev/null || true
	done <"$work/commands"
	help_options <"$work/help.text" >"$work/help"
	[ -s "$work/help" ] || echo 'netlab --help tells no options'
	flag_items "$tree/man/netlab.1" >"$work/items"
	compare_flags netlab.1
}

program_options >"$work/program"
manual_options "$tree/man/netlabd.conf.5" >"$work/manual"
faults=$(
	compare_options
	check_sample
	check_daemon_flags
	[ ! -x "$netlab" ] || check_client
)
if [ -n "$faults" ]; then
	printf '%s\n' "$faults"
	echo "$(printf '%s\n' "$faults" | wc -l) faults of the manual"
	exit 1
fi
echo "$(wc -l <"$work/program") options are as the manual has them"
