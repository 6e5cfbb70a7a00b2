/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_nemeses.c - the list behind --nemesis: families, and what is asked of each. */
#include "run_args.h"

#include "../lab/lab.h"
#include "../nemesis.h"
#include "../runner/plan.h"
#include "../target.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The list as far as it was read. */
struct list {
    struct test *test;
    int count;
    int current; /* the family that what follows is asked of; -1: none */
};

static int find_family(const struct list *list, const struct nemesis *nemesis)
{
    for (int i = 0; i < list->count; i++) {
        if (list->test->nemeses[i] == nemesis)
            return i;
    }
    return -1;
}

/* One that is there already is only looked at again: "all,corrupt:kind=detected". */
static int add_family(struct list *list, const struct nemesis *nemesis, struct err *err)
{
    list->current = find_family(list, nemesis);
    if (list->current >= 0)
        return 0;
    if (list->count == NEMESES_MAX)
        return err_set(err, EINVAL, "more than %d nemeses", NEMESES_MAX);
    list->current = list->count;
    list->test->nemeses[list->count++] = nemesis;
    return 0;
}

static void remove_family(struct list *list, const struct nemesis *nemesis)
{
    struct test *test = list->test;
    int at = find_family(list, nemesis);

    list->current = -1;
    if (at < 0)
        return;
    list->count--;
    for (int i = at; i < list->count; i++) {
        test->nemeses[i] = test->nemeses[i + 1];
        test->wishes[i] = test->wishes[i + 1];
    }
    test->nemeses[list->count] = NULL;
    test->wishes[list->count] = (struct wish){0};
}

/* All that the target can suffer and this machine can do; what it cannot is named. What no system
 * promises to survive is left to those who name it. */
static int add_all(struct list *list, struct err *err)
{
    unsigned needs = 0;

    for (size_t i = 0; nemeses[i]; i++)
        needs |= nemeses[i]->needs;
    unsigned missing = lab_needs_missing(needs, err);
    for (size_t i = 0; nemeses[i]; i++) {
        if (nemeses[i]->by_name || !nemesis_fits(nemeses[i], list->test))
            continue;
        if (nemeses[i]->needs & missing)
            (void)fprintf(stderr, "ordeal: left out of 'all': %s (%s)\n", nemeses[i]->name,
                          err->msg);
        else if (add_family(list, nemeses[i], err) < 0)
            return -1;
    }
    list->current = -1;
    return 0;
}

/* "all", a name, or a name with a minus that takes it out again. */
static int take_name(struct list *list, const char *name, struct err *err)
{
    if (strcmp(name, "all") == 0)
        return add_all(list, err);
    bool minus = name[0] == '-';
    const struct nemesis *nemesis = nemesis_find(name + minus, err);
    if (!nemesis)
        return -1;
    if (!minus)
        return nemesis_suits(nemesis, list->test, err) < 0 ? -1 : add_family(list, nemesis, err);
    remove_family(list, nemesis);
    return 0;
}

static double number_of(const char *text)
{
    char *end;
    double number = strtod(text, &end);

    return end == text || *end ? NAN : number;
}

/* KEY=VALUE of the family that was named last. */
static int add_wish(struct list *list, char *text, struct err *err)
{
    char *value = strchr(text, '=');

    if (!value)
        return err_set(err, EINVAL, "'%s' is not KEY=VALUE", text);
    if (list->current < 0)
        return err_set(err, EINVAL, "'%s' belongs behind a nemesis: NAME:KEY=VALUE", text);
    *value++ = '\0';
    const struct nemesis *nemesis = list->test->nemeses[list->current];
    struct wish *wish = &list->test->wishes[list->current];
    if (strcmp(text, "kind") == 0) {
        wish->kind = nemesis_kind(nemesis, value, err);
        return wish->kind ? 0 : -1;
    }
    if (strcmp(text, "files") == 0)
        return plan_set_files(list->test->target, nemesis, value, wish->files, err);
    int param = nemesis_param(nemesis, text, number_of(value), err);
    if (param < 0)
        return -1;
    wish->given |= 1U << param;
    wish->params[param] = number_of(value);
    return 0;
}

/* NAME, NAME:KEY=VALUE:..., or KEY=VALUE for the family before. */
static int take_piece(struct list *list, char *piece, struct err *err)
{
    char *rest = piece, *word = strsep(&rest, ":");
    int result = strchr(word, '=') ? add_wish(list, word, err) : take_name(list, word, err);

    while (result == 0 && (word = strsep(&rest, ":")))
        result = add_wish(list, word, err);
    return result;
}

int run_choose_nemeses(struct test *test, const char *text, struct err *err)
{
    struct list list = {.test = test, .current = -1};
    int result = 0;

    if (!text || strcmp(text, "none") == 0)
        return 0;
    if (test->target->in_process)
        return err_set(err, EINVAL, "target '%s' lives in this process: it has no nodes to break",
                       test->target->name);
    char *copy = strdup(text), *rest = copy, *piece;
    if (!copy)
        return err_set(err, ENOMEM, "out of memory");
    while (result == 0 && (piece = strsep(&rest, ",")))
        result = take_piece(&list, piece, err);
    free(copy);
    return result;
}
