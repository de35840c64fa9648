/* SPDX-License-Identifier: ISC */
/*
 * Character generator (RFC 864): lines of 72 of the 95 printing characters,
 * each line beginning one further round the ring.
 */
#include "core/service.h"

#include <string.h>

#define FIRST_CHARACTER 0x20
#define RING            95
#define LINE_CHARACTERS 72
#define LINE_SIZE       (LINE_CHARACTERS + 2)
#define CYCLE_SIZE      (RING * LINE_SIZE)

/* Sent at once: whole cycles, so that the next piece begins like this one. */
#define PIECE_CYCLES 8
#define PIECE_SIZE   (PIECE_CYCLES * CYCLE_SIZE)

/* RFC 864: a datagram carries 0 to 512 characters. */
#define DATAGRAM_CHARACTERS 512

/* Of a connection. */
struct chargen_state {
	size_t sent; /* of the piece */
};

static char piece[PIECE_SIZE];

static int
chargen_start(struct service *service, char why[WHY_SIZE])
{
	(void)service;
	(void)why;
	for (size_t i = 0; i < PIECE_SIZE; i++) {
		size_t line = i / LINE_SIZE, column = i % LINE_SIZE;

		piece[i] = column == LINE_CHARACTERS ? '\r'
		    : column > LINE_CHARACTERS
		    ? '\n'
		    : (char)(FIRST_CHARACTER + (line + column) % RING);
	}
	return 0;
}

/* As long as it may be: any part of the pattern is as good as another. */
static bool
chargen_datagram(struct service *service, struct datagram *datagram)
{
	(void)service;
	datagram->len = datagram->size < DATAGRAM_CHARACTERS
	    ? datagram->size
	    : DATAGRAM_CHARACTERS;
	memcpy(datagram->data, piece, datagram->len);
	return true;
}

/* Nothing is kept for who does not read: it can be made again. */
static void
chargen_drain(struct stream *stream)
{
	struct chargen_state *state = stream_state(stream);

	state->sent +=
	    stream_offer(stream, piece + state->sent, PIECE_SIZE - state->sent);
	state->sent %= PIECE_SIZE;
}

const struct service_type chargen_service = {
	.name = "chargen",
	.summary = "sends characters without end (RFC 864)",
	.stream_state_size = sizeof(struct chargen_state),
	.start = chargen_start,
	.datagram = chargen_datagram,
	.ignores_data = true,
	.stream.drain = chargen_drain,
};
