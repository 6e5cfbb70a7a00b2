/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.c - `ordeal doctor`: what this machine can do, and the one command that mends what it
 * cannot. */
#include "../disk_possible.h"
#include "../helper.h"
#include "../lab/lab.h"
#include "../nemesis.h"
#include "commands.h"
#include "options.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct args {
    bool disk;
};

static const struct option_spec options[] = {
    {"disk", 0, NULL, "write to a disk that fails, cut its power, and see what came back",
     OPTION_FLAG, AT(struct args, disk), NULL, NULL},
    {0}};

static const struct usage usage = {
    .command = "doctor",
    .arguments = "",
    .about = "Say what this machine can do for runs on it, by trying it out, and for what is "
             "missing the one command that mends it. Exits 0 if runs on this machine are possible, "
             "else 255.",
    .examples = "ordeal doctor\n"
                "ordeal doctor --disk",
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

static void print_disk(void)
{
    struct err err;
    bool can = disk_possible(&err) == 0;

    (void)printf("%-22s %-8s %s\n", "disks that fail", can ? "ok" : "missing",
                 can ? "try them by: ordeal doctor --disk" : err.msg);
}

/* The disk's own test. Nobody else sees what it mounts on /tmp, and nothing of it outlives us. */
static int test_disk(void)
{
    char program[PATH_MAX], option[] = "--self-test", folder[] = "/tmp";
    char *const argv[] = {program, option, folder, NULL};
    struct err err;
    int status = -1;

    if (disk_possible(&err) || helper_find("ordeal-lossfs", program, sizeof program, &err)) {
        (void)fprintf(stderr, "ordeal doctor: %s\n", err.msg);
        return EXIT_HARNESS;
    }
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == self) /* else it came too late */
            (void)execv(program, argv);
        _exit(127);
    }
    (void)waitpid(pid, &status, 0);
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_PASSED : EXIT_HARNESS;
}

static int command_main(int argc, char **argv)
{
    struct lab_ability abilities[LAB_ABILITIES_MAX];
    struct args args = {0};
    int count;
    bool possible = true;

    int code = options_parse(&usage, argc, argv, &args, &count);
    if (code != OPTIONS_DONE)
        return code;
    if (args.disk)
        return test_disk();
    count = lab_examine(abilities);
    for (int i = 0; i < count; i++) {
        print(&abilities[i]);
        possible = possible && (abilities[i].present || !abilities[i].required);
    }
    print_disk();
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
