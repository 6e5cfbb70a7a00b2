/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_filter.c - keeper_filter(): which system calls of a node's processes the keeper hears of.
 *
 * All others pass at the cost of the filter itself (some 10 ns), as do those of the injected code.
 */
#include "clock_keeper.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __x86_64__

#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (at))
#define LOAD_ARG(i) LOAD(offsetof(struct seccomp_data, args) + 8 * (i))
#define LOAD_ARG_HIGH(i) LOAD(offsetof(struct seccomp_data, args) + 8 * (i) + 4)
#define IF(test, value, yes, no) BPF_JUMP(BPF_JMP | (test) | BPF_K, (value), (yes), (no))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define PASS RETURN(SECCOMP_RET_ALLOW)
#define TELL RETURN(SECCOMP_RET_USER_NOTIF)

enum { EXECVE_32 = 11, EXECVEAT_32 = 358, ABSOLUTE = 1 };

static struct sock_filter program[] = {
    LOAD(offsetof(struct seccomp_data, arch)),
    IF(BPF_JEQ, AUDIT_ARCH_X86_64, 5, 0),
    /* A 32-bit program may execute a 64-bit one. */
    LOAD(offsetof(struct seccomp_data, nr)),
    IF(BPF_JEQ, EXECVE_32, 1, 0),
    IF(BPF_JEQ, EXECVEAT_32, 0, 1),
    TELL,
    PASS,
    LOAD(offsetof(struct seccomp_data, nr)),
    IF(BPF_JEQ, SYS_execve, 1, 0),
    IF(BPF_JEQ, SYS_execveat, 0, 1),
    TELL,
    /* Waits until a time: with a time-out, by the wall clock. */
    IF(BPF_JEQ, SYS_futex, 0, 7),
    LOAD_ARG(3),
    IF(BPF_JEQ, 0, 0, 2),
    LOAD_ARG_HIGH(3),
    IF(BPF_JEQ, 0, 2, 0),
    LOAD_ARG(1),
    IF(BPF_JSET, FUTEX_CLOCK_REALTIME, 6, 0),
    PASS,
    IF(BPF_JEQ, SYS_clock_nanosleep, 2, 0),
    IF(BPF_JEQ, SYS_timerfd_settime, 1, 0),
    IF(BPF_JEQ, SYS_timer_settime, 0, 4),
    LOAD_ARG(1),
    IF(BPF_JSET, ABSOLUTE, 0, 1),
    TELL,
    PASS,
    /* The clocks but those of CPU time, unless it is the injected code that asks. */
    IF(BPF_JEQ, SYS_gettimeofday, 5, 0),
    IF(BPF_JEQ, SYS_time, 4, 0),
    IF(BPF_JEQ, SYS_clock_gettime, 0, 5),
    LOAD_ARG(0),
    IF(BPF_JGT, CLOCK_TAI, 3, 0),
    IF(BPF_JEQ, CLOCK_PROCESS_CPUTIME_ID, 2, 0),
    LOAD(offsetof(struct seccomp_data, instruction_pointer) + 4),
    IF(BPF_JEQ, CLOCK_ADDRESS >> 32, 0, 1),
    PASS,
    TELL,
};

#else

static struct sock_filter program[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};

#endif

static int send_listener(int filters_fd, int listener)
{
    char room[CMSG_SPACE(sizeof listener)] = {0}, byte = 'l';
    struct iovec content = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &content, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof listener);
    memcpy(CMSG_DATA(header), &listener, sizeof listener);
    return sendmsg(filters_fd, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int keeper_filter(int filters_fd)
{
    const struct sock_fprog filter = {sizeof program / sizeof *program, program};

    /* Without this right set-user-id programs would do nothing else but fail, so it is asked for
     * only of those who may not filter themselves otherwise. */
    int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
    if (listener < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
    if (listener < 0)
        return -1;
    int result = send_listener(filters_fd, listener);
    int code = errno;
    (void)close(listener);
    errno = code;
    return result;
}
