/* SPDX-License-Identifier: ISC */
/* Services that run: started whole or not at all, their figures, their stop. */
#include "core/service.h"

#include <netinet/in.h>

#include "check_main.h"
#include "check_service.h"

static struct stream_pool pool = { .max = 100 };

/* As the daemon does it: listen, then start; undone where one fails. */
static int
try_start(struct service *service, struct event_base *base, char why[WHY_SIZE])
{
	struct shelf shelf = { .places = NULL };

	if (service_listen(service, base, &pool, &shelf, why) == 0 &&
	    service_start(service, why) == 0)
		return 0;
	service_stop(service);
	return -1;
}

static void
start(struct service *service, struct event_base *base)
{
	char why[WHY_SIZE] = "";

	ck_assert_msg(try_start(service, base, why) == 0, "%s", why);
}

static int
listener_fd(const struct service *service, size_t i)
{
	const struct service_listener *listener = &service->listeners[i];

	ck_assert_uint_lt(i, service->listener_count);
	return listener->datagram != NULL
	    ? datagram_fd(listener->datagram)
	    : stream_listener_fd(listener->stream);
}

static unsigned starts, stops;

static int
count_start(struct service *service, char why[WHY_SIZE])
{
	(void)service;
	return starts++ == 0 ? why_set(why, "no file") : 0;
}

static void
count_stop(struct service *service)
{
	(void)service;
	stops++;
}

static bool
answer_datagram(struct service *service, struct datagram *datagram)
{
	(void)service;
	(void)datagram;
	return true;
}

/* An address that is taken: those before it are free again, and no more. */
START_TEST(test_all_or_nothing)
{
	struct event_base *base = event_base_new();
	int taken = net_open("127.0.0.1:0/tcp", 0);
	char first[NET_PATH_SIZE], second[64], why[WHY_SIZE];
	struct service *service;
	unsigned before;

	snprintf(second, sizeof(second), "127.0.0.1:%u", net_port(taken));
	net_path(first, "unix:", "first");
	service = make_service(
	    "echo", "listen", first, "listen", second, "backlog", "8", NULL);
	before = net_count_descriptors();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(try_start(service, base, why), -1);
		ck_assert_ptr_nonnull(strstr(why, "Address already in use"));
		ck_assert_uint_eq(net_count_descriptors(), before);
		ck_assert_uint_eq(service->listener_count, 0);
		ck_assert_int_eq(access(strchr(first, '/'), F_OK), -1);
	}
	socket_close(net_open(first, 0));
	/* Its UDP half was open before the TCP half failed. */
	strcat(second, "/udp");
	socket_close(net_open(second, 0));
	socket_close(taken);
	start(service, base);
	ck_assert_uint_eq(service->listener_count, 3);
	service_free(service);
	ck_assert_uint_eq(net_count_descriptors(), before - 1);
	event_base_free(base);
}
END_TEST

START_TEST(test_start_slot)
{
	static const struct service_type type = { .name = "started",
		.summary = "for a test",
		.start = count_start,
		.stop = count_stop,
		.datagram = answer_datagram };
	struct event_base *base = event_base_new();
	struct service *service = service_new(&type, "test");
	char why[WHY_SIZE];
	unsigned before;

	set_option(service, "listen", "127.0.0.1:0/udp");
	before = net_count_descriptors();
	ck_assert_int_eq(try_start(service, base, why), -1);
	ck_assert_str_eq(why, "no file");
	ck_assert_uint_eq(stops, 0);
	ck_assert_uint_eq(net_count_descriptors(), before);
	start(service, base);
	ck_assert_uint_eq(starts, 2);
	service_stop(service);
	ck_assert_uint_eq(stops, 1);
	service_stop(service);
	ck_assert_uint_eq(stops, 1);
	ck_assert_uint_eq(net_count_descriptors(), before);
	start(service, base);
	service_free(service);
	ck_assert_uint_eq(stops, 2);
	event_base_free(base);
}
END_TEST

struct figures {
	char text[1024];
};

static void
add_figure(void *arg, const char *name, uint64_t value)
{
	char *text = ((struct figures *)arg)->text;

	snprintf(text + strlen(text), 1024 - strlen(text), "%s=%lu ", name,
	    (unsigned long)value);
}

static void
expect_report(const struct service *service, const char *expected)
{
	struct figures figures = { "" };

	service_report(service, add_figure, &figures);
	ck_assert_str_eq(figures.text, expected);
}

START_TEST(test_report_datagrams)
{
	struct event_base *base = event_base_new();
	struct service *service =
	    make_service("echo", "listen", "127.0.0.1:0/udp", NULL);
	int udp;

	start(service, base);
	expect_report(service, "");
	udp = net_connect(listener_fd(service, 0));
	ck_assert_int_eq(send(udp, "hello", 5, 0), 5);
	event_base_loop(base, EVLOOP_ONCE);
	net_expect(udp, "hello", 5);
	expect_report(
	    service, "datagrams=1 datagram-bytes=5 answers=1 answer-bytes=5 ");
	guard_claim_port(net_port(udp));
	ck_assert_int_eq(send(udp, "loop!", 5, 0), 5);
	event_base_loop(base, EVLOOP_ONCE);
	expect_report(service,
	    "datagrams=2 datagram-bytes=10 answers=1 answer-bytes=5 "
	    "refused-own-port=1 ");
	service_free(service);
	event_base_free(base);
}
END_TEST

static void
report_some(const struct service *service, service_figure_fn *add, void *arg)
{
	(void)service;
	add(arg, "none", 0);
	add(arg, "some", 2);
}

/* A type adds what it has; what is zero is left out for it. */
START_TEST(test_report_own)
{
	static const struct service_type type = { .name = "own",
		.report = report_some };
	struct service *service = service_new(&type, "test");

	expect_report(service, "some=2 ");
	service_free(service);
}
END_TEST

START_TEST(test_report_streams)
{
	struct event_base *base = event_base_new();
	struct service *service = make_service(
	    "echo", "listen", "127.0.0.1:0/tcp", "max-connections", "1", NULL);
	int tcp, over;
	char byte;

	start(service, base);
	tcp = net_connect(listener_fd(service, 0));
	ck_assert_int_eq(send(tcp, "abc", 3, 0), 3);
	while (service->streams.read_bytes < 3)
		event_base_loop(base, EVLOOP_ONCE);
	net_expect(tcp, "abc", 3);
	over = net_connect(listener_fd(service, 0));
	while (service->streams.refused[GUARD_MAX_CONNECTIONS] == 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_int_eq(recv(over, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert(service_connections(service) > 0);
	expect_report(service,
	    "connections=1 read-bytes=3 written-bytes=3 "
	    "open=1 refused-max-connections=1 ");
	close(tcp);
	while (service_connections(service) > 0)
		event_base_loop(base, EVLOOP_ONCE);
	expect_report(service,
	    "connections=1 read-bytes=3 written-bytes=3 "
	    "refused-max-connections=1 closed-end-of-input=1 ");
	service_free(service);
	event_base_free(base);
}
END_TEST

static void
add_socket(void *arg, const struct service *service, int fd,
    const struct address *bound, enum shelf_origin origin)
{
	char *text = ((struct figures *)arg)->text;
	const char *transport = address_transport_name(bound->transport);
	char local[ADDRESS_TEXT_SIZE];

	ck_assert_str_eq(service_name(service), "test");
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(origin, SHELF_OPENED);
	address_format(local, &bound->u.sa, bound->len);
	snprintf(text + strlen(text), 1024 - strlen(text), "%s %s\n", transport,
	    local);
}

START_TEST(test_listeners)
{
	struct event_base *base = event_base_new();
	char unix_text[NET_PATH_SIZE], gram[NET_PATH_SIZE], expected[1024];
	struct service *service = make_service("echo", "listen", "127.0.0.1:0",
	    "listen", net_path(unix_text, "unix:", "s"), "listen",
	    net_path(gram, "unixgram:", "d"), NULL);
	struct figures listeners = { "" };

	start(service, base);
	service_each_socket(service, add_socket, &listeners);
	snprintf(expected, sizeof(expected),
	    "udp 127.0.0.1:%u\ntcp 127.0.0.1:%u\nunix %s\nunixgram %s\n",
	    net_port(listener_fd(service, 0)),
	    net_port(listener_fd(service, 1)), strchr(unix_text, '/'),
	    strchr(gram, '/'));
	ck_assert_str_eq(listeners.text, expected);
	/* While the last connections end there are no listeners any more. */
	service_stop_listening(service, false);
	listeners.text[0] = '\0';
	service_each_socket(service, add_socket, &listeners);
	ck_assert_str_eq(listeners.text, "");
	service_free(service);
	event_base_free(base);
}
END_TEST

START_TEST(test_receive_buffer)
{
	static const char *const asked_texts[] = { "64K", "128K", "0" };
	static const uint64_t expected[] = { 65536, 131072, 0 };

	for (size_t i = 0; i < COUNT(expected); i++) {
		struct event_base *base = event_base_new();
		struct service *service = make_service("echo", "listen",
		    "127.0.0.1:0", "receive-buffer", asked_texts[i], NULL);
		uint64_t asked, granted;

		start(service, base);
		service_receive_buffer(service, &asked, &granted);
		ck_assert_uint_eq(asked, expected[i]);
		ck_assert_uint_eq(granted, expected[i]);
		if (i == 0) {
			net_set_buffer(
			    listener_fd(service, 0), SO_RCVBUF, 10000);
			service_receive_buffer(service, &asked, &granted);
			ck_assert_uint_eq(asked, 65536);
			ck_assert_uint_eq(granted, 10000);
		}
		service_free(service);
		event_base_free(base);
	}
}
END_TEST

/* A stop in two steps: who is being answered may finish. */
START_TEST(test_stop)
{
	char *data = calloc(1, 4 << 20), text[NET_PATH_SIZE];
	struct event_base *base = event_base_new();
	struct service *service = make_service(
	    "chargen", "listen", net_path(text, "unix:", "socket"), NULL);
	size_t got = 0;
	ssize_t n;
	int client;

	start(service, base);
	client = net_connect(listener_fd(service, 0));
	while (service->streams.written_bytes == 0)
		event_base_loop(base, EVLOOP_ONCE);
	service_stop_listening(service, false);
	service_stop_listening(service, false);
	while ((n = recv(client, data, 4 << 20, 0)) > 0) {
		got += (size_t)n;
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	ck_assert_int_eq(n, 0);
	ck_assert(service_connections(service) == 0);
	ck_assert_uint_eq(got, service->streams.written_bytes);
	service_free(service);
	event_base_free(base);
	free(data);
}
END_TEST

/* The whole way: a bucket on a socket, a stop, its file. */
START_TEST(test_bucket)
{
	struct event_base *base = event_base_new();
	char path[NET_PATH_SIZE], text[64];
	struct service *service =
	    make_service("creosote", "listen", "127.0.0.1:0", "file",
		net_path(path, "", "bucket.log"), "format", "raw", NULL);
	FILE *file;
	int client;

	start(service, base);
	client = net_connect(listener_fd(service, 0));
	guard_claim_port(net_port(client)); /* it may log all the same */
	ck_assert_int_eq(send(client, "one", 3, 0), 3);
	event_base_loop(base, EVLOOP_ONCE);
	ck_assert_int_eq(send(client, "two", 3, 0), 3);
	service_free(service);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(text, 1, sizeof(text), file), 8);
	ck_assert_mem_eq(text, "one\ntwo\n", 8);
	fclose(file);
	event_base_free(base);
}
END_TEST

static int
tells_destination(const struct service *service)
{
	int fd = listener_fd(service, 0), value = -1;
	socklen_t len = sizeof(value);

	(void)getsockopt(fd, IPPROTO_IP, IP_PKTINFO, &value, &len);
	return value;
}

/* One who never answers is not told where it is asked, nor by a roll-back. */
START_TEST(test_one_way)
{
	struct event_base *base = event_base_new();
	struct service *services[2];
	struct shelf shelf = { .places = NULL };
	char why[WHY_SIZE];

	for (size_t i = 0; i < COUNT(services); i++)
		services[i] =
		    make_service("discard", "listen", "0.0.0.0:0/udp", NULL);
	start(services[0], base);
	ck_assert_int_eq(service_share(services[0], &shelf), 0);
	ck_assert_int_eq(
	    service_listen(services[1], base, &pool, &shelf, why), 0);
	service_cancel(services[1]);
	ck_assert_int_eq(tells_destination(services[0]), 0);
	for (size_t i = 0; i < COUNT(services); i++)
		service_free(services[i]);
	shelf_close(&shelf);
	event_base_free(base);
}
END_TEST

CHECK_MAIN("service_run", test_all_or_nothing, test_start_slot,
    test_report_datagrams, test_report_own, test_report_streams, test_listeners,
    test_receive_buffer, test_stop, test_bucket, test_one_way)
