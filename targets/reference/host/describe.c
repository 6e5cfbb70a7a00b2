/* SPDX-License-Identifier: GPL-2.0-or-later */
/* describe.c - makes a target of each protocol that ordeal-node describes. */
#include "reference.h"

#include "../../../harness/base/clock.h"
#include "../../../harness/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_LIMIT = 1 << 20, NODE_COUNT_DEFAULT = 5 };

static const struct log_pattern log_patterns[] = {
    /* Ending because the machine refuses something is what a node should do; in the C library's
     * words or in libuv's. */
    {"fatal", "^fatal: (?!.*(?i:too many open files|file table overflow|cannot allocate memory|"
              "not enough memory|i(nput)?/o(utput)? error|no space left on device|"
              "read-only file system|disk quota exceeded)$)"},
    {"assertion", "Assertion .* failed"},
    {"sanitizer", "ERROR: (Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error: "},
    {NULL, NULL},
};

/* -- asking the program --------------------------------------------------------------------------
 */

/* Start `path --describe`, its output going into *fd. */
static int spawn_describe(const char *path, pid_t *pid, int *fd, struct err *err)
{
    char option[] = "--describe";
    char *argv[] = {(char *)(uintptr_t)path, option, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(err, errno, "cannot make a pipe");
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    int code = posix_spawn(pid, path, &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    if (code != 0) {
        (void)close(ends[0]);
        return err_errno(err, code, "cannot run '%s'", path);
    }
    *fd = ends[0];
    return 0;
}

/* All that comes out of fd until its end. */
static void drain(int fd, struct buf *output)
{
    char block[1 << 14];
    ssize_t count;

    while ((count = read(fd, block, sizeof block)) != 0) {
        if (count > 0)
            buf_add(output, block, (size_t)count);
        else if (errno != EINTR)
            break;
    }
}

/* What `ordeal-node --describe` prints, as JSON; NULL with the reason. */
static json_t *ask_program(struct err *err)
{
    char path[PATH_MAX];
    struct buf output;
    json_error_t at;
    int fd = -1, status = 0;
    pid_t pid = -1;

    if (helper_find("ordeal-node", path, sizeof path, err) < 0 ||
        spawn_describe(path, &pid, &fd, err) < 0)
        return NULL;
    buf_init(&output, OUTPUT_LIMIT);
    drain(fd, &output);
    (void)close(fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    json_t *all = json_loadb(output.len ? output.ptr : "", output.len, 0, &at);
    buf_release(&output);
    if (status != 0 || !json_is_array(all)) {
        (void)err_set(err, EPROTO, "'%s --describe' failed; run `make` again", path);
        json_decref(all);
        return NULL;
    }
    return all;
}

/* -- from JSON to a target -----------------------------------------------------------------------
 */

/* A member's text; borrowed from the JSON, which stays for good. Empty if it is not there. */
static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static const char *const *make_names(const json_t *array)
{
    const char **names = calloc(json_array_size(array) + 1, sizeof *names);

    for (size_t i = 0; names && i < json_array_size(array); i++) {
        const char *name = json_string_value(json_array_get(array, i));
        names[i] = name ? name : "";
    }
    return names;
}

/* "none|bug-a|bug-b" */
static char *make_bug_values(const json_t *bugs)
{
    struct buf values = {0};

    buf_puts(&values, "none");
    for (size_t i = 0; i < json_array_size(bugs); i++)
        buf_printf(&values, "|%s", text_of(json_array_get(bugs, i), "name"));
    return buf_take(&values);
}

/* The protocol's options, and those of every protocol. */
static const struct setting_spec *make_settings(const json_t *described)
{
    const json_t *options = json_object_get(described, "options");
    size_t count = json_array_size(options);
    struct setting_spec *specs = calloc(count + 6, sizeof *specs);
    char *bugs = make_bug_values(json_object_get(described, "bugs"));

    if (!specs || !bugs) {
        free(specs);
        free(bugs);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *option = json_array_get(options, i);
        specs[i] = (struct setting_spec){text_of(option, "key"), text_of(option, "values"),
                                         text_of(option, "initial"), text_of(option, "about")};
    }
    specs[count] = (struct setting_spec){"link", "tcp|udp", text_of(described, "link"),
                                         "how messages between nodes travel"};
    specs[count + 1] = (struct setting_spec){"bug", bugs, "none", "a planted bug"};
    specs[count + 2] = (struct setting_spec){TARGET_PROGRAM, "a path", "/node/bin/ordeal-node",
                                             "the program of a node"};
    specs[count + 3] = (struct setting_spec){TARGET_ROLL_TO, "a path", "none",
                                             "the program of another version, for nemesis upgrade"};
    if (json_is_true(json_object_get(described, "resends")))
        specs[count + 4] =
            (struct setting_spec){"resend", "on|off", "on", "whether clients turn to other nodes"};
    return specs;
}

/* Of the protocol's options those that are time-outs by their name: "timeout-ms", "lease-ms". */
static const char *const *make_timeouts(const json_t *options)
{
    static const char *const endings[] = {"timeout-ms", "election-ms", "lease-ms", "session-ms"};
    const char **keys = calloc(json_array_size(options) + 1, sizeof *keys);
    size_t count = 0;

    for (size_t i = 0; keys && i < json_array_size(options); i++) {
        const char *key = text_of(json_array_get(options, i), "key");
        for (size_t k = 0; k < sizeof endings / sizeof *endings; k++) {
            const char *at = strstr(key, endings[k]);
            if (at && strcmp(at, endings[k]) == 0) {
                keys[count++] = key;
                break;
            }
        }
    }
    return keys;
}

static bool make_reference(json_t *described, struct reference *reference)
{
    const char *promise = text_of(described, "promise");

    *reference = (struct reference){
        .described = json_incref(described),
        .promise = *promise ? promise : NULL,
        .target =
            {
                .name = text_of(described, "name"),
                .about = text_of(described, "about"),
                .fs = make_names(json_object_get(described, "fs")),
                .settings = make_settings(described),
                .timeouts = make_timeouts(json_object_get(described, "options")),
                .log_patterns = log_patterns,
                .node_count_default = NODE_COUNT_DEFAULT,
                .recovery_ns =
                    json_integer_value(json_object_get(described, "recovery_ms")) * NS_PER_MS,
                .ladder = true,
                .promise = reference_promise,
                .staleness_ns = *text_of(described, "staleness") ? reference_staleness_ns : NULL,
                .setup = reference_setup,
                .teardown = reference_teardown,
                .healthy = reference_healthy,
                .leaders =
                    json_is_true(json_object_get(described, "leader")) ? reference_leaders : NULL,
                .crashed =
                    json_is_true(json_object_get(described, "views")) ? reference_crashed : NULL,
                .roll = reference_roll,
                .client_open = reference_client_open,
                .invoke = reference_invoke,
                .client_close = reference_client_close,
            },
    };
    return reference->target.fs && reference->target.settings && reference->target.timeouts &&
           *reference->target.name;
}

/* Fill both tables from the description; they live until the program ends. */
static int make_all(json_t *described, const struct target **list, struct err *err)
{
    static struct reference *references; /* where what a target points to is kept */
    size_t count = json_array_size(described);

    references = calloc(count, sizeof *references);
    for (size_t i = 0; i < count; i++) {
        if (!references || !make_reference(json_array_get(described, i), &references[i]))
            return err_set(err, EPROTO, "ordeal-node describes its protocols badly");
        list[i] = &references[i].target;
    }
    return 0;
}

const json_t *reference_description(const struct target *target)
{
    return ((const struct reference *)target)->described;
}

int reference_targets(const struct target *const **all, struct err *err)
{
    enum { PROTOCOLS_MAX = 256 };
    static const struct target *list[PROTOCOLS_MAX + 1];
    static bool made;

    if (!made) {
        json_t *described = ask_program(err);
        if (json_array_size(described) > PROTOCOLS_MAX)
            (void)err_set(err, E2BIG, "more than %d protocols", PROTOCOLS_MAX);
        else
            made = described && make_all(described, list, err) == 0;
        json_decref(described);
    }
    *all = list;
    return made ? 0 : -1;
}
