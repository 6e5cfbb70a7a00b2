/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "theory.h"

#include "../checker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* -- reading it -------------------------------------------------------------------------------- */

static int check_levels(const json_t *theory, const char *member, struct err *err)
{
    const json_t *levels = json_object_get(theory, member), *level;
    size_t i;

    if (levels && !json_is_array(levels))
        return err_set(err, EINVAL, "\"%s\" must be a list of levels", member);
    json_array_foreach(levels, i, level)
    {
        const char *name = json_string_value(level);
        const struct checker *checker = name ? checker_find(name) : NULL;
        if (!checker || !checker->is_level)
            return err_set(err, EINVAL, "\"%s\" has '%s', which is no level; see `ordeal list`",
                           member, name ? name : "?");
    }
    return 0;
}

int theory_check(const json_t *theory, struct err *err)
{
    const char *key;
    json_t *value;

    if (!json_is_object(theory))
        return err_set(err, EINVAL, "\"theory\" must be an object");
    json_object_foreach((json_t *)(uintptr_t)theory, key, value)
    {
        if (strcmp(key, "choice") == 0 && json_is_string(value))
            continue;
        if (strcmp(key, "holds") != 0 && strcmp(key, "fails") != 0)
            return err_set(err, EINVAL,
                           "\"theory\" may say \"holds\", \"fails\" and \"choice\" (a text), "
                           "not \"%s\"",
                           key);
    }
    return check_levels(theory, "holds", err) < 0 ? -1 : check_levels(theory, "fails", err);
}

/* -- comparing --------------------------------------------------------------------------------- */

static const json_t *ladder_of(const json_t *results)
{
    const json_t *ladder = json_object_get(json_object_get(results, "aside"), "ladder");
    return ladder ? ladder : json_object_get(json_object_get(results, "checkers"), "ladder");
}

/* What was found of a level: a JSON boolean or "unknown"; NULL if nothing. A run that asked for the
 * level itself, or was found linearizable, needs no ladder for it. */
static const json_t *verdict_of(const json_t *results, const char *level)
{
    const json_t *findings = json_object_get(results, "checkers");
    const json_t *asked = json_object_get(json_object_get(findings, level), "valid");
    const json_t *top = json_object_get(json_object_get(findings, "linearizable"), "valid");
    const json_t *found = json_object_get(json_object_get(ladder_of(results), "levels"), level);

    if (asked)
        return asked;
    return found || strcmp(level, "eventual") == 0 || !json_is_true(top) ? found : top;
}

static const char *choice_of(const json_t *results)
{
    const json_t *cap = json_object_get(json_object_get(results, "aside"), "cap");
    const char *choice = json_string_value(json_object_get(cap, "choice"));
    return choice ? choice : "no cut was seen";
}

static enum agreement compare_choice(const char *choice, const json_t *results, char *reason,
                                     size_t size)
{
    const char *seen = choice_of(results);

    if (!choice || strstr(seen, choice))
        return AGREES;
    (void)snprintf(reason, size, "not '%s' but '%s'", choice, seen);
    return TOO_GENTLE;
}

enum agreement theory_compare(const json_t *theory, const json_t *results, char *reason,
                              size_t size)
{
    const json_t *level;
    enum agreement agreement =
        compare_choice(json_string_value(json_object_get(theory, "choice")), results, reason, size);
    size_t i;

    json_array_foreach(json_object_get(theory, "fails"), i, level)
    {
        if (json_is_false(verdict_of(results, json_string_value(level))))
            continue;
        (void)snprintf(reason, size, "the history is too gentle: it does not show that %s fails",
                       json_string_value(level));
        agreement = TOO_GENTLE;
    }
    json_array_foreach(json_object_get(theory, "holds"), i, level)
    {
        const json_t *verdict = verdict_of(results, json_string_value(level));
        if (json_is_true(verdict))
            continue;
        (void)snprintf(reason, size, "%s %s", json_string_value(level),
                       json_is_false(verdict) ? "does not hold" : "could not be decided");
        if (json_is_false(verdict))
            return DISAGREES;
        agreement = TOO_GENTLE;
    }
    return agreement;
}

/* -- telling ----------------------------------------------------------------------------------- */

void theory_tell(const json_t *results, char *line, size_t size)
{
    const json_t *ladder = ladder_of(results);
    const char *levels = json_string_value(json_object_get(ladder, "reason"));
    const json_t *eventual = verdict_of(results, "eventual");

    if (!levels)
        levels = json_is_true(verdict_of(results, "linearizable")) ? "holds: linearizable" : "";
    (void)snprintf(line, size, "%s%s%s%s", levels, *levels ? "; " : "",
                   json_is_true(eventual)    ? "converged; "
                   : json_is_false(eventual) ? "not converged; "
                                             : "",
                   choice_of(results));
}

const char *theory_witness(const json_t *results)
{
    const json_t *anomalies = json_object_get(ladder_of(results), "anomalies");
    const char *text =
        json_string_value(json_object_get(json_array_get(anomalies, 0), "explanation"));
    return text ? text : "";
}
