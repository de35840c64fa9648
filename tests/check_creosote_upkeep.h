/* SPDX-License-Identifier: ISC */
/* Looking after the rotated files of b.log, and others, slice by slice. */
#ifndef CHECK_CREOSOTE_UPKEEP_H
#define CHECK_CREOSOTE_UPKEEP_H

#include "check_files.h"
#include "services/creosote_upkeep.h"

static const struct bucket_file_access access_0604 = { 0604,
	BUCKET_FILE_ANY_GROUP };

static struct rotation_settings settings;
static struct upkeep *upkeep;
static int64_t now_ms;
static ino_t used;
static char said[1024];

static inline bool
is_in_use(void *arg, dev_t dev, ino_t ino)
{
	(void)arg;
	(void)dev;
	return ino == used;
}

static inline void
say(void *arg, bool is_error, const char *what)
{
	(void)arg;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s\n",
	    is_error ? "error: " : "", what);
}

static const struct upkeep_calls calls = { is_in_use, say };

static inline void
begin(void)
{
	upkeep = upkeep_new(&settings, &access_0604, &calls, NULL);
	ck_assert_ptr_nonnull(upkeep);
	ck_assert_int_eq(upkeep_add(upkeep, files_path("b.log")), 0);
}

/* Works until nothing is left, or for so many slices. */
static inline unsigned
work(unsigned slices)
{
	unsigned done = 0;
	int64_t wait_ms;

	while (
	    done < slices && (wait_ms = upkeep_wait_ms(upkeep, now_ms)) != -1) {
		now_ms += wait_ms;
		upkeep_work(upkeep, now_ms);
		done++;
	}
	return done;
}

static inline void
end(void)
{
	upkeep_free(upkeep);
	ck_assert_str_eq(said, "");
}

#endif
