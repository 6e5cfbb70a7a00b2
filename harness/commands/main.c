/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - `ordeal COMMAND ...`: finds the command and runs it. */
#include "../base/str.h"
#include "../base/version.h"
#include "../base/wrap.h"
#include "commands.h"

#include <stdio.h>

static void print_usage(FILE *to)
{
    enum { COLUMN = 34 };
    struct buf out;

    buf_init(&out, 0);
    buf_puts(&out, "Usage: ordeal COMMAND [options]\n\n");
    wrap_text(
        "Puts a cluster through an ordeal and says, with evidence, which consistency it really "
        "gives.",
        &out);
    buf_puts(&out, "\n");
    for (size_t i = 0; commands[i]; i++) {
        char left[64];
        (void)snprintf(left, sizeof left, "  ordeal %s %s", commands[i]->name,
                       commands[i]->arguments);
        wrap_row(left, COLUMN, commands[i]->about, &out);
    }
    buf_puts(&out, "\n");
    wrap_text("'ordeal COMMAND --help' explains one of them. Exit codes: 0 passed, 1 a violation "
              "was found, 2 undecided, 254 usage, 255 the harness failed.",
              &out);
    (void)fputs(buf_str(&out).ptr, to);
    buf_release(&out);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

static int refuse(const char *name)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX + 1] = {"help", "version"};
    size_t count = 2;

    for (size_t i = 0; commands[i] && count < NAMES_MAX; i++)
        names[count++] = commands[i]->name;
    const char *near = str_nearest(name, names);
    if (near)
        (void)fprintf(stderr, "ordeal: there is no command '%s'; did you mean '%s'?\n", name, near);
    else
        (void)fprintf(stderr, "ordeal: there is no command '%s'; 'ordeal help' lists them\n", name);
    return EXIT_USAGE;
}

static bool is_one_of(const char *arg, const char *a, const char *b, const char *c)
{
    return strcmp(arg, a) == 0 || strcmp(arg, b) == 0 || strcmp(arg, c) == 0;
}

/* `ordeal help` and `ordeal help COMMAND`. */
static int help(const char *name)
{
    if (!name) {
        print_usage(stdout);
        return EXIT_PASSED;
    }
    const struct command *command = find(name);
    char option[] = "--help";
    char *argv[] = {option, NULL};
    return command ? command->main(1, argv) : refuse(name);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (is_one_of(argv[1], "help", "--help", "-h"))
        return help(argc > 2 ? argv[2] : NULL);
    if (is_one_of(argv[1], "version", "--version", "-V")) {
        (void)printf("ordeal %s\n", ordeal_version);
        return EXIT_PASSED;
    }
    const struct command *command = find(argv[1]);
    return command ? command->main(argc - 2, argv + 2) : refuse(argv[1]);
}
