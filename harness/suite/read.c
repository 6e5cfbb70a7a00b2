/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read.c - where trials come from: a suite file, or what the reference targets say of themselves.
 */
#include "trial.h"

#include "../../targets/reference/host/host.h"
#include "../base/str.h"
#include "theory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* -- a suite file --------------------------------------------------------------------------------
 */

static int read_test(struct trials *trials, const json_t *from, struct err *err)
{
    const char *run = json_string_value(json_object_get(from, "run"));
    const char *name = json_string_value(json_object_get(from, "name"));
    const char *expect = json_string_value(json_object_get(from, "expect"));
    json_t *theory = json_object_get(from, "theory");
    char target[64];

    if (!run || !*run)
        return err_set(err, EINVAL, "it has no \"run\": what follows `ordeal run`");
    if (expect && strcmp(expect, "violation") != 0 && strcmp(expect, "passed") != 0)
        return err_set(err, EINVAL, "\"expect\" must be \"violation\" or \"passed\"");
    if (theory && theory_check(theory, err) < 0)
        return -1;
    run += strspn(run, " ");
    size_t len = strcspn(run, " ");
    if (len == 0 || len >= sizeof target || run[0] == '-')
        return err_set(err, EINVAL, "\"run\" must begin with a target's name");
    (void)snprintf(target, sizeof target, "%.*s", (int)len, run);
    struct trial *trial = trials_add(trials, target, name ? name : run, run + len);
    if (!trial)
        return err_set(err, ENOMEM, "out of memory for the suite");
    trial->expects_violation = expect && strcmp(expect, "violation") == 0;
    trial->theory = json_incref(theory);
    return 0;
}

int trials_read(struct trials *trials, const char *path, struct err *err)
{
    json_error_t where;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    const json_t *tests = json_object_get(root, "tests"), *test;
    int result = 0;
    size_t i;

    if (!root)
        return err_set(err, EINVAL, "cannot read the suite '%s': line %d: %s", path, where.line,
                       where.text);
    if (!json_is_array(tests))
        result = err_set(err, EINVAL, "'%s' has no list \"tests\"", path);
    json_array_foreach(tests, i, test)
    {
        result = read_test(trials, test, err);
        if (result < 0) {
            (void)err_wrap(err, "test %zu of '%s'", i + 1, path);
            break;
        }
    }
    json_decref(root);
    return result;
}

/* -- calibration ---------------------------------------------------------------------------------
 */

static int add_trial(struct trials *trials, const char *target, const char *name,
                     const char *options, bool expects_violation, struct err *err)
{
    struct trial *trial = trials_add(trials, target, name, options);

    if (!trial)
        return err_set(err, ENOMEM, "out of memory for the calibration");
    trial->expects_violation = expects_violation;
    return 0;
}

/* Bugs (with --bug) and showings are lists of {"name", "shown"}. */
static int add_violations(struct trials *trials, const char *target, const json_t *described,
                          const char *key, struct err *err)
{
    const char *first = json_string_value(json_array_get(json_object_get(described, "holds"), 0));
    const json_t *list = json_object_get(described, key), *item;
    const char *promise = json_string_value(json_object_get(described, "promise"));
    bool bugs = strcmp(key, "bugs") == 0;
    /* Asked for by name: what holds below it would take the ladder 20 s of each record. */
    bool plain = bugs && promise && strcmp(promise, "linearizable") == 0;
    char options[512];
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *shown = json_string_value(json_object_get(item, "shown"));
        if (!shown)
            shown = first ? first : "";
        (void)snprintf(options, sizeof options, "%s%s %s%s", bugs ? "--bug " : "", bugs ? name : "",
                       shown, plain ? " --consistency linearizable" : "");
        if (add_trial(trials, target, name, options, true, err) < 0)
            return -1;
    }
    return 0;
}

static int add_honest(struct trials *trials, const char *target, const json_t *described,
                      struct err *err)
{
    const json_t *list = json_object_get(described, "holds"), *item;
    char name[32];
    size_t i;

    json_array_foreach(list, i, item)
    {
        (void)snprintf(name, sizeof name, "honest %zu", i + 1);
        if (add_trial(trials, target, name, json_string_value(item), false, err) < 0)
            return -1;
    }
    return 0;
}

/* All that the reference targets say of themselves. */
static int add_described(struct trials *trials, struct err *err)
{
    const struct target *const *all;

    if (reference_targets(&all, err) < 0)
        return -1;
    for (; *all; all++) {
        const char *name = (*all)->name;
        const json_t *described = reference_description(*all);
        if (add_violations(trials, name, described, "bugs", err) < 0 ||
            add_violations(trials, name, described, "showings", err) < 0 ||
            add_honest(trials, name, described, err) < 0)
            return -1;
    }
    return 0;
}

int trials_calibrate(struct trials *trials, char *const *choices, int seeds, struct err *err)
{
    struct trials described = {0};
    int result = add_described(&described, err);

    if (result == 0)
        result = trials_choose(trials, &described, choices, seeds, err);
    trials_release(&described);
    return result;
}
