/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* hist.h - histories as stories: one operation per line, short enough to read and to write by hand.
 *
 *     # two clients, one register
 *     p0 write x 1 @ 0 10
 *     p1 read x -> 1 @ 5 20
 *     p2 cas x 1 2 @ 7 ?
 *     p3 write x 5 @ 8 9 fail
 *
 * A line is `pPROCESS F KEY [IN [IN2]] [-> OUT] @ INVOKED (COMPLETED [ok|fail|info] | ?)`. `?` is
 * an invocation that nothing completed. KEY `_` is "no key": a single object. Values are integers,
 * `nil`, bare words (strings), "quoted strings" and lists `[1,2]`, all without blanks. Times are
 * nanoseconds. Operations of one process stand in their order. Other lines are directives, for the
 * corpus:
 *
 *     model cas-register
 *     initial 0
 *     source Herlihy and Wing 1990, figure 1
 *     expect linearizable false      (levels as in design.md; valid | unknown | invalid)
 */
#ifndef ORDEAL_TESTS_LIB_HIST_H
#define ORDEAL_TESTS_LIB_HIST_H

#include "../../harness/checker.h"

enum { HIST_EXPECTS = 16 };

struct hist_expect {
    char level[32];
    enum verdict verdict;
};

/* A history with memory of its own, and what its file says about it. */
struct hist {
    struct budget budget; /* without limits */
    struct history history;
    char model[32];   /* "" if not said */
    char initial[64]; /* JSON; "" if not said */
    char source[256];
    struct hist_expect expects[HIST_EXPECTS];
    size_t expect_count;
};

/* Parse a story. A mistake in it ends the program with the line. The caller frees. */
struct hist *hist_new(const char *story);
struct hist *hist_load(const char *path);
void hist_free(struct hist *hist);

/* The same with an error instead of the end; *hist is to be released by hist_free either way. */
int hist_parse(const char *story, struct hist **hist, struct err *err) MUST_CHECK;

/* The operations of `history` as a story that hist_parse reads back. */
void hist_print(const struct history *history, struct buf *buf);

/* The same to standard error, for failing tests. */
void hist_dump(const struct history *history);

/* An operation given as fields to a history under construction; memory does not run out. */
void hist_add(struct history *history, const struct op *op);

/* Give all operations the indexes that their events would have in a file, and finish: at equal
 * times events stand in the order in which their operations were added. Ends the program if the
 * history is not well formed. */
void hist_finish(struct history *history);

/* The same where operations have indexes already, or stand at times of their own: at equal times
 * events stay in that order. */
void hist_refinish(struct history *history);

#endif
