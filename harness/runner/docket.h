/* SPDX-License-Identifier: GPL-2.0-or-later */
/* docket.h - the checkers that judge one history, and what they found. */
#ifndef ORDEAL_RUNNER_DOCKET_H
#define ORDEAL_RUNNER_DOCKET_H

#include "../report/results.h"

enum { DOCKET_MAX = 32 };

/* Zeroed is empty. */
struct docket {
    struct judgement judgements[DOCKET_MAX];
    size_t count;
};

/* The checkers that apply to every run, whatever the workload; ends with NULL. */
extern const char *const docket_always[];

/* Put a checker on the docket, once; a name that nobody has is left out. */
void docket_summon(struct docket *docket, const char *name);

/* The same for a list that ends with NULL, or is NULL. */
void docket_summon_all(struct docket *docket, const char *const *names);

/* Let every checker on the docket judge. What fails, and what cannot be claimed of such a history
 * (that it is linearizable if it says nothing of real time, say), is unknown with the reason. */
void docket_hear(struct docket *docket, const struct history *history,
                 const struct check_options *options, struct budget *budget);

/* Summon one more, and let it judge with a budget of its own. It is told beside the verdict. */
void docket_hear_aside(struct docket *docket, const char *name, const struct history *history,
                       const struct check_options *options, struct budget *budget);

/* Everything on the docket is unknown, for this reason. */
void docket_dismiss(struct docket *docket, const char *reason);

void docket_release(struct docket *docket);

#endif
