/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cell.h"

#include "identity.h"
#include "lab.h"
#include "machine.h"
#include "network.h"
#include "process.h"
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* -- what the three say to each other --------------------------------------------------------- */

/* To the caller: the midwife's news of the cell's pid, or what went wrong with either. The caller
 * answers one byte once the midwife is gone. End of file without an error is success. */
struct news {
    pid_t pid;
    struct err err; /* failed if there is a message */
};

/* From the midwife to the cell, one byte each. */
enum step { STEP_IDENTITY, STEP_NETWORK };

static void tell(int fd, const struct news *news)
{
    (void)!send(fd, news, sizeof *news, MSG_NOSIGNAL);
}

static bool hear(int fd)
{
    char byte;
    ssize_t got;

    while ((got = read(fd, &byte, 1)) < 0 && errno == EINTR)
        continue;
    return got == 1;
}

/* -- the cell --------------------------------------------------------------------------------- */

struct birth {
    const struct cell_order *order;
    struct sources sources;
    int news;    /* to the caller */
    int step[2]; /* from the midwife: a pipe */
    int agent;   /* the agent's end of its socket */
};

/* What root on a node must not be able to do, whatever it is root of. */
static int lay_down_powers(struct err *err)
{
    static const int powers[] = {CAP_SYS_TIME, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_BOOT,
                                 CAP_MKNOD};

    for (size_t i = 0; i < sizeof powers / sizeof powers[0]; i++) {
        if (prctl(PR_CAPBSET_DROP, powers[i], 0, 0, 0) < 0)
            return err_errno(err, errno, "cannot drop a capability");
    }
    (void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); /* not the caller's keys */
    return 0;
}

/* As a program started by nobody in particular expects it. */
static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int take_descriptors(int agent, struct err *err)
{
    int log = open("/node/log/agent.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (log < 0)
        return err_errno(err, errno, "cannot open '/node/log/agent.log'");
    if (dup2(log, STDERR_FILENO) < 0 || dup2(agent, STDIN_FILENO) < 0 ||
        dup2(agent, STDOUT_FILENO) < 0 || close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        return err_errno(err, errno, "cannot arrange the agent's descriptors");
    return 0;
}

static int become_agent(struct err *err)
{
    static char name[] = "ordeal-agent";
    static char path[] = "PATH=/node/bin:/node/packages/usr/sbin:/node/packages/usr/bin:"
                         "/node/packages/sbin:/node/packages/bin:/usr/local/sbin:/usr/local/bin:"
                         "/usr/sbin:/usr/bin:/sbin:/bin";
    static char home[] = "HOME=/node/data", lang[] = "LANG=C.UTF-8", zone[] = "TZ=UTC";
    char *argv[] = {name, NULL};
    char *env[] = {path, home, lang, zone, NULL};

    (void)execve("/node/bin/ordeal-agent", argv, env);
    return err_errno(err, errno, "cannot start '/node/bin/ordeal-agent'%s",
                     errno == EACCES ? " (must it be made readable for all, by chmod -R go+rX?)"
                                     : "");
}

/* Returns only if it failed. */
static int cell_live(const struct birth *birth, struct err *err)
{
    const struct cell_order *order = birth->order;
    char hostname[80];

    (void)snprintf(hostname, sizeof hostname, "%s\n", order->name);
    const struct root root = {order->skeleton,
                              &birth->sources,
                              order->hosts,
                              hostname,
                              order->options->data_limit_bytes,
                              order->options->needs & NEED_DISK};

    if (setsid() < 0 || sethostname(order->name, strlen(order->name)) < 0)
        return err_errno(err, errno, "cannot name the node");
    if (order->stranger && identity_become_root(err) < 0)
        return -1;
    if (root_enter(&root, err) < 0)
        return -1;
    if (!hear(birth->step[0]))
        _exit(1); /* the midwife has said why */
    if (network_join(order->index, order->node_count, order->ipv6, order->switch_network >= 0,
                     err) < 0 ||
        lay_down_powers(err) < 0)
        return -1;
    reset_signals();
    if (!hear(birth->news))
        _exit(1);
    if (take_descriptors(birth->agent, err) < 0)
        return -1;
    return become_agent(err);
}

_Noreturn static void cell_main(const struct birth *birth)
{
    struct news news = {0};

    (void)close(birth->step[1]);
    if (!hear(birth->step[0]))
        _exit(1);
    (void)cell_live(birth, &news.err);
    tell(birth->news, &news);
    _exit(1);
}

/* -- the midwife ------------------------------------------------------------------------------ */

static void step(const struct birth *birth, enum step which)
{
    const char byte = (char)which;

    (void)!write(birth->step[1], &byte, 1);
}

static int identify(const struct birth *birth, pid_t pid, struct err *err)
{
    const struct cell_order *order = birth->order;

    if (!order->stranger)
        return 0;
    if (identity_map_to_stranger(pid, err) < 0)
        return -1;
    return sources_translate(&birth->sources, order->options, order->name, pid, order->stranger,
                             err);
}

/* Its link, to where the lab's links end. */
static int attach(const struct cell_order *order, pid_t pid, struct err *err)
{
    if (order->switch_network < 0)
        return network_attach(order->index, pid, order->ipv6, err);
    if (setns(order->switch_network, CLONE_NEWNET) < 0)
        return err_errno(err, errno, "cannot enter the switch's network");
    return network_attach_switched(order->index, pid, err);
}

static int attend(struct birth *birth, struct err *err)
{
    const struct cell_order *order = birth->order;
    int flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
    struct obstacle obstacle;
    struct news news = {0};

    if (sources_open(&birth->sources, order->options, order->name, order->stranger, err) < 0)
        return -1;
    if (pipe2(birth->step, O_CLOEXEC) < 0)
        return err_errno(err, errno, "cannot make a pipe");
    news.pid = process_clone(flags | (order->stranger ? CLONE_NEWUSER : 0), NULL);
    if (news.pid == 0)
        cell_main(birth);
    if (news.pid < 0) {
        int code = errno;
        machine_explain_namespaces(code, order->stranger != 0, &obstacle);
        return machine_err(err, code, &obstacle, "cannot make its namespaces");
    }
    (void)close(birth->step[0]);
    tell(birth->news, &news);
    if (identify(birth, news.pid, err) < 0)
        return -1;
    step(birth, STEP_IDENTITY);
    if (attach(order, news.pid, err) < 0)
        return -1;
    step(birth, STEP_NETWORK);
    return 0;
}

_Noreturn static void midwife_main(struct birth *birth)
{
    struct news news = {0};

    (void)signal(SIGPIPE, SIG_IGN); /* a cell that failed has said so */
    if (attend(birth, &news.err) == 0)
        _exit(0);
    tell(birth->news, &news);
    _exit(1);
}

/* -- the caller ------------------------------------------------------------------------------- */

static bool is_over(int pidfd)
{
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};

    return poll(&ended, 1, 0) > 0;
}

static int hold(struct cell *cell, struct err *err)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/ns/net", (int)cell->pid);
    cell->pidfd = (int)syscall(SYS_pidfd_open, cell->pid, 0);
    cell->network = open(path, O_RDONLY | O_CLOEXEC);
    return cell->pidfd < 0 || cell->network < 0
               ? err_errno(err, errno, "cannot get hold of process %d", (int)cell->pid)
               : 0;
}

/* Until both midwife and cell have let go of the socket, the cell by becoming the agent. What one
 * of them says went wrong is the cause of whatever else does. */
static int follow(struct cell *cell, int news_fd, struct err *err)
{
    struct news news;
    ssize_t got;
    int result = 0;

    while ((got = recv(news_fd, &news, sizeof news, 0)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)sizeof news)
            return result < 0 ? -1 : err_errno(err, errno, "cannot hear from it");
        if (news.err.msg[0]) {
            *err = news.err;
            return -1;
        }
        cell->pid = news.pid;
        result = hold(cell, err);
        if (result == 0)
            (void)send(news_fd, "", 1, MSG_NOSIGNAL);
        else
            (void)shutdown(news_fd, SHUT_WR);
    }
    if (result == 0 && (cell->pid == 0 || is_over(cell->pidfd)))
        return err_set(err, 0, "its agent ended at once; its agent.log may say why");
    return result;
}

static void close_pair(const int pair[2])
{
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* Fork the midwife; 0 and the caller's ends. One at a time, or each would hold ends of the others'
 * sockets, whose end of file somebody waits for. */
static int call_midwife(struct birth *birth, pid_t *midwife, int *agent_fd, int *news_fd,
                        struct err *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    int agent[2], news[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, agent) < 0)
        return err_errno(err, errno, "cannot make a socket pair");
    pthread_mutex_lock(&lock);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, news) < 0) {
        pthread_mutex_unlock(&lock);
        close_pair(agent);
        return err_errno(err, errno, "cannot make a socket pair");
    }
    birth->agent = agent[1];
    birth->news = news[1];
    *midwife = fork();
    if (*midwife == 0) {
        (void)close(agent[0]);
        (void)close(news[0]);
        midwife_main(birth);
    }
    int code = errno;
    (void)close(news[1]);
    pthread_mutex_unlock(&lock);
    (void)close(agent[1]);
    *agent_fd = agent[0];
    *news_fd = news[0];
    if (*midwife > 0)
        return 0;
    (void)close(agent[0]);
    (void)close(news[0]);
    return err_errno(err, code, "cannot fork");
}

int cell_start(struct cell *cell, const struct cell_order *order, int *agent_fd, struct err *err)
{
    struct birth birth = {.order = order};
    pid_t midwife = -1;
    int news_fd = -1;

    *cell = (struct cell){.pidfd = -1, .network = -1};
    if (call_midwife(&birth, &midwife, agent_fd, &news_fd, err) < 0)
        return -1;
    while (waitpid(midwife, NULL, 0) < 0 && errno == EINTR)
        continue;
    int result = follow(cell, news_fd, err);
    (void)close(news_fd);
    if (result < 0) {
        (void)close(*agent_fd);
        *agent_fd = -1;
        cell_kill(cell);
        cell_bury(cell);
    }
    return result;
}

void cell_kill(struct cell *cell)
{
    if (cell->pidfd >= 0)
        (void)syscall(SYS_pidfd_send_signal, cell->pidfd, SIGKILL, NULL, 0);
}

void cell_bury(struct cell *cell)
{
    struct pollfd ended = {.fd = cell->pidfd, .events = POLLIN};

    if (cell->pidfd >= 0) {
        while (poll(&ended, 1, -1) < 0 && errno == EINTR)
            continue;
        (void)close(cell->pidfd);
    }
    if (cell->network >= 0)
        (void)close(cell->network);
    *cell = (struct cell){.pidfd = -1, .network = -1};
}
