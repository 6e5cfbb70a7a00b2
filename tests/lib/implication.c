/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A matrix of levels, filled history by history. */
#include "implication.h"

#include "brute.h"
#include "hist.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void implications_init(struct implications *all)
{
    *all = (struct implications){.count = 0};
    for (int level = 0; level < LEVELS; level++)
        all->by_checker[level] =
            proof_begin(&all->proofs[level], level_names[level], "register", 0);
}

static void separate(struct implications *all, int a, int b, const struct history *history)
{
    if (all->sizes[a][b] && all->sizes[a][b] <= history->count)
        return;
    struct buf text;
    buf_init(&text, 0);
    hist_print(history, &text);
    free(all->separating[a][b]);
    all->separating[a][b] = buf_take(&text);
    all->sizes[a][b] = history->count;
    if (!level_implies((enum level)a, (enum level)b))
        return;
    all->flaws++;
    fprintf(stderr, "# FLAW: %s does not imply %s:\n", level_names[a], level_names[b]);
    hist_dump(history);
}

/* The checkers' verdicts where there are checkers, else the brute force's. */
void implications_note(struct implications *all, const struct history *history)
{
    enum verdict verdicts[LEVELS];

    for (int level = 0; level < LEVELS; level++)
        verdicts[level] = all->by_checker[level]
                              ? proof_verdict(&all->proofs[level], history)
                              : brute_check(history, level_names[level], "register", VALUE_NIL);
    for (int a = 0; a < LEVELS; a++) {
        for (int b = 0; b < LEVELS; b++) {
            if (verdicts[a] == VERDICT_VALID && verdicts[b] == VERDICT_INVALID)
                separate(all, a, b, history);
        }
    }
    all->count++;
}

uint64_t implications_finish(struct implications *all)
{
    int separated = 0, pairs = 0;

    for (int a = 0; a < LEVELS; a++) {
        for (int b = 0; b < LEVELS; b++) {
            if (level_implies((enum level)a, (enum level)b))
                continue;
            pairs++;
            separated += all->sizes[a][b] != 0;
            if (!all->sizes[a][b]) {
                all->flaws++;
                fprintf(stderr, "# FLAW: no history found that is %s and not %s\n", level_names[a],
                        level_names[b]);
            } else {
                printf("# %s, not %s:\n%s", level_names[a], level_names[b], all->separating[a][b]);
            }
            free(all->separating[a][b]);
        }
    }
    printf("implications: %" PRIu64 " histories; %d of %d pairs without implication separated\n",
           all->count, separated, pairs);
    return all->flaws;
}
