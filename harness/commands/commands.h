/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - the subcommands of `ordeal`.
 *
 * One file each: harness/commands/NAME.c defines `const struct command command_NAME`, and the build
 * finds it by that line. Results go to standard output, progress and prose to standard error.
 */
#ifndef ORDEAL_COMMANDS_COMMANDS_H
#define ORDEAL_COMMANDS_COMMANDS_H

struct command {
    const char *name;
    const char *arguments; /* for `ordeal help`: "HISTORY..." */
    const char *about;     /* one line, for `ordeal help` */

    /* argv starts behind the command's name; argv[argc] is NULL. Returns an exit code. */
    int (*main)(int argc, char **argv);
};

/* Generated from the files in harness/commands/: sorted by name, NULL-terminated. */
extern const struct command *const commands[];

/* What `ordeal` exits with. When several apply: see exit_worse. */
enum exit_code {
    EXIT_PASSED = 0,
    EXIT_VIOLATION = 1, /* the system broke its promise, shown by a witness that was re-verified */
    EXIT_UNDECIDED = 2, /* out of time or memory, nothing succeeded, no fault bit */
    EXIT_USAGE = 254,
    EXIT_HARNESS = 255, /* the harness or its environment failed */
};

/* Of two outcomes the one to exit with: violation, harness failed, undecided, passed. */
enum exit_code exit_worse(enum exit_code a, enum exit_code b);

#endif
