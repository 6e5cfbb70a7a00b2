/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock_keeper.h"

#include "../base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_time
#define SYS_time (-1) /* machines that never had it, for which vdso_find() fails */
#endif

enum {
    FILTERS_MAX = 512,   /* of processes that run, and of their descendants */
    DESCRIPTORS = 1024,  /* of the agent's, at most */
    NOTICE_BYTES = 1024, /* kernels may know more members of it */
    SIGNALS = 0,
    SOCKET = 1,
    FILTERS = 2, /* first of them */
};

/* The one keeper of this process. */
struct keeping {
    const struct keeper *keeper;
    struct pollfd fds[FILTERS + FILTERS_MAX];
    int count;
};

/* -- what the filters tell -----------------------------------------------------------------------
 */

static bool traced_by_us(pid_t pid)
{
    char path[40], text[1024];

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    text[len > 0 ? len : 0] = '\0';
    const char *tracer = strstr(text, "\nTracerPid:");
    return tracer && strtol(tracer + 11, NULL, 10) == getpid();
}

/* It may fail to execute anything, and try again: then it stays ours until it ends, executes
 * something or gets a signal. */
static void take_exec(struct keeping *keeping, pid_t pid)
{
    if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD) &&
        errno != ESRCH && !traced_by_us(pid))
        keeping->keeper->seen->missed++;
}

/* Write what a clock tells into a process: 0, or minus an errno value. */
static int tell(struct keeping *keeping, const struct seccomp_notif *notice)
{
    const struct seccomp_data *data = &notice->data;
    bool gettime = data->nr == SYS_clock_gettime;
    clockid_t clock = gettime ? (clockid_t)data->args[0] : CLOCK_REALTIME;
    int line = clock_line_of(clock);
    struct timespec now;

    keeping->keeper->seen->reads++;
    if (clock_gettime(clock, &now))
        return -errno;
    int64_t told_ns = clock_tell(keeping->keeper->memory, line,
                                 now.tv_sec * NS_PER_SEC + now.tv_nsec, notice->pid);
    int64_t rest_ns = (told_ns % NS_PER_SEC + NS_PER_SEC) % NS_PER_SEC;
    int64_t time[2] = {(told_ns - rest_ns) / NS_PER_SEC,
                       data->nr == SYS_gettimeofday ? rest_ns / 1000 : rest_ns};
    struct iovec ours = {time, sizeof time};
    struct iovec theirs = {(void *)data->args[gettime], sizeof time}; /* NOLINT: an address */
    if (process_vm_writev((pid_t)notice->pid, &ours, 1, &theirs, 1, 0) != sizeof time)
        return -EFAULT;
    return 0;
}

/* time() and what is asked for besides the time are left to the kernel where it tells the truth
 * anyway. True if it was answered. */
static bool answer_clock(struct keeping *keeping, const struct seccomp_notif *notice,
                         struct seccomp_notif_resp *answer)
{
    const struct seccomp_data *data = &notice->data;

    if (data->nr == SYS_clock_gettime && clock_line_of((int32_t)data->args[0]) == LINE_NONE_TOLD)
        return false;
    if (data->nr == SYS_gettimeofday && (data->args[0] == 0 || data->args[1] != 0))
        return false;
    if (data->nr != SYS_time) {
        answer->error = tell(keeping, notice);
        return true;
    }
    int64_t seconds =
        clock_tell(keeping->keeper->memory, LINE_WALL, clock_wall_ns(), notice->pid) / NS_PER_SEC;
    struct iovec ours = {&seconds, sizeof seconds};
    struct iovec theirs = {(void *)data->args[0], sizeof seconds}; /* NOLINT: an address */
    keeping->keeper->seen->reads++;
    if (data->args[0] &&
        process_vm_writev((pid_t)notice->pid, &ours, 1, &theirs, 1, 0) != sizeof seconds)
        answer->error = -EFAULT;
    else
        answer->val = seconds;
    return true;
}

/* A wait that ends at a time of the wall clock, as far as can be told. */
static void count_wait(struct keeping *keeping, const struct seccomp_data *data)
{
    const struct clock_memory *memory = keeping->keeper->memory;
    uint32_t lies = memory->views[memory->turn & 1].in_force;
    int line = data->nr == SYS_futex             ? LINE_WALL
               : data->nr == SYS_clock_nanosleep ? clock_line_of((int32_t)data->args[0])
                                                 : LINE_NONE_TOLD;

    /* Of a timer it is not known which clock it goes by. */
    if (line == LINE_NONE_TOLD ? lies : lies >> line & 1)
        keeping->keeper->seen->waits++;
}

static bool is_exec(const struct seccomp_data *data)
{
    return data->arch != AUDIT_ARCH_X86_64 || data->nr == SYS_execve || data->nr == SYS_execveat;
}

/* `pid` is being given its clocks and asks for the descriptor. */
static bool grant_fd(struct keeping *keeping, int listener, uint64_t id)
{
    struct seccomp_notif_addfd fd = {.id = id,
                                     .flags = SECCOMP_ADDFD_FLAG_SEND,
                                     .srcfd = (uint32_t)keeping->keeper->memory_fd,
                                     .newfd_flags = O_CLOEXEC};

    return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &fd) >= 0;
}

/* Take one notice of a filter; `expected` (or 0) is the process that asks for its descriptor. */
static void take_notice(struct keeping *keeping, int listener, pid_t expected)
{
    static union {
        struct seccomp_notif notice;
        char room[NOTICE_BYTES];
    } in;
    static union {
        struct seccomp_notif_resp answer;
        char room[NOTICE_BYTES];
    } out;

    memset(&in, 0, sizeof in);
    memset(&out, 0, sizeof out);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &in))
        return; /* whoever it was about has died */
    const struct seccomp_data *data = &in.notice.data;
    out.answer.id = in.notice.id;
    if (is_exec(data) && (pid_t)in.notice.pid == expected) {
        (void)grant_fd(keeping, listener, in.notice.id);
        return;
    }
    if (is_exec(data)) {
        take_exec(keeping, (pid_t)in.notice.pid);
        out.answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    } else if (data->nr == SYS_clock_gettime || data->nr == SYS_gettimeofday ||
               data->nr == SYS_time) {
        if (!answer_clock(keeping, &in.notice, &out.answer))
            out.answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    } else {
        count_wait(keeping, data);
        out.answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &out);
}

/* A listener; -1 if there was no room for it. Ends with the agent. */
static int receive_listener(int fd)
{
    char room[CMSG_SPACE(sizeof(int))], byte;
    struct iovec content = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &content, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    int listener = -1;

    if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) <= 0)
        _exit(0);
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&listener, CMSG_DATA(header), sizeof listener);
    return listener;
}

static void add_filter(struct keeping *keeping)
{
    int listener = receive_listener(keeping->fds[SOCKET].fd);

    if (listener >= 0 && keeping->count == FILTERS + FILTERS_MAX) {
        (void)close(listener); /* what its processes execute fails, and says so */
        listener = -1;
    }
    if (listener < 0)
        return;
    keeping->fds[keeping->count++] = (struct pollfd){.fd = listener, .events = POLLIN};
}

/* -- what is to be given -------------------------------------------------------------------------
 */

static void drain_signals(const struct keeping *keeping)
{
    struct signalfd_siginfo info;

    while (read(keeping->fds[SIGNALS].fd, &info, sizeof info) == sizeof info)
        continue;
}

/* Wait for news from filters, old and new, or of children. A filter without processes is forgotten.
 * New ones are taken here, since who waits in here for one program, with others executing programs
 * all the time, may come to nothing else. */
static void attend(struct keeping *keeping, pid_t expected)
{
    if (poll(keeping->fds, (nfds_t)keeping->count, -1) <= 0)
        return;
    if (keeping->fds[SIGNALS].revents)
        drain_signals(keeping);
    if (keeping->fds[SOCKET].revents)
        add_filter(keeping);
    for (int i = keeping->count - 1; i >= FILTERS; i--) {
        if (keeping->fds[i].revents & POLLIN) {
            take_notice(keeping, keeping->fds[i].fd, expected);
        } else if (keeping->fds[i].revents) {
            (void)close(keeping->fds[i].fd);
            keeping->fds[i] = keeping->fds[--keeping->count];
        }
    }
}

static bool grant(void *context, pid_t pid)
{
    attend(context, pid);
    return true;
}

static void give(struct keeping *keeping, pid_t pid)
{
    struct granting granting = {grant, keeping};
    struct err err = {0};

    if (clock_inject(pid, &keeping->keeper->vdso, &granting, &err) == 0) {
        keeping->keeper->seen->programs++;
        return;
    }
    keeping->keeper->seen->missed++;
    (void)fprintf(stderr, "ordeal-agent: process %d runs by the machine's clocks: %s\n", (int)pid,
                  err.msg);
}

/* Whatever has happened to those who are traced, which are the keeper's only children. */
static void look_after(struct keeping *keeping)
{
    int status;

    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
        if (!WIFSTOPPED(status))
            continue;
        int event = status >> 16;
        if (event == PTRACE_EVENT_EXEC)
            give(keeping, pid);
        else /* it executed nothing, and got a signal */
            (void)ptrace(PTRACE_DETACH, pid, NULL, (uintptr_t)(event ? 0 : WSTOPSIG(status)));
    }
}

/* -- life ----------------------------------------------------------------------------------------
 */

/* Keep but standard error and what the keeper works with. */
static void drop_descriptors(const struct keeper *keeper, int signals_fd)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = 0; fd < 2; fd++)
        (void)dup2(null, fd);
    for (int fd = 3; fd < DESCRIPTORS; fd++) {
        if (fd != keeper->memory_fd && fd != keeper->filters_fd && fd != signals_fd)
            (void)close(fd);
    }
}

_Noreturn void keeper_main(const struct keeper *keeper)
{
    static struct keeping keeping;
    sigset_t child;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, "clock-keeper");
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, NULL);
    int signals_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    drop_descriptors(keeper, signals_fd);
    keeping.keeper = keeper;
    keeping.fds[SIGNALS] = (struct pollfd){.fd = signals_fd, .events = POLLIN};
    keeping.fds[SOCKET] = (struct pollfd){.fd = keeper->filters_fd, .events = POLLIN};
    keeping.count = FILTERS;
    for (;;) {
        attend(&keeping, 0);
        look_after(&keeping);
    }
}
