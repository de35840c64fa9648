/* SPDX-License-Identifier: ISC */
/* Sources, and their hash. */
#include "base/source.h"

#include <netinet/in.h>
#include <string.h>

static void
set_mask(struct source *mask, unsigned bits)
{
	uint8_t bytes[sizeof(*mask)] = { 0 };

	for (unsigned i = 0; i < 128 && i < bits; i++)
		bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	memcpy(mask, bytes, sizeof(*mask));
}

void
source_rule_set(struct source_rule *rule, unsigned prefix4, unsigned prefix6)
{
	set_mask(&rule->mask4, 96 + prefix4);
	set_mask(&rule->mask6, prefix6);
	siphash_make_key(&rule->hash_key);
}

struct source
source_of(const struct source_rule *rule, const struct sockaddr *peer)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const struct source *mask = &rule->mask6;
	uint8_t address[16] = { 0 };
	struct source source;

	if (peer != NULL && peer->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)peer;

		memcpy(address, mapped, sizeof(mapped));
		memcpy(address + 12, &in->sin_addr, 4);
	} else if (peer != NULL && peer->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)peer;

		memcpy(address, &in6->sin6_addr, 16);
	}
	if (memcmp(address, mapped, sizeof(mapped)) == 0)
		mask = &rule->mask4;
	memcpy(&source, address, sizeof(source));
	source.words[0] &= mask->words[0];
	source.words[1] &= mask->words[1];
	return source;
}

uint64_t
source_hash(const struct source_rule *rule, struct source source)
{
	return siphash(&rule->hash_key, source.words, 2);
}
