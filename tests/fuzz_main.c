/* SPDX-License-Identifier: ISC */
/* Replays a fuzzer's corpus: every file in the folders that are its arguments.
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static const char *replayed; /* the path of the input that runs */

/* abort() is on its way; only what is safe in a signal handler. */
static void
name_input(int number)
{
	(void)number;
	if (replayed != NULL &&
	    write(STDERR_FILENO, replayed, strlen(replayed)) > 0)
		(void)!write(STDERR_FILENO, "\n", 1);
}

/* Returns 1 for a regular file, which was replayed, 0 for anything else. */
static unsigned
replay_file(const char *path)
{
	struct stat st;
	FILE *file;
	uint8_t *data;
	size_t size;

	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode))
		return 0;
	size = (size_t)st.st_size;
	file = fopen(path, "rb");
	data = malloc(size); /* exactly, for the address sanitizer */
	if (file == NULL || (data == NULL && size > 0) ||
	    fread(data, 1, size, file) != size) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fclose(file);
	replayed = path;
	LLVMFuzzerTestOneInput(data, size);
	replayed = NULL;
	free(data);
	return 1;
}

static unsigned
replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;

	if (dir == NULL) {
		perror(folder);
		exit(EXIT_FAILURE);
	}
	while ((entry = readdir(dir)) != NULL) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		count += replay_file(path);
	}
	closedir(dir);
	return count;
}

int
main(int argc, char **argv)
{
	unsigned count = 0;

	signal(SIGABRT, name_input);
	for (int i = 1; i < argc; i++)
		count += replay_folder(argv[i]);
	printf("%u inputs replayed\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
