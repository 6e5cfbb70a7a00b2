/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inlab.h"

#include "../../harness/lab/table.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

void inlab_prepare(struct inlab *inlab)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

    memset(inlab, 0, sizeof *inlab);
    path[len > 0 ? len : 0] = '\0';
    (void)snprintf(inlab->helper_dir, sizeof inlab->helper_dir, "%.230s/lab/stand_in",
                   dirname(dirname(path)));
    (void)snprintf(inlab->log_dir, sizeof inlab->log_dir, "/tmp/ordeal-test-XXXXXX");
    if (!mkdtemp(inlab->log_dir))
        abort();
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

void inlab_clean(struct inlab *inlab)
{
    (void)nftw(inlab->log_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int nothing(void *context)
{
    (void)context;
    return 0;
}

const char *inlab_impossible(void)
{
    static struct err err;

    return lab_run(nothing, NULL, &err) < 0 ? err.msg : NULL;
}

static int try_tables(void *context)
{
    struct err err;

    (void)context;
    return table_try(&err) < 0;
}

const char *inlab_no_bridge(void)
{
    static struct err err;
    int status = lab_run(try_tables, NULL, &err);

    return status < 0    ? err.msg
           : status == 0 ? NULL
                         : "without packet rules the switch takes the bridge's place";
}

int inlab_open(struct inlab *inlab, int node_count, const struct lab_options *options,
               struct err *err)
{
    struct lab_options usual = options ? *options : (struct lab_options){0};

    if (!usual.log_dir)
        usual.log_dir = inlab->log_dir;
    if (!usual.helper_dir)
        usual.helper_dir = inlab->helper_dir;
    if (lab_open(&inlab->lab, &usual, err) < 0)
        return -1;
    inlab->node_count = node_count;
    for (int i = 0; i < node_count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", i + 1);
        if (lab_add_node(inlab->lab, i, node_count, name, &inlab->agents[i], err) < 0)
            return -1;
    }
    return 0;
}

void inlab_close(struct inlab *inlab)
{
    for (int i = 0; i < inlab->node_count; i++)
        (void)close(inlab->agents[i]);
    lab_close(inlab->lab);
}

static bool read_fully(int fd, char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t got = read(fd, bytes, len);
        if (got <= 0)
            return false;
        bytes += got;
        len -= (size_t)got;
    }
    return true;
}

int inlab_shell(struct inlab *inlab, int node, const char *command, char *output, size_t size)
{
    int fd = inlab->agents[node], status;
    char head[64], discarded;
    size_t len, at = 0;

    if (dprintf(fd, "%s\n", command) < 0)
        return -1;
    do {
        if (at + 1 == sizeof head || !read_fully(fd, head + at, 1))
            return -1;
    } while (head[at++] != '\n');
    head[at] = '\0';
    if (sscanf(head, "%d %zu", &status, &len) != 2)
        return -1;
    size_t kept = len < size ? len : size - (size > 0);
    if (!read_fully(fd, output, kept))
        return -1;
    for (size_t i = kept; i < len; i++)
        (void)read_fully(fd, &discarded, 1);
    if (size > 0)
        output[kept] = '\0';
    if (kept > 0 && output[kept - 1] == '\n')
        output[kept - 1] = '\0';
    return status;
}

/* The first folder above `path` that is closed to others ends at the answer; 0: none is. */
static size_t closed_at(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        struct stat status;
        *slash = '\0';
        bool closed = stat(path, &status) == 0 && !(status.st_mode & S_IXOTH);
        *slash = '/';
        if (closed)
            return (size_t)(slash - path);
    }
    return 0;
}

/* A build below /root, say, is out of an ordinary user's reach. In a mount namespace of this
 * process's the closed folder is covered by an open one, with nothing but the build in it. */
static int let_reach_build(void)
{
    char path[PATH_MAX], opened[32];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

    path[len > 0 ? len : 0] = '\0';
    for (int above = 0; above < 3; above++) /* build/tests/lab/test_it */
        (void)dirname(path);
    size_t closed = closed_at(path);
    if (closed == 0)
        return 0;
    if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "", MS_REC | MS_PRIVATE, "") < 0)
        return -1;
    int build = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); /* there: else it cannot be bound */
    if (build < 0)
        return -1;
    (void)snprintf(opened, sizeof opened, "/proc/self/fd/%d", build);
    path[closed] = '\0';
    if (mount("tmpfs", path, "tmpfs", 0, "mode=755") < 0)
        return -1;
    for (size_t at = closed; path[at] == '\0'; at = strlen(path)) {
        path[at] = '/';
        char *next = strchr(path + at + 1, '/');
        if (next)
            *next = '\0';
        if (mkdir(path, 0755) < 0)
            return -1;
        if (!next)
            break;
    }
    return mount(opened, path, "", MS_BIND | MS_REC, "");
}

int inlab_as_user(int (*function)(void *context), void *context)
{
    int status;

    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && let_reach_build() < 0) {
            perror("an ordinary user cannot be let reach the build");
            _exit(99);
        }
        if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
                               setresuid(NOBODY, NOBODY, NOBODY) < 0))
            _exit(99);
        /* as after an exec: else /proc/self belongs to root */
        (void)prctl(PR_SET_DUMPABLE, 1);
        _exit(function(context));
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
