/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* judge.h - is one object linearizable, and if not, what shows it? */
#ifndef ORDEAL_ENGINE_JUDGE_H
#define ORDEAL_ENGINE_JUDGE_H

#include "../../harness/checker.h"
#include "keys.h"
#include "solve.h"
#include "verify.h"

enum judge_engine { JUDGE_NONE, JUDGE_FAST, JUDGE_WGL, JUDGE_FRONTIER, JUDGE_ENGINES };

extern const char *const judge_engine_names[JUDGE_ENGINES];

struct judgement {
    enum verdict verdict;
    enum judge_engine engine; /* that answered */
    bool alone; /* valid by time, but not by lines: other objects may yet forbid it (keys.h) */
    uint64_t configurations; /* that all engines explored together */
    uint32_t placed;         /* unknown: how many operations some order could be found for */
    char reason[128];        /* unknown: why; invalid: in words, where there is more to say */
    bool cut_short;          /* unknown: more effort may decide it */
    struct excerpt witness;  /* invalid: what cannot be ordered; verified. Empty otherwise */
};

/* Judge the object that `source` describes. Invalid is said only with a witness that verify_illegal
 * has confirmed. The witness is the caller's. */
void judge_object(const struct object_source *source, const struct keys *keys,
                  const struct solve_effort *effort, struct budget *budget,
                  struct judgement *judgement);

#define GROUP_ALL UINT32_MAX

/* Judge all objects of a group (keys->groups), or all that there are, in one search: where
 * operations of one process at equal times tie them together, each being linearizable is not
 * enough. `source` says the history, model and initial value. */
void judge_together(const struct object_source *source, const struct keys *keys, uint32_t group,
                    const struct solve_effort *effort, struct budget *budget,
                    struct judgement *judgement);

#endif
