/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan.h - the whole schedule of faults, drawn from the seed before the first of them.
 *
 * A plan holds times, faults and selectors ("leader", "minority"), which are resolved when the
 * fault is injected; the record says who they were. It is written to test.json, from where --plan
 * replays it.
 */
#ifndef ORDEAL_RUNNER_PLAN_H
#define ORDEAL_RUNNER_PLAN_H

#include "../base/buf.h"
#include "../test.h"

#include <jansson.h>

/* Draw test->plan from test->seed, nemeses, wishes, schedule, interval and time limit. The
 * schedules that break one thing at a time have healthy time between, and every family once before
 * any comes again; where the time limit is too short for each family at that interval, the interval
 * shrinks. -1 if a wish cannot be met, or there are more than FAULTS_MAX faults. */
int plan_draw(struct test *test, struct err *err) MUST_CHECK;

/* Draw kind, selector and params of a fault whose nemesis and seed are set, as `wish` (or NULL) has
 * them. -1 if its kind is none that this test can draw. */
int plan_draw_fault(const struct test *test, const struct wish *wish, struct rng *rng,
                    struct fault *fault, struct err *err) MUST_CHECK;

/* Put one node after another in the place of every fault of kind "rolling". Room for FAULTS_MAX
 * faults must be there; -1 if they do not do. */
int plan_unroll(const struct test *test, struct plan *plan, struct err *err) MUST_CHECK;

/* Read test->plan from a file: a test.json, or an object with "faults". Names are checked against
 * what is built in and against the test's nodes; a fault that makes no sense in this cluster, or
 * two in conflict on nodes that they name, are refused. What the file leaves out is drawn. */
int plan_read(struct test *test, const char *path, struct err *err) MUST_CHECK;

/* Order by beginning, and number anew. */
void plan_sort(struct plan *plan);

/* Have the fault be about these files only. -1 if it is of a family that knows no files, the
 * pattern is unsound, or the target keeps none that it could match. */
int plan_set_files(const struct target *target, const struct nemesis *nemesis, const char *pattern,
                   char files[DISK_FILES_BYTES], struct err *err) MUST_CHECK;

/* -1 if the plan's faults would damage the files of more than a minority, and it does not allow
 * that. Who is chosen only when a fault begins is seen to then. */
int plan_check_damage(const struct test *test, struct err *err) MUST_CHECK;

/* Append {"protect":"quorum"|"files"|"none","faults":[...]}. */
void plan_print(const struct test *test, struct buf *json);

/* Whether any of the faults may damage files. */
bool plan_damages(const struct plan *plan);

/* What the plan's faults need from the start of the nodes: enum need. */
unsigned plan_needs(const struct plan *plan);

/* Put the node of that name among those that are skipped; -1 names those that there are. */
int plan_skip(const struct test *test, struct str name, struct plan *plan,
              struct err *err) MUST_CHECK;

/* Whether a cluster without test->plan.skipped can be tried at all. */
int plan_check_skipped(const struct test *test, bool majority_allowed, struct err *err) MUST_CHECK;

void plan_release(struct plan *plan);

/* NULL with *err (and the nearest name) if there is none. */
const struct nemesis *nemesis_find(const char *name, struct err *err);

/* Whether the test's target can suffer it under its settings. */
bool nemesis_fits(const struct nemesis *nemesis, const struct test *test);

/* The same: -1 names those that can, or what must
 * be set. Not thread-safe. */
int nemesis_suits(const struct nemesis *nemesis, const struct test *test,
                  struct err *err) MUST_CHECK;

/* `kind` as the nemesis itself spells it; NULL with *err if it has none such. */
const char *nemesis_kind(const struct nemesis *nemesis, const char *kind, struct err *err);

/* The index of the parameter of that name; -1 if there is none, or `value` is out of its range. */
int nemesis_param(const struct nemesis *nemesis, const char *name, double value,
                  struct err *err) MUST_CHECK;

#endif
