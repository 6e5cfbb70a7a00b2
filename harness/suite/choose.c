/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choose.c - which of a calibration's trials are run: those of some targets, or single ones. */
#include "trial.h"

#include "../base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SEED_STEP = 1000, /* between the first seeds of a trial's repetitions */ KNOWN_MAX = 255 };

/* "raft" chooses all of raft's trials, "raft/no-dedup" that one, "raft/honest" each "honest N". */
static bool chooses(const char *choice, const struct trial *trial)
{
    size_t len = strlen(trial->target);

    if (strncmp(choice, trial->target, len) != 0)
        return false;
    if (choice[len] != '/')
        return choice[len] == '\0';
    const char *name = choice + len + 1;
    len = strlen(name);
    return len > 0 && strncmp(trial->name, name, len) == 0 &&
           (trial->name[len] == '\0' || trial->name[len] == ' ');
}

static bool is_chosen(const struct trial *trial, char *const *choices)
{
    bool chosen = !choices || !*choices;

    for (; !chosen && *choices; choices++)
        chosen = chooses(*choices, trial);
    return chosen;
}

/* Say what is wrong with a choice that chooses nothing: the target, or the name behind it. */
static int refuse(const struct trials *from, const char *choice, struct err *err)
{
    const char *targets[KNOWN_MAX + 1] = {NULL}, *names[KNOWN_MAX + 1] = {NULL};
    size_t len = strcspn(choice, "/"), count = 0;
    char target[64], guess[128] = "";

    (void)snprintf(target, sizeof target, "%.*s", (int)len, choice);
    for (size_t i = 0; i < from->count && i < KNOWN_MAX; i++) {
        targets[i] = from->all[i].target;
        if (chooses(target, &from->all[i]))
            names[count++] = from->all[i].name;
    }
    const char *wrong = !count ? target : choice[len] ? choice + len + 1 : "";
    const char *near = str_nearest(wrong, count ? names : targets);
    if (near)
        (void)snprintf(guess, sizeof guess, "; did you mean '%s'?", near);
    if (!count)
        return err_set(err, EINVAL, "no reference target '%s'%s; `ordeal list targets` shows them",
                       target, guess);
    return err_set(err, EINVAL, "%s has no trial '%s'%s; `ordeal calibrate %s --dry-run` shows all",
                   target, wrong, guess, target);
}

static int check_choices(const struct trials *from, char *const *choices, struct err *err)
{
    for (; choices && *choices; choices++) {
        size_t i = 0;
        while (i < from->count && !chooses(*choices, &from->all[i]))
            i++;
        if (i == from->count)
            return refuse(from, *choices, err);
    }
    return 0;
}

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
        trial->theory = json_incref(from->theory);
        trial->seed = (uint64_t)i * SEED_STEP;
    }
    return 0;
}

int trials_choose(struct trials *trials, const struct trials *from, char *const *choices, int seeds,
                  struct err *err)
{
    if (check_choices(from, choices, err) < 0)
        return -1;
    for (size_t i = 0; i < from->count; i++) {
        if (is_chosen(&from->all[i], choices) && add_seeds(trials, &from->all[i], seeds, err) < 0)
            return -1;
    }
    return 0;
}
