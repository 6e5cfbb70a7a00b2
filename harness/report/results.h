/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results.h - many findings, one outcome: what a run comes to, in one sentence and as results.json.
 *
 * Precedence: a verified violation, then a failure of the harness, then what is undecided, then
 * passed. A finding that says "invalid" without one verified anomaly is no verdict: it becomes
 * unknown, and says so.
 */
#ifndef ORDEAL_REPORT_RESULTS_H
#define ORDEAL_REPORT_RESULTS_H

#include "../checker.h"

/* One checker's answer. */
struct judgement {
    const struct checker *checker;
    struct finding finding;
    bool aside; /* told beside the verdict, in which it has no part */
};

/* Ordered by precedence. */
enum outcome { OUTCOME_PASSED, OUTCOME_UNDECIDED, OUTCOME_HARNESS_FAILED, OUTCOME_VIOLATION };

/* "passed", "undecided", "harness-failed", "violation" */
extern const char *const outcome_names[4];

/* 0, 2, 255, 1: what `ordeal` exits with. */
int outcome_exit_code(enum outcome outcome);

struct results {
    enum outcome outcome;
    char reason[512]; /* one sentence: "Not linearizable: ...", "Passed: ...", "Undecided: ..." */
    size_t decisive;  /* the judgement that gave it away; `count` if none did */
    const struct history *history;
    const struct judgement *judgements;
    size_t count;
    const char *failure; /* what ended the run early; NULL: nothing */
};

/* Weigh all findings. Judgements that claim a violation without proof are made unknown. `failure`
 * says what ended the run early (NULL: nothing): the harness's fault, unless the record says that
 * the system never became healthy. All are borrowed by *results. */
void results_merge(const struct history *history, struct judgement *judgements, size_t count,
                   const char *failure, struct results *results);

/* As one JSON object, with a line end. */
void results_print(const struct results *results, struct buf *json);

/* results_print into a file, replaced in one step. */
int results_write(const struct results *results, const char *path, struct err *err) MUST_CHECK;

/* The anomaly that decided: the first verified one of the decisive judgement; NULL unless there is
 * a violation. */
const struct anomaly *results_witness(const struct results *results);

#endif
