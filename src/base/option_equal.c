/* SPDX-License-Identifier: ISC */
/* Whether settings have the same values. */
#include "base/option.h"

#include <string.h>

static bool
list_equal(const struct option_list *a, const struct option_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool
text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
value_equal(enum option_kind kind, const void *a, const void *b)
{
	switch (kind) {
	case OPTION_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_TIME:
	case OPTION_MODE:
		return *(const uint64_t *)a == *(const uint64_t *)b;
	case OPTION_PATH:
	case OPTION_TEXT:
		return text_equal(*(char *const *)a, *(char *const *)b);
	case OPTION_CHOICE:
		return *(const int *)a == *(const int *)b;
	case OPTION_LIST:
		return list_equal(a, b);
	}
	return false;
}

bool
option_equal(
    const struct option *rows, const void *settings, const void *others)
{
	for (const struct option *row = rows; row->name != NULL; row++)
		if (!value_equal(row->kind,
			(const char *)settings + row->offset,
			(const char *)others + row->offset))
			return false;
	return true;
}
