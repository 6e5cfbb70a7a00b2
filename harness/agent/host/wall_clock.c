/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wall_clock.h"

#include "../../base/clock.h"
#include "time_service.h"
#include "true_time.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

enum {
    PPM = 1000000,
    EXACT_NS = 1000,     /* nearer than that nothing is mended */
    TRUE_NS = 100000,    /* nearer than that a clock counts as true */
    ATTEMPTS = 5,        /* to make it true */
    MAX_ERROR_PPM = 500, /* how much an unkept clock's error grows, as the kernel has it */
    MAX_ERROR_US = 16000000,
};

#define JUMP_MIN_NS NS_PER_MS /* between two jumps of the thread's */
#define JUMP_MAX_NS (100 * NS_PER_MS)

struct wall_clock {
    struct journal *journal;
    bool begun; /* services are held off, and the journal has the clock */
    uint64_t number;
    struct clock_before before;
    pthread_mutex_t mutex; /* over all below */
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread, ending;
    int failed; /* errno of the thread's last jump */
    struct clock_fault fault;
    int64_t since_ns;    /* the true time at which it was declared */
    double pace;         /* nanoseconds of CLOCK_MONOTONIC in one of true time */
    int64_t interval_ns; /* between jumps that make up for what the rate does not reach; 0: none */
    int64_t jumped_ns;   /* monotonic: the last jump */
    uint64_t reads;
};

/* -- the kernel's clock ----------------------------------------------------------------------- */

static int jump(int64_t delta_ns)
{
    int64_t seconds = delta_ns / NS_PER_SEC, ns = delta_ns % NS_PER_SEC;
    struct timex timex = {.modes = ADJ_SETOFFSET | ADJ_NANO};

    if (ns < 0) {
        seconds--;
        ns += NS_PER_SEC;
    }
    timex.time.tv_sec = seconds;
    timex.time.tv_usec = ns;
    return adjtimex(&timex) < 0 ? -1 : 0;
}

/* Unsynchronised, so that the kernel neither slews it nor copies it into the hardware's clock. */
static int set_rate(int64_t freq, int64_t tick)
{
    struct timex timex = {.modes = ADJ_FREQUENCY | ADJ_TICK | ADJ_STATUS,
                          .freq = freq,
                          .tick = tick,
                          .status = STA_UNSYNC};

    return adjtimex(&timex) < 0 ? -1 : 0;
}

static int read_before(struct clock_before *before, struct err *err)
{
    struct timex timex = {.modes = 0};

    if (adjtimex(&timex) < 0)
        return err_errno(err, errno, "cannot read the kernel's clock");
    struct clock_pair pair = clock_pair_read();
    *before = (struct clock_before){.wall_ns = pair.wall_ns,
                                    .raw_ns = pair.raw_ns,
                                    .asleep_ns = pair.asleep_ns,
                                    .freq = timex.freq,
                                    .tick = timex.tick,
                                    .status = timex.status,
                                    .max_error_us = timex.maxerror,
                                    .est_error_us = timex.esterror};
    return 0;
}

/* The last: jumps take the kernel's word for being synchronised. */
static int restore_status(const struct clock_before *before, int64_t gone_ns)
{
    int64_t max_error_us = before->max_error_us + gone_ns / 1000 * MAX_ERROR_PPM / PPM;
    struct timex timex = {.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR |
                                   (before->status & STA_NANO ? ADJ_NANO : ADJ_MICRO),
                          .status = (int)(before->status & ~(int64_t)STA_RONLY),
                          .maxerror = max_error_us < MAX_ERROR_US ? max_error_us : MAX_ERROR_US,
                          .esterror = before->est_error_us};

    return adjtimex(&timex) < 0 ? -1 : 0;
}

int wall_clock_undo(const struct clock_before *before, struct err *err)
{
    int64_t off_ns = INT64_MAX;
    struct clock_pair pair = {0};

    if (set_rate(before->freq, before->tick))
        return err_errno(err, errno, "cannot give the clock its rate back");
    for (int i = 0; i < ATTEMPTS && llabs(off_ns) > EXACT_NS; i++) {
        pair = clock_pair_read();
        off_ns = pair.wall_ns - true_time(before, &pair);
        if (llabs(off_ns) > EXACT_NS && jump(-off_ns))
            return err_errno(err, errno, "cannot make the clock true");
    }
    if (llabs(off_ns) > TRUE_NS)
        return err_set(err, EAGAIN, "the clock does not stay true: does something else set it?");
    if (restore_status(before, true_time(before, &pair) - before->wall_ns))
        return err_errno(err, errno, "cannot give the clock its status back");
    return 0;
}

/* -- what is declared ------------------------------------------------------------------------- */

int wall_clock_try(struct err *err)
{
    struct timex timex = {.modes = 0};

    if (adjtimex(&timex) < 0)
        return err_errno(err, errno, "cannot read the kernel's clock");
    timex.modes = ADJ_ESTERROR; /* to what it is, which takes the same right */
    if (adjtimex(&timex) < 0)
        return err_errno(err, errno,
                         "the clock of this host cannot be set: its root lacks CAP_SYS_TIME, as in "
                         "a container");
    return 0;
}

int wall_clock_can(const struct clock_fault *fault, struct err *err)
{
    if (fault->monotonic_offset_ns || fault->monotonic_rate_ppm)
        return err_set(err, ENOTSUP,
                       "the monotonic clock of a host cannot be changed: leave kind 'monotonic' "
                       "to nodes of the lab");
    return 0;
}

/* What the clock should be off by at that true time. */
static int64_t declared_offset(const struct wall_clock *clock, int64_t now_ns)
{
    const struct clock_fault *fault = &clock->fault;
    int64_t gone_ns = now_ns - clock->since_ns;
    int64_t offset_ns =
        fault->wall_offset_ns + llrint((double)gone_ns * (double)fault->wall_rate_ppm / PPM);
    bool back = fault->strobe_period_ns && gone_ns / fault->strobe_period_ns & 1;

    return offset_ns + (fault->strobe_period_ns && !back ? fault->strobe_offset_ns : 0);
}

/* A reading of the clock, as any process makes them. */
static int64_t read_offset(struct wall_clock *clock, int64_t *now_ns)
{
    struct clock_pair pair = clock_pair_read();

    *now_ns = true_time(&clock->before, &pair);
    int64_t offset_ns = pair.wall_ns - *now_ns;
    clock->reads += llabs(offset_ns) > TRUE_NS;
    return offset_ns;
}

static int come_near(struct wall_clock *clock)
{
    int64_t now_ns, offset_ns = read_offset(clock, &now_ns);
    int64_t delta_ns = declared_offset(clock, now_ns) - offset_ns;

    if (llabs(delta_ns) <= EXACT_NS)
        return 0;
    clock->jumped_ns = clock_now_ns();
    return jump(delta_ns);
}

/* -- the thread ------------------------------------------------------------------------------- */

static bool needs_thread(const struct wall_clock *clock)
{
    return clock->interval_ns || clock->fault.strobe_period_ns;
}

/* The monotonic time of the next jump. */
static int64_t next_jump(const struct wall_clock *clock)
{
    struct clock_pair pair = clock_pair_read();
    int64_t now_ns = clock_now_ns(), least_ns = clock->jumped_ns + JUMP_MIN_NS;
    int64_t true_ns = true_time(&clock->before, &pair), next_ns = INT64_MAX;
    int64_t period_ns = clock->fault.strobe_period_ns;

    if (period_ns) {
        int64_t left_ns = period_ns - (true_ns - clock->since_ns) % period_ns;
        next_ns = now_ns + llrint((double)left_ns * clock->pace);
    }
    if (clock->interval_ns && clock->jumped_ns + clock->interval_ns < next_ns)
        next_ns = clock->jumped_ns + clock->interval_ns;
    return next_ns > least_ns ? next_ns : least_ns;
}

static void *keep_wrong(void *context)
{
    struct wall_clock *clock = context;
    const struct sched_param urgent = {.sched_priority = 1};

    (void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &urgent); /* better, not needed */
    (void)pthread_mutex_lock(&clock->mutex);
    while (!clock->ending) {
        if (!needs_thread(clock)) {
            (void)pthread_cond_wait(&clock->changed, &clock->mutex);
            continue;
        }
        int64_t next_ns = next_jump(clock);
        struct timespec until = {.tv_sec = next_ns / NS_PER_SEC, .tv_nsec = next_ns % NS_PER_SEC};
        int waited = pthread_cond_timedwait(&clock->changed, &clock->mutex, &until);
        if (waited == ETIMEDOUT && needs_thread(clock) && !clock->ending && come_near(clock))
            clock->failed = errno;
    }
    (void)pthread_mutex_unlock(&clock->mutex);
    return NULL;
}

static void end_thread(struct wall_clock *clock)
{
    (void)pthread_mutex_lock(&clock->mutex);
    clock->ending = true;
    (void)pthread_cond_signal(&clock->changed);
    (void)pthread_mutex_unlock(&clock->mutex);
    if (clock->has_thread)
        (void)pthread_join(clock->thread, NULL);
    clock->has_thread = false;
}

/* -- declaring -------------------------------------------------------------------------------- */

static int begin(struct wall_clock *clock, struct err *err)
{
    struct entry entry = {.kind = ENTRY_CLOCK};

    if (clock->begun)
        return 0;
    if (wall_clock_try(err) || time_services_hold(clock->journal, err) ||
        read_before(&entry.clock, err) || journal_note(clock->journal, &entry, err))
        return -1;
    clock->before = entry.clock;
    clock->number = entry.number;
    clock->begun = true;
    return 0;
}

/* The rate first, so that the jump mends what went by until it was in force. */
static int put_in_force(struct wall_clock *clock, const struct clock_fault *fault)
{
    const struct clock_before *before = &clock->before;
    double true_gain = clock_gain(before->freq, before->tick), per_true = 1 + true_gain / 1e9;
    double gain = true_gain + (double)fault->wall_rate_ppm * 1000 * per_true;
    struct clock_rate rate = {.freq = before->freq, .tick = before->tick};

    if (fault->wall_rate_ppm)
        rate = clock_rate_of(gain);
    (void)read_offset(clock, &clock->since_ns);
    clock->fault = *fault;
    if (!fault->strobe_offset_ns)
        clock->fault.strobe_period_ns = 0;
    clock->pace = (1 + clock_gain(rate.freq, rate.tick) / 1e9) / per_true;
    clock->interval_ns = 0;
    if (rate.rest != 0) {
        double often_ns = (double)NS_PER_MS / fabs(rate.rest) * 1e9;
        clock->interval_ns = often_ns > (double)JUMP_MAX_NS   ? JUMP_MAX_NS
                             : often_ns < (double)JUMP_MIN_NS ? JUMP_MIN_NS
                                                              : llrint(often_ns);
    }
    if (set_rate(rate.freq, rate.tick) || come_near(clock))
        return -1;
    (void)read_offset(clock, &(int64_t){0});
    return 0;
}

int wall_clock_declare(struct wall_clock *clock, const struct clock_fault *fault, struct err *err)
{
    static const struct clock_fault healthy;

    if (wall_clock_can(fault, err))
        return -1;
    if (!clock->begun && memcmp(fault, &healthy, sizeof healthy) == 0)
        return 0;
    if (begin(clock, err))
        return -1;
    (void)pthread_mutex_lock(&clock->mutex);
    int code = clock->failed;
    if (!code && memcmp(fault, &clock->fault, sizeof *fault) != 0 && put_in_force(clock, fault))
        code = errno;
    bool wants = needs_thread(clock) && !clock->has_thread;
    (void)pthread_cond_signal(&clock->changed);
    (void)pthread_mutex_unlock(&clock->mutex);
    if (code)
        return err_errno(err, code, "cannot change this host's clock");
    if (wants && pthread_create(&clock->thread, NULL, keep_wrong, clock) != 0)
        return err_set(err, EAGAIN, "cannot start a thread for the clock");
    clock->has_thread |= wants;
    return 0;
}

struct wall_clock_seen wall_clock_look(struct wall_clock *clock)
{
    struct wall_clock_seen seen = {0};
    int64_t now_ns;

    if (!clock->begun)
        return seen;
    (void)pthread_mutex_lock(&clock->mutex);
    seen.offset_ns = read_offset(clock, &now_ns);
    seen.reads = clock->reads;
    (void)pthread_mutex_unlock(&clock->mutex);
    return seen;
}

/* -- life ------------------------------------------------------------------------------------- */

int wall_clock_open(struct wall_clock **clock, struct journal *journal, struct err *err)
{
    struct wall_clock *made = calloc(1, sizeof *made);
    pthread_condattr_t attributes;

    if (!made || pthread_condattr_init(&attributes)) {
        free(made);
        return err_set(err, ENOMEM, "out of memory");
    }
    made->journal = journal;
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&made->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_mutex_init(&made->mutex, NULL);
    *clock = made;
    return 0;
}

/* What is written down of clock and services, the newest first: the services run again when the
 * clock is true. */
static int undo_all(struct journal *journal, struct err *err)
{
    struct err other = {0};
    int result = 0;

    for (int i = journal->open.count - 1; i >= 0; i--) {
        const struct entry entry = journal->open.list[i];
        struct err *told = result ? &other : err;
        if (entry.kind == ENTRY_RULES)
            continue;
        int failed = entry.kind == ENTRY_CLOCK ? wall_clock_undo(&entry.clock, told)
                                               : time_service_release(journal, &entry, told);
        if (failed || journal_undone(journal, entry.number, told))
            result = -1;
    }
    return result;
}

int wall_clock_close(struct wall_clock *clock, struct err *err)
{
    struct journal *journal = clock->journal;

    end_thread(clock);
    (void)pthread_cond_destroy(&clock->changed);
    (void)pthread_mutex_destroy(&clock->mutex);
    free(clock);
    return undo_all(journal, err);
}
