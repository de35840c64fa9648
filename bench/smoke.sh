#!/bin/sh
# SPDX-License-Identifier: ISC
# Checks that the benchmark's loads find what is wrong. Measures nothing.
command -v python3 >/dev/null || exit 77
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
exec "${srcdir:-.}/run" --smoke --programs . \
    --netlabd "${NETLABD:-../src/netlabd}"
