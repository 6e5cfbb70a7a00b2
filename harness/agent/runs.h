/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runs.h - commands that are run to their end, their output collected: the verb `run`. */
#ifndef ORDEAL_AGENT_RUNS_H
#define ORDEAL_AGENT_RUNS_H

#include "box.h"
#include "output.h"
#include "request.h"

#include <poll.h>

enum {
    RUNS_MAX = 16,               /* under way at once */
    RUN_OUTPUT_BYTES = 64 << 10, /* kept of standard output, and of standard error */
};

struct run_stream {
    int fd; /* -1: ended */
    struct buf text;
    bool cut; /* more was printed than is kept */
};

struct run {
    pid_t pid; /* 0: the slot is free */
    int64_t id;
    int64_t timeout_ms, deadline_ns;
    bool timed_out;
    char program[64];
    struct run_stream streams[2];
};

struct runs {
    struct run slots[RUNS_MAX];
};

/* Begin; the answer is sent when the command has ended. */
int runs_start(struct runs *runs, struct box *box, const struct request *request,
               struct err *err) MUST_CHECK;

/* Descriptors to wait for, at most 2 * RUNS_MAX; their number. */
int runs_watch(const struct runs *runs, struct pollfd *fds);

/* Read what is there, without waiting. */
void runs_read(struct runs *runs);

/* If `pid` is one of them, send its answer; whether it was. */
bool runs_reaped(struct runs *runs, pid_t pid, int status, struct output *output);

/* Kill what is over its time; the next moment at which something will be, INT64_MAX for never. */
int64_t runs_tick(struct runs *runs, int64_t now_ns);

#endif
