/* SPDX-License-Identifier: ISC */
/* Sockets and files for tests: whatever fails here fails the test. */
#ifndef CHECK_NET_H
#define CHECK_NET_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/address.h"
#include "net/socket.h"

#define NET_PATH_SIZE 100

static char net_directory[] = "/tmp/netlab-check-XXXXXX";

/* The test that made the directory removes it, as its process ends. */
static inline void
net_remove_directory(void)
{
	DIR *directory = opendir(net_directory);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory != NULL)
		closedir(directory);
	rmdir(net_directory);
}

/* Writes prefix and a path in a directory of the test's own. */
static inline const char *
net_path(char path[NET_PATH_SIZE], const char *prefix, const char *name)
{
	static bool made;

	if (!made) {
		ck_assert_ptr_nonnull(mkdtemp(net_directory));
		atexit(net_remove_directory);
		made = true;
	}
	snprintf(path, NET_PATH_SIZE, "%s%s/%s", prefix, net_directory, name);
	return path;
}

/* The address of a text that means one. */
static inline struct address
net_parse(const char *text)
{
	struct address_list list = { 0 };
	struct address address;
	char why[WHY_SIZE] = "";

	ck_assert_msg(
	    address_parse(
		text, TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM, &list, why) == 0,
	    "%s: %s", text, why);
	address = list.items[0];
	address_list_free(&list);
	return address;
}

/* A socket that serves the address; receive_buffer 0: the system's default. */
static inline int
net_open(const char *text, uint64_t receive_buffer)
{
	struct socket_config config = { .receive_buffer = receive_buffer,
		.backlog = 1024 };
	struct address address = net_parse(text);
	char why[WHY_SIZE] = "";
	int fd = socket_open(&address, &config, why);

	ck_assert_msg(fd != -1, "%s", why);
	return fd;
}

static inline socklen_t
net_local(int fd, struct sockaddr_storage *local)
{
	socklen_t len = sizeof(*local);

	memset(local, 0, sizeof(*local));
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)local, &len), 0);
	return len;
}

static inline unsigned
net_port(int fd)
{
	struct sockaddr_storage local;

	(void)net_local(fd, &local);
	return address_port((struct sockaddr *)&local);
}

/* A blocking socket of the kind that talks to fd; waits 3 s at the most. */
static inline int
net_socket_like(int fd)
{
	struct timeval wait = { .tv_sec = 3 };
	struct sockaddr_storage local;
	int type = 0, client;
	socklen_t len = sizeof(type);

	(void)net_local(fd, &local);
	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len), 0);
	client = socket(local.ss_family, type | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(client, -1);
	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return client;
}

/* The same, connected to fd's address. */
static inline int
net_connect(int fd)
{
	struct sockaddr_storage local;
	socklen_t len = net_local(fd, &local);
	int client = net_socket_like(fd);

	ck_assert_int_eq(
	    connect(client, (const struct sockaddr *)&local, len), 0);
	return client;
}

/* Receives what is expected and nothing else. */
static inline void
net_expect(int fd, const void *expected, size_t len)
{
	static char buffer[1 << 17];
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

	ck_assert_int_eq(n, (ssize_t)len);
	ck_assert_mem_eq(buffer, expected, len);
}

static inline void
net_set_buffer(int fd, int option, int bytes)
{
	ck_assert_int_eq(
	    setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes)), 0);
}

/* Descriptors that this process has open. */
static inline unsigned
net_count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	ck_assert_ptr_nonnull(directory);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

#endif
