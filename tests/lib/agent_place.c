/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent_place.h"

#include "../../harness/base/clock.h"
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 60000 }; /* a bound, not a wait: sanitizers on a busy machine are slow */

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        (void)close(fd);
    return done;
}

static bool map_ids(uid_t uid, gid_t gid)
{
    char uid_map[32], gid_map[32];

    (void)snprintf(uid_map, sizeof uid_map, "0 %u 1", (unsigned)uid);
    (void)snprintf(gid_map, sizeof gid_map, "0 %u 1", (unsigned)gid);
    return write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/gid_map", gid_map) && write_text("/proc/self/uid_map", uid_map);
}

/* The machine's top-level entry `name` under the new root. */
static bool mirror(const char *name)
{
    char from[300], to[300], link[300];
    struct stat st;

    (void)snprintf(from, sizeof from, "/%s", name);
    (void)snprintf(to, sizeof to, "/tmp/%s", name);
    if (lstat(from, &st))
        return false;
    if (S_ISLNK(st.st_mode)) {
        ssize_t len = readlink(from, link, sizeof link - 1);
        if (len < 0)
            return false;
        link[len] = '\0';
        return symlink(link, to) == 0;
    }
    if (!S_ISDIR(st.st_mode))
        return true;
    return mkdir(to, 0755) == 0 && mount(from, to, NULL, MS_BIND | MS_REC, NULL) == 0;
}

/* The program at `fd` as the node's own `to`; -1: it was not built. */
static bool bind_program(int fd, const char *to)
{
    char from[32];

    if (fd < 0)
        return true;
    (void)close(open(to, O_CREAT | O_CLOEXEC | O_WRONLY, 0755));
    (void)snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    return mount(from, to, NULL, MS_BIND, NULL) == 0;
}

static bool make_root(int agent_fd, int disk_fd, int log_fd)
{
    static const char *const own[] = {"tmp", "run", "node"};
    static const char *const folders[] = {"/tmp/tmp",      "/tmp/run",       "/tmp/node",
                                          "/tmp/node/bin", "/tmp/node/data", "/tmp/node/conf",
                                          "/tmp/node/log"};
    char log[32];

    if (mount("tmpfs", "/tmp", "tmpfs", 0, "mode=755"))
        return false;
    DIR *dir = opendir("/");
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        bool skipped = entry->d_name[0] == '.';
        for (size_t i = 0; i < sizeof own / sizeof *own; i++)
            skipped |= strcmp(entry->d_name, own[i]) == 0;
        if (!skipped && !mirror(entry->d_name))
            return false;
    }
    (void)closedir(dir);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (mkdir(folders[i], 0755))
            return false;
    }
    (void)chmod("/tmp/tmp", 01777);
    (void)snprintf(log, sizeof log, "/proc/self/fd/%d", log_fd);
    if (!bind_program(agent_fd, "/tmp/node/bin/ordeal-agent") ||
        !bind_program(disk_fd, "/tmp/node/bin/ordeal-lossfs") ||
        (log_fd >= 0 && mount(log, "/tmp/node/log", NULL, MS_BIND, NULL)))
        return false;
    return chdir("/tmp") == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
           umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
}

/* In the clone: returns only if something fails, with errno. */
static void become_agent(const char *path, const struct agent_place_options *options, int fd)
{
    const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                               "HOME=/node/data",
                               "LANG=C.UTF-8",
                               "TZ=UTC",
                               "SECRET=1",
                               NULL};
    const char *argv[8] = {"ordeal-agent"};

    for (int i = 0; options->options && options->options[i] && i < 6; i++)
        argv[i + 1] = options->options[i];
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return;
    int agent_fd = open(path, O_PATH | O_CLOEXEC);
    char disk[4096];
    (void)snprintf(disk, sizeof disk, "%.*s/ordeal-lossfs", (int)(strrchr(path, '/') - path), path);
    int disk_fd = open(disk, O_PATH | O_CLOEXEC);
    int log_fd = options->log_dir ? open(options->log_dir, O_PATH | O_CLOEXEC) : -1;
    if (agent_fd < 0 || !make_root(agent_fd, disk_fd, log_fd) || dup2(fd, 0) < 0 || dup2(fd, 1) < 0)
        return;
    (void)execve("/node/bin/ordeal-agent", (char *const *)argv, (char *const *)env);
}

/* Make the place and its agent: 0, or why that is not possible, as an errno value. */
static int make_place(struct agent_place *place, const struct agent_place_options *options)
{
    static int number;
    int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | SIGCHLD;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    bool one_id = options->one_id || uid != 0;
    char path[4096];
    int ends[2], failure[2], error = 0;

    const char *folder = getenv("B");
    (void)snprintf(path, sizeof path, "%s/ordeal-agent", folder ? folder : "build");
    (void)snprintf(place->mark, sizeof place->mark, "agent-test-%d-%d", (int)getpid(), ++number);
    place->in_len = 0;
    if (access(path, X_OK) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ||
        pipe2(failure, O_CLOEXEC))
        abort();
    long pid = syscall(SYS_clone, flags | (one_id ? CLONE_NEWUSER : 0), 0, 0, 0, 0);
    if (pid == 0) {
        if (!one_id || map_ids(uid, gid))
            become_agent(path, options, ends[1]);
        error = errno;
        (void)!write(failure[1], &error, sizeof error);
        _exit(1);
    }
    error = pid < 0 ? errno : 0;
    (void)close(ends[1]);
    (void)close(failure[1]);
    place->fd = ends[0];
    place->pid = (pid_t)pid;
    if (pid > 0 && read(failure[0], &error, sizeof error) != 0) {
        (void)waitpid(place->pid, NULL, 0);
        (void)close(place->fd);
    }
    (void)close(failure[0]);
    return error;
}

bool agent_place_missing(const char *group)
{
    static struct agent_place place;

    for (int one_id = 0; one_id < 2; one_id++) {
        int error = make_place(&place, &(struct agent_place_options){.one_id = one_id});
        if (error) {
            (void)printf("skip - %s: no place like a node can be made here: %s\n", group,
                         strerror(error));
            return true;
        }
        (void)agent_place_end(&place);
    }
    return false;
}

void agent_place_start(struct agent_place *place, const struct agent_place_options *options)
{
    int error = make_place(place, options);

    if (error)
        fail_msg("no place like a node can be made: %s", strerror(error));
}

int agent_place_end(struct agent_place *place)
{
    int status = -1;

    if (place->fd >= 0)
        (void)close(place->fd);
    place->fd = -1;
    assert_int_equal(waitpid(place->pid, &status, 0), place->pid);
    return status;
}

void agent_place_say(struct agent_place *place, const char *line)
{
    struct {
        const char *ptr;
        size_t len;
    } parts[] = {{line, strlen(line)}, {"\n", 1}};

    for (size_t i = 0; i < 2; i++) {
        while (parts[i].len) {
            ssize_t sent = send(place->fd, parts[i].ptr, parts[i].len, MSG_NOSIGNAL);
            if (sent <= 0)
                return; /* the agent has gone; hearing will tell */
            parts[i].ptr += sent;
            parts[i].len -= (size_t)sent;
        }
    }
}

json_t *agent_place_hear(struct agent_place *place)
{
    int64_t deadline_ns = clock_now_ns() + WAIT_MS * NS_PER_MS;

    for (;;) {
        char *newline = memchr(place->in, '\n', place->in_len);
        if (newline) {
            size_t len = (size_t)(newline - place->in);
            json_t *line = json_loadb(place->in, len, 0, NULL);
            place->in_len -= len + 1;
            memmove(place->in, newline + 1, place->in_len);
            assert_non_null(line);
            return line;
        }
        struct pollfd ready = {.fd = place->fd, .events = POLLIN};
        int64_t left_ms = (deadline_ns - clock_now_ns()) / NS_PER_MS;
        if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) <= 0)
            return NULL;
        ssize_t got =
            recv(place->fd, place->in + place->in_len, sizeof place->in - place->in_len, 0);
        if (got <= 0)
            return NULL;
        place->in_len += (size_t)got;
    }
}

/* Whether a file of /proc/<pid> holds the text. */
static bool holds(const char *pid, const char *file, const char *text)
{
    static char bytes[1 << 15];
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%.12s/%.12s", pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, bytes, sizeof bytes);
    (void)close(fd);
    return len > 0 && memmem(bytes, (size_t)len, text, strlen(text));
}

int agent_place_marked(const struct agent_place *place, int *stopped)
{
    char mark[48];
    int count = 0, still = 0;
    DIR *dir = opendir("/proc");

    (void)snprintf(mark, sizeof mark, "MARK=%s", place->mark);
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
            !holds(entry->d_name, "environ", mark) || holds(entry->d_name, "stat", ") Z "))
            continue;
        count++;
        still += holds(entry->d_name, "stat", ") T ");
    }
    (void)closedir(dir);
    if (stopped)
        *stopped = still;
    return count;
}

int agent_place_await_marked(const struct agent_place *place, int count)
{
    int64_t deadline_ns = clock_now_ns() + WAIT_MS * NS_PER_MS;
    int found = agent_place_marked(place, NULL);

    while (found != count && clock_now_ns() < deadline_ns) {
        clock_sleep_until(clock_now_ns() + 2 * NS_PER_MS);
        found = agent_place_marked(place, NULL);
    }
    return found;
}
