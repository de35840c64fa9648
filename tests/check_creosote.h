/* SPDX-License-Identifier: ISC */
/* A bucket without sockets: datagrams in, a file out. */
#ifndef CHECK_CREOSOTE_H
#define CHECK_CREOSOTE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "check_service.h"

/* 2026-11-23 06:31:00.123456 UTC, and how text and JSON records begin then. */
#define BUCKET_TIME_NS 1795415460123456000LL
#define T              "2026-11-23T06:31:00.123456Z "
#define J_TIME         "\"time\":\"2026-11-23T06:31:00.123456Z\",\"source\":\""
#define J              "{\"sequence\":1," J_TIME

#define BUCKET_PORT 40123

struct bucket_lab {
	struct service *service;
	char path[NET_PATH_SIZE];
	char *text; /* of the file, as it was read last */
};

/* A bucket with a file of its own; options as make_service() takes them. */
static inline void
bucket_open(struct bucket_lab *lab, ...)
{
	char why[WHY_SIZE] = "";
	const char *name;
	va_list ap;

	memset(lab, 0, sizeof(*lab));
	net_path(lab->path, "", "bucket.log");
	lab->service = make_service("creosote", "file", lab->path, NULL);
	va_start(ap, lab);
	while ((name = va_arg(ap, const char *)) != NULL)
		set_option(lab->service, name, va_arg(ap, const char *));
	va_end(ap);
	ck_assert_msg(service_type(lab->service)->start(lab->service, why) == 0,
	    "%s", why);
}

/* Removes a stopped bucket and its file. */
static inline void
bucket_free(struct bucket_lab *lab)
{
	service_free(lab->service);
	unlink(lab->path);
	free(lab->text);
}

static inline void
bucket_close(struct bucket_lab *lab)
{
	service_type(lab->service)->stop(lab->service);
	bucket_free(lab);
}

/* An IP address, a unix path, or "" for a peer without a name. */
static inline socklen_t
bucket_peer(struct sockaddr_storage *peer, const char *host)
{
	struct sockaddr_in *in = (struct sockaddr_in *)peer;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)peer;
	struct sockaddr_un *un = (struct sockaddr_un *)peer;

	memset(peer, 0, sizeof(*peer));
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(BUCKET_PORT);
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(BUCKET_PORT);
		return sizeof(*in6);
	}
	if (host[0] == '\0')
		return 0;
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, host);
	return sizeof(*un);
}

/* A datagram of wire_len bytes of which len were taken, at that time. */
static inline void
bucket_spew_full(struct bucket_lab *lab, const char *peer, const char *message,
    size_t len, size_t wire_len, int64_t time_ns)
{
	struct question question;

	question_set(&question, message, len, len, time_ns);
	question.datagram.wire_len = wire_len;
	question.datagram.peer_len = bucket_peer(&question.peer, peer);
	ck_assert(!service_type(lab->service)
		       ->datagram(lab->service, &question.datagram));
	ck_assert_uint_eq(question.datagram.len, len);
	free(question.memory);
}

static inline void
bucket_spew(
    struct bucket_lab *lab, const char *peer, const char *message, size_t len)
{
	bucket_spew_full(lab, peer, message, len, len, BUCKET_TIME_NS);
}

static inline void
bucket_spew_line(struct bucket_lab *lab, const char *line)
{
	bucket_spew(lab, "192.0.2.7", line, strlen(line));
}

static inline void
bucket_flush(struct bucket_lab *lab)
{
	service_type(lab->service)->batch_end(lab->service);
}

/* Tries again what failed, as after a while. */
static inline void
bucket_retry(struct bucket_lab *lab)
{
	service_type(lab->service)->timer(lab->service);
}

static inline uint64_t bucket_figure(struct bucket_lab *lab, const char *name);

/* Writes all that waits, as the loop would, turn after turn. */
static inline void
bucket_drain(struct bucket_lab *lab)
{
	do
		bucket_retry(lab);
	while (bucket_figure(lab, "bytes-waiting") > 0);
}

static inline void
bucket_reopen(struct bucket_lab *lab)
{
	char why[WHY_SIZE] = "";

	ck_assert_msg(
	    service_type(lab->service)->reopen(lab->service, why) == 0, "%s",
	    why);
}

/* All of the file, with a NUL behind it; the lab's until the next call. */
static inline const char *
bucket_text(struct bucket_lab *lab, size_t *len)
{
	FILE *file = fopen(lab->path, "r");
	long size;

	ck_assert_ptr_nonnull(file);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	free(lab->text);
	lab->text = malloc((size_t)size + 1);
	ck_assert_ptr_nonnull(lab->text);
	ck_assert_uint_eq(
	    fread(lab->text, 1, (size_t)size, file), (size_t)size);
	lab->text[size] = '\0';
	fclose(file);
	if (len != NULL)
		*len = (size_t)size;
	return lab->text;
}

static inline void
bucket_expect(struct bucket_lab *lab, const char *text)
{
	ck_assert_str_eq(bucket_text(lab, NULL), text);
}

static inline size_t
bucket_count_lines(struct bucket_lab *lab)
{
	const char *text = bucket_text(lab, NULL);
	size_t count = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		text++;
		count++;
	}
	return count;
}

struct bucket_wanted {
	const char *name;
	uint64_t value;
	unsigned found;
};

static inline void
bucket_figure_fn(void *arg, const char *name, uint64_t value)
{
	struct bucket_wanted *wanted = arg;

	ck_assert_uint_ne(value, 0);
	if (strcmp(name, wanted->name) == 0) {
		wanted->value = value;
		wanted->found++;
	}
}

/* A figure of the report; one that is zero is left out. */
static inline uint64_t
bucket_figure(struct bucket_lab *lab, const char *name)
{
	struct bucket_wanted wanted = { .name = name };

	service_report(lab->service, bucket_figure_fn, &wanted);
	ck_assert_uint_le(wanted.found, 1);
	return wanted.value;
}

#endif
