/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_read.c - a plan from a file: everything is checked before a cluster starts. */
#include "plan.h"

#include "../nemesis.h"
#include "allot.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int node_by_name(const struct test *test, const char *name)
{
    for (int i = 0; i < test->node_count; i++) {
        if (strcmp(test->node_names[i], name) == 0)
            return i;
    }
    return -1;
}

/* {"n1":["n2","clients"]} into cuts: n1 no longer hears n2 and the clients. */
static int read_grudge(const struct test *test, const json_t *from, struct fault *fault,
                       struct err *err)
{
    const char *name;
    json_t *list, *who;
    size_t i;

    if (!from)
        return 0;
    if (strcmp(fault->nemesis->name, "partition") != 0 || json_object_size(from) == 0)
        return err_set(err, EINVAL, "a \"grudge\" is for a partition, like {\"n1\":[\"n2\"]}");
    fault->grudge = calloc(PLACES_MAX, sizeof *fault->grudge);
    if (!fault->grudge)
        return err_set(err, ENOMEM, "out of memory for the plan");
    fault->kind = nemesis_kind(fault->nemesis, "grudge", err);
    json_object_foreach((json_t *)from, name, list)
    {
        int to = node_by_name(test, name);
        if (to < 0)
            return err_set(err, EINVAL, "no node '%s' among the test's %d", name, test->node_count);
        if (json_array_size(list) == 0)
            return err_set(err, EINVAL,
                           "the grudge of '%s' must be a list of who it no longer hears", name);
        json_array_foreach(list, i, who)
        {
            const char *text = json_string_value(who) ? json_string_value(who) : "?";
            int place = strcmp(text, "clients") == 0 ? CLIENTS : node_by_name(test, text);
            if (place < 0)
                return err_set(err, EINVAL, "no node '%s' among the test's %d", text,
                               test->node_count);
            if (place == to)
                return err_set(err, EINVAL, "'%s' cannot be cut off from itself", name);
            fault->grudge[place] |= NODE(to);
        }
    }
    return 0;
}

static int read_nodes(const struct test *test, const json_t *nodes, struct fault *fault,
                      struct err *err)
{
    const json_t *name;
    size_t i;

    json_array_foreach(nodes, i, name)
    {
        const char *text = json_string_value(name);
        int node = text ? node_by_name(test, text) : -1;
        if (node < 0)
            return err_set(err, EINVAL, "no node '%s' among the test's %d", text ? text : "?",
                           test->node_count);
        fault->nodes |= NODE(node);
    }
    if (fault->nodes == 0)
        return err_set(err, EINVAL, "\"select\":\"nodes\" needs a list \"nodes\" of their names");
    return 0;
}

/* What is not said stays as it was drawn with the kind. */
static int read_selector(const struct test *test, const json_t *from, struct fault *fault,
                         struct err *err)
{
    const char *select = json_string_value(json_object_get(from, "select"));
    const json_t *nodes = json_object_get(from, "nodes");

    if (!select && nodes)
        select = "nodes";
    if (!select)
        return 0;
    for (int i = 0; i <= SELECT_NODES; i++) {
        if (strcmp(selector_names[i], select) != 0)
            continue;
        fault->selector = (enum selector)i;
        return fault->selector == SELECT_NODES ? read_nodes(test, nodes, fault, err) : 0;
    }
    const char *near = str_nearest(select, selector_names);
    return err_set(err, EINVAL, "no selector '%s'%s%s%s", select, near ? "; did you mean '" : "",
                   near ? near : "", near ? "'?" : "");
}

static int read_params(const json_t *from, struct fault *fault, struct err *err)
{
    const char *name;
    json_t *value;

    if (from && !json_is_object(from))
        return err_set(err, EINVAL, "its \"params\" must be an object");
    json_object_foreach((json_t *)from, name, value)
    {
        double number = json_is_number(value) ? json_number_value(value) : NAN;
        int param = nemesis_param(fault->nemesis, name, number, err);
        if (param < 0)
            return -1;
        fault->params[param] = number;
    }
    return 0;
}

/* What the plan leaves out, from the fault's own seed. A kind that is never drawn (or only where
 * the target can tell who leads) has params as any other. */
static void draw_rest(const struct test *test, const char *kind, struct fault *fault)
{
    struct wish wish = {.kind = kind};
    struct rng rng;
    struct err ignored;

    rng_init(&rng, fault->seed, 1);
    if (plan_draw_fault(test, &wish, &rng, fault, &ignored) == 0)
        return;
    fault->nemesis->draw(&rng, test->node_count, false, fault);
    fault->kind = kind;
    fault->selector = SELECT_ONE;
    for (int i = 0; i < SELECT_NODES; i++) { /* most kinds are selectors */
        if (strcmp(selector_names[i], kind) == 0)
            fault->selector = (enum selector)i;
    }
}

static int read_fault(const struct test *test, const json_t *from, struct fault *fault,
                      struct err *err)
{
    const char *name = json_string_value(json_object_get(from, "nemesis"));
    const char *kind = json_string_value(json_object_get(from, "kind"));

    if (!name)
        return err_set(err, EINVAL, "it has no \"nemesis\"");
    fault->nemesis = nemesis_find(name, err);
    if (!fault->nemesis || nemesis_suits(fault->nemesis, test, err) < 0)
        return -1;
    kind = kind ? nemesis_kind(fault->nemesis, kind, err) : fault->nemesis->kinds[0];
    if (!kind)
        return -1;
    fault->begin_ns = json_integer_value(json_object_get(from, "begin_ns"));
    fault->end_ns = json_integer_value(json_object_get(from, "end_ns"));
    fault->seed = (uint64_t)json_integer_value(json_object_get(from, "seed"));
    if (fault->begin_ns < 0 || fault->end_ns <= fault->begin_ns)
        return err_set(err, EINVAL, "it must end after it begins (\"begin_ns\", \"end_ns\")");
    if (fault->begin_ns >= test->time_limit_ns)
        return err_set(err, EINVAL, "it begins after the time limit of %" PRId64 " s",
                       test->time_limit_ns / 1000000000);
    draw_rest(test, kind, fault);
    if (read_selector(test, from, fault, err) < 0 ||
        read_grudge(test, json_object_get(from, "grudge"), fault, err) < 0)
        return -1;
    const json_t *files = json_object_get(from, "files");
    if (files && !json_is_string(files))
        return err_set(err, EINVAL, "its \"files\" must be a pattern like \"*.wal\"");
    if (files && plan_set_files(test->target, fault->nemesis, json_string_value(files),
                                fault->files, err) < 0)
        return -1;
    return read_params(json_object_get(from, "params"), fault, err);
}

/* -- whether it can be ---------------------------------------------------------------------------
 */

/* What a fault declares when nothing else is in force and nobody leads. */
static int declare_alone(const struct test *test, const struct fault *fault, struct world *mine,
                         struct err *err)
{
    struct situation situation = {.node_count = test->node_count, .damage_any = true};
    struct buf value;

    buf_init(&value, 0);
    int result = allot(fault, &situation, test->node_names, NULL, 0, false, mine, &value, err);
    buf_release(&value);
    return result < 0 ? err_wrap(err, "fault %d (%s)", fault->number, fault->nemesis->name) : 0;
}

/* Two that name their nodes, at the same time and in conflict. Others find their nodes when they
 * are injected. */
static int check_pair(const struct test *test, const struct fault *a, const struct fault *b,
                      struct err *err)
{
    struct world one, other;

    if (a->selector != SELECT_NODES || b->selector != SELECT_NODES || a->end_ns <= b->begin_ns ||
        b->end_ns <= a->begin_ns)
        return 0;
    if (declare_alone(test, a, &one, err) < 0 || declare_alone(test, b, &other, err) < 0)
        return -1;
    node_set conflict = worlds_conflict(&one, &other);
    if (!conflict)
        return 0;
    return err_set(err, EINVAL, "faults %d (%s) and %d (%s) are in conflict on '%s'", a->number,
                   a->nemesis->name, b->number, b->nemesis->name,
                   test->node_names[__builtin_ctzll(conflict)]);
}

static int check_plan(const struct test *test, struct err *err)
{
    const struct plan *plan = &test->plan;
    struct world mine;

    for (int i = 0; i < plan->fault_count; i++) {
        if (declare_alone(test, &plan->faults[i], &mine, err) < 0)
            return -1;
        for (int k = i + 1;
             k < plan->fault_count && plan->faults[k].begin_ns < plan->faults[i].end_ns; k++) {
            if (check_pair(test, &plan->faults[i], &plan->faults[k], err) < 0)
                return -1;
        }
    }
    return 0;
}

/* "skip":["n3"] */
static int read_skipped(struct test *test, const json_t *list, struct err *err)
{
    const json_t *name;
    size_t i;

    if (list && !json_is_array(list))
        return err_set(err, EINVAL, "\"skip\" must be a list of nodes");
    json_array_foreach(list, i, name)
    {
        const char *text = json_string_value(name);
        if (plan_skip(test, str_of(text ? text : "?"), &test->plan, err) < 0)
            return -1;
    }
    return 0;
}

int plan_check_damage(const struct test *test, struct err *err)
{
    const struct plan *plan = &test->plan;
    node_set named = 0;
    struct world mine;

    for (int i = 0; i < plan->fault_count && !plan->damage_any; i++) {
        const struct fault *fault = &plan->faults[i];
        if (!fault->nemesis->by_name)
            continue;
        if (declare_alone(test, fault, &mine, err) < 0)
            return -1;
        node_set damaged = world_damages(&mine);
        if (damaged && fault->selector == SELECT_NODES)
            damaged = named |= damaged;
        if (!damage_spreads(damaged, test->node_count))
            continue;
        return err_set(
            err, EINVAL,
            "fault %d (%s) would bring the nodes with damaged files to %d of %d, where a "
            "majority must survive; choose fewer, or give --protect none",
            fault->number, fault->nemesis->name, node_set_count(damaged), test->node_count);
    }
    return 0;
}

/* "protect" as test.json has it. */
static int read_protect(const json_t *plan_json, struct plan *plan, struct err *err)
{
    const json_t *value = json_object_get(plan_json, "protect");
    const char *text = json_string_value(value);

    if (!value)
        return 0;
    plan->protect_quorum = text && strcmp(text, "quorum") == 0;
    plan->damage_any = text && strcmp(text, "none") == 0;
    if (plan->protect_quorum || plan->damage_any || (text && strcmp(text, "files") == 0))
        return 0;
    return err_set(err, EINVAL, "\"protect\" must be \"quorum\", \"files\" or \"none\"");
}

static int read_faults(struct test *test, const json_t *plan, const char *path, struct err *err)
{
    const json_t *faults = json_object_get(plan, "faults");
    size_t count = json_array_size(faults);

    if (!json_is_array(faults) || count > FAULTS_MAX)
        return err_set(err, EINVAL, "'%s' has no list \"faults\" of at most %d", path, FAULTS_MAX);
    test->plan.faults = calloc(FAULTS_MAX, sizeof *test->plan.faults);
    if (!test->plan.faults)
        return err_set(err, ENOMEM, "out of memory for the plan");
    for (size_t i = 0; i < count; i++) {
        struct fault *fault = &test->plan.faults[i];
        fault->number = (int)i;
        test->plan.fault_count = (int)i + 1;
        if (read_fault(test, json_array_get(faults, i), fault, err) < 0)
            return err_wrap(err, "fault %zu of '%s'", i, path);
    }
    if (read_skipped(test, json_object_get(plan, "skip"), err) < 0)
        return err_wrap(err, "'%s'", path);
    return read_protect(plan, &test->plan, err);
}

int plan_read(struct test *test, const char *path, struct err *err)
{
    json_error_t where;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (!root && where.line < 1)
        return err_set(err, ENOENT, "cannot read the plan '%s': there is no such file", path);
    if (!root)
        return err_set(err, EINVAL, "cannot read the plan '%s': line %d: %s", path, where.line,
                       where.text);

    const json_t *plan = json_object_get(root, "plan") ? json_object_get(root, "plan") : root;
    int result = read_faults(test, plan, path, err);
    json_decref(root);
    if (result == 0)
        result = plan_unroll(test, &test->plan, err);
    return result < 0 ? -1 : check_plan(test, err);
}
