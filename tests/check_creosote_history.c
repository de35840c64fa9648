/* SPDX-License-Identifier: ISC */
/* A bucket's history: the last records as JSON, with what was decoded. */
#include "base/history.h"

#include "check_creosote.h"
#include "check_main.h"

static struct history *
history_of(const struct bucket_lab *lab)
{
	return service_type(lab->service)->history(lab->service);
}

/* The JSON of the item with that number, or "" where it does not fit. */
static const char *
json_of(const struct bucket_lab *lab, uint64_t sequence, size_t size)
{
	static char text[1 << 20];
	struct history_item item;
	size_t len;

	ck_assert(history_find(history_of(lab), sequence, &item));
	ck_assert_uint_eq(item.sequence, sequence);
	len = service_type(lab->service)
		  ->history_json(lab->service, &item, text,
		      size < sizeof(text) ? size : sizeof(text) - 1);
	text[len] = '\0';
	return text;
}

/* The history has what the file has, whatever the file's format. */
START_TEST(test_same_as_json_file)
{
	static const char *const messages[] = { "hello", "hello\n", "", "\n",
		"a\"b\\c\xff", "<13>prog[42]: text", "<34>no time",
		"<165>1 2003-10-11T22:14:15Z host prog 42 ID [x@1 k=\"v\"] t",
		"<34>Oct 11 22:14:15 host su: 'su root' failed" };
	static const char *const decoders[] = { "none", "syslog" };

	for (size_t i = 0; i < COUNT(decoders); i++) {
		struct bucket_lab lab;
		const char *text;

		bucket_open(
		    &lab, "format", "json", "decode", decoders[i], NULL);
		for (size_t j = 0; j < COUNT(messages); j++)
			bucket_spew_line(&lab, messages[j]);
		bucket_spew_full(
		    &lab, "192.0.2.7", "begin", 5, 70000, BUCKET_TIME_NS);
		bucket_flush(&lab);
		text = bucket_text(&lab, NULL);
		for (size_t j = 0; j <= COUNT(messages); j++) {
			const char *json = json_of(&lab, j + 1, SIZE_MAX);

			ck_assert_mem_eq(text, json, strlen(json));
			text += strlen(json);
			ck_assert_int_eq(*text++, '\n');
		}
		bucket_close(&lab);
	}
}
END_TEST

START_TEST(test_loss)
{
	struct bucket_lab lab;
	const char *json;

	bucket_open(&lab, NULL);
	service_type(lab.service)->lost(lab.service, "127.0.0.1:7", 44);
	bucket_flush(&lab);
	json = json_of(&lab, 1, SIZE_MAX);
	ck_assert_msg(
	    strstr(json,
		"\"source\":\"netlabd\",\"lost\":44,\"message\":\"44 "
		"datagrams lost here on 127.0.0.1:7 (receive queue full)\"}") !=
		NULL,
	    "%s", json);
	bucket_close(&lab);
}
END_TEST

START_TEST(test_does_not_fit)
{
	struct bucket_lab lab;
	size_t len;

	bucket_open(&lab, NULL);
	bucket_spew_line(&lab, "hello");
	len = strlen(json_of(&lab, 1, SIZE_MAX));
	ck_assert_uint_gt(len, 50);
	ck_assert_uint_eq(strlen(json_of(&lab, 1, len)), len);
	ck_assert_uint_eq(strlen(json_of(&lab, 1, len - 1)), 0);
	bucket_close(&lab);
}
END_TEST

/* Fields that are too long to be kept are left out. */
START_TEST(test_long_fields)
{
	static char message[40000];
	struct bucket_lab lab;
	const char *json;
	int len = sprintf(message, "<34>1 - - - - - [x@1 k=\"");

	memset(message + len, 'v', 30000);
	strcpy(message + len + 30000, "\"] text");
	bucket_open(&lab, "decode", "syslog", NULL);
	bucket_spew_line(&lab, message);
	json = json_of(&lab, 1, SIZE_MAX);
	ck_assert_ptr_nonnull(strstr(json, "\"severity\":\"crit\""));
	ck_assert_ptr_null(strstr(json, "structured"));
	ck_assert_ptr_nonnull(strstr(json, "\"message\":\"text\"}"));
	bucket_close(&lab);
}
END_TEST

struct waking {
	struct history_watcher watcher;
	unsigned woken, gone;
};

static void
wake(struct history_watcher *watcher)
{
	((struct waking *)(void *)watcher)->woken++;
}

static void
gone(struct history_watcher *watcher)
{
	((struct waking *)(void *)watcher)->gone++;
}

/* Once for a batch, and not for an empty one. */
START_TEST(test_wake)
{
	struct bucket_lab lab;
	struct waking waking = { .watcher = { .wake = wake, .gone = gone } };

	bucket_open(&lab, NULL);
	history_watch(history_of(&lab), &waking.watcher);
	bucket_spew_line(&lab, "1");
	bucket_spew_line(&lab, "2");
	ck_assert_uint_eq(waking.woken, 0);
	bucket_flush(&lab);
	bucket_flush(&lab);
	bucket_retry(&lab);
	ck_assert_uint_eq(waking.woken, 1);
	service_type(lab.service)->stop(lab.service);
	ck_assert_uint_eq(waking.gone, 1);
	ck_assert_ptr_null(history_of(&lab));
	bucket_free(&lab);
}
END_TEST

START_TEST(test_none)
{
	struct bucket_lab lab;

	bucket_open(&lab, "history", "0", NULL);
	bucket_spew_line(&lab, "1");
	service_type(lab.service)->lost(lab.service, "127.0.0.1:7", 44);
	bucket_flush(&lab);
	ck_assert_ptr_null(history_of(&lab));
	bucket_close(&lab);
}
END_TEST

CHECK_MAIN("creosote_history", test_same_as_json_file, test_loss,
    test_does_not_fit, test_long_fields, test_wake, test_none)
