/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tool.h"

#include "../../base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMEOUT_MS = 4000, OUTPUT_BYTES_MAX = 16 << 20, PATH_BYTES = 4096 };

static const char folders[] = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin";

/* -- finding ---------------------------------------------------------------------------------- */

static bool find_in(const char *path, const char *name, char found[PATH_BYTES])
{
    while (*path) {
        size_t len = strcspn(path, ":");
        int printed = snprintf(found, PATH_BYTES, "%.*s/%s", (int)len, path, name);
        if (path[0] == '/' && printed < PATH_BYTES && access(found, X_OK) == 0)
            return true;
        path += len + (path[len] == ':');
    }
    return false;
}

static bool find(const char *name, char found[PATH_BYTES])
{
    const char *path = getenv("PATH");

    return (path && find_in(path, name, found)) || find_in(folders, name, found);
}

bool tool_exists(const char *name)
{
    char found[PATH_BYTES];

    return find(name, found);
}

/* -- running ---------------------------------------------------------------------------------- */

struct running {
    int input;       /* a file in memory: it is all there, and nobody waits for its reader */
    int pipes[2][2]; /* of standard output and error: [0] is our end */
    pid_t pid;
    int pid_fd;
    struct buf texts[2];
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static int make_files(struct running *running, struct str input, struct err *err)
{
    running->input = memfd_create("input", MFD_CLOEXEC);
    if (running->input < 0)
        return err_errno(err, errno, "cannot make a file in memory");
    while (input.len > 0) {
        ssize_t put = write(running->input, input.ptr, input.len);
        if (put <= 0)
            return err_errno(err, errno, "cannot write a file in memory");
        input = (struct str){input.ptr + put, input.len - (size_t)put};
    }
    (void)lseek(running->input, 0, SEEK_SET);
    for (int i = 0; i < 2; i++) {
        if (pipe2(running->pipes[i], O_CLOEXEC) || fcntl(running->pipes[i][0], F_SETFL, O_NONBLOCK))
            return err_errno(err, errno, "cannot make a pipe");
    }
    return 0;
}

/* What the agent blocks or ignores is its own business. */
static int start(struct running *running, const char *path, const char *const *argv, int kept_fd)
{
    static char path_variable[sizeof folders + 8], language[] = "LC_ALL=C";
    char *env[] = {path_variable, language, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;

    (void)snprintf(path_variable, sizeof path_variable, "PATH=%s", folders);
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions))
        return ENOMEM;
    if (posix_spawnattr_init(&attributes)) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    int failed = posix_spawn_file_actions_adddup2(&actions, running->input, 0);
    for (int i = 0; i < 2 && !failed; i++)
        failed = posix_spawn_file_actions_adddup2(&actions, running->pipes[i][1], i + 1);
    if (!failed && kept_fd >= 0) /* onto itself: it loses its mark for closing */
        failed = posix_spawn_file_actions_adddup2(&actions, kept_fd, kept_fd);
    if (!failed)
        failed =
            posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!failed)
        failed = posix_spawnattr_setsigmask(&attributes, &none);
    if (!failed)
        failed = posix_spawnattr_setsigdefault(&attributes, &all);
    if (!failed)
        failed = posix_spawn(&running->pid, path, &actions, &attributes, (char *const *)argv, env);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return failed;
}

static void drain(struct running *running, int i)
{
    char bytes[16384];
    ssize_t got;

    while ((got = read(running->pipes[i][0], bytes, sizeof bytes)) > 0)
        buf_add(&running->texts[i], bytes, (size_t)got);
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
        close_fd(&running->pipes[i][0]);
}

/* Read until it has ended; false if that takes too long. */
static bool attend(struct running *running)
{
    int64_t deadline_ns = clock_now_ns() + TIMEOUT_MS * NS_PER_MS;

    for (bool ended = false; !ended;) {
        struct pollfd fds[3] = {{running->pipes[0][0], POLLIN, 0},
                                {running->pipes[1][0], POLLIN, 0},
                                {running->pid_fd, POLLIN, 0}};
        int64_t left_ms = (deadline_ns - clock_now_ns() + NS_PER_MS - 1) / NS_PER_MS;
        if (left_ms <= 0 || (poll(fds, 3, (int)left_ms) < 0 && errno != EINTR))
            return false;
        ended = fds[2].revents != 0; /* what it has printed is there to be read by now */
        for (int i = 0; i < 2; i++) {
            if (running->pipes[i][0] >= 0)
                drain(running, i);
        }
    }
    return true;
}

static int judge(struct running *running, const char *name, bool ended, struct err *err)
{
    int status;

    if (!ended)
        (void)kill(running->pid, SIGKILL);
    while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!ended)
        return err_set(err, ETIMEDOUT, "'%s' did not end within %d s", name, TIMEOUT_MS / 1000);
    if (running->texts[0].failed)
        return err_set(err, ENOMEM, "'%s' printed more than is read", name);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    struct str said = buf_str(&running->texts[1]);
    const char *feed_at = memchr(said.ptr, '\n', said.len);
    size_t len = feed_at ? (size_t)(feed_at - said.ptr) : said.len;
    return err_set(err, EIO, "'%s' failed: %.*s", name, len ? (int)(len < 300 ? len : 300) : 14,
                   len ? said.ptr : "it said no why");
}

int tool_run(const char *const *argv, struct str input, int kept_fd, struct buf *output,
             struct err *err)
{
    struct running running = {.input = -1, .pipes = {{-1, -1}, {-1, -1}}, .pid_fd = -1};
    char path[PATH_BYTES];

    if (!find(argv[0], path))
        return err_set(err, ENOENT, "there is no program '%s' on this host", argv[0]);
    for (int i = 0; i < 2; i++)
        buf_init(&running.texts[i], OUTPUT_BYTES_MAX);
    int result = make_files(&running, input, err);
    if (result == 0) {
        int code = start(&running, path, argv, kept_fd);
        if (code)
            result = err_errno(err, code, "cannot execute '%s'", path);
    }
    for (int i = 0; i < 2; i++)
        close_fd(&running.pipes[i][1]);
    if (result == 0) {
        running.pid_fd = (int)syscall(SYS_pidfd_open, running.pid, 0);
        result = judge(&running, argv[0], running.pid_fd >= 0 && attend(&running), err);
    }
    if (result == 0 && output)
        buf_add(output, running.texts[0].ptr, running.texts[0].len);
    close_fd(&running.input);
    close_fd(&running.pid_fd);
    for (int i = 0; i < 2; i++) {
        close_fd(&running.pipes[i][0]);
        buf_release(&running.texts[i]);
    }
    return result;
}
