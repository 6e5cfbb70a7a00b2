/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system.h"

#include "../base/clock.h"
#include "agent.h"
#include "logs.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILL_TIMEOUT_MS = 3000, TERM_TIMEOUT_MS = 2000, AILED_MS = 500 };

static struct process *find(struct system *system, const char *name)
{
    for (int i = 0; i < system->count; i++) {
        if (strcmp(system->processes[i].name, name) == 0)
            return &system->processes[i];
    }
    return NULL;
}

static void forget(struct system *system, struct process *process)
{
    json_decref(process->json);
    size_t behind = (size_t)(&system->processes[system->count] - (process + 1));
    memmove(process, process + 1, behind * sizeof *process);
    system->count--;
}

static int log_of(const struct process *process, struct err *err)
{
    char file[NAME_MAX_BYTES + 8];

    if (process->log)
        return logs_open(process->log, err);
    (void)snprintf(file, sizeof file, "%s.log", process->name);
    return logs_open(file, err);
}

/* Note something in the process's log, for its reader; no more than that depends on it. */
static void note(const struct process *process, const char *what)
{
    struct err err;
    int fd = log_of(process, &err);

    if (fd < 0)
        return;
    logs_stamp(fd, "'%s' %s", process->name, what);
    (void)close(fd);
}

static void note_all(const struct system *system, const char *what)
{
    for (int i = 0; i < system->count; i++)
        note(&system->processes[i], what);
}

/* Execute it, its output appended to its log behind a line that says when. */
static int launch(struct agent *agent, struct process *process, struct err *err)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (null < 0)
        return err_errno(err, errno, "cannot open /dev/null");
    int log = log_of(process, err);
    int failed = -1;
    if (log >= 0) {
        logs_stamp(log, "'%s' started", process->name);
        failed =
            spawn(&agent->box, &process->command, (int[3]){null, log, log}, &process->pid, err);
        if (failed)
            logs_stamp(log, "'%s' did not start: %.200s", process->name, err->msg);
        (void)close(log);
    }
    (void)close(null);
    if (failed)
        process->pid = 0;
    else
        process->awaits_start = false;
    return failed;
}

int system_start(struct agent *agent, struct request *request, struct err *err)
{
    struct system *system = &agent->system;
    struct process *process = find(system, request->name);

    if (system->state != PROCESS_RUNNING && !system->unborn)
        return err_set(err, EBUSY, "the node is %s by declaration; declare it running first",
                       process_state_names[system->state]);
    if (process && process->pid)
        return err_set(err, EEXIST, "'%s' runs already; stop it first", request->name);
    if (process)
        forget(system, process);
    if (system->count == PROCESSES_MAX)
        return err_set(err, E2BIG, "a node has at most %d processes", PROCESSES_MAX);
    process = &system->processes[system->count];
    *process = (struct process){.json = request->json,
                                .name = request->name,
                                .command = request->command,
                                .log = request->log,
                                .awaits_start = system->unborn,
                                .stop_id = -1};
    if (!system->unborn && launch(agent, process, err))
        return -1;
    request->json = NULL;
    system->count++;
    return 0;
}

int system_stop(struct agent *agent, const struct request *request, struct err *err)
{
    struct process *process = find(&agent->system, request->name);

    if (!process)
        return err_set(err, ENOENT, "no process '%s' was started", request->name);
    if (process->stop_id >= 0)
        return err_set(err, EALREADY, "'%s' is being stopped already", request->name);
    if (!process->pid) {
        forget(&agent->system, process);
        struct buf answer = answer_begin(request->id);
        answer_send(&agent->output, &answer, request->id);
        return 0;
    }
    note(process, "asked to end");
    (void)kill(process->pid, SIGTERM);
    process->stop_id = request->id;
    process->stop_deadline_ns = clock_now_ns() + request->timeout_ms * NS_PER_MS;
    return 0;
}

static void live_again(struct agent *agent);
static void start_late(struct agent *agent);

int64_t system_tick(struct agent *agent, int64_t now_ns)
{
    struct system *system = &agent->system;
    int64_t next_ns = INT64_MAX;

    start_late(agent);
    if (system->life_ns && system->state == PROCESS_RUNNING) {
        if (now_ns >= system->life_end_ns)
            live_again(agent);
        next_ns = system->life_end_ns;
    }

    for (int i = 0; i < system->count; i++) {
        struct process *process = &system->processes[i];
        if (process->stop_id < 0 || !process->pid)
            continue;
        if (now_ns >= process->stop_deadline_ns) {
            (void)kill(-process->pid, SIGKILL);
            process->stop_deadline_ns = INT64_MAX;
        }
        if (process->stop_deadline_ns < next_ns)
            next_ns = process->stop_deadline_ns;
    }
    return next_ns;
}

static void add_end(struct buf *buf, int status)
{
    if (WIFSIGNALED(status))
        buf_json_int(buf, "signal", WTERMSIG(status));
    else
        buf_json_int(buf, "status", WEXITSTATUS(status));
}

bool system_reaped(struct agent *agent, pid_t pid, int status)
{
    struct system *system = &agent->system;
    struct process *process = system->processes;
    char what[64];

    while (process < system->processes + system->count && process->pid != pid)
        process++;
    if (process == system->processes + system->count)
        return false;
    (void)snprintf(what, sizeof what,
                   WIFSIGNALED(status) ? "ended by signal %d" : "exited with status %d",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    if (!system->killing)
        note(process, what);
    if (process->stop_id >= 0) {
        struct buf answer = answer_begin(process->stop_id);
        add_end(&answer, status);
        answer_send(&agent->output, &answer, process->stop_id);
        forget(system, process);
        return true;
    }
    process->pid = 0;
    bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    process->late =
        !system->killing && !system->ailing && failed && clock_now_ns() < system->ailed_until_ns;
    process->awaits_start = system->killing || (system->ailing && failed) || process->late;
    if (process->awaits_start && !system->killing) /* a kill by the limits counts there */
        system->throttles += !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
    if (!process->awaits_start) {
        struct buf event = event_begin("exit");
        buf_json_str(&event, "name", str_of(process->name));
        buf_json_int(&event, "pid", pid);
        add_end(&event, status);
        event_send(&agent->output, &event);
    }
    return true;
}

/* Signal what was started, and nothing beside it; wait until it is buried. How many there were. */
static int end_started(struct agent *agent, int signal, int timeout_ms)
{
    const struct timespec look = {.tv_nsec = 20 * NS_PER_MS}; /* two deaths are one SIGCHLD */
    int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    struct system *system = &agent->system;
    sigset_t child;
    int count = 0, left;

    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    system->killing = true;
    for (int i = 0; i < system->count; i++)
        count += system->processes[i].pid && kill(system->processes[i].pid, signal) == 0;
    do {
        agent_reap(agent);
        left = 0;
        for (int i = 0; i < system->count; i++)
            left += system->processes[i].pid != 0;
        if (left)
            (void)sigtimedwait(&child, NULL, &look);
    } while (left && clock_now_ns() < deadline_ns);
    system->killing = false;
    return count;
}

/* Kill every process and bury those that are ours. */
static int destroy(struct agent *agent, struct err *err)
{
    const struct timespec look = {.tv_nsec = 5 * NS_PER_MS}; /* for boxes that do not tell */
    int64_t deadline_ns = clock_now_ns() + KILL_TIMEOUT_MS * NS_PER_MS;
    sigset_t child;

    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    agent->system.killing = true;
    disk_link_power_off(&agent->system.disk);
    agent->box.kind->kill(&agent->box);
    agent_reap(agent);
    bool gone = agent->box.kind->gone(&agent->box);
    while (!gone && clock_now_ns() < deadline_ns) {
        (void)sigtimedwait(&child, NULL, &look);
        agent_reap(agent);
        gone = agent->box.kind->gone(&agent->box);
    }
    agent_reap(agent); /* gone may mean dead, and not yet buried */
    agent->system.killing = false;
    if (gone)
        return 0;
    return err_set(err, ETIMEDOUT, "processes were still there %d ms after SIGKILL",
                   KILL_TIMEOUT_MS);
}

/* Stopped first: that makes it one instant for all of them, and their number exact. */
static int kill_all(struct agent *agent, struct err *err)
{
    struct system *system = &agent->system;
    struct err unimportant;
    int count = 0;

    (void)agent->box.kind->stop(&agent->box, &count, &unimportant);
    if (destroy(agent, err))
        return -1;
    system->unborn = system->count == 0;
    for (int i = 0; i < system->count; i++) /* those as well that had ended by themselves */
        system->processes[i].awaits_start = true;
    system->kills++;
    system->killed += (uint64_t)count;
    system->state = PROCESS_KILLED;
    note_all(system, "killed");
    return 0;
}

/* The database's processes end, crashed or asked to; whatever else there is stays. */
static int fell_started(struct agent *agent, enum process_state how, struct err *err)
{
    struct system *system = &agent->system;
    bool asked = how == PROCESS_STOPPED;
    int count =
        end_started(agent, asked ? SIGTERM : SIGKILL, asked ? TERM_TIMEOUT_MS : KILL_TIMEOUT_MS);

    if (asked)
        (void)end_started(agent, SIGKILL, KILL_TIMEOUT_MS); /* who would not */
    for (int i = 0; i < system->count; i++) {
        if (system->processes[i].pid)
            return err_set(err, ETIMEDOUT, "'%s' was still there %d ms after SIGKILL",
                           system->processes[i].name, KILL_TIMEOUT_MS);
        system->processes[i].awaits_start = true;
    }
    system->kills++;
    system->killed += (uint64_t)count;
    system->state = how;
    note_all(system, process_state_names[how]);
    return 0;
}

static int pause_all(struct agent *agent, struct err *err)
{
    int count = 0;

    if (agent->box.kind->stop(&agent->box, &count, err)) {
        struct err unimportant;
        (void)agent->box.kind->resume(&agent->box, &unimportant);
        return -1;
    }
    agent->system.pauses++;
    agent->system.paused += (uint64_t)count;
    agent->system.state = PROCESS_PAUSED;
    note_all(&agent->system, "paused");
    return 0;
}

/* Undo what was done: start what was killed, let go on what was stopped. */
static int revive(struct agent *agent, struct err *err)
{
    struct system *system = &agent->system;

    if (system->state == PROCESS_PAUSED) {
        note_all(system, "resumed");
        if (agent->box.kind->resume(&agent->box, err))
            return -1;
    }
    system->state = PROCESS_RUNNING;
    system->unborn = false;
    for (int i = 0; i < system->count; i++) {
        struct process *process = &system->processes[i];
        if (!process->awaits_start || launch(agent, process, err) == 0)
            continue;
        if (!system->ailing)
            return err_wrap(err, "cannot start '%s' again", process->name);
    }
    system->life_end_ns = clock_now_ns() + system->life_ns;
    return 0;
}

/* Victims of what was healed just now, which ended a moment later. */
static void start_late(struct agent *agent)
{
    struct system *system = &agent->system;
    struct err err;

    for (int i = 0; i < system->count && system->state == PROCESS_RUNNING; i++) {
        struct process *process = &system->processes[i];
        if (!process->late)
            continue;
        process->late = false;
        if (process->awaits_start && launch(agent, process, &err))
            process->awaits_start = false; /* it has ended: receipts say so */
    }
}

/* A life is over, the next one begins. What cannot be started now is when that is healed. */
static void live_again(struct agent *agent)
{
    struct system *system = &agent->system;
    struct err err;

    uint64_t killed = system->killed;
    if (fell_started(agent, PROCESS_CRASHED, &err) || revive(agent, &err))
        note_all(system, err.msg);
    system->throttles += system->killed - killed;
    system->state = PROCESS_RUNNING;
    system->life_end_ns = clock_now_ns() + system->life_ns;
}

static int reach(struct agent *agent, enum process_state wanted, struct err *err)
{
    enum process_state now = agent->system.state;

    if (wanted == PROCESS_KILLED && now == PROCESS_RUNNING)
        clock_sleep_until(clock_now_ns() + agent->system.disk.fault.cut_after_ns);
    if (wanted == now && wanted != PROCESS_RUNNING)
        return 0;
    if (wanted == PROCESS_KILLED)
        return kill_all(agent, err);
    if (wanted >= PROCESS_STOPPED && now >= PROCESS_STOPPED) { /* they are down already */
        agent->system.state = wanted;
        return 0;
    }
    if (revive(agent, err))
        return -1;
    if (wanted == PROCESS_PAUSED)
        return pause_all(agent, err);
    return wanted == PROCESS_RUNNING ? 0 : fell_started(agent, wanted, err);
}

/* The limits come before what starts under them. */
static int limit_all(struct agent *agent, const struct limits *limits, struct err *err)
{
    struct box *box = &agent->box;

    agent->system.life_ns = limits->life_ns;
    agent->system.life_end_ns = clock_now_ns() + limits->life_ns;
    if (memcmp(limits, &box->limits, sizeof *limits) == 0)
        return 0;
    return box->kind->limit(box, limits, err);
}

/* With nobody left on it a disk loses what it is declared to lose. */
static int settle_disk(struct agent *agent, struct err *err)
{
    struct disk_link *disk = &agent->system.disk;

    if (agent->system.state == PROCESS_KILLED && disk_link_settle(disk, err))
        return -1;
    return disk_link_count(disk, err);
}

int system_declare(struct agent *agent, const struct request *request, struct err *err)
{
    struct system *system = &agent->system;

    if ((uint64_t)request->version < system->version)
        return err_set(err, ESTALE, "world %lld is older than world %llu, which is in force",
                       (long long)request->version, (unsigned long long)system->version);
    if (agent->clocks.memory)
        clocks_declare(&agent->clocks, &request->clock);
    agent_reap(agent); /* who has ended by now, has under the world that was */
    if (limit_all(agent, &request->limits, err))
        return -1;
    bool ailing = !part_is_healthy(limit_members, &request->limits) ||
                  !part_is_healthy(disk_members, &request->disk);
    if (system->ailing && !ailing)
        system->ailed_until_ns = clock_now_ns() + AILED_MS * NS_PER_MS;
    system->ailing = ailing;
    if (disk_link_declare(&system->disk, &request->disk, err) ||
        reach(agent, request->state, err) || settle_disk(agent, err))
        return -1;
    system->version = (uint64_t)request->version;
    return 0;
}

static const char *state_of(const struct system *system, const struct process *process)
{
    if (process->pid)
        return process_state_names[system->state];
    return process->awaits_start ? process_state_names[PROCESS_KILLED] : "ended";
}

void system_receipt(struct agent *agent, struct buf *answer)
{
    struct system *system = &agent->system;
    uint64_t throttles = system->throttles + agent->box.kind->throttles(&agent->box);

    buf_json_int(answer, "version", (int64_t)system->version);
    buf_json_str(answer, "state", str_of(process_state_names[system->state]));
    buf_json_int(answer, "kills", (int64_t)system->kills);
    buf_json_int(answer, "killed", (int64_t)system->killed);
    buf_json_int(answer, "pauses", (int64_t)system->pauses);
    buf_json_int(answer, "paused", (int64_t)system->paused);
    disk_link_print(&system->disk, answer);
    if (throttles)
        buf_json_int(answer, "throttles", (int64_t)throttles);
    buf_json_next(answer, "processes");
    buf_puts(answer, "[");
    for (int i = 0; i < system->count; i++) {
        const struct process *process = &system->processes[i];
        buf_json_next(answer, NULL);
        buf_puts(answer, "{");
        buf_json_str(answer, "name", str_of(process->name));
        buf_json_int(answer, "pid", process->pid);
        buf_json_str(answer, "state", str_of(state_of(system, process)));
        buf_puts(answer, "}");
    }
    buf_puts(answer, "]");
}

int system_end(struct agent *agent, struct err *err)
{
    int failed = destroy(agent, err);

    disk_link_close(&agent->system.disk);
    for (int i = 0; i < agent->system.count; i++)
        json_decref(agent->system.processes[i].json);
    agent->system.count = 0;
    return failed;
}
