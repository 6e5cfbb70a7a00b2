/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spawn.h"

#include "clocks.h"
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXEC_TIMEOUT_MS = 5000 };

/* How far the child came; with an errno it is what the child tells when it fails. */
enum stage { STAGE_SETUP, STAGE_BOX, STAGE_CLOCKS, STAGE_USER, STAGE_CWD, STAGE_EXEC };

struct failure {
    enum stage stage;
    int error;
};

static const char *const inherited[] = {"PATH", "HOME", "LANG", "TZ"};

enum { INHERITED = sizeof inherited / sizeof *inherited };

#define CAP(name) (UINT64_C(1) << CAP_##name)

/* What root of a node may: to its own node whatever a server needs, to the machine nothing. */
static const uint64_t allowed = CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) |
                                CAP(KILL) | CAP(SETGID) | CAP(SETUID) | CAP(SETPCAP) |
                                CAP(SETFCAP) | CAP(NET_BIND_SERVICE) | CAP(NET_ADMIN) |
                                CAP(NET_RAW) | CAP(IPC_LOCK) | CAP(IPC_OWNER) | CAP(SYS_CHROOT) |
                                CAP(SYS_PTRACE) | CAP(SYS_NICE) | CAP(SYS_RESOURCE);

static bool same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");

    return len == strcspn(b, "=") && strncmp(a, b, len) == 0;
}

/* Set the variable in `env`, replacing an earlier one of its name; NULL-terminated. */
static void env_set(const char **env, const char *variable)
{
    while (*env && !same_name(*env, variable))
        env++;
    if (!*env)
        env[1] = NULL;
    *env = variable;
}

static void env_make(const char **env, const struct command *command, const struct user *user)
{
    static char text[INHERITED][4096];
    static char home[sizeof user->home + 8];

    env[0] = NULL;
    for (int i = 0; i < INHERITED; i++) {
        const char *value = getenv(inherited[i]);
        if (!value)
            continue;
        (void)snprintf(text[i], sizeof text[i], "%s=%s", inherited[i], value);
        env_set(env, text[i]);
    }
    if (user->uid != 0) {
        (void)snprintf(home, sizeof home, "HOME=%s", user->home);
        env_set(env, home);
    }
    for (const char *const *given = command->env; *given; given++)
        env_set(env, *given);
}

/* Signals and limits as a program expects them; no core file on the machine, nor a service of the
 * machine that collects it (the limit 1 is what the kernel knows for that). */
static int make_plain(const int fds[3])
{
    static const unsigned char at_default[64]; /* the kernel's struct sigaction, all zero */
    sigset_t none;
    struct rlimit core;

    /* Raw, since glibc keeps two signals to itself, and whoever started us may ignore them. */
    for (int i = 1; i < NSIG; i++)
        (void)syscall(SYS_rt_sigaction, i, at_default, NULL, NSIG / 8);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max >= 1) {
        core.rlim_cur = 1;
        (void)setrlimit(RLIMIT_CORE, &core);
    }
    (void)umask(022);
    (void)setsid();
    for (int i = 0; i < 3; i++) {
        if (dup2(fds[i], i) < 0)
            return -1;
    }
    return 0;
}

static int limit_root(const struct box *box)
{
    if (box->kind != &box_namespace)
        return 0; /* somebody's host, and their root */
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
        if (!(allowed >> cap & 1) && prctl(PR_CAPBSET_DROP, cap))
            return -1;
    }
    return 0;
}

/* In the child: returns only if something fails, with the stage that did, and errno. */
static enum stage become(struct box *box, const struct command *command, const struct user *user,
                         const int fds[3])
{
    static const char *env[INHERITED + ARGS_MAX + 2];

    if (make_plain(fds))
        return STAGE_SETUP;
    if (box->kind->enter(box))
        return STAGE_BOX;
    if (box->clocks && clocks_wrap(box->clocks))
        return STAGE_CLOCKS;
    if (limit_root(box) || user_become(user))
        return STAGE_USER;
    if (chdir(command->cwd ? command->cwd : "/node/data"))
        return STAGE_CWD;
    env_make(env, command, user);
    environ = (char **)env;
    (void)execvp(command->argv[0], (char *const *)command->argv);
    return STAGE_EXEC;
}

static int explain(const struct failure *failure, const struct command *command, struct err *err)
{
    const char *program = command->argv[0];

    switch (failure->stage) {
    case STAGE_SETUP:
        return err_errno(err, failure->error, "cannot set up its descriptors");
    case STAGE_BOX:
        return err_errno(err, failure->error, "cannot enter the node's namespaces");
    case STAGE_CLOCKS:
        return err_errno(err, failure->error, "cannot give it the node's clocks");
    case STAGE_USER:
        return err_errno(err, failure->error, "cannot become user '%s'",
                         command->user ? command->user : "root");
    case STAGE_CWD:
        return err_errno(err, failure->error, "cannot go to its folder '%s'",
                         command->cwd ? command->cwd : "/node/data");
    case STAGE_EXEC:
        break;
    }
    if (failure->error == ENOENT && strchr(program, '/'))
        return err_set(err, ENOENT, "no program '%s' on the node, or no interpreter for it",
                       program);
    if (failure->error == ENOENT)
        return err_set(err, ENOENT,
                       "no program '%s' on the node's PATH (is its package there? `make demo` "
                       "fetches those of the targets)",
                       program);
    return err_errno(err, failure->error, "cannot execute '%s'", program);
}

/* Wait until exec has closed the pipe, or the child has told why it will not. */
static int confirm(int fd, const struct command *command, struct err *err)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    struct failure failure;

    if (poll(&ready, 1, EXEC_TIMEOUT_MS) == 0)
        return err_set(err, ETIMEDOUT, "'%s' was not executed within %d ms", command->argv[0],
                       EXEC_TIMEOUT_MS);
    ssize_t got = read(fd, &failure, sizeof failure);
    if (got == 0)
        return 0;
    if (got != (ssize_t)sizeof failure)
        return err_set(err, EIO, "'%s' died before it was executed", command->argv[0]);
    return explain(&failure, command, err);
}

int spawn(struct box *box, const struct command *command, const int fds[3], pid_t *pid,
          struct err *err)
{
    struct user user = {0};
    int ends[2];

    if (command->user && (user_find(command->user, &user, err) || user_own_node(&user, err)))
        return -1;
    if (box->kind->open(box, err))
        return -1;
    if (pipe2(ends, O_CLOEXEC))
        return err_errno(err, errno, "cannot make a pipe");
    pid_t child = box->kind->fork(box, err);
    if (child == 0) {
        struct failure failure = {.stage = become(box, command, &user, fds)};
        failure.error = errno;
        (void)!write(ends[1], &failure, sizeof failure);
        _exit(127);
    }
    (void)close(ends[1]);
    int failed = child < 0 ? -1 : confirm(ends[0], command, err);
    (void)close(ends[0]);
    if (child > 0 && failed) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    *pid = child;
    return failed;
}
