/* SPDX-License-Identifier: ISC */
/*
 * Looks after the rotated files of all NAME.log in a directory, as a bucket
 * does, and tells how long its slices are: the loop serves nobody meanwhile.
 * The pauses between them are not waited for.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load.h"
#include "services/creosote_upkeep.h"

/* More slices than that count as the last one. */
#define SLICES_MAX 1000000

struct slices {
	double *cpu_ms;
	size_t count;
	double cpu_s, longest_ms; /* in all; of one, by the wall clock */
};

static bool
is_in_use(void *arg, dev_t dev, ino_t ino)
{
	(void)arg;
	(void)dev;
	(void)ino;
	return false;
}

static void
say(void *arg, bool is_error, const char *what)
{
	(void)arg;
	(void)is_error;
	fprintf(stderr, "upkeep-slices: %s\n", what);
	exit(EXIT_FAILURE);
}

static double
read_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
add_files(struct upkeep *upkeep, const char *folder)
{
	char path[4096];
	struct dirent *entry;
	DIR *dir = opendir(folder);

	if (dir == NULL)
		load_fail(folder);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len < 4 || strcmp(entry->d_name + len - 4, ".log") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (upkeep_add(upkeep, path) == -1)
			load_fail("upkeep_add");
	}
	closedir(dir);
}

static void
work(struct upkeep *upkeep, struct slices *slices)
{
	int64_t now_ms = 0, wait_ms;

	while ((wait_ms = upkeep_wait_ms(upkeep, now_ms)) != -1) {
		double cpu_ms = read_ms(CLOCK_THREAD_CPUTIME_ID);
		double wall_ms = read_ms(CLOCK_MONOTONIC);

		now_ms += wait_ms;
		upkeep_work(upkeep, now_ms);
		cpu_ms = read_ms(CLOCK_THREAD_CPUTIME_ID) - cpu_ms;
		wall_ms = read_ms(CLOCK_MONOTONIC) - wall_ms;
		slices->cpu_s += cpu_ms / 1e3;
		if (wall_ms > slices->longest_ms)
			slices->longest_ms = wall_ms;
		slices->cpu_ms[slices->count] = cpu_ms;
		if (slices->count < SLICES_MAX - 1)
			slices->count++;
	}
}

static int
compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return a < b ? -1 : a > b;
}

static void
print(const struct upkeep *upkeep, const struct slices *slices)
{
	size_t count = slices->count;

	qsort(slices->cpu_ms, count, sizeof(*slices->cpu_ms), compare);
	printf("{\"slices\":%zu,\"cpu_s\":%.3f,\"median_ms\":%.3f,"
	       "\"p99_ms\":%.3f,\"most_ms\":%.3f,\"longest_ms\":%.3f,"
	       "\"compressed\":%llu,\"deleted\":%llu}\n",
	    count, slices->cpu_s, slices->cpu_ms[count / 2],
	    slices->cpu_ms[count * 99 / 100], slices->cpu_ms[count - 1],
	    slices->longest_ms, (unsigned long long)upkeep_compressed(upkeep),
	    (unsigned long long)upkeep_deleted(upkeep));
}

/* upkeep-slices FOLDER KEEP [compress] */
int
main(int argc, char **argv)
{
	static const struct upkeep_calls calls = { is_in_use, say };
	struct bucket_file_access access = { 0600, BUCKET_FILE_ANY_GROUP };
	struct rotation_settings settings = {
		.names = ROTATION_TIME,
		.keep = argc > 2 ? strtoull(argv[2], NULL, 10) : 0,
		.compress = argc > 3,
	};
	struct slices slices = {
		.cpu_ms = load_alloc(SLICES_MAX, sizeof(double)),
	};
	struct upkeep *upkeep = upkeep_new(&settings, &access, &calls, NULL);

	if (upkeep == NULL)
		load_fail("upkeep_new");
	add_files(upkeep, argc > 1 ? argv[1] : ".");
	work(upkeep, &slices);
	if (slices.count > 0)
		print(upkeep, &slices);
	upkeep_free(upkeep);
	free(slices.cpu_ms);
	return slices.count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
