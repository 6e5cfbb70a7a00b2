/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* linearizable.c - every object behaves as if each operation took effect at one moment between its
 * invocation and its completion.
 *
 * Linearizability is local (Herlihy and Wing 1990, theorem 1): every key is judged alone, several
 * at a time: first with little effort, then those that need it with more. The theorem needs an
 * order of intervals. Where operations of one process on several keys touch at equal time stamps
 * there is none, and unless the order of the lines explains the history too, all keys are searched
 * together.
 */
#include "../harness/checker.h"
#include "engine/explain.h"
#include "engine/judge.h"
#include "engine/keys.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { ANOMALIES_MAX = 10, UNDECIDED_MAX = 20 };

/* What the threads share. */
struct work {
    const struct history *history;
    const struct model *model;
    value_id initial;
    struct budget *budget;
    struct keys keys;
    struct solve_effort effort; /* for each object, in this round */
    size_t part_bytes;          /* that each may use; 0: no limit */
    uint32_t *todo;             /* keys to judge in this round */
    uint32_t todo_count;
    _Atomic uint32_t next;
    pthread_mutex_t lock; /* of what follows */
    struct finding *finding;
    struct err *err;
    bool failed;
    uint32_t *later; /* keys that need more effort than this round's */
    uint32_t later_count;
    uint32_t *placed; /* by key: the most operations that some order was found for */
    uint32_t verdicts[3];
    bool *alone; /* by key: valid by itself, but not by the order of the lines: see keys.h */
    uint32_t engines[JUDGE_ENGINES];
    uint64_t configurations;
    struct buf undecided; /* JSON objects */
    uint32_t undecided_count;
    char reason[160]; /* of the first that is undecided */
};

static void print_key(const struct work *work, uint32_t key, struct buf *buf)
{
    values_print(&work->history->values, work->keys.keys[key], buf);
}

/* An anomaly from a witness. */
static int report(struct work *work, const struct excerpt *witness)
{
    struct buf text;

    buf_init(&text, 0);
    explain_excerpt(witness, work->budget, &text);
    int result = finding_add(work->finding, "nonlinearizable", witness->places, witness->count,
                             true, text.ptr ? text.ptr : "", work->err);
    buf_release(&text);
    return result;
}

static void note_undecided(struct work *work, uint32_t key, const struct judgement *judgement)
{
    if (judgement->cut_short && !budget_spent(work->budget)) {
        work->later[work->later_count++] = key;
        return;
    }
    work->verdicts[VERDICT_UNKNOWN]++;
    work->engines[judgement->engine]++;
    if (work->undecided_count++ == 0)
        (void)snprintf(work->reason, sizeof work->reason, "%s", judgement->reason);
    if (work->undecided_count > UNDECIDED_MAX)
        return;
    struct buf *buf = &work->undecided;
    buf_json_next(buf, NULL);
    buf_puts(buf, "{");
    buf_json_next(buf, "key");
    print_key(work, key, buf);
    buf_json_str(buf, "reason", str_of(judgement->reason));
    buf_json_int(buf, "placed", work->placed[key]);
    buf_json_int(buf, "operations", work->keys.starts[key + 1] - work->keys.starts[key]);
    buf_puts(buf, "}");
}

static void note(struct work *work, uint32_t key, const struct judgement *judgement)
{
    (void)pthread_mutex_lock(&work->lock);
    work->configurations += judgement->configurations;
    if (judgement->placed > work->placed[key])
        work->placed[key] = judgement->placed;
    if (judgement->verdict == VERDICT_UNKNOWN) {
        note_undecided(work, key, judgement);
    } else {
        work->verdicts[judgement->verdict]++;
        work->engines[judgement->engine]++;
        work->alone[key] = judgement->verdict == VERDICT_VALID && judgement->alone;
    }
    if (judgement->verdict == VERDICT_INVALID && work->verdicts[VERDICT_INVALID] <= ANOMALIES_MAX &&
        report(work, &judgement->witness) < 0)
        work->failed = true;
    (void)pthread_mutex_unlock(&work->lock);
}

static void *judge_keys(void *ctx)
{
    struct work *work = ctx;
    uint32_t at;

    while ((at = atomic_fetch_add(&work->next, 1)) < work->todo_count) {
        uint32_t key = work->todo[at];
        struct object_source source = {.history = work->history,
                                       .model = work->model,
                                       .initial = work->initial,
                                       .places = work->keys.places + work->keys.starts[key],
                                       .count = work->keys.starts[key + 1] - work->keys.starts[key],
                                       .begin_place = PLACE_NONE};
        struct judgement judgement;
        struct budget part;
        budget_init_part(&part, work->budget, work->part_bytes);
        judge_object(&source, &work->keys, &work->effort, &part, &judgement);
        note(work, key, &judgement);
        excerpt_release(&judgement.witness, &part);
    }
    return NULL;
}

enum { THREADS_MAX = 64 };

static int thread_count(int threads)
{
    if (threads <= 0)
        threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    return threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
}

static void run_threads(struct work *work, int threads)
{
    pthread_t ids[THREADS_MAX];
    int started = 0;

    if ((uint32_t)threads > work->todo_count)
        threads = (int)work->todo_count;
    size_t used = atomic_load(&work->budget->used_bytes), limit = work->budget->limit_bytes;
    work->part_bytes = limit > used ? (limit - used) / (size_t)threads + 1 : limit;
    work->later_count = 0;
    atomic_store(&work->next, 0);
    while (started < threads - 1 && pthread_create(&ids[started], NULL, judge_keys, work) == 0)
        started++;
    (void)judge_keys(work);
    for (int i = 0; i < started; i++)
        (void)pthread_join(ids[i], NULL);
}

/* How many configurations an object may take in the first round; eight times as many in each that
 * follows, and in the last one whatever the budget has. */
enum { STEPS_FIRST = 1 << 17, STEPS_SHIFT = 3, ROUNDS_MAX = 5 };

/* A few objects that are hard must not use up what all others need. False when the budget does not
 * even allow to begin. */
static bool judge_all(struct work *work, int threads)
{
    size_t size = ((size_t)work->keys.count + 1) * sizeof(uint32_t);

    threads = thread_count(threads);
    work->todo = budget_alloc(work->budget, size);
    work->later = budget_alloc(work->budget, size);
    work->placed = budget_calloc(work->budget, 1, size);
    work->alone = budget_calloc(work->budget, (size_t)work->keys.count + 1, sizeof *work->alone);
    if (!work->todo || !work->later || !work->placed || !work->alone)
        return false;
    for (uint32_t key = 0; key < work->keys.count; key++)
        work->todo[work->todo_count++] = key;
    for (int round = 0; work->todo_count > 0; round++) {
        bool is_last = work->todo_count == 1 || round == ROUNDS_MAX ||
                       (round > 0 && work->todo_count <= (uint32_t)threads);
        work->effort.steps = is_last ? 0 : (uint64_t)STEPS_FIRST << (STEPS_SHIFT * round);
        work->effort.threads = work->todo_count == 1 ? threads : 1;
        run_threads(work, threads);
        uint32_t *swap = work->todo;
        work->todo = work->later;
        work->later = swap;
        work->todo_count = work->later_count;
    }
    return true;
}

/* Objects that have orders one by one may have none together. */
static void judge_group(struct work *work, uint32_t group)
{
    struct object_source source = {.history = work->history,
                                   .model = work->model,
                                   .initial = work->initial,
                                   .begin_place = PLACE_NONE};
    struct judgement judgement;

    judge_together(&source, &work->keys, group, &work->effort, work->budget, &judgement);
    work->configurations += judgement.configurations;
    if (judgement.verdict == VERDICT_UNKNOWN && work->finding->valid == VERDICT_VALID)
        finding_set(work->finding, VERDICT_UNKNOWN,
                    "each object is linearizable, but whether all are together is undecided, as "
                    "operations of one process touch at equal time stamps: %s",
                    judgement.reason);
    if (judgement.verdict == VERDICT_INVALID) {
        finding_set(work->finding, VERDICT_INVALID,
                    "each object is linearizable, but not all are together");
        work->failed = report(work, &judgement.witness) < 0 || work->failed;
    }
    excerpt_release(&judgement.witness, work->budget);
}

/* Once each object is valid: those that ties hold together, unless the lines explain each. */
static void judge_groups(struct work *work, int threads)
{
    const uint32_t *groups = work->keys.groups;
    bool *asks = work->alone; /* by group; a group is named after one of its keys */

    for (uint32_t key = 0; key < work->keys.count && groups; key++)
        asks[groups[key]] = asks[groups[key]] || work->alone[key];
    work->effort = (struct solve_effort){.threads = thread_count(threads)};
    for (uint32_t key = 0; key < work->keys.count && groups; key++) {
        if (groups[key] == key && asks[key])
            judge_group(work, key);
    }
}

static void set_verdict(const struct work *work, struct finding *finding)
{
    const char *plural = work->keys.count == 1 ? "" : "s";

    if (work->verdicts[VERDICT_INVALID])
        finding_set(finding, VERDICT_INVALID,
                    "%" PRIu32 " of %" PRIu32 " object%s not linearizable",
                    work->verdicts[VERDICT_INVALID], work->keys.count,
                    work->keys.count == 1 ? " is" : "s are");
    else if (work->verdicts[VERDICT_UNKNOWN])
        finding_set(finding, VERDICT_UNKNOWN, "%" PRIu32 " of %" PRIu32 " object%s undecided: %s",
                    work->verdicts[VERDICT_UNKNOWN], work->keys.count, plural, work->reason);
    else
        finding_set(finding, VERDICT_VALID, "%s", "");
}

static void print_details(const struct work *work, struct buf *details)
{
    buf_json_str(details, "model", str_of(work->model->name));
    buf_json_int(details, "objects", work->keys.count);
    buf_json_int(details, "valid_objects", work->verdicts[VERDICT_VALID]);
    buf_json_int(details, "operations", work->keys.starts[work->keys.count]);
    buf_json_int(details, "configurations", (int64_t)work->configurations);
    buf_json_next(details, "engines");
    buf_puts(details, "{");
    for (int i = 0; i < JUDGE_ENGINES; i++) {
        if (work->engines[i])
            buf_json_int(details, judge_engine_names[i], work->engines[i]);
    }
    buf_puts(details, "}");
    if (work->undecided_count) {
        buf_json_next(details, "undecided");
        buf_puts(details, "[");
        buf_add(details, work->undecided.ptr, work->undecided.len);
        buf_puts(details, "]");
    }
}

static bool has_success(const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type == OP_OK)
            return true;
    }
    return false;
}

/* The model asked for, or the one that fits. NULL: the finding says why there is none. */
static const struct model *choose_model(const struct history *history, const char *name,
                                        struct finding *finding)
{
    struct err err;
    const struct model *model = name ? model_find(name) : model_infer(history, &err);

    if (name && !model)
        finding_set(finding, VERDICT_UNKNOWN, "there is no model '%s'", name);
    else if (!model)
        finding_set(finding, VERDICT_UNKNOWN, "%s", err.msg);
    else if (model_accepts(model, history, &err) < 0) {
        finding_set(finding, VERDICT_UNKNOWN, "%s", err.msg);
        model = NULL;
    }
    return model;
}

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    if (!has_success(history)) {
        finding_set(finding, VERDICT_UNKNOWN, "no operation succeeded, so that nothing was tried");
        return 0;
    }
    struct work work = {.history = history, .budget = budget, .finding = finding, .err = err};
    work.model = choose_model(history, options->model, finding);
    if (!work.model)
        return 0;
    work.initial = options->initial;
    if (keys_init(&work.keys, history, budget, err) < 0) {
        keys_release(&work.keys);
        finding_set(finding, VERDICT_UNKNOWN, "%s", err->msg);
        return 0;
    }
    (void)pthread_mutex_init(&work.lock, NULL);
    buf_init(&work.undecided, 0);
    if (judge_all(&work, options->threads)) {
        set_verdict(&work, finding);
        if (finding->valid == VERDICT_VALID)
            judge_groups(&work, options->threads);
        print_details(&work, &finding->details);
    } else {
        finding_set(finding, VERDICT_UNKNOWN, "%s", budget_reason(budget));
    }
    budget_free(budget, work.todo);
    budget_free(budget, work.later);
    budget_free(budget, work.placed);
    budget_free(budget, work.alone);
    buf_release(&work.undecided);
    (void)pthread_mutex_destroy(&work.lock);
    keys_release(&work.keys);
    return work.failed ? -1 : 0;
}

const struct checker checker_linearizable = {
    .name = "linearizable",
    .about = "each operation takes effect at one moment of its own time",
    .is_level = true,
    .check = check,
};
