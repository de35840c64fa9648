/* SPDX-License-Identifier: ISC */
/* What to say of an option on a command line that getopt_long(3) refuses. */
#ifndef BASE_USAGE_H
#define BASE_USAGE_H

#include <getopt.h>
#include <stdbool.h>

#include "base/why.h"

/*
 * Tells why, and which one may have been meant. `refusal` is what getopt_long()
 * has just returned, '?' or ':', with opterr 0 and letters that begin with ':';
 * `table` is that of its long options. True when it is like none of them, and
 * so perhaps meant as none.
 */
bool usage_explain(
    char why[WHY_SIZE], int refusal, char **argv, const struct option *table);

#endif
