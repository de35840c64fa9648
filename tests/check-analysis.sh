#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: check-analysis.sh [TREE]
# Has three static analysers read src/: gcc -fanalyzer, clang-tidy 14 (with the
# checks of .clang-tidy, among them all that scan-build has) and cppcheck.
# Whatever they find has to be put right, or named in analysis.known with the
# reason why it is none; what is named there in vain is a fault, too. It takes
# the list of services from a tree that was built.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
cd -- "${1:-$here/..}"
mapfile -t sources < <(find src -name '*.c' | sort)
flags=(-std=gnu11 -D_GNU_SOURCE '-DSYSCONFDIR="/etc"' '-DPACKAGE_VERSION="0"'
	-Isrc -Ibuild/src)

# each CMD...: runs it for every source, which is its last word.
each() {
	printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" -- "$@" 2>&1 || true
}

# alike TOOL: what gcc and clang-tidy say as "TOOL CHECK FILE:LINE: MESSAGE". What
# does not compile is a finding, too.
alike() {
	sed -nE -e "s|^$PWD/||" \
		-e "s/^([^: ]+:[0-9]+):[0-9]+: (warning|error): (.*) \[(-W)?([^]]+)\]\$/$1 \5 \1: \3/p; t" \
		-e "s/^([^: ]+:[0-9]+):[0-9]+: (fatal )?error: (.*)\$/$1 error \1: \3/p"
}

run_gcc() {
	each gcc "${flags[@]}" -O1 -fanalyzer -fno-diagnostics-show-caret \
		-fdiagnostics-path-format=none -c -o /dev/null | alike gcc
}

run_clang_tidy() {
	each clang-tidy-14 --quiet --config-file="$here/../.clang-tidy" \
		"${flags[@]/#/--extra-arg=}" | alike clang-tidy
}

# It reads no headers of the system but those whose macros it has to see. In a
# program of one thread a function need not be reentrant.
run_cppcheck() {
	local -a headers=()
	local header
	for header in sys/queue.h jansson.h; do
		headers+=("--include=$(echo "#include <$header>" | gcc -M -E - |
			grep -o "/[^ ]*/$header" | head -n 1)")
	done
	cppcheck -q -j "$(nproc)" --std=c11 --library=posix,gnu \
		--enable=warning,performance,portability "${headers[@]}" \
		--suppress=missingIncludeSystem -D_GNU_SOURCE -D__GNUC__ -Isrc \
		--template='cppcheck {id} {file}:{line}: {message}' \
		--template-location='' src 2>&1 |
		grep -vE '^cppcheck [a-z]+Called ' || true
}

# The findings without those that are known, then what is known in vain. A line
# of analysis.known is TOOL CHECK FILE REASON.
judge() {
	local known=tests/analysis.known
	[ -e "$known" ] || known=/dev/null
	awk '
		/^#|^$/ { next }
		FILENAME != "-" { known[$1 " " $2 " " $3] = FNR; next }
		{
			file = $3
			sub(/:.*/, "", file)
			key = $1 " " $2 " " file
			if (key in known)
				met[key] = 1
			else
				print
		}
		END {
			for (key in known)
				if (!(key in met))
					print "tests/analysis.known:" known[key] \
					    ": not found any more: " key
		}
	' "$known" -
}

for program in gcc clang-tidy-14 cppcheck; do
	command -v "$program" >/dev/null || {
		echo "no $program"
		exit 1
	}
done
findings=$({ run_gcc; run_clang_tidy; run_cppcheck; } | sort -u | judge)
if [ -n "$findings" ]; then
	echo "$findings"
	exit 1
fi
echo "${#sources[@]} sources, and nothing is found in them that is not known"
