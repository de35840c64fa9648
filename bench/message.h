/* SPDX-License-Identifier: ISC */
/*
 * The messages that loads send: each tells its flow and number, and no two
 * that follow each other are alike, so that an answer that was cut, mixed up
 * or repeated is seen.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * "0000002a 00000007 ": flow and number. Shorter messages go without it and
 * can be told apart only by their order.
 */
#define MESSAGE_HEADER_SIZE 18

struct message_format {
	size_t size; /* bytes of every message */
	bool upper;  /* the answer is in upper case */
	char *fill;  /* what messages are cut from */
	char *work;  /* room for one expected answer */
	char *get;   /* memcached's, and what it answers; else NULL */
	char *value;
};

/* All messages have this size and this alphabet. */
void message_prepare(
    struct message_format *format, size_t size, bool upper, bool binary);

/*
 * Instead, every message is memcached's "mg" of a key of as many k as make its
 * answer equally long, where its value is v only. Key and value are SIZE - 7
 * and SIZE - 9 long. For sizes from MESSAGE_GET_SIZE_MIN to
 * MESSAGE_GET_SIZE_MAX.
 */
#define MESSAGE_GET_SIZE_MIN 20
#define MESSAGE_GET_SIZE_MAX 99
void message_prepare_get(struct message_format *format, size_t size);

void message_free(struct message_format *format);

/* Writes format->size bytes. */
void message_write(const struct message_format *format, char *data,
    uint32_t flow, uint32_t number);

/*
 * True when data is the answer's bytes from offset on. No more than the rest of
 * one message.
 */
bool message_is_answer(const struct message_format *format, const char *data,
    size_t offset, size_t len, uint32_t flow, uint32_t number);

/* Reads the number in an answer's header; -1: it has none. */
int message_number(const struct message_format *format, const char *data,
    size_t len, uint32_t *number);

#endif
