/* SPDX-License-Identifier: ISC */
/* Addresses without their port. */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

size_t
address_format_host(
    char text[ADDRESS_TEXT_SIZE], const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (len >= sizeof(in) && sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		(void)inet_ntop(AF_INET, &in.sin_addr, text, ADDRESS_TEXT_SIZE);
	} else if (len >= sizeof(in6) && sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		(void)inet_ntop(
		    AF_INET6, &in6.sin6_addr, text, ADDRESS_TEXT_SIZE);
	} else {
		return address_format(text, sa, len);
	}
	return strlen(text);
}

socklen_t
address_parse_host(struct sockaddr_storage *address, const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(address, &in, sizeof(in));
		return sizeof(in);
	}
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
		memcpy(address, &in6, sizeof(in6));
		return sizeof(in6);
	}
	return 0;
}
