/* SPDX-License-Identifier: ISC */
/* The state of a netlabd as text. */
#include "client/status_text.h"

#include <stdlib.h>
#include <string.h>

#include "check_main.h"

static const char status_text[] =
    "{'version':'0.2.0','pid':4711,'started':'2026-11-20T08:00:00Z',"
    "'uptime':273600.5,'resident':13002342,"
    "'connections':{'open':3,'max':1024},"
    "'reload':{'outcome':'reloaded','time':'2026-11-23T09:02:10Z','kept':1,"
    "'changed':1,'started':0,'stopped':0,'errors':[]},'services':["
    "{'type':'echo-upper','name':'lab','listeners':["
    "{'transport':'udp','address':'127.0.0.1:2345'},"
    "{'transport':'udp','address':'[::1]:2345'},"
    "{'transport':'tcp','address':'127.0.0.1:2345'},"
    "{'transport':'tcp','address':'[::1]:2345'}],'connections':3,"
    "'figures':{'datagrams':123456,'datagram-bytes':1234567,"
    "'answer-bytes':1234000,'refused-own-port':12,'refused-source':44,"
    "'connections':20,'read-bytes':2000,'written-bytes':1990,"
    "'refused-max-connections':2,'would-refuse-denied':3,"
    "'would-refuse-connection-rate':4},"
    "'rates':{'second':{'datagrams':12},'minute':{'datagrams':9.5}},"
    "'state':{}},"
    "{'type':'creosote','name':'bucket','listeners':["
    "{'transport':'unixgram','address':'/run/b'}],'connections':0,"
    "'figures':{'datagrams':98200000,'records':98199968,'lost':32,"
    "'records-lost':7},"
    "'rates':{'second':{'datagrams':12300,'records':12300},"
    "'minute':{'datagrams':9700,'records':9700}},"
    "'state':{'file':'/var/log/netlabd/bucket.log','size':12939428,"
    "'waiting-records':120,'waiting-bytes':17000,'stopped':false}},"
    "{'type':'timestamp','name':'a-name-of-more-columns','listeners':["
    "{'transport':'unix','address':'/run/t'}],'connections':1,"
    "'figures':{},'rates':{},'state':{}}]}";

static const char at_80[] =
    "netlabd 0.2.0, pid 4711, up 3 d 4 h, 12.4M resident, 3 of 1024 "
    "connections open\n"
    "last reload 2026-11-23 09:02:10: 1 kept, 1 changed, 0 started, 0 "
    "stopped\n"
    "\n"
    "SERVICE          TRAFFIC       OPEN    PER S 1MIN AVG    TOTAL  REFUSED  "
    "   LOST\n"
    "echo-upper lab   datagrams                12      9.5     123k       56  "
    "      0\n"
    "                 connections      3        0        0       20        2\n"
    "  listens on udp 127.0.0.1:2345, udp [::1]:2345, tcp 127.0.0.1:2345,\n"
    "    tcp [::1]:2345\n"
    "  refused: 12 own-port, 44 source, 2 max-connections\n"
    "  would refuse: 3 denied, 4 connection-rate\n"
    "creosote bucket  datagrams             12.3k     9700    98.2M        0  "
    "     32\n"
    "                 records               12.3k     9700    98.2M           "
    "      7\n"
    "  listens on unixgram /run/b\n"
    "  file /var/log/netlabd/bucket.log, size 12.3M, waiting-records 120,\n"
    "    waiting-bytes 16.6K, stopped no\n"
    "timestamp a-name-of-more-columns\n"
    "                 connections      1        0        0        0        0\n"
    "  listens on unix /run/t\n";

static const char at_120[] =
    "netlabd 0.2.0, pid 4711, up 3 d 4 h, 12.4M resident, 3 of 1024 "
    "connections open\n"
    "last reload 2026-11-23 09:02:10: 1 kept, 1 changed, 0 started, 0 "
    "stopped\n"
    "\n"
    "SERVICE                                TRAFFIC       OPEN    PER S 1MIN "
    "AVG    TOTAL BYTES IN      OUT  REFUSED     LOST\n"
    "echo-upper lab                         datagrams                12      "
    "9.5     123k    1.18M    1.18M       56        0\n"
    "                                       connections      3        0       "
    " 0       20     2000     1990        2\n"
    "  listens on udp 127.0.0.1:2345, udp [::1]:2345, tcp 127.0.0.1:2345, tcp "
    "[::1]:2345\n"
    "  refused: 12 own-port, 44 source, 2 max-connections\n"
    "  would refuse: 3 denied, 4 connection-rate\n"
    "creosote bucket                        datagrams             12.3k     "
    "9700    98.2M        0        0        0       32\n"
    "                                       records               12.3k     "
    "9700    98.2M                                   7\n"
    "  listens on unixgram /run/b\n"
    "  file /var/log/netlabd/bucket.log, size 12.3M, waiting-records 120, "
    "waiting-bytes 16.6K, stopped no\n"
    "timestamp a-name-of-more-columns       connections      1        0       "
    " 0        0        0        0        0\n"
    "  listens on unix /run/t\n";

/* JSON, in which single quotes stand for double ones. */
static json_t *
parse(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *json;

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	json = json_loads(copy, JSON_DECODE_ANY, &error);
	ck_assert_msg(json != NULL, "%s: %s", error.text, copy);
	free(copy);
	return json;
}

typedef void print_fn(
    struct page *page, const struct status_style *style, const json_t *json);

/* What is printed, in memory that the caller frees. */
static char *
print(print_fn *function, const char *text, size_t columns, bool has_colours)
{
	struct status_style style = { columns, has_colours };
	struct page page = { 0 };
	json_t *json = parse(text);

	setenv("TZ", "UTC", 1);
	function(&page, &style, json);
	page_add(&page, "", 1);
	ck_assert(!page.is_short);
	json_decref(json);
	return page.data;
}

static void
check(print_fn *function, const char *text, size_t columns, const char *shown)
{
	char *printed = print(function, text, columns, false);

	ck_assert_str_eq(printed, shown);
	free(printed);
}

START_TEST(test_overview)
{
	check(status_print, status_text, 80, at_80);
	check(status_print, status_text, 120, at_120);
}
END_TEST

/* No line of an overview is wider than the terminal. */
START_TEST(test_width)
{
	for (size_t columns = STATUS_COLUMNS_LEAST; columns <= 200; columns++) {
		char *printed =
		    print(status_print, status_text, columns, false);

		for (char *line = strtok(printed, "\n"); line != NULL;
		     line = strtok(NULL, "\n"))
			ck_assert_uint_le(strlen(line), columns);
		free(printed);
	}
}
END_TEST

START_TEST(test_reload)
{
	char *printed =
	    print(status_print, "{'version':'1','reload':null}", 80, false);

	ck_assert_ptr_nonnull(strstr(printed, "\nnot reloaded since"));
	free(printed);
	printed = print(status_print,
	    "{'reload':{'outcome':'refused','time':'2026-11-23T09:02:10Z',"
	    "'errors':['x.conf:3: no such option','x.conf:9: no number']}}",
	    80, false);
	ck_assert_ptr_nonnull(strstr(printed,
	    "last reload 2026-11-23 09:02:10: refused, so it serves on as "
	    "before\n  x.conf:3: no such option\n  x.conf:9: no number\n"));
	free(printed);
}
END_TEST

static const struct {
	const char *status, *shown;
} sandboxes[] = {
	{ "{'sandbox':{'no-new-privileges':true,'landlock':7,'seccomp':true}}",
	    "\nsandbox: no new privileges, Landlock ABI 7, seccomp\n"
	    "not reloaded" },
	{ "{'sandbox':{'no-new-privileges':true,'landlock':0,'seccomp':true}}",
	    "\nsandbox: no new privileges, no Landlock, seccomp\n" },
	{ "{'sandbox':{'no-new-privileges':true,'landlock':1,'seccomp':false}}",
	    "\nsandbox: no new privileges, Landlock ABI 1, no seccomp\n" },
	{ "{'sandbox':{'no-new-privileges':false,'landlock':0,"
	  "'seccomp':false}}",
	    "\nsandbox: none\n" },
	{ "{'sandbox':{'landlock':'\\u001b'}}", "\nsandbox: none\n" },
	{ "{'sandbox':'\\u001b'}", "open\nnot reloaded" },
};

START_TEST(test_sandbox)
{
	for (size_t i = 0; i < COUNT(sandboxes); i++) {
		char *printed =
		    print(status_print, sandboxes[i].status, 80, false);

		ck_assert_msg(
		    strstr(printed, sandboxes[i].shown) != NULL, "%s", printed);
		free(printed);
	}
}
END_TEST

static const char service_text[] =
    "{'type':'creosote','name':'bucket','listeners':["
    "{'transport':'udp','address':'*:7739'}],'connections':2,"
    "'figures':{'datagrams':12345,'datagram-bytes':2048,'lost':3,"
    "'refused-rate':9},"
    "'rates':{'second':{'datagrams':7,'datagram-bytes':10240},"
    "'minute':{'datagrams':0.3}},'state':{'file':'/x'}}";

static const char service_shown[] = "creosote bucket: 2 connections open\n"
				    "  listens on udp *:7739\n"
				    "  file /x\n"
				    "\n"
				    "  FIGURE                                  "
				    "       PER S    1MIN AVG       TOTAL\n"
				    "  datagrams                               "
				    "           7         0.3       12.3k\n"
				    "  datagram-bytes                          "
				    "       10.0K           0        2048\n"
				    "  lost                                    "
				    "           0           0           3\n"
				    "  refused-rate                            "
				    "           0           0           9\n";

/* Who listens for datagrams alone is not told of connections that never come.
 */
START_TEST(test_service_connections)
{
	static const struct {
		const char *text, *first_line;
	} table[] = {
		{ "{'listeners':[{'transport':'udp'}]}", " \n" },
		{ "{'listeners':[{'transport':'unixgram'}]}", " \n" },
		{ "{'listeners':[{'transport':'tcp'}]}",
		    " : 0 connections open\n" },
		{ "{'listeners':[{'transport':'unix'}]}",
		    " : 0 connections open\n" },
		{ "{'figures':{'connections':7}}", " : 0 connections open\n" },
		{ "{'connections':3}", " : 3 connections open\n" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		char *printed =
		    print(status_print_service, table[i].text, 80, false);

		strchr(printed, '\n')[1] = '\0';
		ck_assert_str_eq(printed, table[i].first_line);
		free(printed);
	}
}
END_TEST

START_TEST(test_service)
{
	check(status_print_service, service_text, 80, service_shown);
	check(status_print_service, "{'type':'echo','name':'e'}", 80,
	    "echo e\n\n"
	    "  FIGURE                                         PER S    1MIN "
	    "AVG       TOTAL\n"
	    "  nothing has come yet\n");
}
END_TEST

START_TEST(test_colours)
{
	char *printed = print(status_print, status_text, 80, true);

	ck_assert_ptr_nonnull(strstr(printed, "\033[1;31m       32\033[m"));
	ck_assert_ptr_nonnull(strstr(printed, "\033[33m       56\033[m"));
	ck_assert_ptr_nonnull(strstr(printed, "\033[1mcreosote bucket\033[m"));
	free(printed);
}
END_TEST

/* What a server should not say: nothing of it drives a terminal, or ends us. */
static const char *const hostile[] = {
	"{}",
	"{'version':7,'pid':'x','uptime':-1,'resident':1e300,"
	"'connections':[],'reload':[],'services':{}}",
	"{'services':[1,null,'x',[],{}]}",
	"{'services':[{'type':1,'name':2,'listeners':3,'figures':4,'rates':5,"
	"'state':6}]}",
	"{'services':[{'type':'\\u001b[2J','name':'\\u009b2J\\u202e',"
	"'listeners':[{'transport':'\\u0007','address':'\\r\\n'}],"
	"'figures':{'refused-\\u001b':1e308,'datagrams':-5},"
	"'rates':{'second':[],'minute':{'datagrams':'x'}},"
	"'state':{'\\u001b]0;x\\u0007':'\\u001b','y':[1],'z':null}}]}",
	"{'reload':{'outcome':'refused','time':'\\u001b','errors':"
	"['\\u001b[2J',1,null]}}",
};

static void
check_hostile(print_fn *function, const char *text)
{
	char *printed = print(function, text, 80, false);

	for (const char *c = printed; *c != '\0'; c++)
		ck_assert(*c == '\n' ||
		    ((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7f));
	free(printed);
}

START_TEST(test_hostile)
{
	for (size_t i = 0; i < COUNT(hostile); i++) {
		check_hostile(status_print, hostile[i]);
		check_hostile(status_print_service, hostile[i]);
	}
}
END_TEST

CHECK_MAIN("client/status_text", test_overview, test_width, test_reload,
    test_sandbox, test_service_connections, test_service, test_colours,
    test_hostile)
