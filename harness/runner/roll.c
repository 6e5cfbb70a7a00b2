/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "roll.h"

#include "../base/clock.h"
#include "../base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_MS = 5000 };

static const char *const keys[] = {TARGET_PROGRAM, TARGET_ROLL_TO};

static const char *program(const struct test *test, bool other)
{
    return test_setting(test, test->target->settings, keys[other]);
}

/* Whether the settings name a file: other names are looked up on a node's PATH. */
static bool is_path(const char *text)
{
    return text && strchr(text, '/');
}

int roll_possible(const struct test *test, struct err *err)
{
    const char *other = program(test, true);

    if (!test->target->roll)
        return err_set(err, ENOTSUP, "target '%s' cannot be restarted with another version",
                       test->target->name);
    if (!other || strcmp(other, "none") == 0)
        return err_set(err, EINVAL, "name the program of the other version: --set %s=PATH",
                       TARGET_ROLL_TO);
    return 0;
}

int roll_check(const struct test *test, struct err *err)
{
    struct stat status;

    for (int i = 0; test->target->roll && i < 2; i++) {
        const char *path = program(test, i);
        if (i && !is_path(path) && strcmp(path, "none") != 0)
            return err_set(err, EINVAL, "'%s' must be a path from the root, not '%s'", keys[i],
                           path);
        if (!is_path(path) || strncmp(path, "/node/", 6) == 0)
            continue;
        if (path[0] != '/')
            return err_set(err, EINVAL, "'%s' must be a path from the root, not '%s'", keys[i],
                           path);
        if (stat(path, &status) < 0)
            return err_errno(err, errno, "'%s': no program '%s'", keys[i], path);
        if (!S_ISREG(status.st_mode) || access(path, X_OK) < 0)
            return err_set(err, EINVAL, "'%s': '%s' is no program that can be executed", keys[i],
                           path);
    }
    return 0;
}

int roll_look(const struct cluster *cluster, struct err *err)
{
    const struct test *test = cluster->test;
    node_set there = (NODE(cluster->node_count) - 1) & ~test->plan.skipped;
    int status = 0;

    for (int i = 0; test->target->roll && i < 2; i++) {
        const char *path = program(test, i);
        const char *const argv[] = {"test", "-x", path, NULL};
        if (!is_path(path) || (i == 0 && strncmp(path, "/node/", 6) == 0))
            continue;
        if (node_run(cluster->nodes[__builtin_ctzll(there)], argv, STR(""), LOOK_MS, &status, NULL,
                     NULL, err) < 0)
            return -1;
        if (status != 0)
            return err_set(err, EACCES,
                           "'%s': nodes cannot execute '%s'; they have a /tmp and a /run of their "
                           "own, and what only root may read is closed to them",
                           keys[i], path);
    }
    return 0;
}

/* {"f":"version","value":{"n1":"etcd","n2":"/opt/etcd"},"restarted":"n2"}: what each node runs from
 * now on (null: nothing), and what came of one; `error` says why it does not serve, if so. */
static void tell(const struct roll *roll, const char *what, int node, const char *error)
{
    const char *const *names = roll->cluster->test->node_names;
    struct buf value, extra;

    buf_init(&value, 0);
    buf_init(&extra, 0);
    buf_puts(&value, "{");
    for (int i = 0; i < roll->cluster->node_count; i++) {
        const char *runs = program(roll->cluster->test, roll->other & NODE(i));
        if (!(roll->down & NODE(i))) {
            buf_json_str(&value, names[i], str_of(runs));
            continue;
        }
        buf_json_next(&value, names[i]);
        buf_puts(&value, "null");
    }
    buf_puts(&value, "}");
    buf_puts(&extra, "{");
    buf_json_str(&extra, what, str_of(names[node]));
    if (error)
        buf_json_str(&extra, "error", str_of(error));
    buf_puts(&extra, "}");
    (void)record_event_add(
        roll->record,
        &(struct event){.fault = -1, .f = "version", .value = value.ptr, .extra = extra.ptr});
    if (error)
        log_warning("version", "%s %s: %s", names[node], what, error);
    else
        log_info("version", "%s %s: %s", names[node], what, value.ptr);
    buf_release(&value);
    buf_release(&extra);
}

static void restart(struct roll *roll, int node, bool other, int64_t deadline_ns)
{
    struct err err = {0};
    int status = roll->cluster->test->target->roll(roll->cluster, node, other, deadline_ns, &err);
    bool runs = status == 0 || err.code == EAGAIN;

    roll->other = other ? roll->other | NODE(node) : roll->other & ~NODE(node);
    roll->down = runs ? roll->down & ~NODE(node) : roll->down | NODE(node);
    if (runs)
        (other ? roll->rolled : roll->rolled_back)[node]++;
    tell(roll, runs ? "restarted" : "not_up", node, status ? err.msg : NULL);
}

void roll_pursue(struct roll *roll, const struct world *world, node_set away, int64_t patience_ns)
{
    roll->for_good |= world->rolled_for_good;
    node_set wanted = world->rolled | roll->for_good;
    node_set wrong = ((wanted ^ roll->other) | roll->down) & ~away;

    for (int i = 0; i < roll->cluster->node_count; i++) {
        if (wrong & NODE(i))
            restart(roll, i, (wanted & NODE(i)) != 0, clock_now_ns() + patience_ns);
    }
}

bool roll_is_whole(const struct roll *roll)
{
    return roll->down == 0 && roll->other == roll->for_good;
}
