/* SPDX-License-Identifier: ISC */
/* The messages that loads send, and the answers they expect. */
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* Messages begin at up to this many places of the fill. */
#define FILL_SHIFTS 256

/* Steps that walk through all printing characters, or all bytes. */
#define TEXT_FIRST  33
#define TEXT_COUNT  94
#define TEXT_STEP   7
#define BINARY_STEP 37

void
message_prepare(
    struct message_format *format, size_t size, bool upper, bool binary)
{
	*format = (struct message_format){ .size = size, .upper = upper };
	format->fill = load_alloc(size + FILL_SHIFTS, 1);
	format->work = load_alloc(size + 1, 1);
	for (size_t i = 0; i < size + FILL_SHIFTS; i++)
		format->fill[i] = binary
		    ? (char)(i * BINARY_STEP & 0xff)
		    : (char)(TEXT_FIRST + i * TEXT_STEP % TEXT_COUNT);
}

void
message_prepare_get(struct message_format *format, size_t size)
{
	int used;

	*format = (struct message_format){ .size = size };
	format->get = load_alloc(size + 1, 1);
	format->value = load_alloc(size + 1, 1);
	memset(format->get, 'k', size);
	memcpy(format->get, "mg ", 3);
	memcpy(format->get + size - 4, " v\r\n", 4);
	memset(format->value, 'v', size);
	used = sprintf(format->value, "VA %zu\r\n", size - 9);
	format->value[used] = 'v';
	memcpy(format->value + size - 2, "\r\n", 2);
}

void
message_free(struct message_format *format)
{
	free(format->get);
	free(format->value);
	free(format->fill);
	free(format->work);
}

static void
write_hex(char *data, uint32_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 4)
		data[i] = "0123456789abcdef"[value & 15];
	data[8] = ' ';
}

void
message_write(const struct message_format *format, char *data, uint32_t flow,
    uint32_t number)
{
	size_t shift = (flow * 5 + number) % FILL_SHIFTS;

	if (format->get != NULL) {
		memcpy(data, format->get, format->size);
		return;
	}
	memcpy(data, format->fill + shift, format->size);
	if (format->size < MESSAGE_HEADER_SIZE)
		return;
	write_hex(data, flow);
	write_hex(data + 9, number);
}

static void
raise_case(char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] >= 'a' && data[i] <= 'z')
			data[i] = (char)(data[i] - 'a' + 'A');
	}
}

bool
message_is_answer(const struct message_format *format, const char *data,
    size_t offset, size_t len, uint32_t flow, uint32_t number)
{
	if (format->value != NULL)
		return memcmp(format->value + offset, data, len) == 0;
	message_write(format, format->work, flow, number);
	if (format->upper)
		raise_case(format->work, format->size);
	return memcmp(format->work + offset, data, len) == 0;
}

int
message_number(const struct message_format *format, const char *data,
    size_t len, uint32_t *number)
{
	uint32_t value = 0;

	if (len != format->size || len < MESSAGE_HEADER_SIZE)
		return -1;
	for (size_t i = 9; i < 17; i++) {
		char c = data[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	*number = value;
	return 0;
}
