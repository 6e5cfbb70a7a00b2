/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - ordeal-lossfs: a disk that loses at a power cut what was not synced, and fails otherwise
 * as declared. Mounted by the agent over a node's /node/data, and only where the plan needs it.
 *
 * Why a file system of ours: the kernel's write back from a cache that a kill leaves alone, so that
 * nothing short of cutting the power of a machine shows what a database forgot to sync.
 */
#include "lossfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: ordeal-lossfs FOLDER [LOG]\n"
    "       ordeal-lossfs --self-test FOLDER\n"
    "Started by ordeal-agent: puts a disk that can lose power over FOLDER, and obeys descriptor "
    "3.\n"
    "With --self-test it writes, syncs and crashes in an empty FOLDER, and says what came back.\n";

struct disk disk;

static const char *folder;

/* The crash that the agent asked for, carried out once the mount is gone. */
static struct {
    bool asked;
    struct disk_fault fault;
} crash;

static void answer(int code, const char *why)
{
    struct disk_answer answer = {.error = code};

    pthread_mutex_lock(&disk.lock);
    answer.counts = disk.counts;
    pthread_mutex_unlock(&disk.lock);
    (void)snprintf(answer.why, sizeof answer.why, "%s", why);
    (void)send(DISK_CONTROL_FD, &answer, sizeof answer, MSG_NOSIGNAL);
}

static void set_power(bool off)
{
    pthread_mutex_lock(&disk.lock);
    disk.power_off = off;
    pthread_mutex_unlock(&disk.lock);
    delays_review();
}

static int obey(const struct disk_request *request, struct err *err)
{
    switch (request->command) {
    case DISK_DECLARE:
        if (disk_declare(&disk, &request->fault, err))
            return -1;
        delays_review();
        return 0;
    case DISK_POWER_OFF:
    case DISK_POWER_ON:
        set_power(request->command == DISK_POWER_OFF);
        return 0;
    case DISK_CRASH:
        set_power(true);
        crash.fault = request->fault;
        crash.asked = true;
        if (mount_detach(folder, err) == 0)
            return 1;
        crash.asked = false;
        return -1;
    case DISK_COUNT:
        return 0;
    }
    return err_set(err, EINVAL, "no such command");
}

/* The agent's word, until it ends: then so does everything. */
static void *listen_to_agent(void *context)
{
    struct disk_request request;
    struct err err;

    (void)context;
    while (recv(DISK_CONTROL_FD, &request, sizeof request, 0) == (ssize_t)sizeof request) {
        int result = obey(&request, &err);
        if (result <= 0)
            answer(result < 0 ? (err.code ? err.code : EIO) : 0, result < 0 ? err.msg : "");
    }
    _exit(0);
}

static int prepare(int log_fd, struct err *err)
{
    struct rlimit files;
    pthread_t thread;

    (void)umask(0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* one for every file that is known */
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    if (disk_open(&disk, folder, log_fd, err) || mount_begin(folder, err) || delays_start(err))
        return -1;
    answer(0, "");
    int code = pthread_create(&thread, NULL, listen_to_agent, NULL);
    return code ? err_errno(err, code, "cannot start a thread") : pthread_detach(thread);
}

/* Mounted, until a crash; crashed; mounted again. */
static int live(struct err *err)
{
    for (;;) {
        if (mount_serve(err))
            return -1;
        if (!crash.asked)
            return 0;
        crash.asked = false;
        if (disk_crash(&disk, &crash.fault, err) || mount_begin(folder, err))
            return -1;
        set_power(false);
        answer(0, "");
    }
}

int main(int argc, char **argv)
{
    struct err err = {0};
    int log_fd = -1;

    if (argc == 3 && strcmp(argv[1], "--self-test") == 0)
        return self_test(argv[2]);
    if (argc < 2 || argc > 3 || argv[1][0] == '-') {
        (void)fputs(usage, stderr);
        return 254;
    }
    folder = argv[1];
    if (argc == 3)
        log_fd = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (prepare(log_fd, &err) == 0 && live(&err) == 0)
        return 0;
    answer(err.code ? err.code : EIO, err.msg);
    (void)fprintf(stderr, "ordeal-lossfs: %s\n", err.msg);
    return 255;
}
