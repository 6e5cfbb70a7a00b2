/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runs.h"

#include "../base/base64.h"
#include "../base/clock.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Standard input as a file in memory, at its beginning: nothing has to be pumped. */
static int input_open(struct str base64, struct err *err)
{
    size_t len = 0;

    if (base64.len == 0) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return null < 0 ? err_errno(err, errno, "cannot open /dev/null") : null;
    }
    if (base64.len > INPUT_MAX_BYTES / 3 * 4 + 4)
        return err_set(err, E2BIG, "'stdin' may have %d bytes; put a file instead",
                       INPUT_MAX_BYTES);
    char *bytes = malloc(base64_read_max(base64.len));
    if (!bytes)
        return err_set(err, ENOMEM, "out of memory for 'stdin'");
    int fd = -1;
    if (!base64_read(base64, bytes, &len))
        err_set(err, EINVAL, "bad 'run': 'stdin' is not base64");
    else if ((fd = memfd_create("stdin", MFD_CLOEXEC)) < 0)
        err_errno(err, errno, "cannot make a file for 'stdin'");
    else if (pwrite(fd, bytes, len, 0) != (ssize_t)len)
        err_errno(err, errno ? errno : ENOSPC, "cannot keep 'stdin'");
    else {
        free(bytes);
        return fd;
    }
    free(bytes);
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static void streams_close(struct run *run)
{
    for (int i = 0; i < 2; i++) {
        struct run_stream *stream = &run->streams[i];
        if (stream->fd >= 0)
            (void)close(stream->fd);
        stream->fd = -1;
        buf_release(&stream->text);
    }
}

/* Pipes for both streams: the ends to write to go to fds[1] and fds[2]. */
static int streams_open(struct run *run, int fds[3], struct err *err)
{
    for (int i = 0; i < 2; i++) {
        int ends[2];
        run->streams[i] = (struct run_stream){.fd = -1};
        buf_init(&run->streams[i].text, RUN_OUTPUT_BYTES + 1);
        if (pipe2(ends, O_CLOEXEC))
            return err_errno(err, errno, "cannot make a pipe");
        (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
        run->streams[i].fd = ends[0];
        fds[i + 1] = ends[1];
    }
    return 0;
}

int runs_start(struct runs *runs, struct box *box, const struct request *request, struct err *err)
{
    int fds[3] = {-1, -1, -1};
    struct run *run = runs->slots;

    while (run < runs->slots + RUNS_MAX && run->pid)
        run++;
    if (run == runs->slots + RUNS_MAX)
        return err_set(err, EAGAIN, "%d commands are under way on this node; wait for one",
                       RUNS_MAX);
    *run = (struct run){
        .id = request->id, .timeout_ms = request->timeout_ms, .streams = {{.fd = -1}, {.fd = -1}}};
    (void)snprintf(run->program, sizeof run->program, "%s", request->command.argv[0]);
    pid_t pid = 0;
    int failed = -1;
    if ((fds[0] = input_open(request->input, err)) >= 0 && streams_open(run, fds, err) == 0)
        failed = spawn(box, &request->command, fds, &pid, err);
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
    if (failed) {
        streams_close(run);
        return -1;
    }
    run->pid = pid;
    run->deadline_ns = clock_now_ns() + request->timeout_ms * NS_PER_MS;
    return 0;
}

int runs_watch(const struct runs *runs, struct pollfd *fds)
{
    int count = 0;

    for (const struct run *run = runs->slots; run < runs->slots + RUNS_MAX; run++) {
        for (int i = 0; run->pid && i < 2; i++) {
            if (run->streams[i].fd >= 0)
                fds[count++] = (struct pollfd){.fd = run->streams[i].fd, .events = POLLIN};
        }
    }
    return count;
}

/* Read once, which is as much as a pipe holds. What is over the limit is read all the same, so that
 * the command does not stand still. */
static void stream_read(struct run_stream *stream)
{
    static char chunk[RUN_OUTPUT_BYTES];

    if (stream->fd < 0)
        return;
    ssize_t got = read(stream->fd, chunk, sizeof chunk);
    if (got > 0) {
        size_t room = RUN_OUTPUT_BYTES - stream->text.len;
        size_t kept = (size_t)got < room ? (size_t)got : room;
        buf_add(&stream->text, chunk, kept);
        stream->cut |= kept < (size_t)got || stream->text.failed;
    } else if (got == 0) {
        (void)close(stream->fd);
        stream->fd = -1;
    }
}

void runs_read(struct runs *runs)
{
    for (struct run *run = runs->slots; run < runs->slots + RUNS_MAX; run++) {
        for (int i = 0; run->pid && i < 2; i++)
            stream_read(&run->streams[i]);
    }
}

bool runs_reaped(struct runs *runs, pid_t pid, int status, struct output *output)
{
    static const char *const names[2] = {"stdout", "stderr"};
    struct run *run = runs->slots;
    struct err err;

    while (run < runs->slots + RUNS_MAX && run->pid != pid)
        run++;
    if (run == runs->slots + RUNS_MAX)
        return false;
    if (run->timed_out) {
        err_set(&err, ETIMEDOUT, "'%s' did not end within %lld ms and was killed", run->program,
                (long long)run->timeout_ms);
        output_error(output, run->id, &err);
    } else {
        struct buf answer = answer_begin(run->id);
        buf_json_int(&answer, "status",
                     WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
        bool cut = false;
        for (int i = 0; i < 2; i++) {
            stream_read(&run->streams[i]); /* of what it left running, nothing more is awaited */
            buf_json_next(&answer, names[i]);
            buf_puts(&answer, "\"");
            base64_add(&answer, buf_str(&run->streams[i].text));
            buf_puts(&answer, "\"");
            cut |= run->streams[i].cut;
        }
        buf_json_bool(&answer, "cut", cut);
        answer_send(output, &answer, run->id);
    }
    streams_close(run);
    run->pid = 0;
    return true;
}

int64_t runs_tick(struct runs *runs, int64_t now_ns)
{
    int64_t next_ns = INT64_MAX;

    for (struct run *run = runs->slots; run < runs->slots + RUNS_MAX; run++) {
        if (!run->pid || run->timed_out)
            continue;
        if (now_ns >= run->deadline_ns) {
            run->timed_out = true;
            (void)kill(-run->pid, SIGKILL);
        } else if (run->deadline_ns < next_ns) {
            next_ns = run->deadline_ns;
        }
    }
    return next_ns;
}
