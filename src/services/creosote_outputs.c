/* SPDX-License-Identifier: ISC */
/* Where a bucket's messages go beside its file. */
#include "services/creosote_outputs.h"

#include <stdio.h>

#include "base/log.h"
#include "services/creosote_forward.h"
#include "services/creosote_journal.h"

/* What they do, in the log. */
static const char to_journal[] = "write to the journal";
static const char to_bucket[] = "pass messages on";

int
bucket_outputs_open(struct bucket_outputs *outputs,
    const struct bucket_outputs_settings *settings, const char *name,
    char why[WHY_SIZE])
{
	outputs->name = name;
	if (settings->journal &&
	    (outputs->journal = journal_new(JOURNAL_PATH, why)) == NULL)
		return -1;
	if (settings->forward[0] != '\0' &&
	    (outputs->forward = forward_new(settings->forward, why)) == NULL)
		return -1;
	return 0;
}

static void
close_relay(struct relay **relay, struct relay_counters *counters,
    const char *name, const char *what)
{
	size_t count;

	if (*relay == NULL)
		return;
	count = relay_give_up(*relay);
	if (count > 0)
		log_error("creosote '%s': cannot %s: %zu that waited are lost",
		    name, what, count);
	*counters = *relay_counters(*relay);
	relay_free(*relay);
	*relay = NULL;
}

void
bucket_outputs_close(struct bucket_outputs *outputs)
{
	(void)bucket_outputs_flush(outputs);
	close_relay(
	    &outputs->journal, &outputs->journaled, outputs->name, to_journal);
	close_relay(
	    &outputs->forward, &outputs->forwarded, outputs->name, to_bucket);
}

static void
take_over(struct relay *relay, struct relay *other)
{
	if (relay != NULL && other != NULL && relay_is_equal(relay, other))
		relay_take_over(relay, other);
}

void
bucket_outputs_take_over(
    struct bucket_outputs *outputs, struct bucket_outputs *other)
{
	take_over(outputs->journal, other->journal);
	take_over(outputs->forward, other->forward);
}

bool
bucket_outputs_wait(const struct bucket_outputs *outputs)
{
	return (outputs->journal != NULL && relay_waits(outputs->journal)) ||
	    (outputs->forward != NULL && relay_waits(outputs->forward));
}

void
bucket_outputs_add(struct bucket_outputs *outputs, const struct record *record)
{
	if (outputs->journal != NULL)
		journal_add(outputs->journal, outputs->name, record);
}

void
bucket_outputs_forward(struct bucket_outputs *outputs, struct slice message)
{
	if (outputs->forward != NULL)
		forward_add(outputs->forward, message);
}

static int64_t
flush(struct relay *relay, const char *name, const char *what)
{
	char why[WHY_SIZE] = "";
	int64_t delay_ms;

	if (relay == NULL)
		return -1;
	delay_ms = relay_flush(relay);
	switch (relay_take_news(relay, why)) {
	case RELAY_FAILS:
		log_error(
		    "creosote '%s': cannot %s: %s, going on", name, what, why);
		break;
	case RELAY_WORKS:
		log_notice("creosote '%s': can %s again: %s", name, what, why);
		break;
	case RELAY_NO_NEWS:
		break;
	}
	return delay_ms;
}

int64_t
bucket_outputs_flush(struct bucket_outputs *outputs)
{
	int64_t a_ms = flush(outputs->journal, outputs->name, to_journal);
	int64_t b_ms = flush(outputs->forward, outputs->name, to_bucket);

	return a_ms == -1 || (b_ms != -1 && b_ms < a_ms) ? b_ms : a_ms;
}

static void
report(const struct relay *relay, const struct relay_counters *counters,
    const char *sent, const char *lost, service_figure_fn *add, void *arg)
{
	char name[64];

	if (relay != NULL)
		counters = relay_counters(relay);
	add(arg, sent, counters->sent);
	for (unsigned i = 0; i < RELAY_REASONS; i++) {
		snprintf(
		    name, sizeof(name), "%s-%s", lost, relay_reason_name(i));
		add(arg, name, counters->lost[i]);
	}
}

void
bucket_outputs_report(
    const struct bucket_outputs *outputs, service_figure_fn *add, void *arg)
{
	report(outputs->journal, &outputs->journaled, "journaled",
	    "journal-lost", add, arg);
	report(outputs->forward, &outputs->forwarded, "forwarded",
	    "forward-lost", add, arg);
}
