/* SPDX-License-Identifier: ISC */
/* What systemd is told, by a socket in its place, and what it hands over. */
#include "daemon/notify.h"

#include <errno.h>
#include <time.h>

#include "check_manager.h"

static void
expect(int manager, const char *expected)
{
	char text[TEXT_SIZE];

	ck_assert_int_eq(receive(manager, text), -1);
	ck_assert_str_eq(text, expected);
}

static void
expect_nothing(int manager)
{
	char byte;

	ck_assert_int_eq(recv(manager, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(test_send)
{
	char path[NET_PATH_SIZE], name[64];
	const char *addresses[] = { path, name };

	net_path(path, "", "notify");
	snprintf(name, sizeof(name), "@netlab-check-%d", (int)getpid());
	for (size_t i = 0; i < COUNT(addresses); i++) {
		int manager = open_manager(addresses[i]);
		unsigned before = net_count_descriptors();

		ck_assert(notify_is_wanted());
		notify_send("READY=1");
		notify_send("STATUS=%d services\nX=%s", 7, "y");
		expect(manager, "READY=1");
		expect(manager, "STATUS=7 services\nX=y");
		expect_nothing(manager);
		ck_assert_uint_eq(net_count_descriptors(), before);
		close(manager);
	}
}
END_TEST

START_TEST(test_long_text)
{
	char path[NET_PATH_SIZE], text[TEXT_SIZE];
	int manager = open_manager(net_path(path, "", "notify"));

	notify_send("STATUS=%02000d", 7);
	ck_assert_int_eq(receive(manager, text), -1);
	ck_assert_uint_eq(strlen(text), 1023);
	ck_assert_int_eq(strncmp(text, "STATUS=000", 10), 0);
	notify_store(manager, text);
	expect_nothing(manager);
	close(manager);
}
END_TEST

static void
set_address(const char *address)
{
	if (address == NULL)
		unsetenv("NOTIFY_SOCKET");
	else
		setenv("NOTIFY_SOCKET", address, 1);
}

/* Nobody is told, nothing fails, no descriptor stays. */
START_TEST(test_nobody)
{
	static const struct {
		const char *address;
		bool wanted;
	} table[] = {
		{ NULL, false },
		{ "", false },
		{ "/", false },
		{ "@", false },
		{ "relative", false },
		{ "vsock:2:9", false },
		{ "/nobody/is/here", true },
		{ "@netlab-check-nobody", true },
		{ "/dev/null", true },
	};
	unsigned before = net_count_descriptors();

	for (size_t i = 0; i < COUNT(table); i++) {
		set_address(table[i].address);
		ck_assert_int_eq(notify_is_wanted(), table[i].wanted);
		notify_send("READY=1");
		notify_reloading();
		notify_store(STDERR_FILENO, "x");
		notify_remove("x");
	}
	ck_assert_uint_eq(net_count_descriptors(), before);
}
END_TEST

START_TEST(test_long_path)
{
	char long_path[200];

	for (size_t len = 106; len < 112; len++) {
		memset(long_path, 'x', sizeof(long_path));
		long_path[0] = '/';
		long_path[len] = '\0';
		setenv("NOTIFY_SOCKET", long_path, 1);
		ck_assert_int_eq(notify_is_wanted(),
		    len < sizeof(((struct sockaddr_un *)0)->sun_path));
		notify_send("READY=1");
	}
}
END_TEST

static uint64_t
monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

START_TEST(test_reloading)
{
	char path[NET_PATH_SIZE], text[TEXT_SIZE], *end;
	int manager = open_manager(net_path(path, "", "notify"));
	const char *head = "RELOADING=1\nMONOTONIC_USEC=";
	uint64_t before = monotonic_us(), told;

	notify_reloading();
	ck_assert_int_eq(receive(manager, text), -1);
	ck_assert_int_eq(strncmp(text, head, strlen(head)), 0);
	told = strtoull(text + strlen(head), &end, 10);
	ck_assert_str_eq(end, "");
	ck_assert_uint_ge(told, before);
	ck_assert_uint_le(told, monotonic_us());
	close(manager);
}
END_TEST

START_TEST(test_store)
{
	char path[NET_PATH_SIZE], text[TEXT_SIZE];
	int manager = open_manager(net_path(path, "", "notify"));
	int sock = net_open("127.0.0.1:0/udp", 0), kept;

	notify_store(sock, "stored-udp-[--1]-7");
	kept = receive(manager, text);
	ck_assert_str_eq(text, "FDSTORE=1\nFDNAME=stored-udp-[--1]-7");
	ck_assert_int_ne(kept, -1);
	ck_assert_uint_eq(net_port(kept), net_port(sock));
	/* What waits there outlives the first of the two. */
	close(sock);
	sock = net_connect(kept);
	ck_assert_int_eq(send(sock, "hello", 5, 0), 5);
	net_expect(kept, "hello", 5);
	notify_remove("stored-udp-[--1]-7");
	expect(manager, "FDSTOREREMOVE=1\nFDNAME=stored-udp-[--1]-7");
	expect_nothing(manager);
	close(kept);
	close(sock);
	close(manager);
}
END_TEST

enum whose {
	NOBODYS,
	OURS,
	OTHERS,
	GARBAGE
};

static void
set_pid(const char *variable, enum whose whose)
{
	char text[32];

	snprintf(text, sizeof(text), "%d%s",
	    whose == OTHERS ? (int)getppid() : (int)getpid(),
	    whose == GARBAGE ? "x" : "");
	if (whose == NOBODYS)
		unsetenv(variable);
	else
		setenv(variable, text, 1);
}

static const struct {
	const char *text; /* NULL: not set */
	uint64_t value;   /* of those that are ours */
} numbers[] = {
	{ NULL, 0 },
	{ "", 0 },
	{ "0", 0 },
	{ "1", 1 },
	{ "17", 17 },
	{ "007", 7 },
	{ "65535", 65535 },
	{ "-1", 0 },
	{ "+1", 0 },
	{ " 1", 0 },
	{ "1 ", 0 },
	{ "1x", 0 },
	{ "x", 0 },
	{ "0x10", 0 },
	{ "18446744073709551616", 0 },
};

static void
set_number(const char *variable, const char *text)
{
	if (text == NULL)
		unsetenv(variable);
	else
		setenv(variable, text, 1);
}

START_TEST(test_listen_count)
{
	for (size_t i = 0; i < COUNT(numbers); i++) {
		set_number("LISTEN_FDS", numbers[i].text);
		set_pid("LISTEN_PID", OURS);
		ck_assert_int_eq(notify_listen_count(), (int)numbers[i].value);
		set_pid("LISTEN_PID", OTHERS);
		ck_assert_int_eq(notify_listen_count(), 0);
		set_pid("LISTEN_PID", GARBAGE);
		ck_assert_int_eq(notify_listen_count(), 0);
		set_pid("LISTEN_PID", NOBODYS);
		ck_assert_int_eq(notify_listen_count(), 0);
	}
	set_pid("LISTEN_PID", OURS);
	setenv("LISTEN_FDS", "65536", 1);
	ck_assert_int_eq(notify_listen_count(), 0);
}
END_TEST

START_TEST(test_listen_names)
{
	unsetenv("LISTEN_FDNAMES");
	ck_assert_str_eq(notify_listen_names(), "");
	setenv("LISTEN_FDNAMES", "a:b:stored-udp-1", 1);
	ck_assert_str_eq(notify_listen_names(), "a:b:stored-udp-1");
}
END_TEST

/* In microseconds, asked in milliseconds; without a pid it is ours. */
START_TEST(test_watchdog)
{
	for (size_t i = 0; i < COUNT(numbers); i++) {
		set_number("WATCHDOG_USEC", numbers[i].text);
		set_pid("WATCHDOG_PID", OURS);
		ck_assert_uint_eq(
		    notify_watchdog_ms(), numbers[i].value / 1000);
		set_pid("WATCHDOG_PID", NOBODYS);
		ck_assert_uint_eq(
		    notify_watchdog_ms(), numbers[i].value / 1000);
		set_pid("WATCHDOG_PID", OTHERS);
		ck_assert_uint_eq(notify_watchdog_ms(), 0);
		set_pid("WATCHDOG_PID", GARBAGE);
		ck_assert_uint_eq(notify_watchdog_ms(), 0);
	}
	set_pid("WATCHDOG_PID", OURS);
	setenv("WATCHDOG_USEC", "30000000", 1);
	ck_assert_uint_eq(notify_watchdog_ms(), 30000);
	setenv("WATCHDOG_USEC", "18446744073709551615", 1);
	ck_assert_uint_eq(notify_watchdog_ms(), UINT64_MAX / 1000);
}
END_TEST

CHECK_MAIN("notify", test_send, test_long_text, test_nobody, test_long_path,
    test_reloading, test_store, test_listen_count, test_listen_names,
    test_watchdog)
