/* SPDX-License-Identifier: ISC */
/* The plan of what fails. */
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

static struct faults_plan *the_plan;
static int function_count;

/* Where code is; from start up to, but not with, end. */
struct range {
	uintptr_t start, end;
};

#define SPARED_MAX 4

static struct range loader, spared[SPARED_MAX];
static int spared_count;

/*
 * Sanitizers read the program's symbols for a report, and to know at the end
 * which leaks are suppressed: nothing of that may fail. libseccomp 2.5.4 that
 * gets no memory may end the program or go round for ever, at a start; so its
 * functions fail as a whole.
 */
static bool
is_to_be_spared(const char *library)
{
	return strstr(library, "san.so") != NULL ||
	    strstr(library, "libseccomp.so") != NULL;
}

static struct range
range_of(const struct dl_phdr_info *object)
{
	struct range range = { object->dlpi_addr, object->dlpi_addr };

	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t end =
		    range.start + segment->p_vaddr + segment->p_memsz;

		if (segment->p_type == PT_LOAD && end > range.end)
			range.end = end;
	}
	return range;
}

static int
find_ranges_cb(struct dl_phdr_info *object, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (object->dlpi_addr == getauxval(AT_BASE))
		loader = range_of(object);
	else if (is_to_be_spared(object->dlpi_name) &&
	    spared_count < SPARED_MAX)
		spared[spared_count++] = range_of(object);
	return 0;
}

static bool
is_within(const void *code, const struct range *range)
{
	uintptr_t address = (uintptr_t)code;

	return address >= range->start && address < range->end;
}

bool
faults_is_loader(const void *caller)
{
	return is_within(caller, &loader);
}

static bool
is_spared(const void *caller)
{
	for (int i = 0; i < spared_count; i++)
		if (is_within(caller, &spared[i]))
			return true;
	return false;
}

/* Names stay, as another program may have counted before; addresses do not. */
static void
begin(void)
{
	while (function_count < FAULTS_MAX &&
	    the_plan->functions[function_count].name[0] != '\0')
		function_count++;
	memset(the_plan->sites, 0, sizeof(the_plan->sites));
	(void)dl_iterate_phdr(find_ranges_cb, NULL);
}

typedef int main_fn(int argc, char **argv, char **environment);

static main_fn *real_main;

/* What the loader and the libraries do before is nobody's to handle. */
static int
plan_and_run(int argc, char **argv, char **environment)
{
	const char *path = getenv("NETLAB_FAULTS");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *plan = MAP_FAILED;

	if (fd != -1) {
		plan = mmap(NULL, sizeof(*the_plan), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
		close(fd);
	}
	if (plan == MAP_FAILED) {
		fprintf(stderr, "faults.so: no plan in $NETLAB_FAULTS\n");
		return 99;
	}
	the_plan = plan;
	begin();
	return real_main(argc, argv, environment);
}

/* Called by every program to begin. */
int __libc_start_main(main_fn *main, int argc, char **argv, void (*init)(void),
    void (*fini)(void), void (*loader_fini)(void), void *stack_end);

int
__libc_start_main(main_fn *main, int argc, char **argv, void (*init)(void),
    void (*fini)(void), void (*loader_fini)(void), void *stack_end)
{
	__typeof__(&__libc_start_main) real =
	    (__typeof__(real))dlsym(RTLD_NEXT, "__libc_start_main");

	real_main = main;
	return real(
	    plan_and_run, argc, argv, init, fini, loader_fini, stack_end);
}

struct faults_plan *
faults_plan(void)
{
	return the_plan;
}

/* The function's place in the plan, by its name; it gets one where it is new.
 */
static int
find_number(const char *function)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int number = 0;

	pthread_mutex_lock(&lock);
	while (number < function_count &&
	    strcmp(the_plan->functions[number].name, function) != 0)
		number++;
	if (number == function_count && number < FAULTS_MAX) {
		snprintf(the_plan->functions[number].name, FAULTS_NAME_SIZE,
		    "%s", function);
		function_count++;
	}
	pthread_mutex_unlock(&lock);
	return number;
}

/* "libevent_core-2.1.so.7+0x1f00", which addr2line(1) makes a line of. */
static void
note_caller(const void *caller)
{
	Dl_info info = { .dli_fname = "?" };
	const char *name, *slash;

	(void)dladdr(caller, &info);
	name = info.dli_fname;
	if ((slash = strrchr(name, '/')) != NULL)
		name = slash + 1;
	snprintf(the_plan->where, sizeof(the_plan->where), "%s+%#tx", name,
	    (const char *)caller - (const char *)info.dli_fbase);
}

/* Callers are found by their address, from its place in the table on. */
static void
note_site(const void *caller, int number, uint64_t call)
{
	uint64_t address = (uintptr_t)caller;
	size_t i = address % FAULTS_SITES_MAX;

	for (int tries = 0; tries < FAULTS_SITES_MAX; tries++) {
		struct faults_site *site = &the_plan->sites[i];
		uint64_t free_or_found = 0;

		if (__atomic_compare_exchange_n(&site->caller, &free_or_found,
			address, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
		    free_or_found == address) {
			site->function = (uint64_t)number;
			site->call = call;
			return;
		}
		i = (i + 1) % FAULTS_SITES_MAX;
	}
}

static _Thread_local bool is_suspended;

void
faults_suspend(bool suspend)
{
	is_suspended = suspend;
}

bool
faults_strike(const char *function, int *number, const void *caller)
{
	struct faults_plan *plan = the_plan;
	uint64_t call;

	if (plan == NULL || is_suspended || is_spared(caller))
		return false;
	if (*number < 0)
		*number = find_number(function);
	if (*number == FAULTS_MAX)
		return false;
	call = __atomic_add_fetch(
	    &plan->functions[*number].calls, 1, __ATOMIC_SEQ_CST);
	note_site(caller, *number, call);
	if (!__atomic_load_n(&plan->is_armed, __ATOMIC_SEQ_CST) ||
	    call < plan->at || call >= plan->at + plan->count ||
	    strcmp(plan->function, function) != 0)
		return false;
	note_caller(caller);
	__atomic_add_fetch(&plan->failed, 1, __ATOMIC_SEQ_CST);
	errno = plan->error;
	return true;
}
