/* SPDX-License-Identifier: ISC */
/* Quantities: every unit, the bounds of 64 bits, and back to text. */
#include "base/option_units.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "check_main.h"

static const struct {
	enum option_kind kind;
	const char *text;
	bool good;
	uint64_t value;
} quantities[] = {
	{ OPTION_NUMBER, "0", true, 0 },
	{ OPTION_NUMBER, "00", true, 0 },
	{ OPTION_NUMBER, "1", true, 1 },
	{ OPTION_NUMBER, "010", true, 10 },
	{ OPTION_NUMBER, "18446744073709551615", true, UINT64_MAX },
	{ OPTION_NUMBER, "0018446744073709551615", true, UINT64_MAX },
	{ OPTION_NUMBER, "18446744073709551616", false, 0 },
	{ OPTION_NUMBER, "18446744073709551620", false, 0 },
	{ OPTION_NUMBER, "36893488147419103232", false, 0 },
	{ OPTION_NUMBER, "99999999999999999999999", false, 0 },
	{ OPTION_NUMBER, "", false, 0 },
	{ OPTION_NUMBER, " 1", false, 0 },
	{ OPTION_NUMBER, "1 ", false, 0 },
	{ OPTION_NUMBER, "+1", false, 0 },
	{ OPTION_NUMBER, "-1", false, 0 },
	{ OPTION_NUMBER, "-0", false, 0 },
	{ OPTION_NUMBER, "0x10", false, 0 },
	{ OPTION_NUMBER, "1.0", false, 0 },
	{ OPTION_NUMBER, "1e3", false, 0 },
	{ OPTION_NUMBER, "1K", false, 0 },
	{ OPTION_NUMBER, "1s", false, 0 },
	{ OPTION_NUMBER, "\xd9\xa1", false, 0 }, /* an Arabic digit */
	{ OPTION_SIZE, "0", true, 0 },
	{ OPTION_SIZE, "0K", true, 0 },
	{ OPTION_SIZE, "1", true, 1 },
	{ OPTION_SIZE, "1K", true, 1024 },
	{ OPTION_SIZE, "64K", true, 65536 },
	{ OPTION_SIZE, "16M", true, 16777216 },
	{ OPTION_SIZE, "1G", true, 1073741824 },
	{ OPTION_SIZE, "4G", true, 4294967296 },
	{ OPTION_SIZE, "17179869183G", true, 18446744072635809792u },
	{ OPTION_SIZE, "17179869184G", false, 0 },
	{ OPTION_SIZE, "17592186044416M", false, 0 },
	{ OPTION_SIZE, "18014398509481983K", true, 18446744073709550592u },
	{ OPTION_SIZE, "18014398509481984K", false, 0 },
	{ OPTION_SIZE, "1 K", false, 0 },
	{ OPTION_SIZE, "1K ", false, 0 },
	{ OPTION_SIZE, "1k", false, 0 },
	{ OPTION_SIZE, "1KB", false, 0 },
	{ OPTION_SIZE, "1KiB", false, 0 },
	{ OPTION_SIZE, "1T", false, 0 },
	{ OPTION_SIZE, "1B", false, 0 },
	{ OPTION_SIZE, "K", false, 0 },
	{ OPTION_SIZE, "1.5K", false, 0 },
	{ OPTION_SIZE, "-1K", false, 0 },
	{ OPTION_TIME, "0", true, 0 },
	{ OPTION_TIME, "0s", true, 0 },
	{ OPTION_TIME, "500ms", true, 500 },
	{ OPTION_TIME, "30s", true, 30000 },
	{ OPTION_TIME, "5m", true, 300000 },
	{ OPTION_TIME, "2h", true, 7200000 },
	{ OPTION_TIME, "1d", true, 86400000 },
	{ OPTION_TIME, "60d", true, 5184000000 },
	{ OPTION_TIME, "18446744073709551615ms", true, UINT64_MAX },
	{ OPTION_TIME, "213503982334d", true, 18446744073657600000u },
	{ OPTION_TIME, "213503982335d", false, 0 },
	{ OPTION_TIME, "18446744073709552s", false, 0 },
	{ OPTION_TIME, "30", false, 0 },
	{ OPTION_TIME, "1", false, 0 },
	{ OPTION_TIME, "30 s", false, 0 },
	{ OPTION_TIME, "30S", false, 0 },
	{ OPTION_TIME, "1min", false, 0 },
	{ OPTION_TIME, "1w", false, 0 },
	{ OPTION_TIME, "1us", false, 0 },
	{ OPTION_TIME, "1h30m", false, 0 },
	{ OPTION_TIME, "s", false, 0 },
	{ OPTION_MODE, "0640", true, 0640 },
	{ OPTION_MODE, "640", true, 0640 },
	{ OPTION_MODE, "0", true, 0 },
	{ OPTION_MODE, "00640", true, 0640 },
	{ OPTION_MODE, "77777", true, 077777 },
	{ OPTION_MODE, "000640", false, 0 },
	{ OPTION_MODE, "0680", false, 0 },
	{ OPTION_MODE, "0o640", false, 0 },
	{ OPTION_MODE, "0640 ", false, 0 },
	{ OPTION_MODE, "-640", false, 0 },
	{ OPTION_MODE, "u=rw", false, 0 },
	{ OPTION_MODE, "", false, 0 },
};

START_TEST(test_parse_quantity)
{
	for (size_t i = 0; i < COUNT(quantities); i++) {
		uint64_t value = 4711;
		int result = option_parse_quantity(
		    quantities[i].kind, quantities[i].text, &value);

		ck_assert_msg(result == (quantities[i].good ? 0 : -1),
		    "'%s': %d", quantities[i].text, result);
		ck_assert_msg(result == -1 || value == quantities[i].value,
		    "'%s': %" PRIu64, quantities[i].text, value);
	}
}
END_TEST

static const struct {
	enum option_kind kind;
	uint64_t value;
	const char *text;
} quantity_texts[] = {
	{ OPTION_NUMBER, 0, "0" },
	{ OPTION_NUMBER, 1024, "1024" },
	{ OPTION_NUMBER, UINT64_MAX, "18446744073709551615" },
	{ OPTION_SIZE, 0, "0" },
	{ OPTION_SIZE, 1, "1" },
	{ OPTION_SIZE, 1023, "1023" },
	{ OPTION_SIZE, 1024, "1K" },
	{ OPTION_SIZE, 1025, "1025" },
	{ OPTION_SIZE, 65536, "64K" },
	{ OPTION_SIZE, 1048576, "1M" },
	{ OPTION_SIZE, 1049600, "1025K" },
	{ OPTION_SIZE, 1073741824, "1G" },
	{ OPTION_SIZE, 1099511627776, "1024G" },
	{ OPTION_SIZE, UINT64_MAX, "18446744073709551615" },
	{ OPTION_TIME, 0, "0" },
	{ OPTION_TIME, 1, "1ms" },
	{ OPTION_TIME, 1000, "1s" },
	{ OPTION_TIME, 1500, "1500ms" },
	{ OPTION_TIME, 60000, "1m" },
	{ OPTION_TIME, 90000, "90s" },
	{ OPTION_TIME, 7200000, "2h" },
	{ OPTION_TIME, 86400000, "1d" },
	{ OPTION_TIME, UINT64_MAX, "18446744073709551615ms" },
	{ OPTION_MODE, 0, "0000" },
	{ OPTION_MODE, 0640, "0640" },
	{ OPTION_MODE, 04755, "04755" },
};

/* A text that was printed is read as the same quantity. */
START_TEST(test_format_quantity)
{
	for (size_t i = 0; i < COUNT(quantity_texts); i++) {
		char text[OPTION_QUANTITY_SIZE];
		uint64_t value;

		option_format_quantity(
		    quantity_texts[i].kind, quantity_texts[i].value, text);
		ck_assert_str_eq(text, quantity_texts[i].text);
		ck_assert_int_eq(
		    option_parse_quantity(quantity_texts[i].kind, text, &value),
		    0);
		ck_assert_uint_eq(value, quantity_texts[i].value);
	}
}
END_TEST

CHECK_MAIN("option_units", test_parse_quantity, test_format_quantity)
