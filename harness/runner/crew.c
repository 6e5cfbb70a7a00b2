/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crew.c - see crew.h.
 *
 * A worker's place in the crew (struct worker) is owned by one attempt at a time: the thread that
 * works there. The attempt is marked ATTEMPT_WAITING while its client is away with an operation,
 * and whoever moves it from there by compare-and-swap owns the worker: the thread itself when the
 * client returns, or crew_watch when it has waited long enough.
 */
#include "crew.h"

#include "../base/clock.h"
#include "../base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum attempt_state { ATTEMPT_WORKING, ATTEMPT_WAITING, ATTEMPT_GIVEN_UP };

#define PATIENCE_NS NS_PER_SEC /* after an operation's deadline */

/* Before a worker tries a node again that it could not reach: a dead node must not fill the record
 * with refusals, nor its worker the machine. */
#define UNREACHABLE_WAIT_NS (20 * NS_PER_MS)

struct attempt {
    struct worker *worker; /* not to be touched once given up */
    const struct target *target;
    struct client *client; /* NULL: not open */
    struct client_op op;
    _Atomic int state;
    _Atomic int64_t deadline_ns;
    pthread_t thread;
};

struct worker {
    struct crew *crew;
    int index, node;
    int32_t process;
    struct rng rng;
    struct generator generator;
    int64_t final_sequence;
    int64_t next_ns; /* when its next operation is due, if there is a rate */
    struct attempt *attempt;
    bool record_failed;
    _Atomic uint64_t counts[4];                /* by enum op_type */
    _Atomic int64_t ok_invoked_ns[OP_F_KNOWN]; /* of the last success; -1: none */
    _Atomic int done_phase; /* the phase in which it has nothing more to do; -1: none */
};

struct crew {
    struct cluster *cluster;
    struct record *record;
    const struct test *test;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* the phase */
    _Atomic int phase;
    int worker_count, given_up;
    struct worker workers[];
};

/* -- one operation -------------------------------------------------------------------------------
 */

static void record_completion(struct worker *worker, const struct client_op *op,
                              const struct op_value *value, const char *error)
{
    struct record *record = worker->crew->record;
    struct record_event event = {.time_ns = record_time(record, worker->index),
                                 .key = op->key,
                                 .value = *value,
                                 .error = str_of(error),
                                 .process = worker->process,
                                 .type = (uint8_t)op->outcome,
                                 .f = op->f,
                                 .node = (uint8_t)worker->node};

    (void)record_op(record, worker->index, &event);
    atomic_fetch_add_explicit(&worker->counts[op->outcome], 1, memory_order_relaxed);
    if (op->outcome == OP_INFO)
        worker->process += worker->crew->worker_count;
}

/* What the record shows for a completion: what came back, else what was asked for. */
static const struct op_value *shown_value(const struct client_op *op)
{
    return op->outcome == OP_OK && op->result.kind != OP_VALUE_NIL ? &op->result : &op->value;
}

/* Invoke one operation and record both ends. False: this attempt has been given up. */
static bool perform(struct attempt *attempt, const struct next_op *next)
{
    struct worker *worker = attempt->worker;
    struct crew *crew = worker->crew;
    struct client_op *op = &attempt->op;
    int64_t invoked_ns = record_time(crew->record, worker->index);
    struct record_event event = {.time_ns = invoked_ns,
                                 .key = next->key,
                                 .value = next->value,
                                 .process = worker->process,
                                 .type = OP_INVOKE,
                                 .f = next->f,
                                 .node = (uint8_t)worker->node};

    if (!record_op(crew->record, worker->index, &event)) {
        worker->record_failed = true;
        return true;
    }
    record_idle(crew->record, worker->index);
    *op = (struct client_op){.f = next->f,
                             .key = next->key,
                             .value = next->value,
                             .deadline_ns = clock_now_ns() + crew->test->op_timeout_ns,
                             .outcome = OP_INFO};
    atomic_store(&attempt->deadline_ns, op->deadline_ns);
    atomic_store(&attempt->state, ATTEMPT_WAITING);
    attempt->target->invoke(attempt->client, op);
    int waiting = ATTEMPT_WAITING;
    if (!atomic_compare_exchange_strong(&attempt->state, &waiting, ATTEMPT_WORKING))
        return false;
    record_completion(worker, op, shown_value(op), op->outcome == OP_OK ? "" : op->error);
    if (op->outcome == OP_OK)
        atomic_store_explicit(&worker->ok_invoked_ns[op->f], invoked_ns, memory_order_relaxed);
    worker->generator.last = *next;
    worker->generator.last_type = op->outcome;
    worker->generator.last_result = op->result;
    return true;
}

/* -- a worker ------------------------------------------------------------------------------------
 */

/* Wait until `until_ns` or another phase; 0: for another phase only. */
static void wait_for_phase(struct crew *crew, int phase, int64_t until_ns)
{
    struct timespec until = {.tv_sec = until_ns / NS_PER_SEC, .tv_nsec = until_ns % NS_PER_SEC};

    pthread_mutex_lock(&crew->lock);
    while (atomic_load(&crew->phase) == phase) {
        if (until_ns == 0)
            pthread_cond_wait(&crew->changed, &crew->lock);
        else if (pthread_cond_timedwait(&crew->changed, &crew->lock, &until) == ETIMEDOUT)
            break;
    }
    pthread_mutex_unlock(&crew->lock);
}

/* Hold the rate: gaps between 0 and twice the mean, so that workers do not march in step. */
static void pace(struct worker *worker, int phase)
{
    struct crew *crew = worker->crew;
    double rate = crew->test->rate;

    if (rate <= 0)
        return;
    int64_t now = clock_now_ns();
    double mean_ns = 1e9 * crew->worker_count / rate;
    if (worker->next_ns < now - (int64_t)(10 * mean_ns))
        worker->next_ns = now; /* far behind: do not make up for it in a burst */
    worker->next_ns += (int64_t)(2 * mean_ns * rng_unit(&worker->rng));
    if (worker->next_ns > now) {
        record_idle(crew->record, worker->index);
        wait_for_phase(crew, phase, worker->next_ns);
    }
}

static bool next_of_phase(struct worker *worker, int phase, struct next_op *next)
{
    const struct workload *workload = worker->crew->test->workload;

    *next = (struct next_op){.key = RECORD_NO_KEY};
    if (phase == CREW_LOAD)
        return workload->next(&worker->generator, next);
    return phase == CREW_FINAL && workload->final &&
           workload->final(&worker->generator, worker->final_sequence++, next);
}

static bool open_client(struct attempt *attempt)
{
    struct worker *worker = attempt->worker;
    struct crew *crew = worker->crew;
    struct err err;

    if (attempt->client)
        return true;
    if (attempt->target->client_open(crew->cluster, worker->node, &attempt->client, &err) == 0)
        return true;
    log_error("crew", "worker %d cannot open a client of '%s': %s", worker->index,
              crew->test->node_names[worker->node], err.msg);
    return false;
}

static void close_client(struct attempt *attempt)
{
    if (attempt->client)
        attempt->target->client_close(attempt->client);
    attempt->client = NULL;
}

static void *work(void *context)
{
    struct attempt *attempt = context;
    struct worker *worker = attempt->worker;
    struct crew *crew = worker->crew;
    int phase;

    while ((phase = atomic_load(&crew->phase)) != CREW_STOP) {
        struct next_op next;
        if (phase == CREW_LOAD)
            pace(worker, phase);
        if (atomic_load(&crew->phase) != phase)
            continue;
        if (worker->record_failed || !next_of_phase(worker, phase, &next) ||
            !open_client(attempt)) {
            atomic_store(&worker->done_phase, phase);
            record_idle(crew->record, worker->index);
            wait_for_phase(crew, phase, 0);
            continue;
        }
        if (!perform(attempt, &next)) { /* given up: the worker is another's, this is nobody's */
            close_client(attempt);
            free(attempt);
            return NULL;
        }
        if (attempt->op.outcome == OP_INFO)
            close_client(attempt);
        if (attempt->op.unreachable) {
            record_idle(crew->record, worker->index);
            wait_for_phase(crew, phase, clock_now_ns() + UNREACHABLE_WAIT_NS);
        }
    }
    close_client(attempt);
    record_close_lane(crew->record, worker->index);
    return NULL;
}

/* -- the crew ------------------------------------------------------------------------------------
 */

static int attempt_start(struct worker *worker, struct err *err)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);

    if (!attempt)
        return err_set(err, ENOMEM, "out of memory for worker %d", worker->index);
    attempt->worker = worker;
    attempt->target = worker->crew->test->target;
    worker->attempt = attempt;
    int error = pthread_create(&attempt->thread, NULL, work, attempt);
    if (error == 0)
        return 0;
    free(attempt);
    worker->attempt = NULL;
    return err_errno(err, error, "cannot start a thread for worker %d", worker->index);
}

static int worker_init(struct worker *worker, struct crew *crew, int index, struct err *err)
{
    const struct test *test = crew->test;
    void *state = calloc(1, test->workload->state_size + 1);

    if (!state)
        return err_set(err, ENOMEM, "out of memory for worker %d", index);
    *worker = (struct worker){.crew = crew,
                              .index = index,
                              .node = index % test->node_count,
                              .process = index,
                              .next_ns = clock_now_ns()};
    atomic_init(&worker->done_phase, -1);
    for (int f = 0; f < OP_F_KNOWN; f++)
        atomic_init(&worker->ok_invoked_ns[f], -1);
    rng_init(&worker->rng, test->seed, (uint64_t)index);
    worker->generator = (struct generator){.test = test,
                                           .worker = index,
                                           .worker_count = crew->worker_count,
                                           .rng = &worker->rng,
                                           .state = state};
    return attempt_start(worker, err);
}

int crew_start(struct crew **out, struct cluster *cluster, struct record *record, struct err *err)
{
    int count = cluster->test->concurrency;
    struct crew *crew = calloc(1, sizeof *crew + (size_t)count * sizeof crew->workers[0]);
    pthread_condattr_t monotonic;

    if (!crew)
        return err_set(err, ENOMEM, "out of memory for %d workers", count);
    crew->cluster = cluster;
    crew->record = record;
    crew->test = cluster->test;
    crew->worker_count = count;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&crew->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (int i = 0; i < count; i++) {
        if (worker_init(&crew->workers[i], crew, i, err) == 0)
            continue;
        free(crew->workers[i].generator.state);
        for (int k = i; k < count; k++)
            record_close_lane(record, k);
        crew->worker_count = i;
        (void)crew_stop(crew);
        return -1;
    }
    *out = crew;
    return 0;
}

void crew_set_phase(struct crew *crew, enum crew_phase phase)
{
    pthread_mutex_lock(&crew->lock);
    atomic_store(&crew->phase, (int)phase);
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
}

/* Leave an attempt alone for good: its operation has an unknown outcome. */
static void abandon(struct worker *worker, struct attempt *attempt)
{
    struct client_op lost = {
        .f = attempt->op.f, .key = attempt->op.key, .value = attempt->op.value, .outcome = OP_INFO};

    record_completion(worker, &lost, &lost.value, "client did not return");
    pthread_detach(attempt->thread);
}

/* Take a worker over from a client that hangs, and start anew. */
static int replace(struct worker *worker, struct attempt *attempt, struct err *err)
{
    struct crew *crew = worker->crew;
    const char *node = crew->test->node_names[worker->node];

    abandon(worker, attempt);
    worker->attempt = NULL;
    if (++crew->given_up > crew->worker_count) {
        record_close_lane(crew->record, worker->index);
        return err_set(err, ETIMEDOUT,
                       "clients hang: %d operations, the last on '%s', did not return a second "
                       "after their time-out",
                       crew->given_up, node);
    }
    log_warning("crew",
                "a client of '%s' did not return a second after its time-out; worker %d goes on "
                "with a new one",
                node, worker->index);
    if (attempt_start(worker, err) == 0)
        return 0;
    record_close_lane(crew->record, worker->index);
    return -1;
}

int crew_watch(struct crew *crew, struct err *err)
{
    int64_t now = clock_now_ns();

    for (int i = 0; i < crew->worker_count; i++) {
        struct worker *worker = &crew->workers[i];
        struct attempt *attempt = worker->attempt;
        int waiting = ATTEMPT_WAITING;
        if (!attempt || atomic_load(&attempt->state) != ATTEMPT_WAITING ||
            now < atomic_load(&attempt->deadline_ns) + PATIENCE_NS)
            continue;
        if (!atomic_compare_exchange_strong(&attempt->state, &waiting, ATTEMPT_GIVEN_UP))
            continue;
        if (replace(worker, attempt, err) < 0)
            return -1;
    }
    return 0;
}

void crew_count(struct crew *crew, struct crew_counts *counts)
{
    *counts = (struct crew_counts){0};
    for (int i = 0; i < crew->worker_count; i++) {
        struct worker *worker = &crew->workers[i];
        counts->ok += atomic_load_explicit(&worker->counts[OP_OK], memory_order_relaxed);
        counts->fail += atomic_load_explicit(&worker->counts[OP_FAIL], memory_order_relaxed);
        counts->info += atomic_load_explicit(&worker->counts[OP_INFO], memory_order_relaxed);
    }
}

node_set crew_answered_last(struct crew *crew)
{
    int64_t latest_ns = 0;
    node_set node = 0;

    for (int i = 0; i < crew->worker_count; i++) {
        struct worker *worker = &crew->workers[i];
        for (int f = 0; f < OP_F_KNOWN; f++) {
            int64_t at = atomic_load_explicit(&worker->ok_invoked_ns[f], memory_order_relaxed);
            if (at <= latest_ns)
                continue;
            latest_ns = at;
            node = NODE(worker->node);
        }
    }
    return node;
}

bool crew_recovered(struct crew *crew, int64_t since_ns)
{
    node_set served = 0, wanted = 0;

    for (int f = 0; f < OP_F_KNOWN; f++) {
        int64_t latest = -1;
        for (int i = 0; i < crew->worker_count; i++) {
            struct worker *worker = &crew->workers[i];
            int64_t at = atomic_load_explicit(&worker->ok_invoked_ns[f], memory_order_relaxed);
            wanted |= NODE(worker->node);
            if (at > since_ns)
                served |= NODE(worker->node);
            if (at > latest)
                latest = at;
        }
        if (latest >= 0 && latest <= since_ns)
            return false;
    }
    return served == wanted;
}

bool crew_idle(struct crew *crew)
{
    int phase = atomic_load(&crew->phase);

    for (int i = 0; i < crew->worker_count; i++) {
        if (atomic_load(&crew->workers[i].done_phase) != phase)
            return false;
    }
    return true;
}

/* Join a worker's thread, or give it up if its client hangs. False: given up. */
static bool join(struct worker *worker)
{
    struct attempt *attempt = worker->attempt;
    struct timespec until;
    int waiting = ATTEMPT_WAITING;

    clock_gettime(CLOCK_REALTIME, &until); /* what pthread_timedjoin_np counts by */
    until.tv_sec += (worker->crew->test->op_timeout_ns + PATIENCE_NS) / NS_PER_SEC + 1;
    if (pthread_timedjoin_np(attempt->thread, NULL, &until) != 0) {
        if (atomic_compare_exchange_strong(&attempt->state, &waiting, ATTEMPT_GIVEN_UP)) {
            abandon(worker, attempt);
            record_close_lane(worker->crew->record, worker->index);
            return false;
        }
        pthread_join(attempt->thread, NULL);
    }
    free(attempt);
    return true;
}

bool crew_stop(struct crew *crew)
{
    bool clean = crew->given_up == 0;

    crew_set_phase(crew, CREW_STOP);
    for (int i = 0; i < crew->worker_count; i++) {
        struct worker *worker = &crew->workers[i];
        if (worker->attempt && !join(worker))
            clean = false;
        free(worker->generator.state);
    }
    pthread_mutex_destroy(&crew->lock);
    pthread_cond_destroy(&crew->changed);
    free(crew);
    return clean;
}
