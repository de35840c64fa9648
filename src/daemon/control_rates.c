/* SPDX-License-Identifier: ISC */
/* Samples of the services' figures, and the rates between them. */
#include "daemon/control_rates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/control_private.h"

/* How often it is looked while something happens, and otherwise. */
#define LOOK_MS      1000
#define IDLE_LOOK_MS 15000

/* How long after the last change or question that is. */
#define AWAKE_MS 120000

/* What "the last second" and "the last minute" are at least, and the step. */
#define SECOND_MS 900
#define MINUTE_MS 60000
#define STEP_MS   5000

/* Steps that a minute takes, and one that is being left behind. */
#define STEPS 14

/* Figures of a service; more are not followed. */
#define FIGURES   64
#define NAME_SIZE 40

struct sample {
	int64_t time_ms; /* 0: none */
	uint64_t values[FIGURES];
};

struct track {
	const struct service *service;
	size_t names_count;
	char names[FIGURES][NAME_SIZE];
	struct sample recent[2]; /* the latest, and the one before */
	struct sample steps[STEPS];
	size_t latest; /* of the steps */
};

static struct {
	struct daemon *daemon;
	struct event *timer;
	struct track **tracks;
	size_t count;
	int64_t awake_until_ms;
} rates;

static struct track *
find(const struct service *service)
{
	for (size_t i = 0; i < rates.count; i++)
		if (rates.tracks[i]->service == service)
			return rates.tracks[i];
	return NULL;
}

/* NULL: out of memory, and then that service has no rates. */
static struct track *
add_track(const struct service *service)
{
	struct track **tracks =
	    reallocarray(rates.tracks, rates.count + 1, sizeof(*rates.tracks));

	if (tracks == NULL)
		return NULL;
	rates.tracks = tracks;
	tracks[rates.count] = calloc(1, sizeof(**tracks));
	if (tracks[rates.count] == NULL)
		return NULL;
	tracks[rates.count]->service = service;
	return tracks[rates.count++];
}

/* The place of a figure, FIGURES: there is none left. */
static size_t
place_of(struct track *track, const char *name)
{
	size_t i;

	for (i = 0; i < track->names_count; i++)
		if (strcmp(track->names[i], name) == 0)
			return i;
	if (i < FIGURES && strlen(name) < NAME_SIZE) {
		strcpy(track->names[i], name);
		track->names_count++;
		return i;
	}
	return FIGURES;
}

struct reading {
	struct track *track;
	struct sample sample;
};

static void
add_figure(void *arg, const char *name, uint64_t value)
{
	struct reading *reading = arg;
	size_t place = place_of(reading->track, name);

	if (place < FIGURES)
		reading->sample.values[place] = value;
}

static void
read_figures(struct reading *reading, struct track *track, int64_t now_ms)
{
	*reading = (struct reading){ .track = track, .sample.time_ms = now_ms };
	service_report(track->service, add_figure, reading);
}

/* Returns whether something happened since the last look. */
static bool
look_at(struct track *track, int64_t now_ms)
{
	struct sample *step = &track->steps[track->latest];
	struct reading reading;
	bool changed;

	read_figures(&reading, track, now_ms);
	changed = memcmp(reading.sample.values, track->recent[0].values,
		      sizeof(reading.sample.values)) != 0;
	if (now_ms - track->recent[0].time_ms >= SECOND_MS) {
		track->recent[1] = track->recent[0];
		track->recent[0] = reading.sample;
	}
	/* Looks are not on the dot. */
	if (step->time_ms == 0 ||
	    now_ms - step->time_ms >= STEP_MS - LOOK_MS / 2) {
		track->latest = (track->latest + 1) % STEPS;
		track->steps[track->latest] = reading.sample;
	}
	return changed;
}

static void
look_again(int64_t now_ms)
{
	int64_t ms = now_ms < rates.awake_until_ms ? LOOK_MS : IDLE_LOOK_MS;
	struct timeval time = { .tv_sec = (time_t)(ms / 1000) };

	(void)evtimer_add(rates.timer, &time);
}

static void
look_cb(evutil_socket_t fd, short what, void *arg)
{
	const struct config *config = rates.daemon->config;
	int64_t now_ms = clock_monotonic_ms();
	bool is_needed = false;

	(void)fd;
	(void)what;
	(void)arg;
	for (size_t i = 0; i < config->service_count; i++) {
		const struct service *service = config->services[i];
		bool is_control =
		    strcmp(service_type(service)->name, "control") == 0;
		struct track *track = find(service);

		is_needed |= is_control;
		if (track == NULL)
			track = add_track(service);
		/* To be looked at is not what happens. */
		if (track != NULL && look_at(track, now_ms) && !is_control)
			rates.awake_until_ms = now_ms + AWAKE_MS;
	}
	if (is_needed)
		look_again(now_ms);
}

int
control_rates_open(struct daemon *daemon)
{
	rates.daemon = daemon;
	rates.timer = evtimer_new(daemon->base, look_cb, NULL);
	return rates.timer == NULL ? -1 : 0;
}

void
control_rates_close(void)
{
	for (size_t i = 0; i < rates.count; i++)
		free(rates.tracks[i]);
	free(rates.tracks);
	if (rates.timer != NULL)
		event_free(rates.timer);
	memset(&rates, 0, sizeof(rates));
}

void
control_rates_need(void)
{
	if (rates.timer != NULL)
		event_active(rates.timer, EV_TIMEOUT, 0);
}

void
control_rates_asked(void)
{
	int64_t now_ms = clock_monotonic_ms();
	bool slept = now_ms >= rates.awake_until_ms;

	rates.awake_until_ms = now_ms + AWAKE_MS;
	if (slept)
		control_rates_need();
}

static bool
is_served(const struct service *service)
{
	const struct config *config = rates.daemon->config;

	for (size_t i = 0; i < config->service_count; i++)
		if (config->services[i] == service)
			return true;
	return false;
}

void
control_rates_forget(void)
{
	for (size_t i = rates.count; i-- > 0;)
		if (!is_served(rates.tracks[i]->service)) {
			free(rates.tracks[i]);
			rates.tracks[i] = rates.tracks[--rates.count];
		}
}

/* Tells what grew since the sample. */
static void
tell_since(struct track *track, const struct sample *since,
    control_rate_fn *add, void *arg)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t age_ms = now_ms - since->time_ms;
	struct reading reading;

	if (since->time_ms == 0 || age_ms < SECOND_MS)
		return;
	read_figures(&reading, track, now_ms);
	for (size_t i = 0; i < track->names_count; i++) {
		uint64_t before = since->values[i];
		uint64_t now = reading.sample.values[i];

		/* How many are open is no count that grows. */
		if (now > before && strcmp(track->names[i], "open") != 0)
			add(arg, track->names[i],
			    (double)(now - before) * 1000 / (double)age_ms);
	}
}

void
control_rates_second(
    const struct service *service, control_rate_fn *add, void *arg)
{
	struct track *track = find(service);
	const struct sample *since;

	if (track == NULL)
		return;
	since = &track->recent[0];
	if (clock_monotonic_ms() - since->time_ms < SECOND_MS)
		since = &track->recent[1];
	tell_since(track, since, add, arg);
}

void
control_rates_minute(
    const struct service *service, control_rate_fn *add, void *arg)
{
	struct track *track = find(service);
	const struct sample *since = NULL;
	int64_t now_ms = clock_monotonic_ms();

	if (track == NULL)
		return;
	/* From the latest back to the first that is a minute old. */
	for (size_t i = 0; i < STEPS; i++) {
		const struct sample *step =
		    &track->steps[(track->latest + STEPS - i) % STEPS];

		if (step->time_ms == 0)
			break;
		since = step;
		if (now_ms - step->time_ms >= MINUTE_MS)
			break;
	}
	if (since != NULL)
		tell_since(track, since, add, arg);
}
