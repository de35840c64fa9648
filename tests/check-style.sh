#!/bin/sh
# SPDX-License-Identifier: ISC
# usage: check-style.sh [--stats] [--library FILE] [TREE]
# Checks the norms of CONTRIBUTING.md that a program can see:
#
#   * .clang-format, by clang-format 14 (others format otherwise; in continuous
#     integration, CI=true, it must be there)
#   * functions of at most 40 lines with their declaration, files of at most 400
#   * the SPDX line first (after #!), no trailing blanks, no notes to oneself
#   * no typedef NAME_t of a struct, union or enum
#   * with --library: libnetlab.a exports no mutable variable
#
# --stats prints the lengths of files and functions and checks nothing.
set -eu

stats=no library=
while [ $# -gt 0 ]; do
	case $1 in
	--stats) stats=yes ;;
	--library)
		library=$(realpath -e -- "$2") || {
			echo "no such library: $2"
			exit 1
		}
		shift
		;;
	-*) sed -n '3s/^# //p' "$0" >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
cd -- "${1:-$(dirname -- "$0")/..}"
c_files() {
	find src tests bench -name '*.[ch]' 2>/dev/null | sort
}

# Everything written by hand, but for the data of tests.
text_files() {
	{
		find src tests bench man conf .ci -type f 2>/dev/null |
			grep -v -e '/__pycache__/' -e '^tests/conf/' -e '/corpus/' -e '^tests/fuzz/' -e '\.in$'
		ls bootstrap configure.ac ./*.md ./*.am 2>/dev/null
	} | sed 's|^\./||' | sort
}

# Lines "LENGTH FILE:LINE NAME" of all functions. A body begins with a brace of
# its own in the first column; what stands above it without a gap declares it.
functions() {
	# shellcheck disable=SC2046,SC2016 # no blanks in names; the dollars are awk's
	awk '
		FNR == 1 { start = 0; body = 0; name = "" }
		body && /^}/ {
			print FNR - start + 1, FILENAME ":" start, name
			body = start = 0
			next
		}
		body { next }
		/^{$/ { body = 1; next }
		/^$|^[#}\/]|^ \*|;$/ { start = 0; name = ""; next }
		{
			if (!start)
				start = FNR
			if (name == "" && match($0, /[A-Za-z_0-9]+\(/))
				name = substr($0, RSTART, RLENGTH - 1)
			if (name ~ /^(START_TEST|END_TEST)$/ &&
			    match($0, /\([A-Za-z_0-9]+/))
				name = substr($0, RSTART + 1, RLENGTH - 1)
		}
	' "$@" /dev/null
}

lengths_of() {
	# shellcheck disable=SC2016 # the dollars are awk's
	sort -n | awk -v what="$1" '
		{ sum += $1; n[NR] = $1; last = $0 }
		END {
			if (!NR)
				exit
			sub(/^[0-9]+ /, "", last)
			printf "%-10s %5d  lines %6d  median %3d  nine in ten %3d  " \
			    "longest %3d (%s)\n", what, NR, sum, n[int((NR + 1) / 2)],
			    n[int((NR * 9 + 9) / 10)], n[NR], last
		}
	'
}

print_stats() {
	for folder in src/* src tests bench; do
		# shellcheck disable=SC2046 # no blanks in names
		set -- $(find "$folder" -name '*.[ch]' 2>/dev/null)
		[ $# -gt 0 ] || continue
		echo "$folder"
		for file; do echo "$(wc -l <"$file") $file"; done | lengths_of '  files'
		functions "$@" | lengths_of '  functions'
	done
}

# The clang-format of version 14, if there is one.
find_clang_format() {
	for program in clang-format-14 clang-format; do
		case $("$program" --version 2>/dev/null) in
		*'version 14.'*) echo "$program"; return ;;
		esac
	done
}

check_format() {
	clang_format=$(find_clang_format)
	if [ -z "$clang_format" ]; then
		echo "not checked: the format, as there is no clang-format 14" >&2
		[ "${CI-}" != true ] || echo "no clang-format 14"
		return 0
	fi
	# shellcheck disable=SC2046 # no blanks in names
	"$clang_format" --dry-run -Werror $(c_files) 2>&1 | grep ' error: ' || true
}

check_lengths() {
	c_files | while read -r file; do
		lines=$(wc -l <"$file")
		[ "$lines" -le 400 ] || echo "$file: $lines lines, at most 400"
	done
	# shellcheck disable=SC2046 # no blanks in names
	functions $(c_files) | while read -r lines place name; do
		[ "$lines" -le 40 ] || echo "$place: $name has $lines lines, at most 40"
	done
}

check_lines() {
	note='\b(TO''DO|FIX''ME)\b|(/\*|^ \*|//|#).*\bXX''X\b'
	text_files | while read -r file; do
		grep -nE '[[:blank:]]$' "$file" | sed "s|:.*|: trailing blanks|; s|^|$file:|"
		grep -nE "$note" "$file" | sed "s|^|$file:|"
		case $file in
		*.[ch] | *.sh | *.py | *.am | *.ac | *.[158] | .ci/* | bootstrap)
			sed -n '/^#!/d; 1,2p' "$file" | head -n 1 |
				grep -q 'SPDX-License-Identifier: ISC' ||
				echo "$file:1: the first line is no SPDX line"
			;;
		esac
	done
}

check_typedefs() {
	# shellcheck disable=SC2046 # no blanks in names
	grep -nE '^typedef (struct|union|enum)\b.*_t;|^} *[a-z0-9_]+_t;' \
		$(c_files) /dev/null || true
}

# Constants with pointers stand in .data.rel.ro; names with __ are the compiler's.
check_symbols() {
	[ -n "$library" ] || return 0
	# shellcheck disable=SC2016 # the dollars are awk's
	objdump -t "$library" | awk '
		/file format/ { file = $1; sub(/:$/, "", file) }
		$2 == "g" && $3 == "O" && $4 ~ /^(\.bss|\.data|\*COM\*|\.tbss|\.tdata)/ &&
		    $4 !~ /^\.data\.rel\.ro/ && $NF !~ /^__/ {
			print file ": exports the variable " $NF
		}
	'
}

if [ "$stats" = yes ]; then
	print_stats
	exit 0
fi
faults=$(
	check_format
	check_lengths
	check_lines
	check_typedefs
	check_symbols
)
if [ -n "$faults" ]; then
	printf '%s\n' "$faults"
	echo "$(printf '%s\n' "$faults" | wc -l) faults of style"
	exit 1
fi
echo "$(c_files | wc -l) C files and $(text_files | wc -l) files in all keep to the style"
