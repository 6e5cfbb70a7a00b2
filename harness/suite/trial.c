/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trial.h"

#include "../exit.h"
#include "theory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const trial_state_names[7] = {"open",      "met",     "missed", "blamed",
                                          "undecided", "skipped", "failed"};

enum { FAILURES_MAX = 2 };

struct trial *trials_add(struct trials *trials, const char *target, const char *name,
                         const char *options)
{
    if (trials->count == trials->room) {
        size_t room = trials->room ? trials->room * 2 : 64;
        struct trial *all = realloc(trials->all, room * sizeof *all);
        if (!all)
            return NULL;
        trials->all = all;
        trials->room = room;
    }
    struct trial *trial = &trials->all[trials->count];
    *trial = (struct trial){
        .target = strdup(target), .name = strdup(name), .options = strdup(options), .seed = 1};
    trials->count++; /* so that what was copied is released even if the rest was not */
    return trial->target && trial->name && trial->options ? trial : NULL;
}

void trials_release(struct trials *trials)
{
    for (size_t i = 0; i < trials->count; i++) {
        free(trials->all[i].target);
        free(trials->all[i].name);
        free(trials->all[i].options);
        json_decref(trials->all[i].theory);
    }
    free(trials->all);
    *trials = (struct trials){0};
}

bool trial_seeks(const struct trial *trial)
{
    return trial->expects_violation || trial->theory;
}

size_t trials_in_state(const struct trials *trials, enum trial_state state, bool seeks)
{
    size_t count = 0;

    for (size_t i = 0; i < trials->count; i++)
        count += trials->all[i].state == state && trial_seeks(&trials->all[i]) == seeks;
    return count;
}

/* -- what a run came to --------------------------------------------------------------------------
 */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* The first line of what a run that could not begin said, without "ordeal run: ". */
static void take_complaint(struct trial *trial, const char *complaint)
{
    const char *colon = strncmp(complaint, "ordeal", 6) == 0 ? strstr(complaint, ": ") : NULL;

    complaint = colon ? colon + 2 : complaint;
    (void)snprintf(trial->reason, sizeof trial->reason, "%.*s", (int)strcspn(complaint, "\n"),
                   complaint);
}

static void take_results(struct trial *trial, const json_t *results)
{
    const char *decisive = text_of(results, "decisive");
    const json_t *checker = json_object_get(json_object_get(results, "checkers"), decisive);
    const json_t *anomaly = json_array_get(json_object_get(checker, "anomalies"), 0);

    (void)snprintf(trial->checker, sizeof trial->checker, "%s", decisive);
    (void)snprintf(trial->anomaly, sizeof trial->anomaly, "%s", text_of(anomaly, "type"));
    (void)snprintf(trial->reason, sizeof trial->reason, "%s", text_of(results, "reason"));
}

/* Seconds of load: up to the end of the witness if there is one. */
static double load_of(const json_t *results, bool violation)
{
    const json_t *stats = json_object_get(results, "stats");
    const json_t *shown = violation ? json_object_get(results, "shown_ns") : NULL;

    return json_number_value(shown ? shown : json_object_get(stats, "load_ns")) / 1e9;
}

/* The verdict is as expected, or undecided: what else was seen? */
static void take_theory(struct trial *trial, const json_t *results)
{
    theory_tell(results, trial->seen, sizeof trial->seen);
    (void)snprintf(trial->witness, sizeof trial->witness, "%s", theory_witness(results));
    switch (theory_compare(trial->theory, results, trial->reason, sizeof trial->reason)) {
    case AGREES:
        if (trial->state == TRIAL_UNDECIDED)
            trial->state = TRIAL_OPEN;
        break;
    case TOO_GENTLE:
        trial->state = TRIAL_OPEN;
        break;
    case DISAGREES:
        trial->state = TRIAL_BLAMED;
    }
}

void trial_take(struct trial *trial, int code, const json_t *results, const char *complaint)
{
    bool violation = code == EXIT_VIOLATION;

    trial->running = false;
    trial->last_seed = trial->seed + (uint64_t)trial->runs++;
    if (results) {
        take_results(trial, results);
        trial->load_s += load_of(results, violation && !trial->theory);
    } else {
        take_complaint(trial, complaint);
    }
    if (strcmp(text_of(results, "outcome"), "unable") == 0)
        trial->state = TRIAL_SKIPPED;
    else if (code == EXIT_USAGE)
        trial->state = TRIAL_FAILED; /* nobody can run it: it shows nothing, and must not look so */
    else if (violation)
        trial->state = trial->expects_violation ? TRIAL_MET : TRIAL_BLAMED;
    else if (code != EXIT_PASSED && code != EXIT_UNDECIDED)
        trial->state = ++trial->failures > FAILURES_MAX ? TRIAL_FAILED : TRIAL_OPEN;
    else if (!trial->expects_violation)
        trial->state = code == EXIT_PASSED ? TRIAL_MET : TRIAL_UNDECIDED;
    if (trial->theory && results &&
        (trial->state == TRIAL_MET || trial->state == TRIAL_OPEN ||
         trial->state == TRIAL_UNDECIDED))
        take_theory(trial, results);
}
