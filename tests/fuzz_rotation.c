/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes the names of a bucket's files: rotated ones are read as they are
 * written, senders have names that stay in their directory, and no sender's
 * file is taken for one of another's that was rotated.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "services/creosote_path.h"
#include "services/creosote_rotation.h"
#include "services/creosote_rotation_name.h"
#include "fuzz.h"

/* A name has no slash, and is none of the directory's own two. */
static bool
is_name(const char *text)
{
	return text[0] != '\0' && strchr(text, '/') == NULL &&
	    strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
	    strlen(text) <= NAME_MAX;
}

/* Of one name alone can it be a rotated file's, and that is found in it. */
static void
require_base(const char *entry, int names)
{
	size_t base = rotated_name_base(names, entry), len = strlen(entry);
	struct rotated_name name;
	char text[NAME_MAX + 1];

	REQUIRE(base < len);
	for (size_t i = 1; i <= len; i++) {
		memcpy(text, entry, i);
		text[i] = '\0';
		REQUIRE(!rotated_name_parse(text, names, entry, &name) ||
		    i == base);
	}
}

/* Whatever is taken for a rotated file is written so again. */
static void
fuzz_entry(const char *base, const char *entry)
{
	char again[NAME_MAX + 1];
	struct rotated_name name;

	for (int names = ROTATION_TIME; names <= ROTATION_NUMBER; names++) {
		require_base(entry, names);
		if (!rotated_name_parse(base, names, entry, &name))
			continue;
		REQUIRE(rotated_name_format(again, base, names, &name));
		REQUIRE(strcmp(again, entry) == 0);
		REQUIRE(strlen(entry) > strlen(base) + 1);
		REQUIRE(name.number <= (names == ROTATION_TIME
					       ? ROTATED_TIME_MAX
					       : ROTATED_NUMBER_MAX));
	}
}

/* Whatever can be written is read as the same. */
static void
fuzz_made(struct fuzz_input *input, const char *base)
{
	int names = (int)(fuzz_byte(input) % 2);
	struct rotated_name name = { .is_compressed = fuzz_byte(input) % 2 },
			    again;
	char entry[NAME_MAX + 1];

	for (int i = 0; i < 5; i++)
		name.time_s = name.time_s << 8 | fuzz_byte(input);
	name.time_s %= INT64_C(253402300800); /* the year 10000 */
	name.number = fuzz_byte(input) << 8 | fuzz_byte(input);
	if (names == ROTATION_TIME)
		name.number %= ROTATED_TIME_MAX + 1;
	else
		name.time_s = 0;
	if (names == ROTATION_NUMBER && name.number == 0)
		name.number = ROTATED_NUMBER_MAX;
	if (!rotated_name_format(entry, base, names, &name))
		return;
	REQUIRE(rotated_name_parse(base, names, entry, &again));
	REQUIRE(again.time_s == name.time_s && again.number == name.number &&
	    again.is_compressed == name.is_compressed);
	REQUIRE(!rotated_name_parse(base, 1 - names, entry, &again));
}

/* A peer as the kernel may tell it, of any family that is served. */
static void
fuzz_sender(struct fuzz_input *input, char name[SENDER_NAME_SIZE])
{
	static const unsigned char families[] = { AF_INET, AF_INET6, AF_UNIX };
	union {
		struct sockaddr sa;
		struct sockaddr_un un;
		struct sockaddr_in6 in6;
	} peer = { .sa.sa_family = families[fuzz_byte(input) % 3] };
	size_t size = peer.sa.sa_family == AF_INET ? sizeof(struct sockaddr_in)
	    : peer.sa.sa_family == AF_INET6        ? sizeof(peer.in6)
						   : sizeof(peer.un);
	const uint8_t *bytes;
	size_t len = fuzz_bytes(
	    input, &bytes, size - offsetof(struct sockaddr, sa_data));

	memcpy(peer.sa.sa_data, bytes, len);
	if (peer.sa.sa_family == AF_UNIX)
		size = offsetof(struct sockaddr_un, sun_path) + len;
	sender_name(name, &peer.sa, (socklen_t)size);
	REQUIRE(is_name(name) && sender_is_name(name, strlen(name)));
}

/* The rest is a path, and an entry of its directory after a newline. */
static void
fuzz_path(const char *path, const char *entry, const char *sender)
{
	char file[PATH_MAX], directory[PATH_MAX], why[WHY_SIZE] = "";
	struct rotated_name rotated;
	const char *name;

	if (bucket_path_check(path, why) == -1) {
		REQUIRE(why[0] != '\0');
		return;
	}
	if (bucket_path_format(file, path, sender) == -1)
		return;
	bucket_path_directory(directory, path);
	name = strrchr(file, '/') + 1;
	REQUIRE(strncmp(file, directory, strlen(directory)) == 0);
	REQUIRE(strlen(directory) + 1 + strlen(name) == strlen(file));
	if (!bucket_path_has_sender(path))
		return;
	REQUIRE(bucket_path_matches(path, name));
	for (int names = ROTATION_TIME; names <= ROTATION_NUMBER; names++)
		REQUIRE(!rotated_name_parse(name, names, entry, &rotated) ||
		    !bucket_path_matches(path, entry));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };
	char sender[SENDER_NAME_SIZE], *text, *entry;

	fuzz_sender(&input, sender);
	fuzz_made(&input, sender);
	text = strndup((const char *)input.at, (size_t)(input.end - input.at));
	entry = strchr(text, '\n');
	if (entry != NULL && text[0] == '/') {
		*entry++ = '\0';
		if (is_name(entry)) {
			fuzz_path(text, entry, sender);
			fuzz_entry(strrchr(text, '/') + 1, entry);
		}
	}
	free(text);
	return 0;
}
