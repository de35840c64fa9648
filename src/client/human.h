/* SPDX-License-Identifier: ISC */
/* Numbers as people read them: three or four digits and a unit. */
#ifndef CLIENT_HUMAN_H
#define CLIENT_HUMAN_H

/* Room for any of the texts below, with their NUL. */
#define HUMAN_SIZE 48

/* "9999", "12.3k", "1.24M": k, M, G, T are thousands; a part of 1 is "0.3". */
const char *human_count(char text[HUMAN_SIZE], double number);

/* "512", "12.3K", "1.24G": K, M, G, T are 1,024, as in netlabd.conf(5). */
const char *human_bytes(char text[HUMAN_SIZE], double number);

/* "42 s", "3 min 5 s", "4 h 10 min", "12 d 7 h": the two largest units. */
const char *human_span(char text[HUMAN_SIZE], double seconds);

#endif
