/* SPDX-License-Identifier: GPL-2.0-or-later */
/* local_node.c - see local_node.h. Included by the tests that want it, since it stands in for
 * harness/agent/client.c. */
#include "local_node.h"

#include "../../harness/base/clock.h"
#include "../lib/check.h"
#include "built.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AWAIT_MS = 20000, WORDS_MAX = 64 };

struct node {
    char name[16], address[32], dir[80];
    int index;
    pid_t pid; /* 0: not running */
    char *argv[WORDS_MAX];
    bool late; /* local_restart starts it */
};

const char *node_name(const struct node *node)
{
    return node->name;
}

int node_index(const struct node *node)
{
    return node->index;
}

const char *node_address(const struct node *node)
{
    return node->address;
}

/* "/node/bin/x" and "/node/data/x" where they are here. */
static char *local_word(const struct node *node, const char *word)
{
    char *local = NULL;
    int len;

    if (strncmp(word, "/node/bin", 9) == 0)
        len = asprintf(&local, "%s%s", built_dir(), word + 9);
    else if (strncmp(word, "/node/data", 10) == 0)
        len = asprintf(&local, "%s%s", node->dir, word + 10);
    else
        len = asprintf(&local, "%s", word);
    assert_true(len >= 0);
    return local;
}

static void run_child(const struct node *node)
{
    char log[96];

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)snprintf(log, sizeof log, "%s.log", node->dir);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)dup2(fd, STDOUT_FILENO);
    (void)dup2(fd, STDERR_FILENO);
    (void)execvp(node->argv[0], node->argv);
    _exit(127);
}

static void launch(struct node *node)
{
    node->pid = fork();
    assert_true(node->pid >= 0);
    if (node->pid == 0)
        run_child(node);
}

int node_start(struct node *node, const struct process_spec *spec, struct err *err)
{
    (void)err;
    for (int i = 0; node->argv[i]; i++)
        free(node->argv[i]);
    memset(node->argv, 0, sizeof node->argv);
    for (int i = 0; spec->argv[i]; i++) {
        assert_true(i + 1 < WORDS_MAX);
        node->argv[i] = local_word(node, spec->argv[i]);
    }
    if (!node->late)
        launch(node);
    return 0;
}

int node_stop(struct node *node, const char *name, int timeout_ms, struct err *err)
{
    int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;

    if (node->pid == 0)
        return err_set(err, ENOENT, "no process '%s' was started", name);
    (void)kill(node->pid, SIGTERM);
    while (waitpid(node->pid, NULL, WNOHANG) == 0) {
        if (clock_now_ns() > deadline_ns)
            (void)kill(node->pid, SIGKILL);
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    node->pid = 0;
    return 0;
}

/* Without input and output, and without its time-out. */
int node_run(struct node *node, const char *const *argv, struct str input, int timeout_ms,
             int *status, struct buf *output, struct buf *errors, struct err *err)
{
    char *words[WORDS_MAX] = {NULL};
    pid_t pid;

    (void)timeout_ms;
    assert_true(input.len == 0 && !output && !errors);
    for (int i = 0; argv[i]; i++) {
        assert_true(i + 1 < WORDS_MAX);
        words[i] = local_word(node, argv[i]);
    }
    int error = posix_spawnp(&pid, words[0], NULL, NULL, words, environ);
    for (int i = 0; words[i]; i++)
        free(words[i]);
    if (error)
        return err_errno(err, error, "cannot run '%s'", argv[0]);
    assert_int_equal(waitpid(pid, status, 0), pid);
    *status = WEXITSTATUS(*status);
    return 0;
}

bool node_process_ended(struct node *node, const char *name, char how[NODE_HOW_MAX])
{
    int status;
    (void)name;

    if (node->pid == 0 || waitpid(node->pid, &status, WNOHANG) <= 0)
        return false;
    node->pid = 0;
    (void)snprintf(how, NODE_HOW_MAX, "'%s' ended with status %d", name, WEXITSTATUS(status));
    return true;
}

void local_signal(struct local *local, int node, int signal)
{
    assert_int_equal(kill(local->cluster.nodes[node]->pid, signal), 0);
}

static void end(struct node *node)
{
    if (node->pid == 0)
        return;
    (void)kill(node->pid, SIGKILL);
    (void)waitpid(node->pid, NULL, 0);
    node->pid = 0;
}

/* As the runner does once a kill or a restart is in force. */
static void tell_target(struct local *local)
{
    node_set down = 0;

    for (int i = 0; i < local->cluster.node_count; i++) {
        if (local->cluster.nodes[i]->pid == 0)
            down |= NODE(i);
    }
    if (local->test.target->crashed)
        local->test.target->crashed(&local->cluster, down);
}

void local_kill(struct local *local, int index)
{
    end(local->cluster.nodes[index]);
    tell_target(local);
}

void local_restart(struct local *local, int index)
{
    local->test.plan.skipped &= ~NODE(index);
    launch(local->cluster.nodes[index]);
    tell_target(local);
}

char *local_log(struct local *local, int index)
{
    char path[96];
    struct buf log = {0};
    char block[4096];
    size_t count;

    (void)snprintf(path, sizeof path, "%s.log", local->cluster.nodes[index]->dir);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while ((count = fread(block, 1, sizeof block, file)) > 0)
        buf_add(&log, block, count);
    (void)fclose(file);
    return buf_take(&log);
}

void local_await(struct local *local)
{
    const struct target *target = local->test.target;
    int64_t deadline_ns = clock_now_ns() + AWAIT_MS * NS_PER_MS;
    struct err err;

    while (target->healthy(&local->cluster, &err) < 0) {
        if (clock_now_ns() > deadline_ns)
            fail_msg("not healthy: %s", err.msg);
        clock_sleep_until(clock_now_ns() + 5 * NS_PER_MS);
    }
}

static struct node *make_node(const struct local *local, int index)
{
    static int clusters; /* of this process */
    struct node *node = calloc(1, sizeof *node);
    pid_t pid = getpid();

    assert_non_null(node);
    clusters += index == 0;
    node->index = index;
    (void)snprintf(node->name, sizeof node->name, "n%d", index + 1);
    (void)snprintf(node->address, sizeof node->address, "127.%d.%d.%d", 1 + (pid >> 8) % 250,
                   pid % 256, index + 1 + 10 * (clusters % 20));
    (void)snprintf(node->dir, sizeof node->dir, "%s/%s", local->dir, node->name);
    assert_int_equal(mkdir(node->dir, 0700), 0);
    return node;
}

void local_open(struct local *local, const struct target *target, int count,
                const struct setting *settings)
{
    local_open_late(local, target, count, settings, 0);
}

void local_open_late(struct local *local, const struct target *target, int count,
                     const struct setting *settings, node_set late)
{
    struct err err;

    memset(local, 0, sizeof *local);
    local->test.target = target;
    local->test.node_count = count;
    local->test.seed = 1;
    local->test.plan.skipped = late;
    for (int i = 0; settings && settings[i].key; i++)
        local->test.settings[local->test.setting_count++] = settings[i];
    (void)snprintf(local->dir, sizeof local->dir, "/tmp/ordeal-test-XXXXXX");
    assert_non_null(mkdtemp(local->dir));
    local->cluster.test = &local->test;
    local->cluster.node_count = count;
    for (int i = 0; i < count; i++)
        local->cluster.nodes[i] = make_node(local, i);
    for (int i = 0; i < count; i++)
        local->cluster.nodes[i]->late = (late & NODE(i)) != 0;
    if (target->setup(&local->cluster, &err) < 0)
        fail_msg("setup: %s", err.msg);
    local_await(local);
}

void local_close(struct local *local)
{
    char command[96];

    local->test.target->teardown(&local->cluster);
    for (int i = 0; i < local->cluster.node_count; i++) {
        struct node *node = local->cluster.nodes[i];
        end(node);
        for (int word = 0; node->argv[word]; word++)
            free(node->argv[word]);
        free(node);
    }
    (void)snprintf(command, sizeof command, "rm -rf '%s'", local->dir);
    assert_int_equal(system(command), 0);
}

struct client_op local_invoke(const struct target *target, struct client *client, enum op_f f,
                              int64_t key, struct op_value value, int timeout_ms)
{
    struct client_op op = {.f = (uint8_t)f, .key = key, .value = value, .outcome = OP_INFO};

    op.deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    target->invoke(client, &op);
    return op;
}
