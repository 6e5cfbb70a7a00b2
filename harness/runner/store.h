/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store.h - the folder of a run: store/<target>-<workload>/<UTC time>-<seed>/, and test.json in it.
 */
#ifndef ORDEAL_RUNNER_STORE_H
#define ORDEAL_RUNNER_STORE_H

#include "../checker.h"
#include "../test.h"

enum { STORE_PATH_MAX = 3072 }; /* leaves room for names below it within PATH_MAX */

/* Make the run's folder (a second run in the same second gets a suffix) and point store/latest at
 * it. `dir` becomes its absolute path. */
int store_create(const struct test *test, char dir[STORE_PATH_MAX], struct err *err) MUST_CHECK;

/* Write test.json: everything needed to run the test again and to check its record. `promise`: the
 * level that is checked for; command: the words of the command line, ends with NULL. */
int store_write_test(const struct test *test, const char *dir, const char *promise,
                     char *const *command, struct err *err) MUST_CHECK;

/* The same as text, for --dry-run. The caller frees; NULL if memory is out. */
char *store_print_test(const struct test *test, const char *promise, char *const *command);

/* What must not be in the logs: nothing in particular, where the plan damages files and a node may
 * well say so. */
const struct log_pattern *store_log_patterns(const struct test *test);

#endif
