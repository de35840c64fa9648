#!/bin/sh
# SPDX-License-Identifier: ISC
# Proves that the checks can fail: each is given a small tree that is right,
# and then trees with one fault, which it must name.
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
tree=$work/tree
ran=0 faults=0

# passes CMD...: the command must succeed.
passes() {
	ran=$((ran + 1))
	"$@" >"$work/out" 2>&1 && return
	faults=$((faults + 1))
	echo "fails, but should not: $*"
	sed 's/^/    /' "$work/out"
}

# finds TEXT CMD...: the command must fail, and say TEXT.
finds() {
	text=$1
	shift
	ran=$((ran + 1))
	if "$@" >"$work/out" 2>&1; then
		echo "does not see its fault ($text): $*"
	elif ! grep -qF -- "$text" "$work/out"; then
		echo "does not say '$text': $*"
		sed 's/^/    /' "$work/out"
	else
		return 0
	fi
	faults=$((faults + 1))
}

# put FILE LINE...: writes the lines into a file of the tree.
put() {
	file=$tree/$1
	shift
	mkdir -p -- "${file%/*}"
	printf '%s\n' "$@" >"$file"
}

spdx='/* SPDX-License-Identifier: ISC */'

# --- check-layers.sh

new_layers() {
	rm -rf -- "$tree"
	put src/Makefile.am 'BUILT_SOURCES = services/list.h'
	put src/base/log.h '#include <stdio.h>'
	put src/base/log.c '#include "base/log.h"' '#include <sys/socket.h>'
	put src/net/stream.h '#include "base/log.h"'
	put src/net/stream_private.h '#include <event2/event.h>'
	put src/net/stream_lines.c '#include "net/stream_private.h"'
	put src/core/service.h '#include "net/stream.h"'
	put src/services/services.h '#include "core/service.h"'
	put src/services/services.c '#include "services/services.h"' '#include "services/list.h"'
	put src/services/echo.c '#include "core/service.h"' '#include "base/log.h"'
	put src/services/bucket.h '#include "core/service.h"'
	put src/services/bucket_line.h '#include <stdio.h>'
	put src/services/bucket_file.c '#include "services/bucket.h"' '#include "services/bucket_line.h"'
	put src/config/config.h '#include "services/services.h"'
	put src/config/config.c '#include "config/config.h"' '#include <confuse.h>'
	put src/daemon/main.c '#include "config/config.h"' '#include <event2/event.h>'
	put src/client/main.c '#include "base/log.h"' '#include "net/stream.h"'
}

# layer FILE LINE TEXT: this line in a file must be found.
layer() {
	new_layers
	mkdir -p -- "$tree/${1%/*}"
	echo "$2" >>"$tree/$1"
	finds "$3" "$here/check-layers.sh" "$tree"
}

new_layers
passes "$here/check-layers.sh" "$tree"
layer src/base/log.h '#include "net/stream.h"' 'base/ must not include net/stream.h'
layer src/base/log.c '#include <event2/event.h>' 'base/ must not include <event2/event.h>'
layer src/net/stream.h '#include "core/service.h"' 'net/ must not include core/service.h'
layer src/core/x.h '#include <http_parser.h>' 'core/ must not include <http_parser.h>'
layer src/core/x.h '#include <jansson.h>' 'core/ must not include <jansson.h>'
layer src/net/stream.h '#include <confuse.h>' 'net/ must not include <confuse.h>'
layer src/core/service.h '#include "services/services.h"' 'core/ must not include services/services.h'
layer src/core/service.h '  #  include "config/config.h"' 'core/ must not include config/config.h'
layer src/services/echo.c '#include "net/stream.h"' 'services/ must not include net/stream.h'
layer src/services/echo.c '#include "services/bucket.h"' 'services/ must not include services/bucket.h'
layer src/services/echo.c '#include "services/services.h"' 'services/ must not include services/services.h'
layer src/services/echo.c '#include "services/list.h"' 'services/ must not include services/list.h'
layer src/services/echo.c '#include <sys/socket.h>' 'services/ must not include <sys/socket.h>'
layer src/services/echo.c '#include <netinet/in.h>' 'services/ must not include <netinet/in.h>'
layer src/services/echo.c '#include <event2/event.h>' 'services/ must not include <event2/event.h>'
layer src/services/echo.c '#include <confuse.h>' 'services/ must not include <confuse.h>'
layer src/services/echo.c '#include <pcre2.h>' 'services/ must not include <pcre2.h>'
layer src/config/config.c '#include "net/stream.h"' 'config/ must not include net/stream.h'
layer src/config/config.c '#include <event2/event.h>' 'config/ must not include <event2/event.h>'
layer src/daemon/main.c '#include <confuse.h>' 'daemon/ must not include <confuse.h>'
layer src/daemon/main.c '#include "net/stream_private.h"' 'daemon/ must not include net/stream_private.h'
layer src/client/main.c '#include "config/config.h"' 'client/ must not include config/config.h'
layer src/client/main.c '#include <event2/event.h>' 'client/ must not include <event2/event.h>'
layer src/base/log.c '#include "log.h"' 'log.h, which is not in src/'
layer src/base/log.c '#include <base/log.h>' 'base/ must not include <base/log.h>'
layer src/daemon/main.c '#include "daemon/list.h"' 'daemon/list.h, which is not in src/'
layer src/other/x.c '#include <stdio.h>' 'no floor for this folder'
new_layers
put src/base/log.c '#include <stdio.h>' '#include "base/log.h"'
finds 'before its own base/log.h' "$here/check-layers.sh" "$tree"
new_layers
put src/net/stream_lines.c '#include "base/log.h"' '#include "net/stream_private.h"'
finds 'before its own net/stream.h' "$here/check-layers.sh" "$tree"
rm -rf -- "$tree"
mkdir -p -- "$tree/src/base"
finds 'nothing was checked' "$here/check-layers.sh" "$tree"

# --- check-style.sh

# body LINES: a function of that many lines, its declaration being two of them.
body() {
	printf 'static int\nlong_one(void)\n{\n'
	awk -v n=$(($1 - 5)) 'BEGIN { while (n-- > 0) print "\tputs(\"\");" }'
	printf '\treturn 0;\n}\n'
}

new_style() {
	rm -rf -- "$tree"
	mkdir -p -- "$tree"
	cp -- "$here/../.clang-format" "$tree/"
	put src/base/log.c "$spdx" '#include <stdio.h>' '' 'static const int rows[] = {' \
		"$(awk 'BEGIN { while (i++ < 50) print "\t1," }')" '};' '' "$(body 40)"
	put tests/run.sh '#!/bin/sh' '# SPDX-License-Identifier: ISC'
	put tests/conf/bad/blanks.conf 'blanks '
}

style() {
	text=$1
	shift
	finds "$text" "$here/check-style.sh" "$@" "$tree"
	new_style
}

new_style
CI=false
export CI
passes "$here/check-style.sh" "$tree"
put src/base/log.c "$spdx" '#include <stdio.h>' '' "$(body 41)"
style 'src/base/log.c:4: long_one has 41 lines, at most 40'
put src/base/log.h "$spdx" "$(awk 'BEGIN { while (i++ < 400) print "int x;" }')"
style 'src/base/log.h: 401 lines, at most 400'
put src/base/log.h '/* no licence */'
style 'src/base/log.h:1: the first line is no SPDX line'
put tests/run.sh '#!/bin/sh' '# no licence'
style 'tests/run.sh:1: the first line is no SPDX line'
put man/x.8 '.\" SPDX-License-Identifier: ISC' '.Dd today '
style 'man/x.8:2: trailing blanks'
put src/base/log.h "$spdx" "/* TO""DO later */"
style "src/base/log.h:2:/* TO""DO later */"
put src/base/log.h "$spdx" 'typedef struct log log_t;'
style 'src/base/log.h:2:typedef struct log log_t;'
put src/base/log.h "$spdx" 'typedef struct {' '	int x;' '} log_t;'
style 'src/base/log.h:4:} log_t;'
if clang-format-14 --version >/dev/null 2>&1; then
	put src/base/log.h "$spdx" 'int   x( void );'
	style 'src/base/log.h:2:'
else
	CI=true
	style 'no clang-format 14'
	CI=false
fi

# What exports a variable, and what only looks like it.
if ${CC:-cc} --version >/dev/null 2>&1; then
	put constant.c 'static int n; extern int *const at; int *const at = &n;' \
		'extern const char *const words[]; const char *const words[] = { "a" };' \
		'int *f(void); int *f(void) { return &n; }'
	put variable.c 'int exported_one;'
	(cd -- "$tree" && ${CC:-cc} -fPIE -c constant.c variable.c)
	passes "$here/check-style.sh" --library "$tree/constant.o" "$tree"
	style 'exports the variable exported_one' --library "$tree/variable.o"
fi
finds 'no such library' "$here/check-style.sh" --library "$work/none.a" "$tree"

# --- check-analysis.sh

new_analysis() {
	rm -rf -- "$tree"
	put src/base/a.c '#include <stdlib.h>' 'int f(void);' "$@"
}

if gcc --version >/dev/null 2>&1 && clang-tidy-14 --version >/dev/null 2>&1 &&
	cppcheck --version >/dev/null 2>&1; then
	new_analysis 'int f(void) { return 1; }'
	passes "$here/check-analysis.sh" "$tree"
	put tests/analysis.known 'gcc analyzer-malloc-leak src/base/a.c why'
	finds 'analysis.known:1: not found any more: gcc analyzer-malloc-leak src/base/a.c' \
		"$here/check-analysis.sh" "$tree"
	new_analysis 'int f(void) { return h; }'
	finds 'gcc error src/base/a.c:3: ' "$here/check-analysis.sh" "$tree"
	new_analysis 'int f(void) { char *p = malloc(1); return p != NULL; }'
	finds 'gcc analyzer-malloc-leak src/base/a.c:3: ' "$here/check-analysis.sh" "$tree"
	cp -- "$work/out" "$work/all"
	passes grep -F 'clang-tidy clang-analyzer-unix.Malloc src/base/a.c:3: ' "$work/all"
	passes grep -F 'cppcheck memleak src/base/a.c:3: ' "$work/all"
	put tests/analysis.known 'gcc analyzer-malloc-leak src/base/a.c why' \
		'clang-tidy clang-analyzer-unix.Malloc src/base/a.c why' \
		'cppcheck memleak src/base/a.c why'
	passes "$here/check-analysis.sh" "$tree"
fi

# --- check-manual.sh

# shellcheck disable=SC2016 # the dollars are of the scripts it writes
new_manual() {
	rm -rf -- "$tree"
	put netlabd '#!/bin/sh' 'case $1 in' '--list-options)' \
		'echo "# SECTION  OPTION  DEFAULT  RANGE"' \
		'echo "global    max-connections  auto       0 to 9"' \
		'printf "common\tlisten\t-\tlist\n"' \
		'echo "echo      idle-timeout     5m         0 to 1d"' \
		'printf "bucket\tfile\t\"\"\tpath\n"' ';;' \
		'--help) cat <<END' \
		'usage: netlabd [-t] [-c FILE]' '' \
		'  -c, --config FILE  read FILE instead of --what' \
		'  -t                 only check' \
		'END' ';;' 'esac'
	put netlab '#!/bin/sh' '[ "$1" != send ] || { echo "  -n COUNT  how many"; exit; }' \
		'cat <<END' 'usage: netlab COMMAND' '' \
		'Commands:' '  send   sends' '  status asks' '' 'Options:' \
		'  --help   this' 'END'
	chmod +x "$tree/netlabd" "$tree/netlab"
	put man/netlabd.8 '.It Fl c , -config Ar FILE' '.It Fl t'
	put man/netlab.1 '.Ss send' '.It Fl n Ar COUNT' '.It Ic status' '.It Fl -help'
	put man/netlabd.conf.5 '.Sh GLOBAL OPTIONS' '.It Ic max-connections = auto' \
		'.Sh COMMON OPTIONS' '.It Ic listen' '.Sh SERVICES' \
		'.Ss echo and others' '.It Ic idle-timeout = 5m' \
		'.Ss bucket' '.It Ic file = """"' '.Sh EXAMPLES' '.It Ic other'
	sed -i 's/""""/\\\&""/' "$tree/man/netlabd.conf.5"
	put conf/netlabd.conf '#max-connections = 5' 'echo lab {' ' listen = "*:7"' \
		' # idle-timeout = 5m' '}' '#bucket b { file = "/x" }'
}

check_manual() {
	NETLABD=$tree/netlabd NETLAB=$tree/netlab "$here/check-manual.sh" "$tree"
}

# manual TEXT FILE SED: the edit must be found.
manual() {
	new_manual
	sed -i "$3" "$tree/$2"
	finds "$1" check_manual
}

new_manual
passes check_manual
rm "$tree/man/netlab.1"
finds 'man/netlab.1 is missing' check_manual
manual 'lacks .It Ic listen below a heading with common' man/netlabd.conf.5 '/listen/d'
manual 'default of max-connections of global is auto, not 7' man/netlabd.conf.5 's/auto/7/'
manual 'default of listen of common is -, not 7' man/netlabd.conf.5 's/listen/listen = 7/'
manual 'file of echo is no option' man/netlabd.conf.5 's/idle-timeout = 5m/file/'
manual 'netlabd --list-options prints nothing' netlabd '/^echo/d; /^printf/d'
manual 'conf/netlabd.conf: lacks file =' conf/netlabd.conf 's/file/mile/'
manual 'conf/netlabd.conf: lacks a section of bucket' conf/netlabd.conf 's/bucket/packet/'
manual 'netlabd.8: lacks an item for --config' man/netlabd.8 's/ , -config//'
manual 'netlabd.8: -x is an item, but not in --help' man/netlabd.8 's/Fl t/Fl x/'
manual 'netlab.1: lacks the command send' man/netlab.1 's/send/sent/'
manual 'netlab.1: lacks the command status' man/netlab.1 '/status/d'
manual 'netlab.1: lacks an item for -n' man/netlab.1 '/Fl n/d'
manual 'netlab.1: lacks an item for --help' man/netlab.1 '/-help/d'

# --- count-results.sh

put results/a.trs ':global-test-result: PASS'
put results/a.log 'Running suite' '100%: Checks: 7, Failures: 0, Errors: 0'
put results/b.trs ':global-test-result: FAIL'
put results/b.log '50%: Checks: 4, Failures: 1, Errors: 1'
put results/c.trs ':global-test-result: FAIL'
put results/c.log \
	'SKIPPED [1] test_a.py:7: needs root' \
	'SKIPPED [1] ../b/test_b.py:12: needs root' \
	'===== 1 failed, 30 passed, 2 skipped in 4.20s ====='
put results/d.trs ':global-test-result: PASS'
put results/d.log 'all is well'
put results/e.trs ':global-test-result: FAIL'
put results/e.log 'killed by a signal'
put results/f.trs ':global-test-result: SKIP'
put results/f.log 'skipped: nothing to do'
put more/a.trs ':global-test-result: PASS'
put more/a.log 'all is well'
counted=$("$here/count-results.sh" "$tree/results" "$tree/more")
passes test "$counted" = '41 4 3'
reasons=$("$here/count-results.sh" --skipped "$tree/results" "$tree/more")
passes test "$reasons" = '2 needs root
1 nothing to do'

if [ "$faults" -gt 0 ]; then
	echo "$faults of $ran trials failed"
	exit 1
fi
echo "$ran trials, each with the expected outcome"
