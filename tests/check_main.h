/* SPDX-License-Identifier: ISC */
/* The main() of a check program: one suite, each test in a process of its own.
 */
#ifndef CHECK_MAIN_H
#define CHECK_MAIN_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

/* Only a test that hangs takes so long, whatever else the machine does. */
#define CHECK_TIMEOUT_S 60

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static inline int
check_run(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, CHECK_TIMEOUT_S);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* CHECK_MAIN("escape", test_repr, test_utf8) runs these tests. */
#define CHECK_MAIN(name, ...)                                 \
	int main(void)                                        \
	{                                                     \
		const TTest *const tests[] = { __VA_ARGS__ }; \
                                                              \
		return check_run(name, tests, COUNT(tests));  \
	}

#endif
