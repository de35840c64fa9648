/* SPDX-License-Identifier: ISC */
/* What a service says of the datagrams that a fuzzer sent it. */
#ifndef FUZZ_ACCOUNT_H
#define FUZZ_ACCOUNT_H

#include <jansson.h>

#include "core/service_private.h"
#include "fuzz.h"

/* Of those who may come in, and how fast: log-only only tells of them. */
static inline void
require_limits(const struct service *service)
{
	const struct datagram_counters *counters = &service->datagrams;

	for (int i = 0; i < GUARD_REASONS; i++) {
		bool is_limit = i >= GUARD_DENIED && i <= GUARD_DATAGRAM_RATE;

		REQUIRE(counters->refused[i] == 0 || !is_limit ||
		    !service->common.log_only);
		REQUIRE(counters->would_refuse[i] == 0 ||
		    (is_limit && service->common.log_only));
	}
}

/* Every datagram comes to one end. */
static inline void
require_counters(const struct service *service, uint64_t answers)
{
	const struct datagram_counters *counters = &service->datagrams;
	uint64_t sum = counters->answered + counters->unanswered;

	for (int i = 0; i < GUARD_REASONS; i++)
		sum += counters->refused[i];
	REQUIRE(counters->answered == answers);
	/* One that is cut may also be one that is denied. */
	REQUIRE(service->type->one_way ||
	    (sum <= counters->received &&
		sum + counters->cut >= counters->received));
	REQUIRE(service->type->one_way || counters->refused[GUARD_DENIED] > 0 ||
	    sum + counters->cut == counters->received);
}

/* Each of its last messages is one JSON object, whatever was sent. */
static inline void
require_json(struct service *service)
{
	static char out[8 * DATAGRAM_SIZE];
	struct history *history = service->type->history != NULL
	    ? service->type->history(service)
	    : NULL;
	struct history_item item;

	for (uint64_t next = 1;
	     history != NULL && history_find(history, next, &item);
	     next = item.sequence + 1) {
		size_t len = service->type->history_json(
		    service, &item, out, sizeof(out));
		json_t *json = json_loadb(out, len, 0, NULL);

		REQUIRE(len == 0 || json_is_object(json));
		json_decref(json);
	}
}

#endif
