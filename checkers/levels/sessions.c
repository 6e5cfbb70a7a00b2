/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Read-your-writes and monotonic reads: the two session guarantees that constrain other processes'
 * writes by nothing but the reads of one session.
 *
 * Read-your-writes asks, for each process p, for a legal sequence of all writes and p's reads in
 * which p's writes stand in program order, and before the reads that p did after them. It fails
 * exactly if p reads the initial value of a key that it wrote before, or an own write of the key
 * that p itself overwrote before that read. Otherwise: reads of initial values go where p's last
 * write before them goes; reads of own writes likewise, or right after that write if it comes
 * later; and the writes of others go to the end, each with its reads right behind it.
 *
 * Monotonic reads asks for one in which p's reads stand in program order. It fails exactly if p
 * reads a write of a key again after it read another of that key, or reads the initial value of a
 * key after it read a written one. Otherwise each write goes right before p's first read of it.
 */
#include "core.h"

#include <string.h>

static uint32_t *alloc_unset(const struct steps *steps, uint32_t count)
{
    uint32_t *array = budget_alloc(steps->budget, ((size_t)count + 1) * sizeof *array);
    if (array)
        memset(array, 0xff, count * sizeof *array);
    return array;
}

/* `own`: by key, the latest write seen in some session; of the session given, or of no interest. */
static bool reads_own_writes(const struct steps *steps, const uint32_t *own, uint32_t read,
                             struct core *core)
{
    const struct step *step = &steps->at[read];
    uint32_t session = steps->session[read], write = own[step->key];

    if (write == STEP_NONE || steps->session[write] != session)
        return true;
    bool is_older =
        step_reads_from_step(step) && steps->session[step->from] == session && step->from < write;
    if (step->from != FROM_INITIAL && !is_older)
        return true;
    if (is_older)
        core_add(core, step->from);
    core_add(core, write);
    core_add(core, read);
    return false;
}

enum judgement judge_read_your_writes(const struct steps *steps, struct core *core)
{
    uint32_t *own = alloc_unset(steps, steps->key_count);
    enum judgement judgement = own ? JUDGE_HOLDS : JUDGE_UNDECIDED;

    for (uint32_t i = 0; i < steps->count && judgement == JUDGE_HOLDS; i++) {
        if (step_is_write(&steps->at[i]))
            own[steps->at[i].key] = i;
        else if (!reads_own_writes(steps, own, i, core))
            judgement = JUDGE_VIOLATED;
    }
    budget_free(steps->budget, own);
    return judgement;
}

/* `last`: by key, the latest read; `by`: by write, the latest read of it; of whatever session. */
static bool reads_forward(const struct steps *steps, const uint32_t *last, const uint32_t *by,
                          uint32_t read, struct core *core)
{
    const struct step *step = &steps->at[read];
    uint32_t session = steps->session[read], before = last[step->key];

    if (before == STEP_NONE || steps->session[before] != session ||
        steps->at[before].from == step->from)
        return true;
    uint32_t earlier = step_reads_from_step(step) ? by[step->from] : STEP_NONE;
    bool again = earlier != STEP_NONE && steps->session[earlier] == session;
    if (step->from != FROM_INITIAL && !again)
        return true;
    if (again)
        core_add(core, earlier);
    core_add(core, before);
    core_add(core, read);
    return false;
}

enum judgement judge_monotonic_reads(const struct steps *steps, struct core *core)
{
    uint32_t *last = alloc_unset(steps, steps->key_count);
    uint32_t *by = alloc_unset(steps, steps->count);
    enum judgement judgement = last && by ? JUDGE_HOLDS : JUDGE_UNDECIDED;

    for (uint32_t i = 0; i < steps->count && judgement == JUDGE_HOLDS; i++) {
        const struct step *step = &steps->at[i];
        if (step_is_write(step))
            continue;
        if (!reads_forward(steps, last, by, i, core))
            judgement = JUDGE_VIOLATED;
        last[step->key] = i;
        if (step_reads_from_step(step))
            by[step->from] = i;
    }
    budget_free(steps->budget, last);
    budget_free(steps->budget, by);
    return judgement;
}
