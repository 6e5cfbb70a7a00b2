/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - the subcommands of `ordeal`.
 *
 * One file each: harness/commands/NAME.c defines `const struct command command_NAME`, and the build
 * finds it by that line. Results go to standard output, progress and prose to standard error.
 */
#ifndef ORDEAL_COMMANDS_COMMANDS_H
#define ORDEAL_COMMANDS_COMMANDS_H

#include "../exit.h"

struct command {
    const char *name;
    const char *arguments; /* for `ordeal help`: "HISTORY..." */
    const char *about;     /* one line, for `ordeal help` */

    /* argv starts behind the command's name; argv[argc] is NULL. Returns an exit code. */
    int (*main)(int argc, char **argv);
};

/* Generated from the files in harness/commands/: sorted by name, NULL-terminated. */
extern const struct command *const commands[];

#endif
