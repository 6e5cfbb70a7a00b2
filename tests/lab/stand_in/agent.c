/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent.c - stands in for the agent in tests of the lab: runs what it is told on its node.
 *
 * Each request is a line, a command for /bin/sh; the answer is "STATUS LENGTH\n" and LENGTH bytes
 * of output. The line "settle" starts what a real agent would hold: a node init in a pid namespace
 * of its own, with daemons below it. Ends with its connection, as the real one does.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 16, DAEMONS = 3 };

static char output[OUTPUT_MAX];

static void answer(int status, size_t len)
{
    (void)printf("%d %zu\n", status, len);
    (void)fwrite(output, 1, len, stdout);
    (void)fflush(stdout);
}

/* Says on `ready_fd` when its daemons are there. */
_Noreturn static void init_main(int ready_fd)
{
    if (mount("proc", "/proc", "proc", 0, NULL) < 0)
        _exit(1);
    for (int i = 0; i < DAEMONS; i++) {
        if (fork() == 0) {
            (void)setsid();
            if (fork() == 0) {
                (void)close(ready_fd);
                for (;;)
                    (void)pause();
            }
            _exit(0);
        }
        (void)wait(NULL);
    }
    (void)!write(ready_fd, "r", 1);
    (void)close(ready_fd);
    for (;;)
        (void)pause();
}

static void settle(void)
{
    const unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | SIGCHLD;
    int ready[2];
    char byte;

    if (pipe2(ready, O_CLOEXEC) < 0)
        exit(1);
    pid_t pid = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
    if (pid == 0)
        init_main(ready[1]);
    (void)close(ready[1]);
    answer(read(ready[0], &byte, 1) == 1 ? 0 : 1, 0);
    (void)close(ready[0]);
}

static void run(const char *command)
{
    int out[2], status = 0;
    size_t len = 0;
    ssize_t got;

    if (pipe2(out, O_CLOEXEC) < 0)
        exit(1);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(out[1], STDOUT_FILENO);
        (void)dup2(out[1], STDERR_FILENO);
        (void)dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    (void)close(out[1]);
    while (len < OUTPUT_MAX && (got = read(out[0], output + len, OUTPUT_MAX - len)) > 0)
        len += (size_t)got;
    (void)close(out[0]);
    (void)waitpid(pid, &status, 0);
    answer(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), len);
}

int main(void)
{
    static char line[OUTPUT_MAX];

    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "settle") == 0)
            settle();
        else
            run(line);
    }
    return 0;
}
