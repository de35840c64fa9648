/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes reloads: from one configuration to another and back, both made from
 * the input, with descriptors that run out. Afterwards it is all of the new one
 * or all of the old one, and no descriptor and no socket's path is left behind.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fuzz_reload.h"
#include "fuzz_service.h"

#define DESCRIPTORS 128 /* that are looked at */

static char folder[] = "/tmp/netlab-fuzz-XXXXXX";
static char path[64];

static void
write_config(const struct text *text)
{
	FILE *file = fopen(path, "w");

	REQUIRE(file != NULL);
	REQUIRE(fwrite(text->data, 1, text->len, file) == text->len);
	REQUIRE(fclose(file) == 0);
}

/* --- What is there */

static size_t
count_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) != -1 ? 1 : 0;
	return count;
}

static size_t
count_sockets(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->service_count; i++)
		count += service_count_sockets(config->services[i]);
	return count;
}

/* Every path of a socket is one that a service serves. */
static size_t
count_paths(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	REQUIRE(dir != NULL);
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_type == DT_SOCK;
	closedir(dir);
	return count;
}

static size_t
count_unix(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->service_count; i++) {
		const struct address_list *list =
		    service_addresses(config->services[i]);

		for (size_t j = 0; j < list->count; j++)
			count += list->items[j].u.sa.sa_family == AF_UNIX;
	}
	return count;
}

static void
require_same(const struct config *a, const struct config *b)
{
	REQUIRE(a->service_count == b->service_count);
	for (size_t i = 0; i < a->service_count; i++)
		REQUIRE(service_is_equal(a->services[i], b->services[i]));
}

/* --- The daemon */

static bool
start(struct daemon *daemon)
{
	struct shelf shelf = { .places = NULL };
	struct config *config = daemon->config;
	char why[WHY_SIZE];

	for (size_t i = 0; i < config->service_count; i++)
		if (service_listen(config->services[i], daemon->base,
			&daemon->pool, &shelf, why) == -1 ||
		    service_start(config->services[i], why) == -1)
			return false;
	return true;
}

/* A client that waits to be accepted by any service; -1: there is none. */
static int
connect_client(const struct config *config)
{
	for (size_t i = 0; i < config->service_count; i++) {
		const struct address_list *list =
		    service_addresses(config->services[i]);

		for (size_t j = 0; j < list->count; j++) {
			const struct address *address = &list->items[j];
			int fd;

			if (address->transport != TRANSPORT_UNIX)
				continue;
			fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
			REQUIRE(connect(fd, &address->u.sa, address->len) == 0);
			return fd;
		}
	}
	return -1;
}

static uint64_t
count_clients(const struct config *config)
{
	uint64_t count = 0;

	for (size_t i = 0; i < config->service_count; i++) {
		const struct stream_counters *counters =
		    &config->services[i]->streams;

		count += counters->accepted;
		for (size_t j = 0; j < GUARD_REASONS; j++)
			count += counters->refused[j];
	}
	return count;
}

/* Ends the client, and waits until whoever had its socket has seen it. */
static void
disconnect_client(struct daemon *daemon, int client, size_t descriptors)
{
	event_base_loop(daemon->base, EVLOOP_NONBLOCK);
	if (client != -1)
		close(client);
	for (int i = 0; i < 4 || (i < 200 && count_descriptors() > descriptors);
	     i++)
		event_base_loop(daemon->base, EVLOOP_NONBLOCK);
}

static void
require_new(const struct config *config)
{
	struct config_errors errors = { 0 };
	struct config *expected = config_load(path, &errors);

	REQUIRE(expected != NULL);
	require_same(config, expected);
	config_free(expected);
	config_errors_free(&errors);
}

static void
reload_with(struct daemon *daemon, unsigned descriptors)
{
	struct rlimit limit, all;

	getrlimit(RLIMIT_NOFILE, &all);
	limit = all;
	limit.rlim_cur = descriptors;
	setrlimit(RLIMIT_NOFILE, &limit);
	daemon_reload(daemon);
	setrlimit(RLIMIT_NOFILE, &all);
}

/* `left`: how many descriptors there are to reload with. */
static void
reload(struct daemon *daemon, const struct text *text, unsigned left)
{
	struct config *old = daemon->config;
	size_t before = count_descriptors(), sockets = count_sockets(old);
	uint64_t clients = count_clients(old);
	int client = connect_client(old);

	write_config(text);
	reload_with(daemon, (unsigned)before + left + 1);
	disconnect_client(
	    daemon, client, daemon->last_reload.done ? SIZE_MAX : before);
	if (daemon->last_reload.done) {
		require_new(daemon->config);
	} else {
		REQUIRE(daemon->config == old);
		REQUIRE(daemon->last_reload.error_count > 0);
		/* A bucket may be done with a directory meanwhile. */
		REQUIRE(count_descriptors() <= before);
		REQUIRE(count_sockets(old) == sockets);
		REQUIRE(count_clients(old) == clients + (client != -1));
	}
	REQUIRE(count_paths() == count_unix(daemon->config));
}

static void
stop(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->config->service_count; i++)
		service_stop(daemon->config->services[i]);
	retirees_free(&daemon->retirees);
	control_close();
	config_free(daemon->config);
	event_free(daemon->reload_event);
	event_base_free(daemon->base);
	outcome_free(&daemon->last_reload);
	REQUIRE(daemon->pool.open == 0);
}

static void
run(const struct text texts[2], unsigned left)
{
	struct daemon daemon = {
		.config_path = path, .base = event_base_new(), .pool.max = 100
	};
	struct config_errors errors = { 0 };

	REQUIRE(daemon.base != NULL);
	daemon.reload_event = evtimer_new(daemon.base, fuzz_reload_cb, NULL);
	REQUIRE(retirees_init(&daemon.retirees, daemon.base) == 0);
	REQUIRE(control_open(&daemon) == 0);
	write_config(&texts[0]);
	daemon.config = config_load(path, &errors);
	config_errors_free(&errors);
	if (daemon.config == NULL)
		daemon.config = config_load_text("none", "", &errors);
	config_errors_free(&errors);
	if (daemon.config == NULL)
		daemon.config = calloc(1, sizeof(*daemon.config));
	if (start(&daemon)) {
		reload(&daemon, &texts[1], left);
		reload(&daemon, &texts[0], DESCRIPTORS);
		reload(&daemon, &texts[1], DESCRIPTORS);
	}
	stop(&daemon);
}

static void
remove_folder(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	rmdir(folder);
}

static void
prepare(void)
{
	if (path[0] != '\0')
		return;
	REQUIRE(mkdtemp(folder) != NULL);
	atexit(remove_folder);
	snprintf(path, sizeof(path), "%s/netlabd.conf", folder);
	log_open("fuzz", LOG_ERROR - 1); /* which has no messages */
	signal(SIGPIPE, SIG_IGN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };
	static struct text texts[2] = { { .folder = folder },
		{ .folder = folder } };
	unsigned left = fuzz_byte(&input);
	size_t before;

	prepare();
	make_config(&texts[0], &input);
	make_config(&texts[1], &input);
	before = count_descriptors();
	run(texts, left < 40 ? left : DESCRIPTORS);
	REQUIRE(count_descriptors() == before);
	REQUIRE(count_paths() == 0);
	return 0;
}
