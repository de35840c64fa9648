/* SPDX-License-Identifier: ISC */
/* Sockets as they are opened: bound, flagged, refused with advice, closed. */
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check_main.h"
#include "check_net.h"

#define NOBODY 65534

/* Opens what must be refused and returns errno. */
static int
refuse(const char *text, char why[WHY_SIZE])
{
	struct socket_config config = { .backlog = 16 };
	struct address address = net_parse(text);

	ck_assert_int_eq(socket_open(&address, &config, why), -1);
	return errno;
}

static int
get_option(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, option, &value, &len), 0);
	return value;
}

static const struct {
	const char *text;
	enum transport transport;
	const char *local; /* without the port */
	bool wildcard;
} addresses[] = {
	{ "127.0.0.1:0/udp", TRANSPORT_UDP, "127.0.0.1:", false },
	{ "127.0.0.1:0/tcp", TRANSPORT_TCP, "127.0.0.1:", false },
	{ "127.0.0.2:0/udp", TRANSPORT_UDP, "127.0.0.2:", false },
	{ "[::1]:0/udp", TRANSPORT_UDP, "[::1]:", false },
	{ "[::1]:0/tcp", TRANSPORT_TCP, "[::1]:", false },
	{ "0.0.0.0:0/udp", TRANSPORT_UDP, "0.0.0.0:", true },
	{ "0.0.0.0:0/tcp", TRANSPORT_TCP, "0.0.0.0:", true },
	{ "[::]:0/udp", TRANSPORT_UDP, "[::]:", true },
	{ "[::]:0/tcp", TRANSPORT_TCP, "[::]:", true },
};

START_TEST(test_open_ip)
{
	for (size_t i = 0; i < COUNT(addresses); i++) {
		int fd = net_open(addresses[i].text, 0);
		bool is_udp = addresses[i].transport == TRANSPORT_UDP;
		char local[ADDRESS_TEXT_SIZE], expected[ADDRESS_TEXT_SIZE];

		ck_assert_uint_ne(net_port(fd), 0);
		snprintf(expected, sizeof(expected), "%s%u", addresses[i].local,
		    net_port(fd));
		socket_format_local(fd, local);
		ck_assert_str_eq(local, expected);
		ck_assert_int_eq(socket_transport(fd), addresses[i].transport);
		ck_assert_int_eq(socket_is_wildcard(fd), addresses[i].wildcard);
		ck_assert_uint_eq(
		    socket_udp_port(fd), is_udp ? net_port(fd) : 0);
		ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
		ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
		ck_assert_int_eq(
		    get_option(fd, SOL_SOCKET, SO_ACCEPTCONN), !is_udp);
		ck_assert_uint_eq(socket_drops(fd), 0);
		socket_close(fd);
	}
}
END_TEST

START_TEST(test_options)
{
	int udp = net_open("0.0.0.0:0/udp", 0);
	int udp6 = net_open("[::]:0/udp", 0);
	int tcp6 = net_open("[::]:0/tcp", 0);

	ck_assert_int_ne(get_option(udp, SOL_SOCKET, SO_RXQ_OVFL), 0);
	ck_assert_int_ne(get_option(udp, IPPROTO_IP, IP_PKTINFO), 0);
	ck_assert_int_ne(get_option(udp6, IPPROTO_IPV6, IPV6_RECVPKTINFO), 0);
	ck_assert_int_ne(get_option(udp6, IPPROTO_IPV6, IPV6_V6ONLY), 0);
	ck_assert_int_ne(get_option(tcp6, IPPROTO_IPV6, IPV6_V6ONLY), 0);
	ck_assert_int_ne(get_option(tcp6, SOL_SOCKET, SO_REUSEADDR), 0);
	ck_assert_int_ne(get_option(tcp6, IPPROTO_TCP, TCP_NODELAY), 0);
}
END_TEST

static void
check_destination(const char *text, int level, int option)
{
	struct socket_config config = { .one_way = true };
	struct address address = net_parse(text);
	char why[WHY_SIZE];
	int fd = socket_open(&address, &config, why);

	ck_assert_int_eq(get_option(fd, level, option), 0);
	/* Who takes it over may answer, and says whether it does. */
	ck_assert_int_eq(socket_adopt(fd, &address, false, why), fd);
	ck_assert_int_ne(get_option(fd, level, option), 0);
	ck_assert_int_eq(socket_tune(fd, &config), 0);
	ck_assert_int_eq(get_option(fd, level, option), 0);
	ck_assert_int_ne(get_option(fd, SOL_SOCKET, SO_RXQ_OVFL), 0);
	socket_close(fd);
}

START_TEST(test_one_way)
{
	check_destination("0.0.0.0:0/udp", IPPROTO_IP, IP_PKTINFO);
	check_destination("127.0.0.2:0/udp", IPPROTO_IP, IP_PKTINFO);
	check_destination("[::]:0/udp", IPPROTO_IPV6, IPV6_RECVPKTINFO);
}
END_TEST

START_TEST(test_open_unix)
{
	static const struct {
		const char *prefix;
		enum transport transport;
	} table[] = {
		{ "unix:", TRANSPORT_UNIX },
		{ "unixgram:", TRANSPORT_UNIXGRAM },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		char text[NET_PATH_SIZE], local[ADDRESS_TEXT_SIZE];
		const char *path = net_path(text, table[i].prefix, "socket") +
		    strlen(table[i].prefix);
		int fd = net_open(text, 0), client;

		ck_assert_int_eq(socket_transport(fd), table[i].transport);
		ck_assert_uint_eq(socket_udp_port(fd), 0);
		ck_assert(!socket_is_wildcard(fd));
		socket_format_local(fd, local);
		ck_assert_str_eq(local, path);
		ck_assert_int_eq(access(path, F_OK), 0);
		client = net_connect(fd);
		socket_close(client);
		ck_assert_int_eq(access(path, F_OK), 0);
		socket_close(fd);
		ck_assert_int_eq(access(path, F_OK), -1);
	}
}
END_TEST

START_TEST(test_address_in_use)
{
	static const char *const transports[] = { "udp", "tcp" };
	unsigned before = net_count_descriptors();

	for (size_t i = 0; i < COUNT(transports); i++) {
		char text[64], expected[WHY_SIZE], why[WHY_SIZE];
		int fd;

		snprintf(text, sizeof(text), "127.0.0.1:0/%s", transports[i]);
		fd = net_open(text, 0);
		snprintf(text, sizeof(text), "127.0.0.1:%u/%s", net_port(fd),
		    transports[i]);
		ck_assert_int_eq(refuse(text, why), EADDRINUSE);
		snprintf(expected, sizeof(expected),
		    "cannot listen on %s 127.0.0.1:%u: Address already in use "
		    "(end the other program, see 'ss -lntup', or choose "
		    "another port)",
		    transports[i], net_port(fd));
		ck_assert_str_eq(why, expected);
		socket_close(fd);
		fd = net_open(text, 0);
		socket_close(fd);
	}
	ck_assert_uint_eq(net_count_descriptors(), before);
}
END_TEST

START_TEST(test_no_such_address)
{
	char why[WHY_SIZE];

	ck_assert_int_eq(refuse("192.0.2.7:0/udp", why), EADDRNOTAVAIL);
	ck_assert_str_eq(why,
	    "cannot listen on udp 192.0.2.7:0: Cannot assign requested address "
	    "(no interface of this machine has this address)");
	ck_assert_int_eq(refuse("unix:/nowhere/at/all", why), ENOENT);
	ck_assert_str_eq(why,
	    "cannot listen on unix /nowhere/at/all: No such file or directory "
	    "(make its directory)");
}
END_TEST

/* In a process of its own: only an unprivileged user is refused. */
static int
try_as_nobody(const char *text, const char *expected)
{
	struct socket_config config = { .backlog = 16 };
	struct address address = net_parse(text);
	char why[WHY_SIZE];

	if (getuid() == 0 && setuid(NOBODY) == -1)
		return 2;
	if (socket_open(&address, &config, why) != -1)
		return 3;
	return errno == EACCES && strcmp(why, expected) == 0 ? 0 : 4;
}

/* Where the system gives all ports to everybody there is nothing to refuse. */
static bool
is_port_free_for_all(unsigned port)
{
	FILE *file =
	    fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "r");
	unsigned first = 1024;

	if (file != NULL && fscanf(file, "%u", &first) != 1)
		first = 1024;
	if (file != NULL)
		fclose(file);
	return port >= first;
}

START_TEST(test_not_permitted)
{
	static const struct {
		const char *text, *expected;
	} table[] = {
		{ "127.0.0.1:1/tcp",
		    "cannot listen on tcp 127.0.0.1:1: Permission denied "
		    "(ports below 1024 need root or CAP_NET_BIND_SERVICE)" },
		{ "127.0.0.1:1/udp",
		    "cannot listen on udp 127.0.0.1:1: Permission denied "
		    "(ports below 1024 need root or CAP_NET_BIND_SERVICE)" },
		{ "unix:/netlab-check",
		    "cannot listen on unix /netlab-check: Permission denied "
		    "(the directory must be writable)" },
	};

	for (size_t i = is_port_free_for_all(1) ? 2 : 0; i < COUNT(table);
	     i++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			_exit(try_as_nobody(table[i].text, table[i].expected));
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

/* Bound and closed without unlink(): its program died. */
START_TEST(test_stale)
{
	static const char *const prefixes[] = { "unix:", "unixgram:" };

	for (size_t dead = 0; dead < COUNT(prefixes); dead++)
		for (size_t i = 0; i < COUNT(prefixes); i++) {
			char text[NET_PATH_SIZE];
			int fd;

			close(net_open(
			    net_path(text, prefixes[dead], "socket"), 0));
			fd = net_open(net_path(text, prefixes[i], "socket"), 0);
			close(net_connect(fd));
			socket_close(fd);
		}
}
END_TEST

START_TEST(test_not_stale)
{
	static const char *const prefixes[] = { "unix:", "unixgram:" };
	char text[NET_PATH_SIZE], path[NET_PATH_SIZE], why[WHY_SIZE];
	char expected[WHY_SIZE];
	struct stat before, after;

	net_path(path, "", "file");
	close(open(path, O_WRONLY | O_CREAT, 0600));
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		int fd;

		ck_assert_int_eq(
		    refuse(net_path(text, prefixes[i], "file"), why),
		    EADDRINUSE);
		snprintf(expected, sizeof(expected),
		    "cannot listen on %.*s %s: Address already in use (another "
		    "program serves it, or it is no socket: remove it or "
		    "choose another path)",
		    (int)strlen(prefixes[i]) - 1, prefixes[i], path);
		ck_assert_str_eq(why, expected);
		ck_assert_int_eq(access(path, F_OK), 0);

		fd = net_open(net_path(text, prefixes[i], "socket"), 0);
		ck_assert_int_eq(stat(strchr(text, '/'), &before), 0);
		for (size_t other = 0; other < COUNT(prefixes); other++)
			ck_assert_int_eq(
			    refuse(
				net_path(text, prefixes[other], "socket"), why),
			    EADDRINUSE);
		ck_assert_int_eq(stat(strchr(text, '/'), &after), 0);
		ck_assert_uint_eq(before.st_ino, after.st_ino);
		close(net_connect(fd));
		socket_close(fd);
	}
}
END_TEST

/* A server whose queue of connections is full is alive all the same. */
START_TEST(test_busy_is_not_stale)
{
	struct socket_config config = { .backlog = 0 };
	struct address address;
	char text[NET_PATH_SIZE], why[WHY_SIZE];
	int fd;

	address = net_parse(net_path(text, "unix:", "socket"));
	fd = socket_open(&address, &config, why);
	ck_assert_int_ne(fd, -1);
	net_connect(fd);
	ck_assert_int_eq(refuse(text, why), EADDRINUSE);
	ck_assert_int_eq(access(strchr(text, '/'), F_OK), 0);
}
END_TEST

/* Who asks whether it is alive is no client of it. */
START_TEST(test_asking_leaves_no_trace)
{
	char text[NET_PATH_SIZE], why[WHY_SIZE], path[NET_PATH_SIZE];
	int fd = net_open(net_path(text, "unix:", "socket"), 0);

	ck_assert_int_eq(refuse(text, why), EADDRINUSE);
	socket_close(dup(fd));
	ck_assert_int_eq(access(net_path(path, "", "socket"), F_OK), 0);
	ck_assert_int_eq(accept(fd, NULL, NULL), -1);
	ck_assert_int_eq(errno, EAGAIN);
	socket_close(fd);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(test_receive_buffer)
{
	int initial = net_open("127.0.0.1:0/udp", 0);
	int small = net_open("127.0.0.1:0/udp", 65536);
	int odd = net_open("127.0.0.1:0/udp", 12345);
	int huge = net_open("127.0.0.1:0/udp", 1ULL << 40);

	ck_assert_uint_ge(socket_receive_buffer(initial), 4096);
	ck_assert_uint_eq(socket_receive_buffer(small), 65536);
	ck_assert_uint_eq(socket_receive_buffer(odd), 12345);
	ck_assert_uint_ge(socket_receive_buffer(huge), 65536);
}
END_TEST

/* What a socket unit has set up lets no answer go to a whole network. */
START_TEST(test_adopt_udp)
{
	static const char *const texts[] = { "127.0.0.1:0/udp", "0.0.0.0:0/udp",
		"[::]:0/udp" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct address address = net_parse(texts[i]);
		int fd = net_open(texts[i], 0), one = 1;
		char why[WHY_SIZE];

		ck_assert_int_eq(
		    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)),
		    0);
		ck_assert_int_eq(socket_adopt(fd, &address, false, why), fd);
		ck_assert_int_eq(get_option(fd, SOL_SOCKET, SO_BROADCAST), 0);
		ck_assert_int_eq(get_option(fd, SOL_SOCKET, SO_RXQ_OVFL), 1);
		close(fd);
	}
}
END_TEST

START_TEST(test_drops)
{
	int fd = net_open("127.0.0.1:0/udp", 4096), client = net_connect(fd);
	char data[1000] = { 0 };
	unsigned queued = 0;

	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(send(client, data, sizeof(data), 0), 1000);
	while (recv(fd, data, sizeof(data), 0) == 1000)
		queued++;
	ck_assert_uint_ge(queued, 1);
	ck_assert_uint_eq(queued + socket_drops(fd), 100);
}
END_TEST

CHECK_MAIN("socket", test_open_ip, test_options, test_one_way, test_open_unix,
    test_address_in_use, test_no_such_address, test_not_permitted, test_stale,
    test_not_stale, test_busy_is_not_stale, test_asking_leaves_no_trace,
    test_receive_buffer, test_adopt_udp, test_drops)
