/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* linearizable.c - every object behaves as if each operation took effect at one moment between its
 * invocation and its completion.
 *
 * Linearizability is local (Herlihy and Wing 1990, theorem 1): every key is judged alone, several
 * at a time, and given up as soon as it is judged. The theorem needs an order of intervals.
 * Where operations of one process on several keys touch at equal time stamps there is none, and
 * unless the order of the lines explains the history too, all keys are searched together.
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
    struct solve_effort effort; /* for each object */
    _Atomic uint32_t next;
    pthread_mutex_t lock; /* of what follows */
    struct finding *finding;
    struct err *err;
    bool failed;
    uint32_t verdicts[3];
    uint32_t alone; /* valid by themselves only */
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
    buf_json_int(buf, "placed", judgement->placed);
    buf_json_int(buf, "operations", work->keys.starts[key + 1] - work->keys.starts[key]);
    buf_puts(buf, "}");
}

static void note(struct work *work, uint32_t key, struct judgement *judgement)
{
    (void)pthread_mutex_lock(&work->lock);
    work->verdicts[judgement->verdict]++;
    work->engines[judgement->engine]++;
    work->alone += judgement->verdict == VERDICT_VALID && judgement->alone;
    work->configurations += judgement->configurations;
    if (judgement->verdict == VERDICT_UNKNOWN)
        note_undecided(work, key, judgement);
    if (judgement->verdict == VERDICT_INVALID && work->verdicts[VERDICT_INVALID] <= ANOMALIES_MAX &&
        report(work, &judgement->witness) < 0)
        work->failed = true;
    (void)pthread_mutex_unlock(&work->lock);
    excerpt_release(&judgement->witness, work->budget);
}

static void *judge_keys(void *ctx)
{
    struct work *work = ctx;
    uint32_t key;

    while ((key = atomic_fetch_add(&work->next, 1)) < work->keys.count) {
        struct object_source source = {.history = work->history,
                                       .model = work->model,
                                       .initial = work->initial,
                                       .places = work->keys.places + work->keys.starts[key],
                                       .count = work->keys.starts[key + 1] - work->keys.starts[key],
                                       .begin_place = PLACE_NONE};
        struct judgement judgement;
        judge_object(&source, &work->keys, &work->effort, work->budget, &judgement);
        note(work, key, &judgement);
    }
    return NULL;
}

enum { THREADS_MAX = 64 };

static void run_threads(struct work *work, int threads)
{
    pthread_t ids[THREADS_MAX];
    int started = 0;

    if (threads <= 0)
        threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    work->effort.threads = work->keys.count == 1 ? threads : 1;
    if ((uint32_t)threads > work->keys.count)
        threads = (int)work->keys.count;
    while (started < threads - 1 && pthread_create(&ids[started], NULL, judge_keys, work) == 0)
        started++;
    (void)judge_keys(work);
    for (int i = 0; i < started; i++)
        (void)pthread_join(ids[i], NULL);
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
    work.initial = model_value(history, options->initial);
    if (keys_init(&work.keys, history, budget, err) < 0) {
        keys_release(&work.keys);
        finding_set(finding, VERDICT_UNKNOWN, "%s", err->msg);
        return 0;
    }
    (void)pthread_mutex_init(&work.lock, NULL);
    buf_init(&work.undecided, 0);
    run_threads(&work, options->threads);
    set_verdict(&work, finding);
    print_details(&work, &finding->details);
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
