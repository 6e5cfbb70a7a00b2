/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan.c - see plan.h. What a plan is, and how it is written; plan_draw.c draws, plan_read.c reads.
 */
#include "plan.h"

#include "../file_pattern.h"
#include "../nemesis.h"
#include "../target.h"
#include "roll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const schedule_names[] = {"one", "fixed", "mixed", "swarm", "chase", NULL};

const struct nemesis *nemesis_find(const char *name, struct err *err)
{
    const char *names[NEMESES_MAX + 1];
    size_t count = 0;

    for (; count < NEMESES_MAX && nemeses[count]; count++) {
        if (strcmp(nemeses[count]->name, name) == 0)
            return nemeses[count];
        names[count] = nemeses[count]->name;
    }
    names[count] = NULL;
    const char *near = str_nearest(name, names);
    (void)err_set(err, EINVAL, "no nemesis named '%s'%s%s%s; `ordeal list nemeses` shows them",
                  name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return NULL;
}

/* Whether the target can do at all what the nemesis asks of it. */
static bool is_able(const struct target *target, const struct nemesis *nemesis)
{
    return (!nemesis->members || target->member_remove) && (!nemesis->rolls || target->roll);
}

bool nemesis_fits(const struct nemesis *nemesis, const struct test *test)
{
    struct err ignored;

    return is_able(test->target, nemesis) &&
           (!nemesis->rolls || roll_possible(test, &ignored) == 0);
}

int nemesis_suits(const struct nemesis *nemesis, const struct test *test, struct err *err)
{
    const struct target *target = test->target;
    const struct target_entry *entries;
    struct err ignored;
    struct buf able;

    if (is_able(target, nemesis)) {
        if (nemesis->rolls && roll_possible(test, err) < 0)
            return err_wrap(err, "nemesis '%s'", nemesis->name);
        return 0;
    }
    int count = target_list(&entries, &ignored);
    buf_init(&able, 0);
    for (int i = 0; i < count; i++) {
        if (entries[i].target && is_able(entries[i].target, nemesis))
            buf_printf(&able, "%s%s", able.len ? ", " : "", entries[i].name);
    }
    (void)err_set(err, ENOTSUP,
                  "nemesis '%s' is not for target '%s', which cannot change its %s; those "
                  "that can: %s",
                  nemesis->name, target->name, nemesis->members ? "members" : "version",
                  able.len ? able.ptr : "none on this machine");
    buf_release(&able);
    return -1;
}

const char *nemesis_kind(const struct nemesis *nemesis, const char *kind, struct err *err)
{
    for (size_t i = 0; nemesis->kinds[i]; i++) {
        if (strcmp(nemesis->kinds[i], kind) == 0)
            return nemesis->kinds[i];
    }
    const char *near = str_nearest(kind, nemesis->kinds);
    (void)err_set(err, EINVAL, "nemesis '%s' has no kind '%s'%s%s%s", nemesis->name, kind,
                  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return NULL;
}

int nemesis_param(const struct nemesis *nemesis, const char *name, double value, struct err *err)
{
    const char *names[FAULT_PARAMS_MAX + 1];
    int count = 0;

    for (; nemesis->params && nemesis->params[count].name; count++) {
        const struct param *param = &nemesis->params[count];
        names[count] = param->name;
        if (strcmp(param->name, name) != 0)
            continue;
        if (!(value >= param->least && value <= param->most))
            return err_set(err, EINVAL, "'%s' of nemesis '%s' must be a number from %g to %g", name,
                           nemesis->name, param->least, param->most);
        return count;
    }
    names[count] = NULL;
    const char *near = str_nearest(name, names);
    return err_set(err, EINVAL, "nemesis '%s' has no parameter '%s'%s%s%s", nemesis->name, name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* The target's own patterns, as a sentence lists them. */
static void list_files(const struct target *target, char *text, size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (int i = 0; target->files[i] && len < size; i++)
        len += (size_t)snprintf(text + len, size - len, "%s'%s'", i ? ", " : "", target->files[i]);
}

int plan_set_files(const struct target *target, const struct nemesis *nemesis, const char *pattern,
                   char files[DISK_FILES_BYTES], struct err *err)
{
    char known[ERR_MSG_MAX];
    bool can = !target->files;

    if (!nemesis->takes_files)
        return err_set(err, EINVAL, "nemesis '%s' is not about files; leave \"files\" out",
                       nemesis->name);
    if (file_pattern_check(pattern, err))
        return -1;
    for (int i = 0; !can && target->files[i]; i++)
        can = file_patterns_meet(pattern, target->files[i]);
    if (!can) {
        list_files(target, known, sizeof known);
        return err_set(err, EINVAL, "target '%s' keeps no file that matches '%s'; it keeps %s",
                       target->name, pattern, known);
    }
    memset(files, 0, DISK_FILES_BYTES);
    (void)snprintf(files, DISK_FILES_BYTES, "%s", pattern);
    return 0;
}

unsigned plan_needs(const struct plan *plan)
{
    unsigned needs = 0;

    for (int i = 0; i < plan->fault_count; i++)
        needs |= plan->faults[i].nemesis->needs;
    return needs;
}

bool plan_damages(const struct plan *plan)
{
    for (int i = 0; i < plan->fault_count; i++) {
        if (plan->faults[i].nemesis->by_name)
            return true;
    }
    return false;
}

int plan_skip(const struct test *test, struct str name, struct plan *plan, struct err *err)
{
    for (int i = 0; i < test->node_count; i++) {
        if (!str_eq(name, str_of(test->node_names[i])))
            continue;
        plan->skipped |= NODE(i);
        return 0;
    }
    return err_set(err, EINVAL, "no node '%.*s' to skip; there are %s to %s", STR_ARG(name),
                   test->node_names[0], test->node_names[test->node_count - 1]);
}

int plan_check_skipped(const struct test *test, bool majority_allowed, struct err *err)
{
    int skipped = node_set_count(test->plan.skipped), left = test->node_count - skipped;

    if (skipped && test->target->in_process)
        return err_set(err, EINVAL, "target '%s' lives in this process: it has no nodes to skip",
                       test->target->name);
    if (skipped && left == 0)
        return err_set(err, EINVAL, "somebody must be started: all %d nodes are skipped", skipped);
    if (skipped && left <= test->node_count / 2 && !majority_allowed)
        return err_set(err, EINVAL,
                       "without %d of %d nodes there is no majority (--protect none allows that)",
                       skipped, test->node_count);
    return 0;
}

void plan_release(struct plan *plan)
{
    for (int i = 0; i < plan->fault_count; i++)
        free(plan->faults[i].grudge);
    free(plan->faults);
    *plan = (struct plan){0};
}

static int by_begin(const void *left, const void *right)
{
    const struct fault *a = left, *b = right;

    if (a->begin_ns != b->begin_ns)
        return a->begin_ns < b->begin_ns ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

void plan_sort(struct plan *plan)
{
    qsort(plan->faults, (size_t)plan->fault_count, sizeof *plan->faults, by_begin);
    for (int i = 0; i < plan->fault_count; i++)
        plan->faults[i].number = i;
}

/* "grudge":{"n1":["n2","clients"]}: n1 no longer hears n2 and the clients. */
static void print_grudge(const struct test *test, const node_set *grudge, struct buf *json)
{
    buf_json_next(json, "grudge");
    buf_puts(json, "{");
    for (int to = 0; to < test->node_count; to++) {
        bool any = false;
        for (int from = 0; from < PLACES_MAX; from++) {
            if (!(grudge[from] & NODE(to)))
                continue;
            if (!any) {
                buf_json_next(json, test->node_names[to]);
                buf_puts(json, "[");
            }
            any = true;
            buf_json_str(json, NULL, str_of(from == CLIENTS ? "clients" : test->node_names[from]));
        }
        if (any)
            buf_puts(json, "]");
    }
    buf_puts(json, "}");
}

static void print_fault(const struct test *test, const struct fault *fault, struct buf *json)
{
    buf_json_next(json, NULL);
    buf_puts(json, "{");
    buf_json_int(json, "number", fault->number);
    buf_json_str(json, "nemesis", str_of(fault->nemesis->name));
    buf_json_str(json, "kind", str_of(fault->kind));
    buf_json_str(json, "select", str_of(selector_names[fault->selector]));
    if (fault->selector == SELECT_NODES) {
        buf_json_next(json, "nodes");
        buf_puts(json, "[");
        for (int i = 0; i < test->node_count; i++) {
            if (fault->nodes & NODE(i))
                buf_json_str(json, NULL, str_of(test->node_names[i]));
        }
        buf_puts(json, "]");
    }
    if (fault->grudge)
        print_grudge(test, fault->grudge, json);
    const struct param *params = fault->nemesis->params;
    if (params) {
        buf_json_next(json, "params");
        buf_puts(json, "{");
        for (int i = 0; params[i].name; i++) {
            buf_json_next(json, params[i].name);
            buf_printf(json, "%.9g", fault->params[i]);
        }
        buf_puts(json, "}");
    }
    if (fault->files[0])
        buf_json_str(json, "files", str_of(fault->files));
    buf_json_int(json, "begin_ns", fault->begin_ns);
    buf_json_int(json, "end_ns", fault->end_ns);
    buf_json_int(json, "seed", (int64_t)fault->seed);
    buf_puts(json, "}");
}

void plan_print(const struct test *test, struct buf *json)
{
    buf_puts(json, "{");
    const char *protect = test->plan.damage_any ? "none" : "files";
    buf_json_str(json, "protect", str_of(test->plan.protect_quorum ? "quorum" : protect));
    if (test->plan.skipped) {
        buf_json_next(json, "skip");
        buf_puts(json, "[");
        for (int i = 0; i < test->node_count; i++) {
            if (test->plan.skipped & NODE(i))
                buf_json_str(json, NULL, str_of(test->node_names[i]));
        }
        buf_puts(json, "]");
    }
    buf_json_next(json, "faults");
    buf_puts(json, "[");
    for (int i = 0; i < test->plan.fault_count; i++)
        print_fault(test, &test->plan.faults[i], json);
    buf_puts(json, "]}");
}
