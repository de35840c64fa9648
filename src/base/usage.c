/* SPDX-License-Identifier: ISC */
/* Explains what is wrong with an option, by the little that getopt tells. */
#include "base/usage.h"

#include <string.h>

#include "base/escape.h"
#include "base/option_name.h"

#define QUOTE_SIZE 64
#define NAME_SIZE  33

/* The long option that --NAME or --NAME=VALUE is most like; NULL: none. */
static const char *
find_near(const char *word, const struct option *table)
{
	struct option_name_nearest nearest = { 0 };
	size_t len = strcspn(word + 2, "=");
	char name[NAME_SIZE];

	if (len == 0 || len >= sizeof(name))
		return NULL;
	*(char *)mempcpy(name, word + 2, len) = '\0';
	for (; table->name != NULL; table++)
		option_name_consider(&nearest, table->name,
		    strncmp(name, table->name, len) == 0
			? 0 /* short for several */
			: option_name_distance(name, table->name));
	return nearest.name;
}

/* True for --NAME=VALUE of one that takes none. */
static bool
has_vain_value(const char *word, const struct option *table)
{
	size_t len = strcspn(word + 2, "=");

	if (word[2 + len] != '=')
		return false;
	for (; table->name != NULL; table++)
		if (table->val == optopt && table->has_arg == no_argument &&
		    strncmp(table->name, word + 2, len) == 0)
			return true;
	return false;
}

/*
 * True when it is the word before the next one that getopt has refused, false
 * when it is a letter. Where others follow that in its word, the one before is
 * another option, which was right.
 */
static bool
is_long_one(const char *word, int refusal, const struct option *table)
{
	return word[0] == '-' && word[1] == '-' &&
	    (refusal == ':' || optopt == 0 || has_vain_value(word, table));
}

bool
usage_explain(
    char why[WHY_SIZE], int refusal, char **argv, const struct option *table)
{
	/* getopt tells an unknown letter in optopt, but not an unknown name. */
	char letter[] = { '-', (char)optopt, '\0' }, quoted[QUOTE_SIZE];
	const char *word = argv[optind - 1], *near = NULL;
	bool is_long = is_long_one(word, refusal, table);

	escape_quote(quoted, sizeof(quoted), is_long ? word : letter);
	if (is_long && refusal == '?' && optopt == 0)
		near = find_near(word, table);
	if (refusal == ':')
		why_set(why, "option %s needs a value", quoted);
	else if (is_long && optopt != 0)
		why_set(why, "option %s takes no value", quoted);
	else if (near != NULL)
		why_set(why, "unknown option %s (did you mean --%s?)", quoted,
		    near);
	else
		why_set(why, "unknown option %s", quoted);
	return refusal == '?' && near == NULL && (!is_long || optopt == 0);
}
