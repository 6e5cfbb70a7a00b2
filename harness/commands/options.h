/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - a command's options as a table: parsed, checked and explained from the same place.
 *
 *     static const struct option_spec options[] = {
 *         {"model", 'm', "MODEL", "what the objects are", OPTION_TEXT, AT(struct args, model)},
 *         {"time-limit", 0, "TIME", "give up after", OPTION_TIME, AT(struct args, limit_ns)},
 *         {0},
 *     };
 *
 * Accepted are --name VALUE, --name=VALUE, -n VALUE and flags without a value, in any order with
 * the positional arguments; "--" ends the options, and "-" alone is positional. Every command has
 * --help. Bad usage is answered with one sentence that names the place and the nearest known word.
 */
#ifndef ORDEAL_COMMANDS_OPTIONS_H
#define ORDEAL_COMMANDS_OPTIONS_H

#include "../base/err.h"

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,   /* bool; takes no value */
    OPTION_TEXT,   /* const char *: borrowed from argv */
    OPTION_CHOICE, /* const char *: one of `choices`, which is what it then points into */
    OPTION_INT,    /* int, from 1 to INT_MAX; 0 is for what was not given */
    OPTION_SEED,   /* uint64_t, decimal */
    OPTION_NUMBER, /* double, finite, not negative */
    OPTION_TIME,   /* int64_t nanoseconds: seconds as "60" or "1.5", or with ms, s, m, h */
    OPTION_SIZE,   /* size_t bytes: "4096", or with K, M, G, T (powers of 1024) */
    OPTION_CALL,   /* whatever `call` does with it; may be given several times */
};

struct option_spec {
    const char *name;  /* without dashes; NULL ends the table */
    char letter;       /* short form; 0: none */
    const char *value; /* what stands for the value in --help; NULL for flags */
    const char *about; /* one line, lower case, without a full stop */
    enum option_kind kind;
    size_t offset;              /* of the member that it sets: AT(struct args, member) */
    const char *const *choices; /* OPTION_CHOICE: NULL-terminated */

    /* OPTION_CALL: `into` is the member at `offset`. The error is shown behind the option's name.
     */
    int (*call)(void *into, const char *value, struct err *err);
};

#define AT(type, member) offsetof(type, member)

/* How a command is used. */
struct usage {
    const char *command;   /* "check" */
    const char *arguments; /* positional ones, for the first line of --help: "HISTORY..." */
    const char *about;     /* a few sentences that say what it does */
    const char *examples;  /* lines, each a command */
    const struct option_spec *options;
    int positional_min, positional_max; /* max -1: any number */
};

enum { OPTIONS_DONE = -1 };

/* Parse what follows the command's name into the struct `args`, which holds the defaults. The
 * positional arguments are moved to the front of argv, in their order, and counted in
 * *positional_count. Returns OPTIONS_DONE if the command should go on, else the exit code to return
 * at once: 0 after --help, 254 after bad usage, which has been explained on standard error. */
int options_parse(const struct usage *usage, int argc, char **argv, void *args,
                  int *positional_count);

/* Say what is wrong with the usage, in the words of options_parse: "ordeal check: <fmt> (see
 * 'ordeal check --help')". Returns 254. */
int options_refuse(const struct usage *usage, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Values, for those who take them from elsewhere (--set, files). -1 with what was expected. */
int options_time(const char *text, int64_t *ns, struct err *err) MUST_CHECK;
int options_size(const char *text, size_t *bytes, struct err *err) MUST_CHECK;

#endif
