/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* prove: hold every level's checker against the brute force, over all small histories and many
 * random ones, and against what must stay true of long ones.
 *
 *     prove [--seed N] [--scale PERCENT] [PART...]
 *
 * A part is named as `prove --list` lists them (sequential/queue), or by what stands before the
 * slash for all of it (sequential); without any, all run. The parts listed are independent:
 *
 *     prove --list | xargs -n 1 -P 2 prove
 *
 * It does not prove an engine right for long histories: there, it demands that an added stale read
 * is found, and that valid histories, with the lines of a recorder, are not refused.
 */
#include "../lib/brute_stale.h"
#include "../lib/engines.h"
#include "../lib/gen.h"
#include "../lib/hist.h"
#include "../lib/implication.h"
#include "../lib/levels.h"
#include "../lib/proof.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct prove {
    uint64_t seed;
    int scale_pct;    /* of the number of random histories */
    const char *only; /* the one model or level to look at; NULL: each */
    uint64_t flaws;
};

static bool is_wanted(const struct prove *prove, const char *name)
{
    return !prove->only || strcmp(prove->only, name) == 0;
}

static int scaled(const struct prove *prove, int count)
{
    return (int)((int64_t)count * prove->scale_pct / 100);
}

static void finish(struct prove *prove, const struct proof *proof, const char *what)
{
    proof_print(proof, what);
    prove->flaws += proof->flaws;
}

static void compare(void *ctx, struct history *history)
{
    proof_compare(ctx, history);
}

/* -- levels of one order: each model --------------------------------------------------------- */

static const struct subject {
    const char *model;
    int initial;
} subjects[] = {
    {"register", 0},       {"register", 2},  {"cas-register", 0},
    {"cas-register", 1},   {"counter", 0},   {"set", 0},
    {"append-list", 0},    {"queue", 0},     {"stack", 0},
    {"priority-queue", 0}, {"mutex", 0},     {"owned-mutex", 0},
    {"semaphore", 0},      {"semaphore", 3}, {"fenced-lock", 0},
    {"reentrant-lock", 0}, {"key-value", 0}, {"multi-register", 0},
};

static void each_subject(struct prove *prove,
                         void (*run)(struct prove *prove, const struct subject *subject))
{
    for (size_t m = 0; m < sizeof subjects / sizeof *subjects; m++) {
        if (is_wanted(prove, subjects[m].model))
            run(prove, &subjects[m]);
    }
}

static void all_small(struct prove *prove, const char *level, const struct subject *subject,
                      int ops)
{
    struct proof proof;
    bool real_time = strcmp(level, "linearizable") == 0;
    struct gen_all space = {.model = subject->model,
                            .ops = ops,
                            .processes = real_time && ops == 4 ? 2 : 3,
                            .keys = 1,
                            .values = 2,
                            .real_time = real_time,
                            .info = true,
                            .fail = ops < 4};
    if (strcmp(subject->model, "multi-register") == 0)
        space.info = ops < 4; /* or there would be a hundred million */
    if (!proof_begin(&proof, level, subject->model, subject->initial))
        return;
    (void)gen_all(&space, compare, &proof);
    if (real_time && ops == 4) {
        space.processes = 0;
        (void)gen_all(&space, compare, &proof);
    }
    char what[32];
    (void)snprintf(what, sizeof what, "all of %d", ops);
    finish(prove, &proof, what);
}

static void random_space(struct rng *rng, const struct proof *proof, struct gen_random *space)
{
    *space = (struct gen_random){.model = proof->model,
                                 .initial = proof->initial,
                                 .ops = 4 + (int)rng_below(rng, 5),
                                 .processes = 1 + (int)rng_below(rng, 8),
                                 .keys = rng_below(rng, 4) == 0 ? 2 : 1,
                                 .values = (int)rng_below(rng, 4),
                                 .info_pct = (int)rng_below(rng, 3) * 15,
                                 .fail_pct = (int)rng_below(rng, 2) * 10,
                                 .still_pct = (int)rng_below(rng, 3) * 25};
}

/* A third each: valid by construction, that with damage, noise. */
static void one_random(struct proof *proof, struct rng *rng, int round)
{
    struct gen_random space;
    struct hist *hist = hist_new("");

    random_space(rng, proof, &space);
    space.lines = round % 2;
    if (round % 3 == 2)
        gen_noise(rng, &space, &hist->history);
    else
        gen_valid(rng, &space, &hist->history);
    for (int i = 0; round % 3 == 1 && i <= (int)rng_below(rng, 2); i++)
        gen_damage(rng, &hist->history);
    proof_compare(proof, &hist->history);
    if (round % 10 == 0)
        proof_retell(proof, rng, &hist->history);
    hist_free(hist);
}

static void random_small(struct prove *prove, const char *level, const struct subject *subject,
                         int count)
{
    struct proof proof;

    if (!proof_begin(&proof, level, subject->model, subject->initial))
        return;
    for (int i = 0; i < scaled(prove, count); i++) {
        struct rng rng;
        rng_init(&rng, prove->seed, (uint64_t)i);
        one_random(&proof, &rng, i);
    }
    finish(prove, &proof, "random");
}

/* Longer than what all orders can be tried of, but with few operations open at a time. */
static void random_medium(struct prove *prove, const char *level, const struct subject *subject,
                          int count)
{
    struct proof proof;

    if (!proof_begin(&proof, level, subject->model, subject->initial))
        return;
    for (int i = 0; i < scaled(prove, count); i++) {
        struct rng rng;
        rng_init(&rng, prove->seed, (uint64_t)i);
        struct gen_random space = {.model = subject->model,
                                   .initial = subject->initial,
                                   .ops = 12 + (int)rng_below(&rng, 20),
                                   .processes = 2 + (int)rng_below(&rng, 3),
                                   .keys = 1 + (int)rng_below(&rng, 2),
                                   .values = (int)rng_below(&rng, 2) * 3,
                                   .info_pct = (int)rng_below(&rng, 2) * 8,
                                   .fail_pct = 5,
                                   .still_pct = 10,
                                   .lines = i % 8 >= 4};
        struct hist *hist = hist_new("");
        gen_valid(&rng, &space, &hist->history);
        for (int k = 0; k < i % 4; k++)
            gen_damage(&rng, &hist->history);
        proof_compare(&proof, &hist->history);
        hist_free(hist);
    }
    finish(prove, &proof, "random, longer");
}

static void linearizable_of(struct prove *prove, const struct subject *subject)
{
    for (int ops = 1; ops <= 4; ops++)
        all_small(prove, "linearizable", subject, ops);
    random_small(prove, "linearizable", subject, 100000);
    random_medium(prove, "linearizable", subject, 5000);
}

static void part_linearizable(struct prove *prove)
{
    each_subject(prove, linearizable_of);
}

static void sequential_of(struct prove *prove, const struct subject *subject)
{
    for (int ops = 1; ops <= 4; ops++)
        all_small(prove, "sequential", subject, ops);
    random_small(prove, "sequential", subject, 50000);
    random_medium(prove, "sequential", subject, 2000);
}

static void part_sequential(struct prove *prove)
{
    each_subject(prove, sequential_of);
}

/* -- engines: each search by itself --------------------------------------------------------------
 */

static void compare_engines(void *ctx, struct history *history)
{
    engines_compare(ctx, history);
}

static void engines_of(struct prove *prove, const struct subject *subject)
{
    struct proof proof;

    if (!proof_begin(&proof, "linearizable", subject->model, subject->initial))
        return;
    for (int ops = 1; ops <= 3; ops++) {
        struct gen_all space = {.model = subject->model,
                                .ops = ops,
                                .keys = 1,
                                .values = 2,
                                .real_time = true,
                                .info = true};
        (void)gen_all(&space, compare_engines, &proof);
    }
    for (int i = 0; i < scaled(prove, 30000); i++) {
        struct gen_random space;
        struct hist *hist = hist_new("");
        struct rng rng;
        rng_init(&rng, prove->seed, (uint64_t)i);
        random_space(&rng, &proof, &space);
        space.keys = 1;
        space.values = 1 + i % 3;
        space.ops += i % 3 * 3;
        if (i % 2)
            gen_noise(&rng, &space, &hist->history);
        else
            gen_valid(&rng, &space, &hist->history);
        if (i % 4 == 2)
            gen_damage(&rng, &hist->history);
        engines_compare(&proof, &hist->history);
        hist_free(hist);
    }
    finish(prove, &proof, "each engine");
}

static void part_engines(struct prove *prove)
{
    each_subject(prove, engines_of);
}

/* -- levels of many orders: reads and writes ------------------------------------------------- */

static void one_weak(struct proof *proof, struct rng *rng, int round, int least_ops)
{
    struct gen_random space = {.model = "register",
                               .ops = least_ops + (int)rng_below(rng, 5),
                               .processes = 2 + (int)rng_below(rng, 3),
                               .keys = 1 + (int)rng_below(rng, 2),
                               .lag_pct = 30 + (int)rng_below(rng, 60),
                               .info_pct = (int)rng_below(rng, 2) * 15,
                               .fail_pct = (int)rng_below(rng, 2) * 10};
    struct hist *hist = hist_new("");

    if (round % 3 == 2 && least_ops < 8)
        gen_noise(rng, &space, &hist->history);
    else
        gen_weak(rng, &space, (enum gen_store)rng_below(rng, GEN_STORES), &hist->history);
    for (int i = 0; round % 3 == 1 && i <= (int)rng_below(rng, 2); i++)
        gen_damage(rng, &hist->history);
    proof_compare(proof, &hist->history);
    if (round % 10 == 0)
        proof_retell(proof, rng, &hist->history);
    hist_free(hist);
}

static void weak_level(struct prove *prove, const char *level)
{
    struct proof proof;

    if (!proof_begin(&proof, level, "register", 0))
        return;
    for (int ops = 1; ops <= 4; ops++) {
        struct gen_all space = {
            .ops = ops, .processes = 4, .keys = 2, .info = true, .fail = ops < 4};
        (void)gen_all_distinct(&space, compare, &proof);
    }
    finish(prove, &proof, "all of 1 to 4");
    (void)proof_begin(&proof, level, "register", 0);
    for (int ops = 5; ops <= 6; ops++) {
        struct gen_all space = {.ops = ops, .processes = 3, .keys = 2, .plausible = true};
        (void)gen_all_distinct(&space, compare, &proof);
    }
    finish(prove, &proof, "all plausible of 5, 6");
    (void)proof_begin(&proof, level, "register", 0);
    for (int i = 0; i < scaled(prove, 150000); i++) {
        struct rng rng;
        rng_init(&rng, prove->seed, (uint64_t)i);
        one_weak(&proof, &rng, i, 4);
    }
    finish(prove, &proof, "random, distinct");
    (void)proof_begin(&proof, level, "register", 0);
    for (int i = 0; i < scaled(prove, 30000); i++) {
        struct rng rng;
        rng_init(&rng, prove->seed, (uint64_t)i);
        one_weak(&proof, &rng, i, 12 + i % 12);
    }
    finish(prove, &proof, "random, longer");
    random_small(prove, level, &subjects[0], 20000);
}

static void part_weak(struct prove *prove)
{
    for (int level = LEVEL_SEQUENTIAL; level < LEVELS; level++) {
        if (is_wanted(prove, level_names[level]))
            weak_level(prove, level_names[level]);
    }
}

/* -- implications --------------------------------------------------------------------------- */

static void note_levels(void *ctx, struct history *history)
{
    implications_note(ctx, history);
}

static void note_corpus(struct implications *all)
{
    glob_t found;

    if (glob("tests/corpus/*.hist", 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct hist *hist = hist_load(found.gl_pathv[i]);
        if (strcmp(hist->model, "register") == 0 && !hist->initial[0])
            implications_note(all, &hist->history);
        hist_free(hist);
    }
    globfree(&found);
}

static void part_implications(struct prove *prove)
{
    struct implications *all = calloc(1, sizeof *all);

    if (!all)
        abort();
    implications_init(all);
    for (int ops = 1; ops <= 4; ops++) {
        struct gen_all space = {.ops = ops, .processes = 3, .keys = 2};
        (void)gen_all_distinct(&space, note_levels, all);
    }
    for (int i = 0; i < scaled(prove, 100000); i++) {
        struct gen_random space = {.ops = 5 + i % 4, .processes = 3, .keys = 2, .lag_pct = 75};
        struct hist *hist = hist_new("");
        struct rng rng;
        rng_init(&rng, prove->seed, (uint64_t)i);
        gen_weak(&rng, &space, (enum gen_store)(i % GEN_STORES), &hist->history);
        implications_note(all, &hist->history);
        hist_free(hist);
    }
    note_corpus(all);
    prove->flaws += implications_finish(all);
    free(all);
}

/* -- long histories -------------------------------------------------------------------------- */

static void long_history(struct proof *proof, uint64_t seed, int ops, bool unknowns)
{
    struct gen_random space = {.model = "register",
                               .ops = ops,
                               .processes = 8,
                               .keys = 3,
                               .info_pct = unknowns ? 3 : 0,
                               .fail_pct = 3,
                               .still_pct = 20,
                               .lines = true};
    struct hist *hist = hist_new("");
    struct rng rng;

    char why[80];
    rng_init(&rng, seed, (uint64_t)ops);
    gen_valid(&rng, &space, &hist->history);
    (void)snprintf(why, sizeof why, "%d operations, seed %" PRIu64, ops, seed);
    proof_demand(proof, &hist->history, VERDICT_VALID, why);
    if (!gen_add_stale_read(&rng, proof->level, &hist->history))
        abort();
    (void)snprintf(why, sizeof why, "%d operations, seed %" PRIu64 ", and a stale read", ops, seed);
    proof_demand(proof, &hist->history, VERDICT_INVALID, why);
    hist_free(hist);
}

/* More is taken for a failure to decide. */
#define LONG_LIMIT_NS INT64_C(20000000000)

/* Of less time, where nothing is promised. */
#define LENIENT_LIMIT_NS INT64_C(1000000000)

/* Leave out what looks at a queue, stack or priority queue without taking: a history stays valid
 * without. The methods for distinct elements know insertions and removals alone. */
static void drop_peeks(struct history *history)
{
    size_t kept = 0;

    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].f != OP_F_PEEK)
            history->ops[kept++] = history->ops[i];
    }
    history->count = kept;
}

static bool has_elements(const char *model)
{
    return strcmp(model, "queue") == 0 || strcmp(model, "stack") == 0 ||
           strcmp(model, "priority-queue") == 0;
}

/* Judged by a search however distinct the values are: with hundreds of calls of unknown outcome it
 * may not end. */
static bool is_searched(const char *model)
{
    return strcmp(model, "key-value") == 0 || strcmp(model, "multi-register") == 0;
}

/* Every model: valid as it is, and not with something added that cannot be. A verdict is owed where
 * written values are distinct, and where no removal of an element is unknown; of what is searched,
 * up to a thousand and some hundred operations. */
static void long_objects(struct prove *prove, const struct subject *subject)
{
    struct proof proof;

    if (!proof_begin(&proof, "linearizable", subject->model, subject->initial))
        return;
    for (int i = 0; i < scaled(prove, 40); i++) {
        struct gen_random space = {.model = subject->model,
                                   .initial = subject->initial,
                                   .ops = i % 10 == 9 ? 20000 : 100 << (i % 5),
                                   .processes = 2 + i % 6,
                                   .keys = 1 + i % 2,
                                   .values = i % 4 == 3 ? 3 : 0,
                                   .info_pct = i % 2 ? 1 : 0,
                                   .fail_pct = 3,
                                   .still_pct = 10,
                                   .lines = true};
        struct hist *hist = hist_new("");
        struct rng rng;
        rng_init(&rng, prove->seed, (uint64_t)i);
        gen_valid(&rng, &space, &hist->history);
        if (has_elements(subject->model))
            drop_peeks(&hist->history);
        bool is_hard =
            has_elements(subject->model) || (is_searched(subject->model) && space.ops > 2000);
        proof.lenient = space.values != 0 || (is_hard && space.info_pct);
        proof.limit_ns = proof.lenient ? LENIENT_LIMIT_NS : LONG_LIMIT_NS;
        char why[80];
        (void)snprintf(why, sizeof why, "an object that works, history %d of %d operations", i,
                       space.ops);
        proof_demand(&proof, &hist->history, VERDICT_VALID, why);
        if (space.info_pct == 0 && space.values == 0) {
            gen_add_impossible(&rng, subject->model, &hist->history);
            (void)snprintf(why, sizeof why,
                           "something impossible added, history %d of %d operations", i, space.ops);
            proof_demand(&proof, &hist->history, VERDICT_INVALID, why);
        }
        hist_free(hist);
    }
    finish(prove, &proof, "long, impossible added");
}

static void part_long(struct prove *prove)
{
    each_subject(prove, long_objects);
    for (int level = 0; level < LEVELS; level++) {
        struct proof proof;
        if (!is_wanted(prove, level_names[level]) ||
            !proof_begin(&proof, level_names[level], "register", 0))
            continue;
        proof.limit_ns = LONG_LIMIT_NS;
        for (int ops = 100; ops <= 100000; ops *= 10) {
            int rounds = ops >= 100000 ? 2 : ops >= 10000 ? 5 : 50;
            for (int i = 0; i < rounds; i++)
                long_history(&proof, prove->seed + (uint64_t)i, ops, i % 2 == 1);
        }
        finish(prove, &proof, "long, stale read added");
    }
}

/* What a store of some level gives is never refused at that level. */
static void part_stores(struct prove *prove)
{
    static const enum level levels[GEN_STORES] = {LEVEL_CAUSAL, LEVEL_CCV, LEVEL_PRAM,
                                                  LEVEL_READ_YOUR_WRITES};
    for (int store = 0; store < GEN_STORES; store++) {
        for (int level = 0; level < LEVELS; level++) {
            struct proof proof;
            if (!is_wanted(prove, level_names[level]) ||
                !level_implies(levels[store], (enum level)level) ||
                !proof_begin(&proof, level_names[level], "register", 0))
                continue;
            for (int i = 0; i < scaled(prove, 200); i++) {
                struct gen_random space = {.ops = 20 + 10 * (i % 100),
                                           .processes = 2 + i % 8,
                                           .keys = 1 + i % 5,
                                           .lag_pct = 30 + i % 60,
                                           .info_pct = i % 2 * 2};
                struct hist *hist = hist_new("");
                struct rng rng;
                rng_init(&rng, prove->seed, (uint64_t)i);
                gen_weak(&rng, &space, (enum gen_store)store, &hist->history);
                proof_demand(&proof, &hist->history, VERDICT_VALID, "a store that keeps its level");
                hist_free(hist);
            }
            finish(prove, &proof, "replicated stores");
        }
    }
}

/* -- staleness ------------------------------------------------------------------------------ */

static void compare_stale(void *ctx, struct history *history)
{
    struct prove *prove = ctx;
    const char *flaw = brute_stale_compare(history, VALUE_NIL);

    if (!flaw || prove->flaws++ >= PROOF_SHOWN)
        return;
    fprintf(stderr, "# FLAW: staleness: %s\n", flaw);
    hist_dump(history);
}

static void one_stale(struct prove *prove, int round)
{
    struct gen_random space = {.model = round % 4 ? "register" : "cas-register",
                               .ops = 4 + round % 6,
                               .processes = 1 + round % 7,
                               .keys = 1 + (round % 5 == 0),
                               .info_pct = round % 2 * 15,
                               .fail_pct = 5,
                               .still_pct = round % 3 * 20,
                               .lag_pct = 80};
    struct hist *hist = hist_new("");
    struct rng rng;

    rng_init(&rng, prove->seed, (uint64_t)round);
    if (round % 3 == 0)
        gen_noise(&rng, &space, &hist->history);
    else if (round % 3 == 1)
        gen_valid(&rng, &space, &hist->history);
    else
        gen_weak(&rng, &space, GEN_ANY, &hist->history);
    for (int i = 0; round % 3 == 1 && i < round % 4; i++)
        gen_damage(&rng, &hist->history);
    compare_stale(prove, &hist->history);
    hist_free(hist);
}

static void part_staleness(struct prove *prove)
{
    const struct brute_stale_counts *counts = &brute_stale_counts;

    for (int ops = 1; ops <= 4; ops++) {
        struct gen_all space = {.model = ops < 4 ? "cas-register" : "register",
                                .ops = ops,
                                .processes = ops < 4 ? 3 : 2,
                                .keys = 1,
                                .values = ops < 3 ? 2 : 3,
                                .real_time = true,
                                .info = ops < 4,
                                .fail = ops < 3};
        (void)gen_all(&space, compare_stale, prove);
    }
    for (int i = 0; i < scaled(prove, 1000000); i++)
        one_stale(prove, i);
    printf("%-20s %-15s %-24s %9" PRIu64 " compared: %" PRIu64 " stale, %" PRIu64
           " with k > 2, %" PRIu64 " not exact, %" PRIu64 " impossible, %" PRIu64
           " undecided; %" PRIu64 " flaws\n",
           "staleness", "cas-register", "all of 1 to 4, random", counts->compared, counts->stale,
           counts->beyond_two, counts->bounded, counts->impossible, counts->undecided,
           prove->flaws);
}

/* -- main ------------------------------------------------------------------------------------ */

enum division { WHOLE = 0, BY_MODEL = 1, BY_LEVEL = 2 };

static const struct part {
    const char *name;
    void (*run)(struct prove *prove);
    unsigned division;
    enum level strongest; /* BY_LEVEL */
} parts[] = {
    {"linearizable", part_linearizable, BY_MODEL, 0}, {"sequential", part_sequential, BY_MODEL, 0},
    {"weak", part_weak, BY_LEVEL, LEVEL_SEQUENTIAL},  {"implications", part_implications, WHOLE, 0},
    {"stores", part_stores, BY_LEVEL, LEVEL_CAUSAL},  {"engines", part_engines, BY_MODEL, 0},
    {"long", part_long, BY_MODEL | BY_LEVEL, 0},      {"staleness", part_staleness, WHOLE, 0},
};

static bool divides(const struct part *part, const char *name)
{
    for (size_t m = 0; m < sizeof subjects / sizeof *subjects && part->division & BY_MODEL; m++) {
        if (strcmp(subjects[m].model, name) == 0)
            return true;
    }
    for (int level = (int)part->strongest; level < LEVELS && part->division & BY_LEVEL; level++) {
        if (strcmp(level_names[level], name) == 0)
            return true;
    }
    return false;
}

static void list_part(const struct part *part)
{
    if (part->division == WHOLE)
        puts(part->name);
    for (size_t m = 0; m < sizeof subjects / sizeof *subjects && part->division & BY_MODEL; m++) {
        if (m == 0 || strcmp(subjects[m - 1].model, subjects[m].model) != 0)
            printf("%s/%s\n", part->name, subjects[m].model);
    }
    for (int level = (int)part->strongest; level < LEVELS && part->division & BY_LEVEL; level++)
        printf("%s/%s\n", part->name, level_names[level]);
}

static bool is_named(const struct part *part, const char *name, const char **only)
{
    size_t length = strlen(part->name);

    *only = NULL;
    if (strncmp(part->name, name, length) != 0)
        return false;
    if (name[length] == '/')
        *only = name + length + 1;
    return *only ? divides(part, *only) : name[length] == '\0';
}

static void run_part(struct prove *prove, const char *name)
{
    bool found = false;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (name && !is_named(&parts[i], name, &prove->only))
            continue;
        parts[i].run(prove);
        found = true;
    }
    if (!found) {
        fprintf(stderr, "no part '%s'; prove --list lists them\n", name);
        exit(254);
    }
}

int main(int argc, char **argv)
{
    struct prove prove = {.seed = 1, .scale_pct = 100};
    int64_t number;
    int at = 1;

    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        bool has_number = at + 1 < argc && str_to_int(str_of(argv[at + 1]), &number);
        if (strcmp(argv[at], "--list") == 0) {
            for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
                list_part(&parts[i]);
            return 0;
        }
        if (has_number && strcmp(argv[at], "--seed") == 0) {
            prove.seed = (uint64_t)number;
        } else if (has_number && strcmp(argv[at], "--scale") == 0) {
            prove.scale_pct = (int)number;
        } else {
            fprintf(stderr, "usage: prove [--list] [--seed N] [--scale PERCENT] [PART...]\n");
            return 254;
        }
        at++;
    }
    printf("seed %" PRIu64 "\n", prove.seed);
    if (at == argc)
        run_part(&prove, NULL);
    for (; at < argc; at++)
        run_part(&prove, argv[at]);
    if (prove.flaws)
        fprintf(stderr, "%" PRIu64 " flaws\n", prove.flaws);
    return prove.flaws ? 1 : 0;
}
