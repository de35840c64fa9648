/* SPDX-License-Identifier: ISC */
/* Checks services against each other: names and addresses are used once. */
#include "config/section.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

#define USE_TEXT_SIZE (ADDRESS_TEXT_SIZE + 16)

/* An address with the section and the line that list it. */
struct use {
	const struct address *address;
	const struct section *section;
	unsigned line;
};

static int
compare_places(const struct section *a, unsigned a_line,
    const struct section *b, unsigned b_line)
{
	if (a->place.file != b->place.file)
		return a->place.file < b->place.file ? -1 : 1;
	if (a_line != b_line)
		return a_line < b_line ? -1 : 1;
	return a < b ? -1 : a > b;
}

static int
compare_names(const void *first, const void *second)
{
	const struct section *const *a = first, *const *b = second;
	int order =
	    strcmp(service_name((*a)->service), service_name((*b)->service));

	return order != 0
	    ? order
	    : compare_places(*a, (*a)->place.line, *b, (*b)->place.line);
}

static void
check_names(const struct sections *sections, struct errors *errors)
{
	const struct section **sorted =
	    calloc(sections->count + 1, sizeof(*sorted));
	const struct section *first = NULL;

	if (sorted == NULL) {
		errors->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < sections->count; i++)
		sorted[i] = &sections->items[i];
	qsort(sorted, sections->count, sizeof(*sorted), compare_names);
	for (size_t i = 0; i < sections->count; i++) {
		const char *name = service_name(sorted[i]->service);

		if (first != NULL &&
		    strcmp(service_name(first->service), name) == 0)
			errors_add(errors, ERRORS_SERVICE, sorted[i]->place,
			    "%s '%s': name is taken at %s:%u (write another "
			    "one)",
			    sorted[i]->type->name, name,
			    errors->files[first->place.file],
			    first->place.line);
		else
			first = sorted[i];
	}
	free(sorted);
}

/* Orders addresses so that those that could meet stand together. */
static int
compare_groups(const struct address *a, const struct address *b)
{
	if (a->transport != b->transport)
		return a->transport < b->transport ? -1 : 1;
	if (a->u.sa.sa_family != b->u.sa.sa_family)
		return a->u.sa.sa_family < b->u.sa.sa_family ? -1 : 1;
	if (a->u.sa.sa_family == AF_UNIX)
		return strcmp(a->u.un.sun_path, b->u.un.sun_path);
	return (int)address_port(&a->u.sa) - (int)address_port(&b->u.sa);
}

static int
compare_use_places(const struct use *a, const struct use *b)
{
	int order = compare_places(a->section, a->line, b->section, b->line);

	if (order != 0)
		return order;
	return a->address < b->address ? -1 : a->address > b->address;
}

/* By port or path, then by host, then by place. */
static int
compare_uses(const void *first, const void *second)
{
	const struct use *a = first, *b = second;
	int order = compare_groups(a->address, b->address);

	if (order == 0)
		order = memcmp(&a->address->u, &b->address->u, a->address->len);
	return order != 0 ? order : compare_use_places(a, b);
}

static bool
is_wildcard(const struct address *address)
{
	return address->u.sa.sa_family == AF_INET
	    ? address->u.in.sin_addr.s_addr == htonl(INADDR_ANY)
	    : address->u.sa.sa_family == AF_INET6 &&
		IN6_IS_ADDR_UNSPECIFIED(&address->u.in6.sin6_addr);
}

/* An address as it may be written in a configuration. */
static void
format_use(char text[USE_TEXT_SIZE], const struct use *use)
{
	const struct address *address = use->address;
	const char *transport = address_transport_name(address->transport);
	char plain[ADDRESS_TEXT_SIZE];

	address_format(plain, &address->u.sa, address->len);
	if (address->u.sa.sa_family == AF_UNIX)
		snprintf(text, USE_TEXT_SIZE, "%s:%s", transport, plain);
	else
		snprintf(text, USE_TEXT_SIZE, "%s/%s", plain, transport);
}

static void
report_conflict(
    struct errors *errors, const struct use *first, const struct use *second)
{
	struct errors_place place = { second->section->place.file,
		second->line };
	char text[USE_TEXT_SIZE], taken[USE_TEXT_SIZE];
	const char *relation;

	/* localhost alone may be four addresses: one word for all of them. */
	if (errors_has(errors, place, place.line))
		return;
	format_use(text, second);
	format_use(taken, first);
	if (strcmp(text, taken) == 0)
		relation = "";
	else
		relation = is_wildcard(first->address) ? " is in " : " holds ";
	errors_add(errors, ERRORS_SERVICE, place,
	    "listen: %s%s%s%s is taken by %s '%s' at %s:%u "
	    "(write another address)",
	    text, relation, relation[0] != '\0' ? taken : "",
	    relation[0] != '\0' ? ", which" : "", first->section->type->name,
	    service_name(first->section->service),
	    errors->files[first->section->place.file], first->line);
}

/* Reports that two uses meet, at the later of them. */
static void
report_pair(struct errors *errors, const struct use *a, const struct use *b)
{
	if (compare_use_places(a, b) < 0)
		report_conflict(errors, a, b);
	else
		report_conflict(errors, b, a);
}

/* Checks the uses of one port or path. */
static void
check_group(struct errors *errors, const struct use *uses, size_t count)
{
	const struct use *first = uses, *wildcard = NULL;

	for (size_t i = 0; i < count && wildcard == NULL; i++)
		if (is_wildcard(uses[i].address))
			wildcard = &uses[i];
	for (size_t i = 0; i < count && !errors->more; i++) {
		if (!address_equal(first->address, uses[i].address))
			first = &uses[i];
		if (&uses[i] != first)
			report_pair(errors, first, &uses[i]);
		else if (wildcard != NULL && wildcard != first)
			report_pair(errors, wildcard, first);
	}
}

/* Port 0 is another port each time. */
static bool
can_meet(const struct address *address)
{
	return address->u.sa.sa_family == AF_UNIX ||
	    address_port(&address->u.sa) != 0;
}

/* All addresses that could meet another; NULL: out of memory. */
static struct use *
gather_uses(const struct sections *sections, size_t *count)
{
	struct use *uses;
	size_t room = 1;

	for (size_t i = 0; i < sections->count; i++)
		room += sections->items[i].listen_count;
	*count = 0;
	if ((uses = calloc(room, sizeof(*uses))) == NULL)
		return NULL;
	for (size_t i = 0; i < sections->count; i++) {
		const struct section *section = &sections->items[i];
		const struct address *items =
		    service_addresses(section->service)->items;

		for (size_t j = 0; j < section->listen_count; j++)
			if (can_meet(&items[j]))
				uses[(*count)++] = (struct use){ &items[j],
					section, section->listen_lines[j] };
	}
	return uses;
}

static void
check_addresses(const struct sections *sections, struct errors *errors)
{
	size_t count, end;
	struct use *uses = gather_uses(sections, &count);

	if (uses == NULL) {
		errors->out_of_memory = true;
		return;
	}
	qsort(uses, count, sizeof(*uses), compare_uses);
	for (size_t begin = 0; begin < count; begin = end) {
		end = begin + 1;
		while (end < count &&
		    compare_groups(uses[begin].address, uses[end].address) == 0)
			end++;
		check_group(errors, uses + begin, end - begin);
	}
	free(uses);
}

/* True when what is known of it so far is right. */
static bool
is_good(const struct section *section, const struct errors *errors)
{
	return section->parsed &&
	    !errors_has(errors, section->place, section->last_line);
}

/* Holds a service against those before it, until one does not go with it. */
static void
check_pairs(
    const struct sections *sections, size_t index, struct errors *errors)
{
	const struct section *section = &sections->items[index];
	char why[WHY_SIZE];

	if (!section->passed)
		return;
	for (size_t i = 0; i < index; i++) {
		const struct section *other = &sections->items[i];

		if (!other->passed ||
		    service_check_pair(other->service, section->service, why) ==
			0)
			continue;
		errors_add(errors, ERRORS_SERVICE, section->place,
		    "%s '%s': %s (see '%s' at %s:%u)", section->type->name,
		    service_name(section->service), why,
		    service_name(other->service),
		    errors->files[other->place.file], other->place.line);
		return;
	}
}

/* What a service says of itself, unless a part of it is known to be wrong. */
static void
check_service(struct section *section, struct errors *errors)
{
	char why[WHY_SIZE];

	if (!is_good(section, errors))
		return;
	section->passed = service_check(section->service, why) == 0;
	if (!section->passed)
		errors_add(errors, ERRORS_SERVICE, section->place,
		    "%s '%s': %s", section->type->name,
		    service_name(section->service), why);
}

void
sections_check(const struct sections *sections, struct errors *errors)
{
	for (size_t i = 0; i < sections->count; i++)
		check_service(&sections->items[i], errors);
	for (size_t i = 0; i < sections->count; i++)
		check_pairs(sections, i, errors);
	check_names(sections, errors);
	check_addresses(sections, errors);
}
