/* SPDX-License-Identifier: ISC */
/* When a datagram came in: the kernel's word where it is asked, else ours. */
#include "net/datagram.h"

#include "base/clock.h"
#include "check_datagram.h"
#include "check_main.h"
#include "check_service.h"

#define NS_PER_MS 1000000

/* A datagram waits so long before it is received. */
#define WAIT_MS 5

/* The kernel begins to stamp a moment after it is asked. */
#define TRIES 400

/* Sends one and lets it wait; returns the time when it had been sent. */
static int64_t
send_and_wait(int client)
{
	int64_t sent_ns;

	ck_assert_int_eq(send(client, "a", 1, 0), 1);
	sent_ns = clock_now_ns();
	while (clock_now_ns() < sent_ns + WAIT_MS * NS_PER_MS)
		continue;
	return sent_ns;
}

/* True when its time is before it was received, and after it was sent. */
static bool
is_stamped(struct lab *lab, int client)
{
	int64_t before_ns = clock_now_ns();
	int64_t sent_ns = send_and_wait(client);
	int64_t waited_ns = clock_now_ns();

	lab_wake(lab);
	ck_assert_int_ge(lab->seen.received_ns, before_ns);
	if (lab->seen.received_ns > sent_ns)
		ck_assert_int_ge(lab->seen.received_ns, waited_ns);
	return lab->seen.received_ns <= sent_ns;
}

static void
check_time(const char *text)
{
	struct lab lab = { .kernel_time = true };
	int client, tries = 0;

	lab_open(&lab, text, 1 << 20, true, 1);
	client = net_connect(lab.fd);
	for (int i = 0; i < 3; i++)
		ck_assert(!is_stamped(&lab, client));
	socket_set_kernel_time(lab.fd, true);
	while (!is_stamped(&lab, client))
		ck_assert_int_lt(tries++, TRIES);
	for (int i = 0; i < 3; i++)
		ck_assert(is_stamped(&lab, client));
	socket_set_kernel_time(lab.fd, false);
	for (int i = 0; i < 3; i++)
		ck_assert(!is_stamped(&lab, client));
	/* It takes no room from what else is told. */
	ck_assert_uint_eq(lab.counters.refused[GUARD_DESTINATION], 0);
	close(client);
	lab_close(&lab);
}

START_TEST(test_time)
{
	char text[NET_PATH_SIZE];

	check_time("127.0.0.1:0/udp");
	check_time("[::1]:0/udp");
	check_time("0.0.0.0:0/udp");
	check_time("[::]:0/udp");
	check_time(net_path(text, "unixgram:", "socket"));
}
END_TEST

/* Time, destination and drops, all at once: each is told, and the answer. */
START_TEST(test_room_for_all)
{
	static const char *const texts[] = { "0.0.0.0:0/udp", "[::]:0/udp" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct lab lab = { .kernel_time = true };
		int client;

		lab_open(&lab, texts[i], 200000, true, 1);
		socket_set_kernel_time(lab.fd, true);
		client = net_connect(lab.fd);
		ck_assert_int_eq(send(client, "a", 1, 0), 1);
		net_set_buffer(lab.fd, SO_RCVBUF, 1);
		for (int j = 0; j < 10; j++)
			ck_assert_int_eq(send(client, "b", 1, 0), 1);
		net_set_buffer(lab.fd, SO_RCVBUF, 200000);
		ck_assert_int_eq(send(client, "c", 1, 0), 1);
		lab_drain(&lab);
		ck_assert_uint_gt(lab.seen.lost, 0);
		ck_assert_uint_eq(lab.seen.calls + lab.seen.lost, 12);
		ck_assert_uint_eq(lab.counters.answered, lab.seen.calls);
		ck_assert_uint_eq(lab.counters.refused[GUARD_DESTINATION], 0);
		close(client);
		lab_close(&lab);
	}
}
END_TEST

static bool
drop_datagram(struct service *service, struct datagram *datagram)
{
	(void)service;
	(void)datagram;
	return false;
}

static const struct service_type timed = { .name = "timed",
	.summary = "for a test",
	.datagram = drop_datagram,
	.kernel_time = true };

static bool
asks(const struct service *service)
{
	int value = -1;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(getsockopt(datagram_fd(service->listeners[0].datagram),
			     SOL_SOCKET, SO_TIMESTAMPNS, &value, &len),
	    0);
	return value != 0;
}

static struct stream_pool pool = { .max = 100 };

/* Listens as at a start or a reload, but for settling. */
static struct service *
listen_on(const struct service_type *type, struct event_base *base,
    struct shelf *shelf, const char *text)
{
	struct service *service = service_new(type, "test");
	char why[WHY_SIZE];

	ck_assert_ptr_nonnull(service);
	set_option(service, "listen", text);
	ck_assert_int_eq(service_listen(service, base, &pool, shelf, why), 0);
	return service;
}

/* Of a socket that is opened; of one that is taken over once that is done. */
START_TEST(test_asked_for)
{
	const struct service_type *echo = service_type_find("echo");
	const struct service_type *types[] = { echo, &timed, echo, echo };
	struct event_base *base = event_base_new();
	struct shelf shelf = { .places = NULL };
	struct service *old = NULL;
	char text[NET_PATH_SIZE];

	net_path(text, "unixgram:", "socket");
	for (size_t i = 0; i < COUNT(types); i++) {
		struct service *fresh = listen_on(types[i], base, &shelf, text);

		if (old != NULL)
			ck_assert_int_eq(asks(fresh), old->type->kernel_time);
		service_settle(fresh);
		ck_assert_int_eq(asks(fresh), types[i]->kernel_time);
		if (old != NULL) {
			service_retire(old, &shelf);
			service_free(old);
		}
		old = fresh;
		ck_assert_int_eq(service_share(old, &shelf), 0);
	}
	shelf_close(&shelf);
	service_free(old);
	old = listen_on(&timed, base, &shelf, "127.0.0.1:0/udp");
	ck_assert(asks(old));
	service_free(old);
	event_base_free(base);
}
END_TEST

CHECK_MAIN("datagram_time", test_time, test_room_for_all, test_asked_for)
