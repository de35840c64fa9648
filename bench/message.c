/* SPDX-License-Identifier: ISC */
/* The messages that loads send, and the answers they expect. */
#include "message.h"

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
	format->size = size;
	format->upper = upper;
	format->fill = load_alloc(size + FILL_SHIFTS, 1);
	format->work = load_alloc(size + 1, 1);
	for (size_t i = 0; i < size + FILL_SHIFTS; i++)
		format->fill[i] = binary
		    ? (char)(i * BINARY_STEP & 0xff)
		    : (char)(TEXT_FIRST + i * TEXT_STEP % TEXT_COUNT);
}

void
message_free(struct message_format *format)
{
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
