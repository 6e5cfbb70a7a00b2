/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_nemeses.c - the list behind --nemesis: families, and what is asked of each. */
#include "run_args.h"

#include "../nemesis.h"
#include "../runner/plan.h"
#include "../target.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int add_all(struct test *test, int *count, struct err *err)
{
    for (size_t i = 0; nemeses[i]; i++) {
        if (*count == NEMESES_MAX)
            return err_set(err, EINVAL, "more than %d nemeses", NEMESES_MAX);
        test->nemeses[(*count)++] = nemeses[i];
    }
    return 0;
}

static int add_family(struct test *test, int *count, const char *name, struct err *err)
{
    if (strcmp(name, "all") == 0)
        return add_all(test, count, err);
    const struct nemesis *nemesis = nemesis_find(name, err);
    if (!nemesis)
        return -1;
    if (*count == NEMESES_MAX)
        return err_set(err, EINVAL, "more than %d nemeses", NEMESES_MAX);
    test->nemeses[(*count)++] = nemesis;
    return 0;
}

static double number_of(const char *text)
{
    char *end;
    double number = strtod(text, &end);

    return end == text || *end ? NAN : number;
}

/* KEY=VALUE of the family that was named last. */
static int add_wish(struct test *test, int count, char *text, struct err *err)
{
    char *value = strchr(text, '=');

    if (!value)
        return err_set(err, EINVAL, "'%s' is not KEY=VALUE", text);
    if (count == 0)
        return err_set(err, EINVAL, "'%s' belongs behind a nemesis: NAME:KEY=VALUE", text);
    *value++ = '\0';
    const struct nemesis *nemesis = test->nemeses[count - 1];
    struct wish *wish = &test->wishes[count - 1];
    if (strcmp(text, "kind") == 0) {
        wish->kind = nemesis_kind(nemesis, value, err);
        return wish->kind ? 0 : -1;
    }
    int param = nemesis_param(nemesis, text, number_of(value), err);
    if (param < 0)
        return -1;
    wish->given |= 1U << param;
    wish->params[param] = number_of(value);
    return 0;
}

/* NAME, NAME:KEY=VALUE:..., or KEY=VALUE for the family before. */
static int add_piece(struct test *test, int *count, char *piece, struct err *err)
{
    char *rest = piece, *word = strsep(&rest, ":");

    if (strchr(word, '=')) {
        if (add_wish(test, *count, word, err) < 0)
            return -1;
    } else if (add_family(test, count, word, err) < 0) {
        return -1;
    }
    while ((word = strsep(&rest, ":"))) {
        if (add_wish(test, *count, word, err) < 0)
            return -1;
    }
    return 0;
}

int run_choose_nemeses(struct test *test, const char *list, struct err *err)
{
    int count = 0, result = 0;

    if (!list || strcmp(list, "none") == 0)
        return 0;
    if (test->target->in_process)
        return err_set(err, EINVAL, "target '%s' lives in this process: it has no nodes to break",
                       test->target->name);
    char *copy = strdup(list), *rest = copy, *piece;
    if (!copy)
        return err_set(err, ENOMEM, "out of memory");
    while (result == 0 && (piece = strsep(&rest, ",")))
        result = add_piece(test, &count, piece, err);
    free(copy);
    return result;
}
