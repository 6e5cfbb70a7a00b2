/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.c - `ordeal list [KIND [NAME]]`: what there is, a line each; one thing with its options.
 *
 * The kind "packages" is for tools/fetch-packages: a line per package and the program by which its
 * presence is known.
 */
#include "commands.h"

#include "../base/wrap.h"
#include "../checker.h"
#include "../history/formats/formats.h"
#include "../model.h"
#include "../nemesis.h"
#include "../target.h"
#include "../workload.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A thing that can be listed. Members that its kind has not are NULL. */
struct item {
    const char *name, *about;
    const char *const *fs;               /* a target's or workload's operations */
    const struct nemesis *nemesis;       /* itself */
    const struct setting_spec *settings; /* what --set gives it */
    const char *promise;                 /* a target's level, "nothing" */
    const char *note;                    /* what else is to be said, in brackets */
};

struct items {
    struct item *all;
    size_t count;
    bool failed; /* out of memory */
};

static void add(struct items *items, struct item item)
{
    struct item *grown = realloc(items->all, (items->count + 1) * sizeof *grown);

    if (!grown) {
        items->failed = true;
        return;
    }
    items->all = grown;
    items->all[items->count++] = item;
}

/* -- the kinds -----------------------------------------------------------------------------------
 */

/* What it promises when nothing is set. */
static const char *promise_of(const struct target *target)
{
    struct test test = {.target = target, .node_count = target->node_count_default};
    const char *level = NULL;
    struct err ignored;

    if (target->promise(&test, &level, &ignored) < 0)
        return NULL;
    return level ? level : "nothing";
}

static int collect_targets(struct items *items, struct err *err)
{
    const struct target_entry *entries;
    int count = target_list(&entries, err);

    for (int i = 0; i < count; i++) {
        const struct target *target = entries[i].target;
        if (target)
            add(items, (struct item){.name = target->name,
                                     .about = target->about,
                                     .fs = target->fs,
                                     .settings = target->settings,
                                     .promise = promise_of(target),
                                     .note = target->member_remove ? "members may change" : NULL});
        else
            add(items, (struct item){.name = entries[i].name, .about = entries[i].problem});
    }
    return count < 0 ? -1 : 0;
}

static int collect_workloads(struct items *items, struct err *err)
{
    (void)err;
    for (size_t i = 0; workloads[i]; i++)
        add(items, (struct item){.name = workloads[i]->name,
                                 .about = workloads[i]->about,
                                 .fs = workloads[i]->fs,
                                 .settings = workloads[i]->settings});
    return 0;
}

static int collect_nemeses(struct items *items, struct err *err)
{
    (void)err;
    for (size_t i = 0; nemeses[i]; i++)
        add(items, (struct item){.name = nemeses[i]->name,
                                 .about = nemeses[i]->about,
                                 .nemesis = nemeses[i]});
    return 0;
}

static int collect_checkers(struct items *items, struct err *err)
{
    (void)err;
    for (size_t i = 0; checkers[i]; i++)
        add(items, (struct item){.name = checkers[i]->name,
                                 .about = checkers[i]->about,
                                 .note = checkers[i]->is_level     ? "a level for --consistency"
                                         : checkers[i]->is_measure ? "for --consistency"
                                                                   : NULL});
    return 0;
}

static int collect_models(struct items *items, struct err *err)
{
    (void)err;
    for (size_t i = 0; models[i]; i++)
        add(items, (struct item){.name = models[i]->name, .about = models[i]->about});
    return 0;
}

static int collect_formats(struct items *items, struct err *err)
{
    (void)err;
    for (size_t i = 0; formats[i]; i++)
        add(items, (struct item){.name = formats[i]->name, .about = formats[i]->about});
    return 0;
}

static const struct kind {
    const char *name;
    int (*collect)(struct items *items, struct err *err);
} kinds[] = {
    {"targets", collect_targets},   {"workloads", collect_workloads}, {"nemeses", collect_nemeses},
    {"checkers", collect_checkers}, {"models", collect_models},       {"formats", collect_formats},
};

enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

/* -- printing ------------------------------------------------------------------------------------
 */

/* Wrapped for who looks, a line each for scripts. */
static void print_items(const struct items *items)
{
    bool wrapped = isatty(STDOUT_FILENO);
    struct buf about, out;
    int width = 0;

    for (size_t i = 0; i < items->count; i++) {
        int len = (int)strlen(items->all[i].name);
        width = len > width ? len : width;
    }
    buf_init(&about, 0);
    buf_init(&out, 0);
    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->all[i];
        char left[64];
        buf_clear(&about);
        buf_puts(&about, item->about);
        if (item->note)
            buf_printf(&about, " (%s)", item->note);
        (void)snprintf(left, sizeof left, "  %s", item->name);
        if (wrapped)
            wrap_row(left, width + 4, buf_str(&about).ptr, &out);
        else
            buf_printf(&out, "%-*s%s\n", width + 4, left, buf_str(&about).ptr);
    }
    (void)fputs(buf_str(&out).ptr, stdout);
    buf_release(&out);
    buf_release(&about);
}

static void print_names(const char *title, const char *const *names)
{
    (void)printf("  %s:", title);
    for (size_t i = 0; names[i]; i++)
        (void)printf(" %s", names[i]);
    (void)putchar('\n');
}

static void print_nemesis(const struct nemesis *nemesis)
{
    print_names("kinds", nemesis->kinds);
    for (const struct param *param = nemesis->params; param && param->name; param++)
        (void)printf("  --nemesis %s:%s=%.9g..%.9g  %s\n", nemesis->name, param->name, param->least,
                     param->most, param->about);
    if (nemesis->by_name)
        (void)printf("  only where it is named: 'all' leaves it out\n");
    if (nemesis->takes_files)
        (void)printf("  --nemesis %s:files=PATTERN  of paths below /node/data, like *.wal\n",
                     nemesis->name);
    for (int i = 0; i < NEEDS_MAX; i++) {
        if (nemesis->needs & 1U << i)
            (void)printf("  needs: %s\n", need_names[i]);
    }
}

/* One thing, with all that is known of it. */
static void print_item(const struct item *item)
{
    (void)printf("%s: %s\n", item->name, item->about);
    if (item->promise)
        (void)printf("  promises: %s\n", item->promise);
    if (item->fs)
        print_names("operations", item->fs);
    if (item->nemesis)
        print_nemesis(item->nemesis);
    for (const struct setting_spec *spec = item->settings; spec && spec->key; spec++)
        (void)printf("  --set %s=%s  %s (default: %s)\n", spec->key, spec->values, spec->about,
                     spec->initial);
    if (item->note)
        (void)printf("  %s\n", item->note);
}

/* -- the command ---------------------------------------------------------------------------------
 */

static const struct option_spec options[] = {{.name = NULL}};

static const struct usage usage = {
    .command = "list",
    .arguments = "[KIND [NAME]]",
    .about = "Lists targets, workloads, nemeses, checkers, models and formats, or one of these "
             "kinds. With a name it shows that one with all that can be asked of it.",
    .examples = "ordeal list targets\n"
                "ordeal list targets etcd",
    .options = options,
    .positional_min = 0,
    .positional_max = 2,
};

static int complain(const struct err *err)
{
    (void)fprintf(stderr, "ordeal list: %s\n", err->msg);
    return EXIT_HARNESS;
}

/* A kind and its things; the caller frees items->all. */
static int collect(const struct kind *kind, struct items *items, struct err *err)
{
    *items = (struct items){0};
    if (kind->collect(items, err) < 0)
        return -1;
    return items->failed ? err_set(err, 0, "out of memory") : 0;
}

static int list_all(void)
{
    struct items items;
    struct err err;

    for (int i = 0; i < KIND_COUNT; i++) {
        if (collect(&kinds[i], &items, &err) < 0)
            return complain(&err);
        (void)printf("%s%s\n", i ? "\n" : "", kinds[i].name);
        print_items(&items);
        free(items.all);
    }
    return EXIT_PASSED;
}

static const char *nearest(const char *name, const struct items *items)
{
    const char **names = calloc(items->count + 1, sizeof *names);

    for (size_t i = 0; names && i < items->count; i++)
        names[i] = items->all[i].name;
    const char *near = names ? str_nearest(name, names) : NULL;
    free(names);
    return near;
}

static int list_one(const struct kind *kind, const struct items *items, const char *name)
{
    for (size_t i = 0; i < items->count; i++) {
        if (strcmp(items->all[i].name, name) == 0) {
            print_item(&items->all[i]);
            return EXIT_PASSED;
        }
    }
    const char *near = nearest(name, items);
    return options_refuse(&usage, "among the %s there is no '%s'%s%s%s", kind->name, name,
                          near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int list_kind(const struct kind *kind, const char *name)
{
    struct items items;
    struct err err;
    int status = EXIT_PASSED;

    if (collect(kind, &items, &err) < 0)
        return complain(&err);
    if (name)
        status = list_one(kind, &items, name);
    else
        print_items(&items);
    free(items.all);
    return status;
}

static int list_packages(void)
{
    const struct target_entry *entries;
    struct err err;
    int count = target_list(&entries, &err);

    if (count < 0)
        return complain(&err);
    for (int i = 0; i < count; i++) {
        const struct target *target = entries[i].target;
        for (const struct package *p = target ? target->packages : NULL; p && p->name; p++)
            (void)printf("%s %s\n", p->name, p->binary);
    }
    return EXIT_PASSED;
}

static int command_main(int argc, char **argv)
{
    const char *names[KIND_COUNT + 1] = {NULL};
    int count, ignored = 0;
    int code = options_parse(&usage, argc, argv, &ignored, &count);

    if (code != OPTIONS_DONE)
        return code;
    if (count == 0)
        return list_all();
    if (strcmp(argv[0], "packages") == 0)
        return list_packages();
    for (int i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i].name, argv[0]) == 0)
            return list_kind(&kinds[i], count > 1 ? argv[1] : NULL);
        names[i] = kinds[i].name;
    }
    const char *near = str_nearest(argv[0], names);
    return options_refuse(&usage, "there is no kind '%s'%s%s%s", argv[0],
                          near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

const struct command command_list = {
    .name = "list",
    .arguments = "[KIND [NAME]]",
    .about = "targets, workloads, nemeses, checkers, models, formats",
    .main = command_main,
};
