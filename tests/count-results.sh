#!/bin/sh
# SPDX-License-Identifier: ISC
# usage: count-results.sh [--skipped] DIR...
# Counts what `make check` left in each DIR (*.trs and *.log): each test of a
# check program or of pytest by itself, any other script as one. Prints how many
# passed, failed and were skipped; with --skipped a line for each reason: how many
# were skipped for it, and the reason.
set -eu

# Each log, below its result.
results() {
	for dir; do
		for result in "$dir"/*.trs; do
			[ -e "$result" ] || continue
			echo "RESULT $(sed -n 's/^:global-test-result: //p' "$result")"
			cat -- "${result%.trs}.log"
		done
	done
}

if [ "${1-}" = --skipped ]; then
	shift
	results "$@" | awk '
		function add(n, text) {
			if (!(text in count))
				order[++reasons] = text
			count[text] += n
		}
		$1 == "RESULT" { result = $2; next }
		/^skipped: / && result == "SKIP" { sub(/^skipped: /, ""); add(1, $0) }
		# Of pytest: how many, and where.
		/^SKIPPED \[[0-9]+\] [^ ]*: / {
			n = substr($2, 2) + 0
			sub(/^SKIPPED [^ ]* [^ ]*: /, "")
			add(n, $0)
		}
		END {
			for (i = 1; i <= reasons; i++)
				print count[order[i]], order[i]
		}
	'
	exit
fi

results "$@" | awk '
	# The end of a program: what it counted, or else itself.
	function add() {
		if (result == "")
			return
		if (result == "SKIP")
			skipped++
		else if (result == "PASS" || result == "XFAIL")
			passed += ran ? good : 1
		else {
			passed += good
			failed += bad ? bad : 1
		}
		if (result != "SKIP")
			skipped += left
		ran = good = bad = left = 0
	}
	$1 == "RESULT" { add(); result = $2; next }
	/^[0-9]+%: Checks: / {
		gsub(/,/, "")
		ran = 1
		good += $3 - $5 - $7
		bad += $5 + $7
	}
	/^[= ]*[0-9]+ (passed|failed|skipped|error).* in [0-9.]+s/ {
		gsub(/[=,]/, "")
		ran = 1
		for (i = 1; i < NF; i++) {
			if ($(i + 1) ~ /^(passed|xfailed)$/)
				good += $i
			else if ($(i + 1) ~ /^(failed|errors?|xpassed)$/)
				bad += $i
			else if ($(i + 1) == "skipped")
				left += $i
		}
	}
	END { add(); print passed + 0, failed + 0, skipped + 0 }
'
