/* SPDX-License-Identifier: ISC */
/*
 * Pairs of a peer and one of our ports, in two 4-way set-associative tables:
 * one for peers whose port says that they may be servers, one for clients.
 *
 * In the first, no pair that must wait is forgotten for another one: when all
 * of a set must, those that are new wait, too. So nobody is answered twice in
 * PAIR_ECHO_MS, whatever flood of other pairs there is. In the second, the one
 * that has repeated itself least makes room. To have a loop forgotten there
 * before it turns once more, a flood must bring new pairs for all of its set:
 * some ten thousand datagrams for each turn.
 */
#include "net/pair.h"

#include <netinet/in.h>
#include <string.h>

#include "base/siphash.h"

#define WAYS 4
#define SETS 4096

/* The longest period that is looked for; Debian's chargen has one of 95. */
#define STEPS_MAX 128

/* Bytes of a datagram's beginning, and of its end, that are looked at. */
#define END_SIZE 64

struct pair {
	uint64_t hash;    /* of both ends, which it stands for */
	int64_t until_ms; /* then it can be forgotten */
	/*
	 * Brent's search for a period: each datagram is compared with a sample,
	 * which is replaced after 1, 2, 4 ... STEPS_MAX of them that differ.
	 */
	uint64_t sample;
	uint32_t repeats;
	uint16_t steps, steps_max;
};

static struct pair servers[SETS][WAYS], clients[SETS][WAYS];

/* Both ends; IPv4 within IPv6 is IPv4. */
static uint64_t
hash_ends(const struct sockaddr *peer, unsigned peer_port, unsigned local_port)
{
	static struct siphash_key key;
	static bool has_key;
	uint64_t words[3] = { 0 };

	if (!has_key)
		siphash_make_key(&key);
	has_key = true;
	if (peer->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)peer;
		struct in6_addr mapped = { .s6_addr = { [10] = 0xff, 0xff } };

		memcpy(mapped.s6_addr + 12, &in->sin_addr, 4);
		memcpy(words, &mapped, sizeof(mapped));
	} else {
		const struct sockaddr_in6 *in6 = (const void *)peer;

		memcpy(words, &in6->sin6_addr, sizeof(in6->sin6_addr));
	}
	words[2] = (uint64_t)peer_port << 16 | local_port;
	return siphash(&key, words, 3);
}

static unsigned
port_of(const struct sockaddr *peer)
{
	/* The port is at the same place in both. */
	return ntohs(
	    ((const struct sockaddr_in *)(const void *)peer)->sin_port);
}

static uint64_t
mix_word(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 32;
}

/* By whole words, as a copy of a size that is not known is a call. */
static uint64_t
mix(uint64_t sum, const char *data, size_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum = mix_word(sum, word);
		data += sizeof(word);
	}
	if (len == 0)
		return sum;
	word = 0;
	memcpy(&word, data, len);
	return mix_word(sum, word);
}

/*
 * Of the length and both ends: that is where numbers and times are, and to read
 * all of a long datagram costs a tenth of echoing it. Two that differ there
 * have the same digest once in 2^64, unless somebody wants it, who would mute a
 * pair of his own.
 */
static uint64_t
digest(const char *data, size_t len)
{
	size_t end = len < END_SIZE ? len : END_SIZE;

	return mix(mix(len, data, end), data + len - end, end);
}

/* How much is lost when it is forgotten. */
static uint32_t
weigh(const struct pair *pair, int64_t now_ms)
{
	return pair->until_ms <= now_ms ? 0 : 1 + pair->repeats;
}

/* The pair, or the one of its set that makes room for it. */
static struct pair *
find(struct pair set[WAYS], uint64_t hash, int64_t now_ms)
{
	struct pair *lightest = set;

	for (size_t i = 0; i < WAYS; i++) {
		uint32_t weight = weigh(&set[i], now_ms);
		uint32_t least = weigh(lightest, now_ms);

		if (set[i].hash == hash)
			return &set[i];
		if (weight < least ||
		    (weight == least && set[i].until_ms < lightest->until_ms))
			lightest = &set[i];
	}
	return lightest;
}

static enum guard_reason
check_server(uint64_t hash, int64_t now_ms)
{
	struct pair *pair = find(servers[hash % SETS], hash, now_ms);

	if (pair->until_ms > now_ms)
		return GUARD_PAIR;
	*pair = (struct pair){ hash, .until_ms = now_ms + PAIR_ECHO_MS };
	return GUARD_PASS;
}

/* What differs takes back as much as what repeats itself adds. */
static void
note_sample(struct pair *pair, uint64_t sample)
{
	pair->steps++;
	if (sample == pair->sample) {
		pair->repeats += pair->steps;
		pair->steps = 0;
	} else if (pair->steps >= pair->steps_max) {
		pair->repeats -=
		    pair->repeats < pair->steps ? pair->repeats : pair->steps;
		pair->sample = sample;
		pair->steps = 0;
		pair->steps_max = pair->steps_max < STEPS_MAX
		    ? (uint16_t)(pair->steps_max * 2)
		    : 1;
	}
}

static enum guard_reason
check_client(uint64_t hash, uint64_t sample, int64_t now_ms)
{
	struct pair *pair = find(clients[hash % SETS], hash, now_ms);
	bool is_new = pair->hash != hash || pair->until_ms <= now_ms;

	if (!is_new && pair->repeats >= PAIR_REPEATS)
		return GUARD_MUTED;
	if (is_new)
		*pair = (struct pair){ hash, .sample = sample, .steps_max = 1 };
	else
		note_sample(pair, sample);
	if (pair->repeats < PAIR_REPEATS) {
		pair->until_ms = now_ms + PAIR_ECHO_MS;
		return GUARD_PASS;
	}
	pair->until_ms = now_ms + PAIR_MUTE_MS;
	return GUARD_MUTED;
}

enum guard_reason
pair_check(enum pair_rule rule, const struct pair_question *question)
{
	unsigned port = port_of(question->peer);
	uint64_t hash;

	if (rule == PAIR_OFF)
		return GUARD_PASS;
	hash = hash_ends(question->peer, port, question->local_port);
	if (rule == PAIR_STRICT || port < PAIR_CLIENT_PORT)
		return check_server(hash, question->now_ms);
	return check_client(hash,
	    question->data == NULL ? 0 : digest(question->data, question->len),
	    question->now_ms);
}
