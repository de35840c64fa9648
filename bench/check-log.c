/* SPDX-License-Identifier: ISC */
/*
 * usage: check-log < FILE
 * Reads a log of numbered messages (message.h) of one flow, one a line, and
 * prints as one line of JSON what became of them: records, those of them that
 * do not come right after their predecessor (lost before it, or out of order),
 * and lines that are something else.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "message.h"

struct tally {
	uint64_t records, gaps, unordered, strange;
	uint64_t next; /* the number that is due */
};

static void
count_record(struct tally *tally, uint32_t number)
{
	tally->records++;
	if (number > tally->next)
		tally->gaps++;
	else if (number < tally->next)
		tally->unordered++;
	if (number >= tally->next)
		tally->next = (uint64_t)number + 1;
}

static void
count_line(struct tally *tally, const char *line, size_t len)
{
	struct message_format format = { .size = len };
	uint32_t number;

	if (len >= MESSAGE_HEADER_SIZE && memcmp(line, "00000000 ", 9) == 0 &&
	    message_number(&format, line, len, &number) == 0)
		count_record(tally, number);
	else
		tally->strange++;
}

int
main(void)
{
	struct tally tally = { 0 };
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, stdin)) > 0)
		count_line(&tally, line, (size_t)len);
	free(line);
	if (ferror(stdin))
		load_fail("read");
	printf("{\"records\": %" PRIu64 ", \"gaps\": %" PRIu64
	       ", \"unordered\": %" PRIu64 ", \"strange\": %" PRIu64 "}\n",
	    tally.records, tally.gaps, tally.unordered, tally.strange);
	return 0;
}
