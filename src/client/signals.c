/* SPDX-License-Identifier: ISC */
/* Signals as something that poll(2) can wait for. */
#include "client/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* A byte in it for each signal that came; a full one loses repetitions only. */
static int ends[2] = { -1, -1 };

static void
note(int number)
{
	int error = errno;
	unsigned char byte = (unsigned char)number;
	ssize_t n = write(ends[1], &byte, sizeof(byte));

	(void)n;
	errno = error;
}

int
signals_open(const int *numbers, size_t count)
{
	struct sigaction action = { .sa_handler = note };

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < count; i++)
		sigaction(numbers[i], &action, NULL);
	return ends[0];
}

int
signals_take(void)
{
	unsigned char byte;

	return read(ends[0], &byte, sizeof(byte)) == 1 ? byte : 0;
}
