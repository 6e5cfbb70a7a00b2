/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dispatch.c - from a line to an answer: which verb does what. */
#include "agent.h"

#include "../base/clock.h"
#include "../base/version.h"
#include "files.h"
#include "logs.h"
#include "user.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

/* The needs that this agent can provide. */
enum { PROVIDED = NEED_SWITCH | NEED_CLOCK | NEED_DISK };

/* What a verb does with its request: 0 and the answer's members, or -1. Where `later` is set in the
 * table, the verb answers for itself. */
typedef int handler(struct agent *agent, struct request *request, struct buf *answer,
                    struct err *err);

/* Where processes are found by descent the keeper would be taken for one of them. */
static int open_clocks(struct agent *agent, struct err *err)
{
    if (agent->host_clock)
        return agent->host ? wall_clock_try(err)
                           : err_set(err, EPERM, "the clock of a host can be set by root only");
    if (agent->box.kind != &box_namespace)
        return err_set(err, ENOTSUP, "clocks can be told on nodes of the lab only");
    if (clocks_open(&agent->clocks, err))
        return -1;
    agent->box.clocks = &agent->clocks;
    return 0;
}

static int hello(struct agent *agent, struct request *request, struct buf *answer, struct err *err)
{
    if (agent->homeless.msg[0]) {
        *err = agent->homeless;
        return -1;
    }
    if (request->protocol != PROTOCOL_VERSION)
        return err_set(err, EPROTO,
                       "this agent (version %s) speaks protocol %d, not %lld; use the agent that "
                       "came with this ordeal",
                       ordeal_version, PROTOCOL_VERSION, (long long)request->protocol);
    if (request->needs & ~(unsigned)PROVIDED)
        return err_set(err, ENOTSUP, "this agent cannot provide all that the plan needs");
    if (request->needs & NEED_CLOCK && !agent->clocks.memory && open_clocks(agent, err))
        return -1;
    if (request->needs & NEED_DISK && !agent->greeted && disk_link_open(&agent->system.disk, err))
        return -1;
    agent->greeted = true;
    buf_json_int(answer, "protocol", PROTOCOL_VERSION);
    buf_json_str(answer, "version", str_of(ordeal_version));
    buf_json_next(answer, "abilities");
    buf_puts(answer, "[\"kill\",\"pause\"");
    buf_json_str(answer, NULL, str_of(agent->box.kind->name));
    if (agent->host)
        buf_json_str(answer, NULL, STR(ABILITY_CUTS));
    if (user_ids_are_mapped())
        buf_json_str(answer, NULL, STR("users"));
    buf_puts(answer, "]");
    return 0;
}

static int start(struct agent *agent, struct request *request, struct buf *answer, struct err *err)
{
    if (system_start(agent, request, err))
        return -1;
    buf_json_int(answer, "pid", agent->system.processes[agent->system.count - 1].pid);
    return 0;
}

static int stop(struct agent *agent, struct request *request, struct buf *answer, struct err *err)
{
    (void)answer;
    return system_stop(agent, request, err);
}

static int run(struct agent *agent, struct request *request, struct buf *answer, struct err *err)
{
    (void)answer;
    if (agent->system.state != PROCESS_RUNNING)
        return err_set(err, EBUSY, "the node is %s by declaration; nothing can be run on it",
                       process_state_names[agent->system.state]);
    return runs_start(&agent->runs, &agent->box, request, err);
}

static int put(struct agent *agent, struct request *request, struct buf *answer, struct err *err)
{
    (void)agent;
    (void)answer;
    return files_put(request, err);
}

static int get(struct agent *agent, struct request *request, struct buf *answer, struct err *err)
{
    (void)agent;
    return files_get(request, answer, err);
}

static void add_log(void *context, const char *file, int64_t begins, int64_t size)
{
    struct buf *answer = context;

    buf_json_next(answer, NULL);
    buf_puts(answer, "[");
    buf_json_str(answer, NULL, str_of(file));
    buf_json_int(answer, NULL, begins);
    buf_json_int(answer, NULL, size);
    buf_puts(answer, "]");
}

static int logs(struct agent *agent, struct request *request, struct buf *answer, struct err *err)
{
    (void)agent;
    (void)request;
    (void)err;
    buf_json_next(answer, "logs");
    buf_puts(answer, "[");
    logs_list(add_log, answer);
    buf_puts(answer, "]");
    return 0;
}

static int receipt(struct agent *agent, struct request *request, struct buf *answer,
                   struct err *err)
{
    (void)request;
    if (disk_link_count(&agent->system.disk, err))
        return -1;
    system_receipt(agent, answer);
    clocks_receipt(&agent->clocks, answer);
    return guest_receipt(agent->host, agent->host_clock, answer, err);
}

static int world(struct agent *agent, struct request *request, struct buf *answer, struct err *err)
{
    bool told = agent->clocks.memory || (agent->host_clock && agent->host);

    if (!told && !part_is_healthy(clock_members, &request->clock))
        return err_set(err, ENOTSUP, "what was declared was not among the needs of 'hello'");
    if (guest_declare(agent->host, request, agent->host_clock, err) ||
        system_declare(agent, request, err))
        return -1;
    system_receipt(agent, answer);
    clocks_receipt(&agent->clocks, answer);
    return guest_receipt(agent->host, agent->host_clock, answer, err);
}

static int ping(struct agent *agent, struct request *request, struct buf *answer, struct err *err)
{
    (void)agent;
    (void)request;
    (void)answer;
    (void)err;
    return 0;
}

/* Its answer says that nothing of the system is left. */
static int bye(struct agent *agent, struct request *request, struct buf *answer, struct err *err)
{
    (void)request;
    (void)answer;
    agent->ending = true;
    clock_watch_end(&agent->clocks.watch, &agent->output);
    return system_end(agent, err);
}

static const struct {
    handler *handle;
    bool later;
} handlers[VERB_COUNT] = {
    [VERB_HELLO] = {hello, false}, [VERB_START] = {start, false}, [VERB_STOP] = {stop, true},
    [VERB_RUN] = {run, true},      [VERB_PUT] = {put, false},     [VERB_GET] = {get, false},
    [VERB_LOGS] = {logs, false},   [VERB_WORLD] = {world, false}, [VERB_RECEIPT] = {receipt, false},
    [VERB_PING] = {ping, false},   [VERB_BYE] = {bye, false},
};

static void answer_request(struct agent *agent, struct request *request)
{
    struct err err = {0};

    agent->heard_ns = clock_now_ns();
    if (!agent->greeted && request->verb != VERB_HELLO) {
        err_set(&err, EPROTO, "'%s' before 'hello'", verb_names[request->verb]);
        output_error(&agent->output, request->id, &err);
        return;
    }
    struct buf answer = answer_begin(request->id);
    if (handlers[request->verb].handle(agent, request, &answer, &err)) {
        output_error(&agent->output, request->id, &err);
        buf_release(&answer);
    } else if (handlers[request->verb].later) {
        buf_release(&answer);
    } else {
        answer_send(&agent->output, &answer, request->id);
    }
}

void agent_take(struct agent *agent, struct str line)
{
    struct request request;
    struct err err = {0};

    if (request_read(line, &request, &err))
        output_error(&agent->output, request.id, &err);
    else
        answer_request(agent, &request);
    request_release(&request);
}

void agent_reap(struct agent *agent)
{
    int status;

    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        agent->box.kind->reaped(&agent->box, pid);
        if (clocks_reaped(&agent->clocks, pid)) {
            (void)fputs("ordeal-agent: the clocks' keeper has died\n", stderr);
            agent->ending = true;
        }
        if (!runs_reaped(&agent->runs, pid, status, &agent->output))
            (void)system_reaped(agent, pid, status);
    }
}
