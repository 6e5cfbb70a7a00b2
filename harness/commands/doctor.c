/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.c - `ordeal doctor`: what this machine can do, and the one command that mends what it
 * cannot. */
#include "../lab/lab.h"
#include "../nemesis.h"
#include "commands.h"
#include "options.h"

#include <stdio.h>

static const struct option_spec options[] = {{0}};

static const struct usage usage = {
    .command = "doctor",
    .arguments = "",
    .about =
        "Say what this machine can do for runs on it, by trying it out, and for what is missing\n"
        "the one command that mends it. Exits 0 if runs on this machine are possible, else 255.",
    .examples = "ordeal doctor",
    .options = options,
};

static void print(const struct lab_ability *ability)
{
    (void)printf("%-22s %-8s %s\n", ability->name, ability->present ? "ok" : "missing",
                 ability->detail);
    unsigned need = lab_need_met_by(ability->name);
    for (size_t i = 0; !ability->present && nemeses[i]; i++) {
        if (nemeses[i]->needs & need)
            (void)printf("%-22s %-8s without it: no --nemesis %s\n", "", "", nemeses[i]->name);
    }
    if (ability->remedy[0])
        (void)printf("%-22s %-8s to mend it: %s\n", "", "", ability->remedy);
}

static int command_main(int argc, char **argv)
{
    struct lab_ability abilities[LAB_ABILITIES_MAX];
    int count, ignored = 0;
    bool possible = true;

    int code = options_parse(&usage, argc, argv, &ignored, &count);
    if (code != OPTIONS_DONE)
        return code;
    count = lab_examine(abilities);
    for (int i = 0; i < count; i++) {
        print(&abilities[i]);
        possible = possible && (abilities[i].present || !abilities[i].required);
    }
    possible = possible && count > 0;
    (void)printf("\nRuns on this machine are %s.\n", possible ? "possible" : "not possible");
    return possible ? EXIT_PASSED : EXIT_HARNESS;
}

const struct command command_doctor = {
    .name = "doctor",
    .arguments = "",
    .about = "what this machine can do, and how to mend what it cannot",
    .main = command_main,
};
