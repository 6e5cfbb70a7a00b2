/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "witness.h"

#include "writers.h"

#include <stdlib.h>
#include <string.h>

/* -- from a core to operations ----------------------------------------------------------------- */

static void mark_core(const struct steps *steps, const struct core *core, bool *in)
{
    for (size_t i = 0; i < core->count; i++)
        in[steps->place[core->steps[i]]] = true;
}

/* A reader for every write of unknown outcome, since without one it need not have happened; and the
 * writers of all that is read. */
static void close_core(const struct steps *steps, bool *in)
{
    const struct op *ops = steps->history->ops;
    bool changed = true;

    for (uint32_t i = 0; i < steps->count; i++) {
        uint32_t from = steps->at[i].from, place = steps->place[i];
        if (from >= FROM_INITIAL)
            continue;
        uint32_t writer = steps->place[from];
        if (in[writer] && ops[writer].type == OP_INFO && ops[place].type == OP_OK)
            in[place] = true;
    }
    while (changed) {
        changed = false;
        for (uint32_t i = 0; i < steps->count; i++) {
            uint32_t from = steps->at[i].from;
            if (from >= FROM_INITIAL || !in[steps->place[i]] || in[steps->place[from]])
                continue;
            in[steps->place[from]] = changed = true;
        }
    }
}

static bool start_with_core(struct witness *witness, const struct level_case *level_case,
                            const struct core *core)
{
    size_t total = level_case->history->count;
    bool *in = budget_calloc(witness->budget, total + 1, sizeof *in);

    if (!in)
        return false;
    mark_core(&level_case->steps, core, in);
    close_core(&level_case->steps, in);
    witness->count = 0;
    for (size_t i = 0; i < total; i++) {
        if (in[i])
            witness->places[witness->count++] = (uint32_t)i;
    }
    budget_free(witness->budget, in);
    return true;
}

static void start_with_all(struct witness *witness, const struct level_case *level_case)
{
    witness->count = 0;
    for (size_t i = 0; i < level_case->history->count; i++) {
        const struct op *op = &level_case->history->ops[i];
        if (op->type == OP_OK || (op->type == OP_INFO && op->f != OP_F_READ))
            witness->places[witness->count++] = (uint32_t)i;
    }
}

/* -- leaving out ------------------------------------------------------------------------------- */

struct shrinking {
    const struct level_case *level_case;
    enum weak_level level;
    struct witness *witness;
    struct writers writers; /* of the operations that the shrinking began with */
    bool *cut;              /* by slot of writers: some writer of it is left out */
    bool *keep;             /* by place in witness->places */
    uint32_t *candidate;
};

static const struct op *op_at(const struct shrinking *shrinking, size_t i)
{
    return &shrinking->level_case->history->ops[shrinking->witness->places[i]];
}

/* Leave out what reads a value of which a writer was left out. */
static bool leave_out_readers(struct shrinking *shrinking)
{
    bool changed = false;

    for (size_t i = 0; i < shrinking->witness->count; i++) {
        const struct op *op = op_at(shrinking, i);
        value_id reads, writes;
        int access;
        (void)op_access(op, &access, &reads, &writes);
        if ((access & ACCESS_READS) && shrinking->keep[i]) {
            const struct writer_slot *slot = writers_find(&shrinking->writers, op->key, reads);
            if (slot && shrinking->cut[slot - shrinking->writers.slots]) {
                shrinking->keep[i] = false;
                changed = true;
            }
        }
        if ((access & ACCESS_WRITES) && !shrinking->keep[i]) {
            const struct writer_slot *slot = writers_find(&shrinking->writers, op->key, writes);
            bool *cut = &shrinking->cut[slot - shrinking->writers.slots];
            changed |= !*cut;
            *cut = true;
        }
    }
    return changed;
}

/* Whether the violation is still there without places[begin ... end - 1]. If so, they are left out,
 * and *end is where to go on: how many that stood before them are still there. */
static bool leave_out(struct shrinking *shrinking, size_t begin, size_t *end)
{
    struct witness *witness = shrinking->witness;
    size_t count = 0, before = 0;

    memset(shrinking->cut, 0, shrinking->writers.mask + 1);
    for (size_t i = 0; i < witness->count; i++)
        shrinking->keep[i] = i < begin || i >= *end;
    while (leave_out_readers(shrinking))
        ;
    for (size_t i = 0; i < witness->count; i++) {
        before += i < begin && shrinking->keep[i];
        if (shrinking->keep[i])
            shrinking->candidate[count++] = witness->places[i];
    }
    if (count == 0 || level_ask(shrinking->level_case, shrinking->level, shrinking->candidate,
                                count) != JUDGE_VIOLATED)
        return false;
    memcpy(witness->places, shrinking->candidate, count * sizeof *witness->places);
    witness->count = count;
    *end = before;
    return true;
}

/* Halves, quarters, ... single operations, until none can be left out. */
static bool shrink(struct shrinking *shrinking)
{
    struct witness *witness = shrinking->witness;
    size_t chunk = (witness->count + 1) / 2;

    for (;;) {
        bool changed = false;
        for (size_t end = witness->count; end > 0;) {
            size_t begin = end > chunk ? end - chunk : 0;
            if (budget_spent(witness->budget))
                return false;
            if (leave_out(shrinking, begin, &end))
                changed = true;
            else
                end = begin;
        }
        if (chunk == 1 && !changed)
            return true;
        chunk = chunk > 1 ? chunk / 2 : 1;
    }
}

static bool find_writers(struct shrinking *shrinking)
{
    struct witness *witness = shrinking->witness;

    if (!writers_init(&shrinking->writers, witness->count, witness->budget))
        return false;
    for (size_t i = 0; i < witness->count; i++) {
        const struct op *op = op_at(shrinking, i);
        value_id reads, writes;
        int access;
        (void)op_access(op, &access, &reads, &writes);
        if ((access & ACCESS_WRITES) &&
            !writers_add(&shrinking->writers, op->key, writes, witness->places[i]))
            return false;
    }
    return true;
}

static bool shrink_witness(struct witness *witness, const struct level_case *level_case,
                           enum weak_level level)
{
    struct shrinking shrinking = {.level_case = level_case, .level = level, .witness = witness};
    bool done = find_writers(&shrinking);

    if (done) {
        shrinking.cut = budget_alloc(witness->budget, shrinking.writers.mask + 1);
        shrinking.keep = budget_alloc(witness->budget, witness->count + 1);
        shrinking.candidate =
            budget_alloc(witness->budget, (witness->count + 1) * sizeof(uint32_t));
        done = shrinking.cut && shrinking.keep && shrinking.candidate && shrink(&shrinking);
    }
    writers_release(&shrinking.writers);
    budget_free(witness->budget, shrinking.cut);
    budget_free(witness->budget, shrinking.keep);
    budget_free(witness->budget, shrinking.candidate);
    return done;
}

/* -- entry ------------------------------------------------------------------------------------- */

bool witness_find(struct witness *witness, const struct level_case *level_case,
                  enum weak_level level, const struct core *core)
{
    *witness = (struct witness){.budget = level_case->budget};
    witness->places =
        budget_alloc(witness->budget, (level_case->history->count + 1) * sizeof(uint32_t));
    if (!witness->places)
        return false;
    if (core && core->count && start_with_core(witness, level_case, core) &&
        level_ask(level_case, level, witness->places, witness->count) == JUDGE_VIOLATED)
        return shrink_witness(witness, level_case, level);
    start_with_all(witness, level_case);
    return shrink_witness(witness, level_case, level);
}

void witness_release(struct witness *witness)
{
    budget_free(witness->budget, witness->places);
    witness->places = NULL;
}
