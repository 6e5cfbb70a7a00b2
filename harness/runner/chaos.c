/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chaos.h"

#include "../base/clock.h"
#include "../base/log.h"
#include "allot.h"
#include "link_record.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A fault of the plan while it is in force. */
struct active {
    const struct fault *fault; /* NULL: not in force */
    struct world mine;
    struct effects before;
    struct buf value; /* JSON: what was declared */
};

enum { ACTIVE_MAX = 32 };

struct chaos {
    struct cluster *cluster;
    const struct test *test;
    struct enforcer *enforcer;
    struct record *record;
    struct crew *crew;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping, failed;
    struct err err;
    node_set damaged; /* whose files faults have damaged */
    struct active active[ACTIVE_MAX];
};

static void record_edge(struct chaos *chaos, const struct fault *fault, enum event_edge edge,
                        const struct buf *value, const struct buf *extra)
{
    struct event event = {.fault = fault->number,
                          .edge = (uint8_t)edge,
                          .f = fault->nemesis->name,
                          .value = value->ptr,
                          .extra = extra ? extra->ptr : ""};

    (void)record_event_add(chaos->record, &event);
}

static struct active *free_place(struct chaos *chaos)
{
    for (int i = 0; i < ACTIVE_MAX; i++) {
        if (!chaos->active[i].fault)
            return &chaos->active[i];
    }
    return NULL;
}

/* The contributions of all that is in force, together. */
static void merge_active(struct chaos *chaos, struct world *world)
{
    *world = chaos->enforcer->standing;
    for (int i = 0; i < ACTIVE_MAX; i++) {
        if (chaos->active[i].fault)
            world_merge(world, &chaos->active[i].mine);
    }
}

static void look_around(struct chaos *chaos, const struct fault *fault, struct situation *situation)
{
    struct world world;

    *situation = (struct situation){.node_count = chaos->cluster->node_count,
                                    .answered = crew_answered_last(chaos->crew),
                                    .damaged = chaos->damaged,
                                    .rolled_for_good = chaos->enforcer->roll.for_good,
                                    .not_up = chaos->enforcer->roll.down,
                                    .damage_any = chaos->test->plan.damage_any};
    merge_active(chaos, &world);
    for (int i = 0; i < world.node_count; i++) {
        if (world.processes[i] != PROCESS_RUNNING || (world.absent & NODE(i)))
            situation->unavailable |= NODE(i);
    }
    bool matters = fault->selector == SELECT_LEADER || fault->selector == SELECT_FOLLOWER;
    if (!matters || !chaos->test->target->leaders)
        return;
    situation->leaders = chaos->test->target->leaders(chaos->cluster);
    struct buf value;
    buf_init(&value, 0);
    buf_puts(&value, "[");
    for (int i = 0; i < situation->node_count; i++) {
        if (situation->leaders & NODE(i))
            buf_json_str(&value, NULL, str_of(chaos->test->node_names[i]));
    }
    buf_puts(&value, "]");
    (void)record_event_add(chaos->record,
                           &(struct event){.fault = -1, .f = "leader", .value = value.ptr});
    buf_release(&value);
}

static void skip(struct chaos *chaos, const struct fault *fault, const char *why)
{
    struct buf extra;

    buf_init(&extra, 0);
    buf_puts(&extra, "{");
    buf_json_str(&extra, "skipped", str_of(why));
    buf_puts(&extra, "}");
    log_info("nemesis", "skipped %s %s: %s", fault->nemesis->name, fault->kind, why);
    (void)record_event_add(chaos->record, &(struct event){.fault = fault->number,
                                                          .f = fault->nemesis->name,
                                                          .value = "null",
                                                          .extra = extra.ptr});
    buf_release(&extra);
}

/* The world of the fault beside what is in force, and beside the members that have not yet been
 * taken back. */
static int decide(struct chaos *chaos, const struct fault *fault, struct active *active,
                  struct err *err)
{
    const struct world *others[ACTIVE_MAX + 2];
    struct situation situation;
    struct world owed;
    int count = 0;

    for (int i = 0; i < ACTIVE_MAX; i++) {
        if (chaos->active[i].fault)
            others[count++] = &chaos->active[i].mine;
    }
    world_clear(&owed, chaos->cluster->node_count);
    owed.absent = chaos->enforcer->membership.absent & ~chaos->enforcer->world.absent;
    others[count++] = &chaos->enforcer->standing;
    if (owed.absent)
        others[count++] = &owed;
    look_around(chaos, fault, &situation);
    return allot(fault, &situation, chaos->test->node_names, others, count,
                 chaos->test->plan.protect_quorum, &active->mine, &active->value, err);
}

/* Append the member "with":[...]: the numbers of the other faults in force. */
static void print_overlaps(struct chaos *chaos, const struct fault *fault, struct buf *extra)
{
    bool any = false;

    for (int i = 0; i < ACTIVE_MAX; i++) {
        const struct fault *other = chaos->active[i].fault;
        if (!other || other == fault)
            continue;
        if (!any) {
            buf_json_next(extra, "with");
            buf_puts(extra, "[");
        }
        any = true;
        buf_json_int(extra, NULL, other->number);
    }
    if (any)
        buf_puts(extra, "]");
}

/* Which files the fault is about, and how many there were on its nodes when it came. */
static void print_files(const struct fault *fault, uint64_t matched, struct buf *extra)
{
    if (!fault->files[0])
        return;
    buf_json_str(extra, "files", str_of(fault->files));
    buf_json_int(extra, "files_matched", (int64_t)matched);
    if (matched == 0)
        log_warning("nemesis", "%s: no file matches '%s' where it begins", fault->nemesis->name,
                    fault->files);
}

static int begin(struct chaos *chaos, const struct fault *fault, struct err *err)
{
    struct active *active = free_place(chaos);
    struct effects now;
    struct world world;
    struct buf extra;

    if (!active) {
        skip(chaos, fault, "too many faults at once");
        return 0;
    }
    buf_init(&active->value, 0);
    if (decide(chaos, fault, active, err) < 0) {
        skip(chaos, fault, err->msg);
        buf_release(&active->value);
        return 0;
    }
    if (enforcer_effects(chaos->enforcer, &active->before, err) < 0) {
        buf_release(&active->value);
        return -1;
    }
    pthread_mutex_lock(&chaos->lock);
    active->fault = fault;
    pthread_mutex_unlock(&chaos->lock);
    chaos->damaged |= world_damages(&active->mine);
    merge_active(chaos, &world);
    record_edge(chaos, fault, EVENT_BEGIN, &active->value, NULL);
    if (enforcer_apply(chaos->enforcer, &world, err) < 0 ||
        enforcer_effects(chaos->enforcer, &now, err) < 0)
        return -1;
    buf_init(&extra, 0);
    buf_puts(&extra, "{");
    print_overlaps(chaos, fault, &extra);
    print_files(fault, now.cluster.files_matched - active->before.cluster.files_matched, &extra);
    receipt_print(&now.cluster, &extra);
    buf_puts(&extra, "}");
    record_edge(chaos, fault, EVENT_BEGUN, &active->value, &extra);
    buf_release(&extra);
    log_info("nemesis", "%s %s: %s", fault->nemesis->name, fault->kind, active->value.ptr);
    return 0;
}

static int end(struct chaos *chaos, struct active *active, struct err *err)
{
    const struct fault *fault = active->fault;
    struct effects now;
    struct world world;
    struct buf extra;

    pthread_mutex_lock(&chaos->lock);
    active->fault = NULL;
    pthread_mutex_unlock(&chaos->lock);
    merge_active(chaos, &world);
    record_edge(chaos, fault, EVENT_END, &active->value, NULL);
    int result = enforcer_apply(chaos->enforcer, &world, err);
    if (result == 0)
        result = enforcer_effects(chaos->enforcer, &now, err);
    if (result == 0) {
        uint64_t affected = fault->nemesis->affected(&active->mine, &active->before, &now);
        buf_init(&extra, 0);
        buf_puts(&extra, "{");
        buf_json_int(&extra, "affected", (int64_t)affected);
        link_record_print(&active->mine, &active->before, &now, chaos->test->node_names, &extra);
        receipt_print(&now.cluster, &extra);
        buf_puts(&extra, "}");
        record_edge(chaos, fault, EVENT_ENDED, &active->value, &extra);
        buf_release(&extra);
        log_info("nemesis", "healed %s %s: %llu affected", fault->nemesis->name, fault->kind,
                 (unsigned long long)affected);
    }
    buf_release(&active->value);
    return result;
}

/* What comes next: the beginning of plan fault *next, or the end of an active one. Its time. */
static int64_t next_turn(struct chaos *chaos, int next, struct active **ending)
{
    const struct plan *plan = &chaos->test->plan;
    int64_t at = next < plan->fault_count ? plan->faults[next].begin_ns : INT64_MAX;

    *ending = NULL;
    for (int i = 0; i < ACTIVE_MAX; i++) {
        const struct fault *fault = chaos->active[i].fault;
        if (fault && fault->end_ns <= at) {
            at = fault->end_ns;
            *ending = &chaos->active[i];
        }
    }
    return at;
}

/* False: it is time to stop. */
static bool wait_until(struct chaos *chaos, int64_t at_ns)
{
    struct timespec at = {.tv_sec = at_ns / NS_PER_SEC, .tv_nsec = at_ns % NS_PER_SEC};
    bool timed_out = false;

    pthread_mutex_lock(&chaos->lock);
    while (!chaos->stopping && !timed_out)
        timed_out = pthread_cond_timedwait(&chaos->changed, &chaos->lock, &at) == ETIMEDOUT;
    bool stopping = chaos->stopping;
    pthread_mutex_unlock(&chaos->lock);
    return !stopping;
}

static void *walk(void *context)
{
    struct chaos *chaos = context;
    int64_t start_ns = clock_now_ns();
    int next = 0, result = 0;
    struct err err;

    for (;;) {
        struct active *ending;
        int64_t at = next_turn(chaos, next, &ending);
        if (at == INT64_MAX || !wait_until(chaos, start_ns + at))
            break;
        if (ending)
            result = end(chaos, ending, &err);
        else
            result = begin(chaos, &chaos->test->plan.faults[next++], &err);
        if (result < 0)
            break;
    }
    if (result < 0) {
        pthread_mutex_lock(&chaos->lock);
        chaos->failed = true;
        chaos->err = err;
        pthread_mutex_unlock(&chaos->lock);
    }
    return NULL;
}

int chaos_start(struct chaos **out, struct cluster *cluster, struct enforcer *enforcer,
                struct record *record, struct crew *crew, struct err *err)
{
    struct chaos *chaos = calloc(1, sizeof *chaos);
    pthread_condattr_t monotonic;

    if (!chaos)
        return err_set(err, ENOMEM, "out of memory for the nemesis");
    chaos->cluster = cluster;
    chaos->test = cluster->test;
    chaos->enforcer = enforcer;
    chaos->record = record;
    chaos->crew = crew;
    pthread_mutex_init(&chaos->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&chaos->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int error = pthread_create(&chaos->thread, NULL, walk, chaos);
    if (error) {
        free(chaos);
        return err_errno(err, error, "cannot start the nemesis thread");
    }
    *out = chaos;
    return 0;
}

void chaos_describe(struct chaos *chaos, char *text, size_t size)
{
    struct buf buf;

    buf_init(&buf, 0);
    pthread_mutex_lock(&chaos->lock);
    for (int i = 0; i < ACTIVE_MAX; i++) {
        const struct fault *fault = chaos->active[i].fault;
        if (fault)
            buf_printf(&buf, "%s%s %s", buf.len ? ", " : "", fault->nemesis->name, fault->kind);
    }
    pthread_mutex_unlock(&chaos->lock);
    struct str whole = buf_str(&buf);
    size_t len = whole.len < size ? whole.len : size - 1;
    memcpy(text, whole.ptr, len);
    text[len] = '\0';
    buf_release(&buf);
}

bool chaos_failed(struct chaos *chaos, const char **why)
{
    pthread_mutex_lock(&chaos->lock);
    bool failed = chaos->failed;
    pthread_mutex_unlock(&chaos->lock);
    *why = chaos->err.msg;
    return failed;
}

int chaos_stop(struct chaos *chaos, node_set *damaged, struct err *err)
{
    int result = 0;

    pthread_mutex_lock(&chaos->lock);
    chaos->stopping = true;
    pthread_cond_broadcast(&chaos->changed);
    pthread_mutex_unlock(&chaos->lock);
    pthread_join(chaos->thread, NULL);
    *damaged = chaos->damaged;
    for (int i = 0; i < ACTIVE_MAX; i++) {
        if (chaos->active[i].fault && end(chaos, &chaos->active[i], err) < 0)
            result = -1;
    }
    pthread_mutex_destroy(&chaos->lock);
    pthread_cond_destroy(&chaos->changed);
    free(chaos);
    return result;
}
