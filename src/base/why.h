/* SPDX-License-Identifier: ISC */
/* What is wrong, in words: the text that a function which fails hands back. */
#ifndef BASE_WHY_H
#define BASE_WHY_H

#define WHY_SIZE 256

/* Writes the reason, cut where it does not fit, and returns -1. */
int why_set(char why[WHY_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
