/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/node/bin/ordeal-lossfs"

enum { ANSWER_TIMEOUT_MS = 5000 };

static int hear(struct disk_link *disk, struct err *err)
{
    struct pollfd ready = {.fd = disk->fd, .events = POLLIN};
    struct disk_answer answer;

    if (poll(&ready, 1, ANSWER_TIMEOUT_MS) == 0)
        return err_set(err, ETIMEDOUT, "the node's disk did not answer within %d ms",
                       ANSWER_TIMEOUT_MS);
    if (recv(disk->fd, &answer, sizeof answer, 0) != (ssize_t)sizeof answer)
        return err_set(err, ESRCH, "the node's disk (ordeal-lossfs) has died");
    disk->counts = answer.counts;
    return answer.error ? err_set(err, answer.error, "the node's disk: %s", answer.why) : 0;
}

static int ask(struct disk_link *disk, enum disk_command command, struct err *err)
{
    struct disk_request request = {.command = command, .fault = disk->fault};

    if (send(disk->fd, &request, sizeof request, MSG_NOSIGNAL) < 0)
        return err_errno(err, errno, "cannot speak to the node's disk");
    return hear(disk, err);
}

/* In the child. */
_Noreturn static void become_disk(int fd)
{
    static char program[] = PROGRAM, folder[] = "/node/data", log[] = "/node/log/disk.log";
    char *argv[] = {program, folder, log, NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    fd = fcntl(fd, F_DUPFD, DISK_CONTROL_FD + 1); /* out of the way of what comes next */
    if (fd >= 0 && dup2(null, 0) >= 0 && dup2(null, 1) >= 0 && dup2(fd, DISK_CONTROL_FD) >= 0 &&
        close_range(DISK_CONTROL_FD + 1, ~0U, 0) == 0)
        (void)execv(program, argv);
    _exit(127);
}

int disk_link_open(struct disk_link *disk, struct err *err)
{
    int ends[2];

    if (access(PROGRAM, X_OK))
        return err_set(err, ENOENT,
                       "no disk that can fail: " PROGRAM " was not built (install libfuse3-dev "
                       "and run `make`)");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return err_errno(err, errno, "cannot make a socket to the disk");
    disk->pid = fork();
    if (disk->pid == 0)
        become_disk(ends[1]);
    int code = errno;
    (void)close(ends[1]);
    disk->fd = ends[0];
    if (disk->pid < 0) {
        disk->pid = 0;
        (void)close(disk->fd);
        return err_errno(err, code, "cannot start the node's disk");
    }
    if (hear(disk, err) == 0)
        return 0;
    disk_link_close(disk);
    return -1;
}

int disk_link_declare(struct disk_link *disk, const struct disk_fault *fault, struct err *err)
{
    if (memcmp(&disk->fault, fault, sizeof *fault) == 0)
        return 0;
    if (!disk->pid)
        return err_set(err, ENOTSUP, "no disk that can fail was asked for by 'hello'");
    disk->fault = *fault;
    disk->crashed = false;
    return ask(disk, DISK_DECLARE, err);
}

void disk_link_power_off(struct disk_link *disk)
{
    struct err unimportant; /* whoever stays in a sync will be missed */

    if (disk->pid)
        (void)ask(disk, DISK_POWER_OFF, &unimportant);
}

int disk_link_settle(struct disk_link *disk, struct err *err)
{
    bool crashes = disk->fault.lose_unsynced || disk_fault_damages(&disk->fault);

    if (!disk->pid)
        return 0;
    if (!crashes || disk->crashed)
        return ask(disk, DISK_POWER_ON, err);
    disk->crashed = true;
    return ask(disk, DISK_CRASH, err);
}

int disk_link_count(struct disk_link *disk, struct err *err)
{
    return disk->pid ? ask(disk, DISK_COUNT, err) : 0;
}

void disk_link_print(const struct disk_link *disk, struct buf *answer)
{
    if (!disk->pid)
        return;
    buf_json_int(answer, "bytes_lost", (int64_t)disk->counts.bytes_lost);
    buf_json_int(answer, "names_lost", (int64_t)disk->counts.names_lost);
    buf_json_int(answer, "pages_torn", (int64_t)disk->counts.pages_torn);
    buf_json_int(answer, "syncs_delayed", (int64_t)disk->counts.syncs_delayed);
    buf_json_int(answer, "calls_failed", (int64_t)disk->counts.calls_failed);
    buf_json_int(answer, "bits_flipped", (int64_t)disk->counts.bits_flipped);
    buf_json_int(answer, "bytes_cut", (int64_t)disk->counts.bytes_cut);
    buf_json_int(answer, "bytes_staled", (int64_t)disk->counts.bytes_staled);
    buf_json_int(answer, "files_matched", (int64_t)disk->counts.files_matched);
}

void disk_link_close(struct disk_link *disk)
{
    if (!disk->pid)
        return;
    (void)close(disk->fd);
    (void)kill(disk->pid, SIGKILL);
    (void)waitpid(disk->pid, NULL, 0);
    *disk = (struct disk_link){0};
}
