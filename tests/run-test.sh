#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs one test; fuzz_NAME replays its corpus, the files of fuzz/NAME.
case $1 in
*fuzz_*) exec "$1" "${srcdir:?}/fuzz/${1##*fuzz_}" ;;
*) exec "$1" ;;
esac
