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

/* Draw test->plan from test->seed, nemeses, interval and time limit: one fault after another with
 * healthy time between, every family once before any comes again. Where the time limit is too short
 * for each family at that interval, the interval shrinks. */
int plan_draw(struct test *test, struct err *err) MUST_CHECK;

/* Read test->plan from a file: a test.json, or an object with "faults". Names are checked against
 * what is built in and against the test's nodes. */
int plan_read(struct test *test, const char *path, struct err *err) MUST_CHECK;

/* Append {"faults":[...]}. */
void plan_print(const struct test *test, struct buf *json);

/* What the plan's faults need from the start of the nodes: enum need. */
unsigned plan_needs(const struct plan *plan);

void plan_release(struct plan *plan);

/* NULL with *err (and the nearest name) if there is none. */
const struct nemesis *nemesis_find(const char *name, struct err *err);

#endif
