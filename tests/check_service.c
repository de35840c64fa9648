/* SPDX-License-Identifier: ISC */
/* Services as wholes: their options, start, figures and stop. */
#include "core/service.h"

#include "check_main.h"
#include "check_service.h"

static const struct service_type *
find_type(const char *name)
{
	const struct service_type *type = service_type_find(name);

	ck_assert_msg(type != NULL, "no type %s", name);
	return type;
}

START_TEST(test_types)
{
	static const char *const names[] = { "chargen", "creosote", "discard",
		"echo", "echo-upper", "time", "timestamp" };
	const struct service_type *const *types = service_types();
	size_t found = 0;

	for (size_t i = 0; types[i] != NULL; i++) {
		ck_assert_ptr_nonnull(types[i]->summary);
		ck_assert_ptr_eq(service_type_find(types[i]->name), types[i]);
		ck_assert(
		    i == 0 || strcmp(types[i - 1]->name, types[i]->name) < 0);
		for (size_t j = 0; j < COUNT(names); j++)
			found += strcmp(names[j], types[i]->name) == 0;
	}
	ck_assert_uint_eq(found, COUNT(names));
	ck_assert_ptr_null(service_type_find("echoes"));
	ck_assert_ptr_null(service_type_find(""));
}
END_TEST

START_TEST(test_transports)
{
	static const struct {
		const char *type;
		unsigned transports;
	} table[] = {
		{ "chargen", TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM },
		{ "creosote", TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM },
		{ "discard", TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM },
		{ "echo", TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM },
		{ "echo-upper", TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM },
		{ "time", TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM },
		{ "timestamp", TRANSPORTS_DATAGRAM | TRANSPORTS_STREAM },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		ck_assert_uint_eq(service_transports(find_type(table[i].type)),
		    table[i].transports);
}
END_TEST

/* Only these two never answer: the loop guard must judge all others. */
START_TEST(test_one_way)
{
	const struct service_type *const *types = service_types();

	for (size_t i = 0; types[i] != NULL; i++)
		ck_assert_int_eq(types[i]->one_way,
		    strcmp(types[i]->name, "creosote") == 0 ||
			strcmp(types[i]->name, "discard") == 0);
}
END_TEST

static void
format_option(const struct service *service, const char *name,
    char text[OPTION_TEXT_SIZE])
{
	const struct option *row =
	    service_find_option(service_type(service), name);
	bool is_common = option_find(service_common_options(), name) == row;

	ck_assert_msg(row != NULL, "no option %s", name);
	option_format(row,
	    is_common ? &service->common : service_settings(service), text);
}

START_TEST(test_defaults)
{
	static const struct {
		const char *type, *name, *value;
	} table[] = {
		{ "echo", "listen", "{ }" },
		{ "echo", "max-connections", "10000" },
		{ "echo", "idle-timeout", "10m" },
		{ "echo", "max-output", "256K" },
		{ "echo", "receive-buffer", "24M" },
		{ "echo", "backlog", "1024" },
		{ "echo-upper", "end-on-empty-line", "yes" },
		{ "time", "format", "ctime" },
		{ "timestamp", "max-line", "64K" },
		{ "creosote", "file", "\"\"" },
		{ "creosote", "format", "text" },
		{ "creosote", "escape", "repr" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct service *service = make_service(table[i].type, NULL);
		char text[OPTION_TEXT_SIZE];

		format_option(service, table[i].name, text);
		ck_assert_msg(strcmp(text, table[i].value) == 0, "%s: %s",
		    table[i].name, text);
		ck_assert_str_eq(service_name(service), "test");
		service_free(service);
	}
	service_free(NULL);
}
END_TEST

static const struct {
	const char *type, *name, *value, *why;
} values[] = {
	{ "echo", "max-connections", "1", NULL },
	{ "echo", "idle-timeout", "0", NULL },
	{ "echo", "idle-timeout", "500ms", NULL },
	{ "echo", "max-output", "64K", NULL },
	{ "time", "format", "rfc868", NULL },
	{ "creosote", "file", "/var/log/bucket", NULL },
	{ "echo", "max-connections", "0",
	    "'0' is not possible (write 1 to 1000000)" },
	{ "echo", "max-output", "1K",
	    "'1K' is not possible (write 64K to 1G)" },
	{ "time", "format", "french",
	    "'french' is not possible (write ctime, daytime, rfc868, "
	    "iso8601 or unix)" },
	{ "creosote", "file", "bucket",
	    "'bucket' is not an absolute path (write /...)" },
	{ "echo-upper", "end-on-empty-line", "maybe",
	    "'maybe' is neither yes nor no (write yes or no)" },
};

START_TEST(test_set)
{
	for (size_t i = 0; i < COUNT(values); i++) {
		struct service *service = make_service(values[i].type, NULL);
		const struct option *row =
		    service_find_option(service_type(service), values[i].name);
		char why[WHY_SIZE] = "", before[OPTION_TEXT_SIZE],
		     after[OPTION_TEXT_SIZE];
		int result;

		format_option(service, values[i].name, before);
		result = service_set_option(service, row, values[i].value, why);
		format_option(service, values[i].name, after);
		ck_assert_int_eq(result, values[i].why == NULL ? 0 : -1);
		if (result == -1) {
			ck_assert_str_eq(why, values[i].why);
			ck_assert_str_eq(after, before);
		}
		ck_assert_uint_eq(service_addresses(service)->count, 0);
		service_free(service);
	}
}
END_TEST

START_TEST(test_find_option)
{
	const struct service_type *time = find_type("time");
	const struct service_type *echo = find_type("echo");

	ck_assert_str_eq(service_find_option(time, "format")->name, "format");
	ck_assert_str_eq(service_find_option(time, "listen")->name, "listen");
	ck_assert_str_eq(service_find_option(echo, "listen")->name, "listen");
	ck_assert_ptr_null(service_find_option(echo, "format"));
	ck_assert_ptr_null(service_find_option(time, "Listen"));
	ck_assert_ptr_null(service_find_option(time, ""));
}
END_TEST

START_TEST(test_listen)
{
	struct service *service =
	    make_service("echo", "listen", "127.0.0.1:2345", "listen",
		"localhost:7/tcp", "listen", "unixgram:/run/echo", NULL);
	const struct address_list *list = service_addresses(service);
	static const struct {
		enum transport transport;
		const char *local;
	} expected[] = { { TRANSPORT_UDP, "127.0.0.1:2345" },
		{ TRANSPORT_TCP, "127.0.0.1:2345" },
		{ TRANSPORT_TCP, "127.0.0.1:7" }, { TRANSPORT_TCP, "[::1]:7" },
		{ TRANSPORT_UNIXGRAM, "/run/echo" } };
	char text[OPTION_TEXT_SIZE];

	ck_assert_uint_eq(list->count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		char local[ADDRESS_TEXT_SIZE];

		address_format(local, &list->items[i].u.sa, list->items[i].len);
		ck_assert_str_eq(local, expected[i].local);
		ck_assert_int_eq(
		    list->items[i].transport, expected[i].transport);
	}
	format_option(service, "listen", text);
	ck_assert_str_eq(text,
	    "{ \"127.0.0.1:2345\", \"localhost:7/tcp\", "
	    "\"unixgram:/run/echo\" }");
	service_free(service);
}
END_TEST

START_TEST(test_check)
{
	struct service *service = make_service("echo", NULL);
	char why[WHY_SIZE] = "";

	ck_assert_int_eq(service_check(service, why), -1);
	ck_assert_str_eq(
	    why, "nothing to listen on (write listen = \"HOST:PORT\")");
	set_option(service, "listen", "127.0.0.1:0");
	ck_assert_int_eq(service_check(service, why), 0);
	service_free(service);
}
END_TEST

static unsigned checks;

static int
check_settings(const void *settings, char why[WHY_SIZE])
{
	ck_assert_ptr_nonnull(settings);
	return checks++ == 0 ? why_set(why, "they do not fit") : 0;
}

static bool
answer_datagram(struct service *service, struct datagram *datagram)
{
	(void)service;
	(void)datagram;
	return true;
}

/* A type checks its own options, after it is known that it listens. */
START_TEST(test_own_check)
{
	static const struct service_type type = { .name = "checked",
		.summary = "for a test",
		.check = check_settings,
		.datagram = answer_datagram };
	struct service *service = service_new(&type, "test");
	char why[WHY_SIZE] = "";

	ck_assert_int_eq(service_check(service, why), -1);
	ck_assert_uint_eq(checks, 0);
	set_option(service, "listen", "127.0.0.1:0/udp");
	ck_assert_int_eq(service_check(service, why), -1);
	ck_assert_str_eq(why, "they do not fit");
	ck_assert_int_eq(service_check(service, why), 0);
	service_free(service);
}
END_TEST

CHECK_MAIN("service", test_types, test_transports, test_one_way, test_defaults,
    test_set, test_find_option, test_listen, test_check, test_own_check)
