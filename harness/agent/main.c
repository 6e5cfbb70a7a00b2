/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - ordeal-agent: the node's side of the harness (PROTOCOL.md).
 *
 * It obeys whoever holds the other end of its standard input and output, and only as long as they
 * show that they live: at the end of the input, or after five seconds of silence, it stops what it
 * has started and goes. What it does not do: packet rules of a lab, which are the controller's.
 */
#include "agent.h"

#include "../base/budget.h"
#include "../base/clock.h"
#include "logs.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { MEMORY_BYTES = 64 << 20 };

static const char usage[] =
    "usage: ordeal-agent [--host FOLDER] [--log-limit BYTES]\n"
    "       ordeal-agent --heal [--journal DIR]\n"
    "Started by ordeal on a node; speaks its protocol on standard input and output.\n"
    "  --host FOLDER      on somebody's host: the node lives below FOLDER, an absolute path\n"
    "  --host-clock       clocks that are told are the host's own (it takes root), not its "
    "processes'\n"
    "  --no-namespaces    processes are found by descent\n"
    "  --log-limit BYTES  of all files in /node/log together (default 64 MiB)\n"
    "  --heal             undo what an agent that died has left on this host, and say it\n"
    "  --journal DIR      where that is written down (default " JOURNAL_FOLDER ")\n";

/* JSON comes from outside: its memory is bounded. */
static struct budget memory;

static void *json_alloc(size_t size)
{
    return budget_alloc(&memory, size);
}

static void json_release(void *ptr)
{
    budget_free(&memory, ptr);
}

static int options_read(struct agent *agent, int argc, char **argv)
{
    static const struct option options[] = {{"host", required_argument, NULL, 'h'},
                                            {"host-clock", no_argument, NULL, 'c'},
                                            {"no-namespaces", no_argument, NULL, 'n'},
                                            {"log-limit", required_argument, NULL, 'l'},
                                            {0}};

    agent->box.kind = &box_namespace;
    agent->log_limit_bytes = LOG_LIMIT_BYTES;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'n')
            agent->box.kind = &box_descendants;
        else if (option == 'c')
            agent->host_clock = true;
        else if (option == 'h')
            agent->host_folder = optarg;
        else if (option != 'l' || !str_to_int(str_of(optarg), &agent->log_limit_bytes) ||
                 agent->log_limit_bytes <= 0)
            return -1;
    }
    return optind == argc ? 0 : -1;
}

/* If it cannot, 'hello' is answered with the reason. */
static void move_in(struct agent *agent)
{
    struct err unimportant;

    if (guest_open(&agent->lodging, &agent->host, agent->host_folder, &agent->homeless) == 0)
        return;
    (void)!guest_close(&agent->lodging, agent->host, &unimportant);
    agent->host = NULL;
}

static int setup(struct agent *agent, struct err *err)
{
    sigset_t handled;

    /* Nothing of ours but by dup2 in a child ever passes an exec. */
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
        return err_errno(err, errno, "cannot mark descriptors");
    (void)sigemptyset(&handled);
    (void)sigaddset(&handled, SIGCHLD);
    (void)sigaddset(&handled, SIGTERM);
    (void)sigaddset(&handled, SIGINT);
    (void)sigaddset(&handled, SIGHUP);
    (void)sigprocmask(SIG_SETMASK, &handled, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    agent->signal_fd = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
    if (agent->signal_fd < 0)
        return err_errno(err, errno, "cannot receive signals");
    for (int fd = 0; fd < 2; fd++) {
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
            return err_errno(err, errno, "standard %s cannot be used", fd ? "output" : "input");
    }
    if (agent->host_folder)
        move_in(agent);
    budget_init(&memory, 0, MEMORY_BYTES);
    json_set_alloc_funcs(json_alloc, json_release);
    agent->heard_ns = clock_now_ns();
    return lines_init(&agent->input, err);
}

/* Whether there is more, but no room for answers. */
static bool take_input(struct agent *agent)
{
    struct err err;
    struct str line;

    while (!agent->ending) {
        if (output_waiting(&agent->output) >= OUTPUT_FULL_BYTES)
            return true;
        enum line_found found = lines_next(&agent->input, &line);
        if (found == LINE_NONE)
            return false;
        if (found == LINE_READY) {
            agent_take(agent, line);
            continue;
        }
        err_set(&err, E2BIG, "a line may have %d bytes; this one was dropped", LINE_MAX_BYTES);
        output_error(&agent->output, -1, &err);
    }
    return false;
}

static void read_input(struct agent *agent)
{
    long got = lines_fill(&agent->input, STDIN_FILENO);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        agent->ending = true;
}

static void read_signals(struct agent *agent)
{
    struct signalfd_siginfo info;

    while (read(agent->signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGCHLD)
            agent->ending = true;
    }
    agent_reap(agent);
}

static void log_dropped(void *context, const char *file, int64_t until)
{
    struct agent *agent = context;
    struct buf event = event_begin("log");

    buf_json_str(&event, "file", str_of(file));
    buf_json_int(&event, "dropped", until);
    event_send(&agent->output, &event);
}

/* Do what is due; for how long, in milliseconds, nothing else will be. */
static int tick(struct agent *agent)
{
    int64_t now_ns = clock_now_ns();
    int64_t silent_ns = agent->heard_ns + SILENCE_MAX_MS * NS_PER_MS;
    int64_t next_ns = silent_ns;
    int64_t due_ns = runs_tick(&agent->runs, now_ns);

    if (now_ns >= silent_ns)
        agent->ending = true;
    next_ns = due_ns < next_ns ? due_ns : next_ns;
    due_ns = system_tick(agent, now_ns);
    next_ns = due_ns < next_ns ? due_ns : next_ns;
    due_ns = clocks_tick(&agent->clocks, now_ns, &agent->output);
    next_ns = due_ns < next_ns ? due_ns : next_ns;
    if (agent->box.open) {
        if (now_ns >= agent->logs_ns) {
            logs_bound(agent->log_limit_bytes, log_dropped, agent);
            agent->logs_ns = now_ns + LOG_INTERVAL_MS * NS_PER_MS;
        }
        next_ns = agent->logs_ns < next_ns ? agent->logs_ns : next_ns;
    }
    return next_ns <= now_ns ? 0 : (int)((next_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void loop(struct agent *agent)
{
    while (!agent->ending && !agent->output.failed) {
        struct pollfd fds[3 + 2 * RUNS_MAX] = {
            {.fd = STDIN_FILENO,
             .events = output_waiting(&agent->output) < OUTPUT_FULL_BYTES ? POLLIN : 0},
            {.fd = STDOUT_FILENO, .events = output_waiting(&agent->output) ? POLLOUT : 0},
            {.fd = agent->signal_fd, .events = POLLIN}};
        int count = 3 + runs_watch(&agent->runs, fds + 3);

        (void)poll(fds, (nfds_t)count, tick(agent));
        if (fds[2].revents)
            read_signals(agent);
        runs_read(&agent->runs);
        if (fds[0].revents)
            read_input(agent);
        bool more = take_input(agent);
        output_flush(&agent->output, STDOUT_FILENO);
        while (more && output_waiting(&agent->output) < OUTPUT_FULL_BYTES) {
            more = take_input(agent);
            output_flush(&agent->output, STDOUT_FILENO);
        }
    }
}

int main(int argc, char **argv)
{
    static struct agent agent;
    struct err err = {0};

    if (argc == 2 && strcmp(argv[1], "--tell-clock") == 0)
        return clocks_tell();
    if (argc == 2 && strcmp(argv[1], "--probe-clock") == 0)
        return clock_probe_main();
    if (argc == 2 && strcmp(argv[1], "--try-clocks") == 0)
        return clocks_try();
    if (argc == 2 && strcmp(argv[1], "--heal") == 0)
        return guest_heal(JOURNAL_FOLDER);
    if (argc == 4 && strcmp(argv[1], "--heal") == 0 && strcmp(argv[2], "--journal") == 0)
        return guest_heal(argv[3]);
    if (options_read(&agent, argc, argv)) {
        (void)fputs(usage, stderr);
        return 254;
    }
    if (setup(&agent, &err)) {
        (void)fprintf(stderr, "ordeal-agent: %s\n", err.msg);
        return 255;
    }
    loop(&agent);
    int failed = system_end(&agent, &err);
    if (failed)
        (void)fprintf(stderr, "ordeal-agent: %s\n", err.msg);
    clocks_close(&agent.clocks);
    logs_close_up();
    if (guest_close(&agent.lodging, agent.host, &err)) {
        (void)fprintf(stderr, "ordeal-agent: %s\n", err.msg);
        failed = true;
    }
    output_flush(&agent.output, STDOUT_FILENO);
    lines_release(&agent.input);
    return failed ? 255 : 0;
}
