/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_read.c - a plan from a file: everything is checked before a cluster starts. */
#include "plan.h"

#include "../nemesis.h"

#include <errno.h>
#include <inttypes.h>
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

/* `kind` as the nemesis itself spells it (static text), or NULL. */
static const char *find_kind(const struct nemesis *nemesis, const char *kind)
{
    for (size_t i = 0; nemesis->kinds[i]; i++) {
        if (!kind || strcmp(nemesis->kinds[i], kind) == 0)
            return nemesis->kinds[i];
    }
    return NULL;
}

static int read_selector(const struct test *test, const json_t *from, struct fault *fault,
                         struct err *err)
{
    const char *select = json_string_value(json_object_get(from, "select"));
    const json_t *nodes = json_object_get(from, "nodes");

    if (!select)
        select = nodes ? "nodes" : "one";
    for (int i = 0; i <= SELECT_NODES; i++) {
        if (strcmp(selector_names[i], select) != 0)
            continue;
        fault->selector = (enum selector)i;
        return fault->selector == SELECT_NODES ? read_nodes(test, nodes, fault, err) : 0;
    }
    return err_set(err, EINVAL,
                   "no selector '%s'; there are one, minority, majority, all, leader, nodes",
                   select);
}

/* Parameters that are not given keep what the nemesis would have drawn. */
static int read_params(const json_t *from, struct fault *fault, struct err *err)
{
    const struct param *params = fault->nemesis->params;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)from, name, value)
    {
        int i = 0;
        while (params && params[i].name && strcmp(params[i].name, name) != 0)
            i++;
        if (!params || !params[i].name)
            return err_set(err, EINVAL, "nemesis '%s' has no parameter '%s'", fault->nemesis->name,
                           name);
        double number = json_number_value(value);
        if (!json_is_number(value) || number < params[i].least || number > params[i].most)
            return err_set(err, EINVAL, "'%s' must be a number from %g to %g", name,
                           params[i].least, params[i].most);
        fault->params[i] = number;
    }
    return 0;
}

/* What the plan leaves out is drawn from the fault's own seed. */
static void draw_rest(const struct test *test, struct fault *fault)
{
    struct fault drawn = *fault;
    struct rng rng;

    rng_init(&rng, fault->seed, 1);
    fault->nemesis->draw(&rng, test->node_count, false, &drawn);
    memcpy(fault->params, drawn.params, sizeof fault->params);
}

static int read_fault(const struct test *test, const json_t *from, struct fault *fault,
                      struct err *err)
{
    const char *name = json_string_value(json_object_get(from, "nemesis"));
    const char *kind = json_string_value(json_object_get(from, "kind"));

    if (!name)
        return err_set(err, EINVAL, "it has no \"nemesis\"");
    fault->nemesis = nemesis_find(name, err);
    if (!fault->nemesis)
        return -1;
    fault->kind = find_kind(fault->nemesis, kind);
    if (!fault->kind)
        return err_set(err, EINVAL, "nemesis '%s' has no kind '%s'", name, kind);
    fault->begin_ns = json_integer_value(json_object_get(from, "begin_ns"));
    fault->end_ns = json_integer_value(json_object_get(from, "end_ns"));
    fault->seed = (uint64_t)json_integer_value(json_object_get(from, "seed"));
    if (fault->begin_ns < 0 || fault->end_ns <= fault->begin_ns)
        return err_set(err, EINVAL, "it must end after it begins (\"begin_ns\", \"end_ns\")");
    if (fault->begin_ns >= test->time_limit_ns)
        return err_set(err, EINVAL, "it begins after the time limit of %" PRId64 " s",
                       test->time_limit_ns / 1000000000);
    if (read_selector(test, from, fault, err) < 0)
        return -1;
    draw_rest(test, fault);
    return read_params(json_object_get(from, "params"), fault, err);
}

static int by_begin(const void *left, const void *right)
{
    const struct fault *a = left, *b = right;
    return a->begin_ns < b->begin_ns ? -1 : a->begin_ns > b->begin_ns;
}

int plan_read(struct test *test, const char *path, struct err *err)
{
    json_error_t where;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return err_set(err, EINVAL, "cannot read the plan '%s': line %d: %s", path, where.line,
                       where.text);

    const json_t *plan = json_object_get(root, "plan") ? json_object_get(root, "plan") : root;
    const json_t *faults = json_object_get(plan, "faults"), *from;
    size_t count = json_array_size(faults), i;
    int result = 0;

    if (!json_is_array(faults) || count > FAULTS_MAX) {
        result =
            err_set(err, EINVAL, "'%s' has no list \"faults\" of at most %d", path, FAULTS_MAX);
    } else {
        test->plan.faults = calloc(count + 1, sizeof *test->plan.faults);
        if (!test->plan.faults)
            result = err_set(err, ENOMEM, "out of memory for the plan");
    }
    for (i = 0; result == 0 && i < count; i++) {
        from = json_array_get(faults, i);
        result = read_fault(test, from, &test->plan.faults[i], err);
        if (result < 0)
            (void)err_wrap(err, "fault %zu of '%s'", i, path);
        test->plan.fault_count = (int)i + 1;
    }
    json_decref(root);
    if (result == 0) {
        qsort(test->plan.faults, count, sizeof *test->plan.faults, by_begin);
        for (i = 0; i < count; i++)
            test->plan.faults[i].number = (int)i;
    }
    return result;
}
