/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read.c - where trials come from: a suite file, or what the reference targets say of themselves.
 */
#include "trial.h"

#include "../../targets/reference/host/host.h"
#include "../base/str.h"

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
    char target[64];

    if (!run || !*run)
        return err_set(err, EINVAL, "it has no \"run\": what follows `ordeal run`");
    if (expect && strcmp(expect, "violation") != 0 && strcmp(expect, "passed") != 0)
        return err_set(err, EINVAL, "\"expect\" must be \"violation\" or \"passed\"");
    size_t len = strcspn(run, " ");
    if (len >= sizeof target || run[0] == '-')
        return err_set(err, EINVAL, "\"run\" must begin with a target's name");
    (void)snprintf(target, sizeof target, "%.*s", (int)len, run);
    struct trial *trial = trials_add(trials, target, name ? name : run, run + len);
    if (!trial)
        return err_set(err, ENOMEM, "out of memory for the suite");
    trial->expects_violation = expect && strcmp(expect, "violation") == 0;
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

enum { SEED_STEP = 1000 }; /* between the first seeds of a trial's repetitions */

/* The trial once for each seed. */
static int add_seeds(struct trials *trials, const struct trial *from, int seeds, struct err *err)
{
    char name[128];

    for (int i = 1; i <= seeds; i++) {
        (void)snprintf(name, sizeof name, seeds > 1 ? "%s #%d" : "%s", from->name, i);
        struct trial *trial = trials_add(trials, from->target, name, from->options);
        if (!trial)
            return err_set(err, ENOMEM, "out of memory for the calibration");
        trial->expects_violation = from->expects_violation;
        trial->seed = (uint64_t)i * SEED_STEP;
    }
    return 0;
}

/* Bugs (with --bug) and showings are lists of {"name", "shown"}. */
static int add_violations(struct trials *trials, const char *target, const json_t *described,
                          const char *key, int seeds, struct err *err)
{
    const char *first = json_string_value(json_array_get(json_object_get(described, "holds"), 0));
    const json_t *list = json_object_get(described, key), *item;
    bool bugs = strcmp(key, "bugs") == 0;
    char options[512];
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *shown = json_string_value(json_object_get(item, "shown"));
        if (!shown)
            shown = first ? first : "";
        (void)snprintf(options, sizeof options, "%s%s %s", bugs ? "--bug " : "", bugs ? name : "",
                       shown);
        struct trial trial = {.target = (char *)(uintptr_t)target,
                              .name = (char *)(uintptr_t)name,
                              .options = options,
                              .expects_violation = true};
        if (add_seeds(trials, &trial, seeds, err) < 0)
            return -1;
    }
    return 0;
}

static int add_honest(struct trials *trials, const char *target, const json_t *described, int seeds,
                      struct err *err)
{
    const json_t *list = json_object_get(described, "holds"), *item;
    char name[32];
    size_t i;

    json_array_foreach(list, i, item)
    {
        (void)snprintf(name, sizeof name, "honest %zu", i + 1);
        struct trial trial = {.target = (char *)(uintptr_t)target,
                              .name = name,
                              .options = (char *)(uintptr_t)json_string_value(item)};
        if (add_seeds(trials, &trial, seeds, err) < 0)
            return -1;
    }
    return 0;
}

static bool is_chosen(const char *name, char *const *names)
{
    for (; names && *names; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

static int check_names(const struct target *const *all, char *const *names, struct err *err)
{
    const char *known[256];
    size_t count = 0;

    for (; count < 255 && all[count]; count++)
        known[count] = all[count]->name;
    known[count] = NULL;
    for (; names && *names; names++) {
        size_t i = 0;
        while (i < count && strcmp(known[i], *names) != 0)
            i++;
        if (i < count)
            continue;
        const char *near = str_nearest(*names, known);
        return err_set(err, EINVAL,
                       "no reference target '%s'%s%s%s; `ordeal list targets` shows them", *names,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return 0;
}

int trials_calibrate(struct trials *trials, char *const *names, int seeds, struct err *err)
{
    const struct target *const *all;

    if (reference_targets(&all, err) < 0 || check_names(all, names, err) < 0)
        return -1;
    for (; *all; all++) {
        const char *name = (*all)->name;
        const json_t *described = reference_description(*all);
        if (names && *names && !is_chosen(name, names))
            continue;
        if (add_violations(trials, name, described, "bugs", seeds, err) < 0 ||
            add_violations(trials, name, described, "showings", seeds, err) < 0 ||
            add_honest(trials, name, described, seeds, err) < 0)
            return -1;
    }
    return 0;
}
