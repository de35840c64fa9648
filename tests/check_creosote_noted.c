/* SPDX-License-Identifier: ISC */
/*
 * What the kernel dropped is told in the file; only then the socket, which may
 * outlive the daemon, remembers that it was told.
 */
#include "check_creosote_log.h"
#include "check_main.h"
#include "net/datagram.h"

/* A bucket on a socket that has dropped some, of which there is a copy. */
struct noted_lab {
	struct bucket_lab bucket;
	struct event_base *base;
	struct stream_pool pool;
	int fd; /* the copy */
};

static void
lab_open(struct noted_lab *lab)
{
	struct shelf shelf = { .places = NULL };
	char why[WHY_SIZE] = "";
	int client;

	memset(lab, 0, sizeof(*lab));
	catch_log();
	bucket_open(&lab->bucket, "format", "raw", "listen", "127.0.0.1:0/udp",
	    "receive-buffer", "4K", NULL);
	lab->bucket.service->started = true;
	lab->base = event_base_new();
	ck_assert_int_eq(service_listen(lab->bucket.service, lab->base,
			     &lab->pool, &shelf, why),
	    0);
	lab->fd = dup(datagram_fd(lab->bucket.service->listeners[0].datagram));
	client = net_connect(lab->fd);
	while (socket_drops(lab->fd) < 10)
		ck_assert_int_eq(send(client, "x", 1, 0), 1);
	close(client);
}

static void
lab_close(struct noted_lab *lab)
{
	bucket_free(&lab->bucket);
	event_base_free(lab->base);
	close(lab->fd);
}

/* Turns of the loop until the socket is empty. */
static void
lab_drain(struct noted_lab *lab)
{
	char byte;

	while (recv(lab->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != -1)
		event_base_loop(lab->base, EVLOOP_ONCE);
	event_base_loop(lab->base, EVLOOP_NONBLOCK);
}

static void
expect_noted(struct noted_lab *lab, bool noted)
{
	ck_assert_uint_eq(
	    socket_noted_drops(lab->fd), noted ? socket_drops(lab->fd) : 0);
}

START_TEST(test_written)
{
	struct noted_lab lab;

	lab_open(&lab);
	lab_drain(&lab);
	expect_noted(&lab, true);
	lab_close(&lab);
}
END_TEST

/* The word waits with the records: at the time of the next try, it is told. */
START_TEST(test_written_later)
{
	struct noted_lab lab;

	lab_open(&lab);
	limit_file(0);
	lab_drain(&lab);
	expect_failed(&lab.bucket, EFBIG);
	expect_noted(&lab, false);
	limit_file(RLIM_INFINITY);
	while (bucket_figure(&lab.bucket, "bytes-waiting") > 0)
		event_base_loop(lab.base, EVLOOP_ONCE);
	expect_noted(&lab, true);
	lab_close(&lab);
}
END_TEST

/* So it is when files are opened anew. */
START_TEST(test_written_at_reopening)
{
	struct noted_lab lab;

	lab_open(&lab);
	limit_file(0);
	lab_drain(&lab);
	expect_noted(&lab, false);
	limit_file(RLIM_INFINITY);
	service_reopen(lab.bucket.service);
	ck_assert_uint_eq(bucket_figure(&lab.bucket, "bytes-waiting"), 0);
	expect_noted(&lab, true);
	lab_close(&lab);
}
END_TEST

/* At a stop the file has the last word: written or given up. */
START_TEST(test_written_at_stop)
{
	for (int is_written = 0; is_written < 2; is_written++) {
		struct noted_lab lab;

		lab_open(&lab);
		limit_file(0);
		service_stop_listening(lab.bucket.service, false);
		expect_noted(&lab, false);
		if (is_written)
			limit_file(RLIM_INFINITY);
		service_stop(lab.bucket.service);
		limit_file(RLIM_INFINITY);
		expect_noted(&lab, is_written);
		lab_close(&lab);
	}
}
END_TEST

CHECK_MAIN("creosote_noted", test_written, test_written_later,
    test_written_at_reopening, test_written_at_stop)
