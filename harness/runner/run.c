/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c - the phases of a test: set up, load (with faults), heal, liveness, final reads, verdict.
 */
#include "run.h"

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/version.h"
#include "../exit.h"
#include "../workload.h"
#include "chaos.h"
#include "clock_record.h"
#include "crew.h"
#include "house.h"
#include "interrupt.h"
#include "judge.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 20 };

struct run {
    const struct test *test;
    const struct run_options *options;
    char dir[STORE_PATH_MAX];
    const char *promise;
    int log_fd;
    int64_t start_ns;
    struct house house;
    struct enforcer enforcer;
    struct record *record;
    struct clock_record *clocks; /* or NULL */
    struct crew *crew;
    struct chaos *chaos;
    _Atomic(const char *) phase;
    _Atomic int64_t phase_end_ns; /* of clock_now_ns(); 0: nobody knows */
    bool clients_hang;
    node_set damaged;     /* nodes whose files faults have damaged; once chaos has ended */
    pthread_mutex_t lock; /* crew and chaos, while the progress thread looks at them */
};

/* -- what is said meanwhile ----------------------------------------------------------------------
 */

static void read_progress(void *context, struct progress_now *now)
{
    struct run *run = context;
    int64_t end_ns = atomic_load(&run->phase_end_ns), time_ns = clock_now_ns();
    struct crew_counts counts = {0};

    now->phase = atomic_load(&run->phase);
    now->left_ns = end_ns == 0 ? -1 : end_ns > time_ns ? end_ns - time_ns : 0;
    pthread_mutex_lock(&run->lock);
    if (run->crew)
        crew_count(run->crew, &counts);
    if (run->chaos)
        chaos_describe(run->chaos, now->fault, sizeof now->fault);
    pthread_mutex_unlock(&run->lock);
    now->ok = counts.ok;
    now->fail = counts.fail;
    now->info = counts.info;
}

static void record_note(struct run *run, const char *f, const char *value, const char *extra)
{
    (void)record_event_add(run->record,
                           &(struct event){.fault = -1, .f = f, .value = value, .extra = extra});
}

/* Enter a phase that should last `length_ns` (0: nobody knows). */
static void enter(struct run *run, const char *phase, int64_t length_ns)
{
    char value[32], extra[48];

    atomic_store(&run->phase, phase);
    atomic_store(&run->phase_end_ns, length_ns ? clock_now_ns() + length_ns : 0);
    log_info("run", "phase %s", phase);
    (void)snprintf(value, sizeof value, "\"%s\"", phase);
    /* The wall clock, so that a report finds the lines that the nodes logged at a time. */
    (void)snprintf(extra, sizeof extra, "{\"unix_ns\":%lld}", (long long)clock_wall_ns());
    record_note(run, "phase", value, extra);
}

/* -- phases --------------------------------------------------------------------------------------
 */

/* Whether the system has ended somewhere before it was ever healthy. */
static bool has_died(struct run *run, char why[256])
{
    for (int i = 0; i < run->test->node_count; i++) {
        char how[NODE_HOW_MAX];
        if (!node_process_ended(run->house.cluster.nodes[i], NULL, how))
            continue;
        (void)snprintf(why, 256, "on '%s' %s before the cluster was healthy; see its log in '%s'",
                       run->test->node_names[i], how, "nodes/");
        return true;
    }
    return false;
}

/* What the target starts on nodes that are killed before is only remembered, until the heal. */
static int skip_nodes(struct run *run, struct err *err)
{
    const struct test *test = run->test;
    struct world *standing = &run->enforcer.standing;
    struct buf value;

    if (!test->plan.skipped)
        return 0;
    buf_init(&value, 0);
    buf_puts(&value, "[");
    for (int i = 0; i < test->node_count; i++) {
        if (!(test->plan.skipped & NODE(i)))
            continue;
        standing->processes[i] = PROCESS_KILLED;
        buf_json_str(&value, NULL, str_of(test->node_names[i]));
    }
    buf_puts(&value, "]");
    record_note(run, "skip", value.ptr, "");
    log_info("run", "not started before everything is healed: %s", value.ptr);
    buf_release(&value);
    return enforcer_apply(&run->enforcer, standing, err);
}

static int set_up(struct run *run, struct err *err)
{
    const struct target *target = run->test->target;
    int64_t limit_ns = clock_now_ns() + run->options->start_limit_ns;

    enter(run, "setup", run->options->start_limit_ns);
    if (house_open(&run->house, run->test, run->dir, run->options->node_disk_bytes,
                   run->options->capture, err) < 0)
        return -1;
    log_info("run", "%d nodes up", run->test->node_count);
    if (run->test->needs & NEED_CLOCK &&
        clock_record_open(&run->clocks, run->dir, &run->house.cluster, run->start_ns, err) < 0)
        return -1;
    enforcer_init(&run->enforcer, run->house.lab, &run->house.cluster, run->record);
    if (skip_nodes(run, err) < 0 || roll_look(&run->house.cluster, err) < 0)
        return -1;
    if (target->setup(&run->house.cluster, err) < 0)
        return err_wrap(err, "cannot start '%s'", target->name);
    if (run->test->plan.skipped && enforcer_apply(&run->enforcer, &run->enforcer.standing, err) < 0)
        return -1; /* the target is told, now that it is there */
    while (target->healthy(&run->house.cluster, err) < 0) {
        char why[256];
        if (house_lost(&run->house, why) || has_died(run, why))
            return err_set(err, EPIPE, "%s", why);
        if (interrupt_requested())
            return err_set(err, EINTR, "interrupted before '%s' was healthy", target->name);
        if (clock_now_ns() > limit_ns) {
            record_note(run, "health", "false", "");
            return err_wrap(err, "'%s' was not healthy within %d s (its logs are in '%s/nodes')",
                            target->name, (int)(run->options->start_limit_ns / NS_PER_SEC),
                            run->dir);
        }
        clock_sleep_until(clock_now_ns() + TICK_MS * NS_PER_MS);
    }
    record_note(run, "health", "true", "");
    return 0;
}

/* What a phase waits for; asked every tick. */
typedef bool condition(struct run *run, int64_t context);

/* Wait until `done`, the time given or an interrupt, looking after clients and machines. -1 if the
 * harness has failed. */
static int attend(struct run *run, int64_t until_ns, condition *done, int64_t context,
                  struct err *err)
{
    bool interruptible = !interrupt_requested();
    char lost[256];
    const char *why;

    while (clock_now_ns() < until_ns && !(done && done(run, context)) &&
           !(interruptible && interrupt_requested())) {
        int64_t tick_ns = clock_now_ns() + TICK_MS * NS_PER_MS;
        if (crew_watch(run->crew, err) < 0)
            return -1;
        if (run->chaos && chaos_failed(run->chaos, &why))
            return err_set(err, EIO, "a fault could not be enforced: %s", why);
        if (house_lost(&run->house, lost))
            return err_set(err, EPIPE, "%s", lost);
        clock_sleep_until(tick_ns < until_ns ? tick_ns : until_ns);
    }
    return 0;
}

static bool workers_idle(struct run *run, int64_t context)
{
    (void)context;
    return crew_idle(run->crew);
}

static bool recovered(struct run *run, int64_t since_ns)
{
    return crew_recovered(run->crew, since_ns);
}

static int load(struct run *run, struct err *err)
{
    int64_t limit_ns = run->test->time_limit_ns;
    struct crew *crew;
    struct chaos *chaos;

    enter(run, "load", limit_ns);
    if (crew_start(&crew, &run->house.cluster, run->record, err) < 0)
        return -1;
    pthread_mutex_lock(&run->lock);
    run->crew = crew;
    pthread_mutex_unlock(&run->lock);
    if (chaos_start(&chaos, &run->house.cluster, &run->enforcer, run->record, crew, err) < 0)
        return -1;
    pthread_mutex_lock(&run->lock);
    run->chaos = chaos;
    pthread_mutex_unlock(&run->lock);
    return attend(run, clock_now_ns() + limit_ns, workers_idle, 0, err);
}

static int end_chaos(struct run *run, struct err *err)
{
    pthread_mutex_lock(&run->lock);
    struct chaos *chaos = run->chaos;
    run->chaos = NULL;
    pthread_mutex_unlock(&run->lock);
    return chaos ? chaos_stop(chaos, &run->damaged, err) : 0;
}

/* The nodes on which the system has ended by itself, into `extra` with how. */
static node_set note_ended(const struct run *run, const struct effects *effects, struct buf *extra)
{
    node_set ended = 0;

    for (int i = 0; i < run->test->node_count; i++) {
        char how[NODE_HOW_MAX];
        if (effects->nodes[i].ended > 0)
            ended |= NODE(i);
        if (!node_process_ended(run->house.cluster.nodes[i], NULL, how))
            continue;
        ended |= NODE(i);
        log_warning("run", "on '%s' %s%s", run->test->node_names[i], how,
                    run->damaged & NODE(i) ? ", after its files were damaged" : "");
        buf_json_str(extra, run->test->node_names[i], str_of(how));
    }
    return ended;
}

/* A node whose files were damaged may refuse to run on them: it is no fault that was not healed. */
static void note_refused(struct run *run, node_set refused)
{
    struct buf names;

    buf_init(&names, 0);
    buf_puts(&names, "[");
    for (int i = 0; i < run->test->node_count; i++) {
        if (refused & NODE(i))
            buf_json_str(&names, NULL, str_of(run->test->node_names[i]));
    }
    buf_puts(&names, "]");
    record_note(run, "refused", names.ptr, "");
    buf_release(&names);
}

/* Withdraw everything and record whether everybody's receipt says so. */
static int heal(struct run *run, struct err *err)
{
    struct effects effects;
    struct world healthy;
    struct buf extra;

    enter(run, "heal", 0);
    world_clear(&healthy, run->test->node_count);
    if (end_chaos(run, err) < 0)
        return -1;
    run->enforcer.standing = healthy;
    if (enforcer_apply(&run->enforcer, &healthy, err) < 0)
        return -1;
    enforcer_pursue(&run->enforcer, 2 * run->test->target->recovery_ns);
    if (enforcer_effects(&run->enforcer, &effects, err) < 0)
        return -1;
    bool whole = effects.cluster.rules == 0 && effects.cluster.state == PROCESS_RUNNING &&
                 run->enforcer.membership.absent == 0 && roll_is_whole(&run->enforcer.roll);
    buf_init(&extra, 0);
    buf_puts(&extra, "{");
    node_set ended = note_ended(run, &effects, &extra);
    if (whole && ended && !(ended & ~run->damaged))
        note_refused(run, ended);
    whole &= ended == 0;
    receipt_print(&effects.cluster, &extra);
    buf_puts(&extra, "}");
    record_note(run, "heal", whole ? "true" : "false", extra.ptr);
    buf_release(&extra);
    return 0;
}

/* The system must answer again; then nothing new begins; then the final reads. */
static int liveness(struct run *run, struct err *err)
{
    int64_t bound_ns = 2 * run->test->target->recovery_ns + run->test->op_timeout_ns;
    int64_t patience_ns = 2 * run->test->op_timeout_ns + 2 * NS_PER_SEC;
    int64_t healed_ns = clock_now_ns() - run->start_ns;

    enter(run, "liveness", bound_ns);
    if (attend(run, clock_now_ns() + bound_ns, recovered, healed_ns, err) < 0)
        return -1;
    crew_set_phase(run->crew, CREW_REST);
    if (attend(run, clock_now_ns() + patience_ns, workers_idle, 0, err) < 0)
        return -1;
    /* Replicas that converge in their own time have the target's bound to do so. */
    bool converging = strcmp(run->promise, "eventual") == 0 ||
                      strcmp(run->promise, "lost-write") == 0 ||
                      strcmp(run->promise, "ladder") == 0;
    if (converging &&
        attend(run, clock_now_ns() + run->test->target->recovery_ns, NULL, 0, err) < 0)
        return -1;
    enter(run, "final", 0);
    crew_set_phase(run->crew, CREW_FINAL);
    return attend(run, clock_now_ns() + 60 * NS_PER_SEC, workers_idle, 0, err);
}

static int phases(struct run *run, struct err *err)
{
    if (set_up(run, err) < 0)
        return -1;
    if (load(run, err) < 0 || heal(run, err) < 0)
        return -1;
    return liveness(run, err);
}

/* -- around the phases ---------------------------------------------------------------------------
 */

static int open_record(struct run *run, struct err *err)
{
    char path[STORE_PATH_MAX + 32];

    if (store_create(run->test, run->dir, err) < 0 ||
        store_write_test(run->test, run->dir, run->promise, run->options->command, err) < 0)
        return -1;
    (void)snprintf(path, sizeof path, "%s/ordeal.log", run->dir);
    run->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (run->log_fd < 0)
        return err_errno(err, errno, "cannot write '%s'", path);
    log_to(run->log_fd, LOG_WARNING);
    log_info("run", "ordeal %s, seed %" PRIu64, ordeal_version, run->test->seed);
    (void)snprintf(path, sizeof path, "%s/history.jsonl", run->dir);
    run->start_ns = clock_now_ns();
    return record_open(&run->record, path, run->test->concurrency, run->test->node_names,
                       run->test->node_count, run->start_ns, err);
}

/* End whatever has begun, in the opposite order. The first failure is kept. */
static int wind_up(struct run *run, int result, struct err *err)
{
    struct err later;

    if (end_chaos(run, &later) < 0 && result == 0) {
        *err = later;
        result = -1;
    }
    pthread_mutex_lock(&run->lock);
    struct crew *crew = run->crew;
    run->crew = NULL;
    pthread_mutex_unlock(&run->lock);
    if (crew) {
        run->clients_hang = !crew_stop(crew);
    } else {
        for (int i = 0; run->record && i < run->test->concurrency; i++)
            record_close_lane(run->record, i);
    }
    if (run->record) {
        enter(run, "end", 0);
        if (record_finish(run->record, &later) < 0 && result == 0) {
            *err = later;
            result = -1;
        }
    }
    if (run->test->target->teardown && !run->clients_hang)
        run->test->target->teardown(&run->house.cluster);
    house_close(&run->house);
    if (clock_record_close(run->clocks, &later) < 0)
        log_warning("run", "%s", later.msg);
    return result;
}

int run_test(const struct test *test, const struct run_options *options)
{
    struct run run = {
        .test = test, .options = options, .log_fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct progress_source source = {.read = read_progress, .context = &run};
    struct err err = {0}, ignored;

    interrupt_watch();
    atomic_store(&run.phase, "setup");
    run.house.cluster.test = test;
    int result = test->target->promise(test, &run.promise, &err);
    if (test->consistency)
        run.promise = test->consistency;
    else if (!run.promise)
        run.promise = "linearizable"; /* nothing is promised: what clients would like to have */
    if (result == 0)
        result = open_record(&run, &err);
    if (result < 0) {
        (void)fprintf(stderr, "ordeal: %s\n", err.msg);
        return EXIT_HARNESS;
    }
    if (progress_start(&source, options->progress, STDERR_FILENO, &ignored) < 0)
        log_warning("run", "no progress is shown: %s", ignored.msg);
    result = wind_up(&run, phases(&run, &err), &err);
    atomic_store(&run.phase, "check");
    struct trial trial = {.test = test,
                          .options = options,
                          .dir = run.dir,
                          .promise = run.promise,
                          .failure = result < 0 ? err.msg : NULL};
    struct buf prose;
    buf_init(&prose, 0);
    int code = judge_trial(&trial, &prose);
    progress_stop();
    (void)fwrite(prose.ptr, 1, prose.len, stdout);
    (void)fflush(stdout);
    buf_release(&prose);
    log_to(-1, LOG_WARNING);
    (void)close(run.log_fd);
    return code;
}
