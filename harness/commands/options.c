/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "../base/clock.h"
#include "../base/str.h"
#include "../base/wrap.h"
#include "commands.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int options_refuse(const struct usage *usage, const char *fmt, ...)
{
    char text[ERR_MSG_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)fprintf(stderr, "ordeal %s: %s (see 'ordeal %s --help')\n", usage->command, text,
                  usage->command);
    return EXIT_USAGE;
}

static void add_option(const struct option_spec *option, struct buf *out)
{
    enum { COLUMN = 31 };
    char left[64] = "      ";

    if (option->letter)
        (void)snprintf(left, sizeof left, "  -%c, ", option->letter);
    size_t len = strlen(left);
    (void)snprintf(left + len, sizeof left - len, "--%s%s%s", option->name,
                   option->value ? " " : "", option->value ? option->value : "");
    wrap_row(left, COLUMN, option->about, out);
    if (option->kind != OPTION_CHOICE)
        return;
    struct buf choices;
    buf_init(&choices, 0);
    buf_puts(&choices, "one of:");
    for (size_t i = 0; option->choices[i]; i++)
        buf_printf(&choices, " %s", option->choices[i]);
    wrap_row("", COLUMN, buf_str(&choices).ptr, out);
    buf_release(&choices);
}

static void add_examples(const char *lines, struct buf *out)
{
    buf_puts(out, "\nExamples:\n");
    while (*lines) {
        size_t len = strcspn(lines, "\n");
        buf_printf(out, "  %.*s\n", (int)len, lines);
        lines += len + (lines[len] == '\n');
    }
}

static int print_help(const struct usage *usage)
{
    static const struct option_spec help = {.name = "help", .letter = 'h', .about = "show this"};
    struct buf out;

    buf_init(&out, 0);
    buf_printf(&out, "Usage: ordeal %s %s%s[options]\n\n", usage->command, usage->arguments,
               usage->arguments[0] ? " " : "");
    wrap_text(usage->about, &out);
    buf_puts(&out, "\nOptions:\n");
    for (const struct option_spec *option = usage->options; option->name; option++)
        add_option(option, &out);
    add_option(&help, &out);
    if (usage->examples)
        add_examples(usage->examples, &out);
    (void)fputs(buf_str(&out).ptr, stdout);
    buf_release(&out);
    return EXIT_PASSED;
}

/* Digits with at most one point, times `unit`; digits finer than one of *out are dropped. *end is
 * where the number stops. -1 if there is none or it is too large. */
static int parse_decimal(const char *text, int64_t unit, int64_t *out, const char **end)
{
    int64_t value = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *at - '0', &value))
            return -1;
    }
    if (__builtin_mul_overflow(value, unit, &value))
        return -1;
    bool any = at > text;
    if (*at == '.') {
        __extension__ typedef __int128 wide;
        wide part = 0, scale = 1;
        for (at++; *at >= '0' && *at <= '9'; at++, any = true) {
            if (scale < 1000000000000) {
                part = part * 10 + (wide)(*at - '0');
                scale *= 10;
            }
        }
        if (__builtin_add_overflow(value, (int64_t)(part * (wide)unit / scale), &value))
            return -1;
    }
    *out = value;
    *end = at;
    return any ? 0 : -1;
}

int options_time(const char *text, int64_t *ns, struct err *err)
{
    static const struct {
        const char *suffix;
        int64_t unit_ns;
    } units[] = {{"", NS_PER_SEC},
                 {"s", NS_PER_SEC},
                 {"ms", NS_PER_MS},
                 {"m", 60 * NS_PER_SEC},
                 {"h", 3600 * NS_PER_SEC}};
    size_t number_len = strspn(text, "0123456789.");
    const char *end;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + number_len, units[i].suffix) == 0 &&
            parse_decimal(text, units[i].unit_ns, ns, &end) == 0 && end == text + number_len)
            return 0;
    }
    return err_set(err, EINVAL, "wants a time such as 60, 1.5, 500ms or 2m, not '%s'", text);
}

int options_size(const char *text, size_t *bytes, struct err *err)
{
    static const char letters[] = "KMGT";
    size_t number_len = strspn(text, "0123456789.");
    const char *suffix = text + number_len, *end;
    int64_t unit = 1, value;
    const char *letter = *suffix ? strchr(letters, *suffix) : NULL;

    if (letter)
        unit = INT64_C(1) << (10 * (letter - letters + 1));
    bool known = *suffix == '\0' ||
                 (letter && (strcmp(suffix + 1, "") == 0 || strcmp(suffix + 1, "B") == 0 ||
                             strcmp(suffix + 1, "iB") == 0));
    if (!known || parse_decimal(text, unit, &value, &end) < 0 || end != suffix)
        return err_set(err, EINVAL, "wants a size such as 65536, 512M or 4G, not '%s'", text);
    *bytes = (size_t)value;
    return 0;
}

static int parse_choice(const struct option_spec *option, const char *value, const char **into,
                        struct err *err)
{
    for (size_t i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], value) == 0) {
            *into = option->choices[i];
            return 0;
        }
    }
    const char *near = str_nearest(value, option->choices);
    if (near)
        return err_set(err, EINVAL, "does not know '%s'; did you mean '%s'?", value, near);
    return err_set(err, EINVAL, "does not know '%s'", value);
}

static int parse_number(const char *value, double *into, struct err *err)
{
    char *end;
    double number = strtod(value, &end);

    if (end == value || *end || !isfinite(number) || number < 0)
        return err_set(err, EINVAL, "wants a number that is not negative, not '%s'", value);
    *into = number;
    return 0;
}

static int parse_seed(const char *value, uint64_t *into, struct err *err)
{
    uint64_t seed = 0;
    const char *at = value;

    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(seed, 10, &seed) ||
            __builtin_add_overflow(seed, (uint64_t)(*at - '0'), &seed))
            break;
    }
    if (at == value || *at)
        return err_set(err, EINVAL, "wants a number from 0 to %" PRIu64 ", not '%s'", UINT64_MAX,
                       value);
    *into = seed;
    return 0;
}

/* `value` is NULL exactly for flags. */
static int set(const struct option_spec *option, const char *value, void *args, struct err *err)
{
    void *into = (char *)args + option->offset;
    int64_t number;

    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)into = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)into = value;
        return 0;
    case OPTION_CHOICE:
        return parse_choice(option, value, into, err);
    case OPTION_INT:
        if (!str_to_int(str_of(value), &number) || number < 1 || number > INT_MAX)
            return err_set(err, EINVAL, "wants a whole number from 1 to %d, not '%s'", INT_MAX,
                           value);
        *(int *)into = (int)number;
        return 0;
    case OPTION_SEED:
        return parse_seed(value, into, err);
    case OPTION_NUMBER:
        return parse_number(value, into, err);
    case OPTION_TIME:
        return options_time(value, into, err);
    case OPTION_SIZE:
        return options_size(value, into, err);
    case OPTION_CALL:
        return option->call(into, value, err);
    }
    return err_set(err, EINVAL, "is of no known kind");
}

static const struct option_spec *find(const struct usage *usage, const char *arg, size_t name_len)
{
    for (const struct option_spec *option = usage->options; option->name; option++) {
        bool is_long = arg[1] == '-' && strlen(option->name) == name_len - 2 &&
                       strncmp(option->name, arg + 2, name_len - 2) == 0;
        bool is_short = arg[1] != '-' && name_len == 2 && option->letter == arg[1];
        if (is_long || is_short)
            return option;
    }
    return NULL;
}

static int refuse_unknown(const struct usage *usage, const char *arg, size_t name_len)
{
    enum { NAMES_MAX = 128 };
    const char *names[NAMES_MAX + 1] = {"help"};
    char wrong[64];
    size_t count = 1;

    for (const struct option_spec *option = usage->options; option->name && count < NAMES_MAX;
         option++)
        names[count++] = option->name;
    (void)snprintf(wrong, sizeof wrong, "%.*s", (int)name_len, arg);
    const char *near = arg[1] == '-' ? str_nearest(wrong + 2, names) : NULL;
    if (near)
        return options_refuse(usage, "there is no option '%s'; did you mean '--%s'?", wrong, near);
    return options_refuse(usage, "there is no option '%s'", wrong);
}

/* One option at argv[*at]; *at is moved past it and its value. */
static int parse_option(const struct usage *usage, char **argv, int argc, int *at, void *args)
{
    const char *arg = argv[(*at)++];
    size_t name_len = strcspn(arg, "=");
    const char *value = arg[name_len] ? arg + name_len + 1 : NULL;
    struct err err;

    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
        return print_help(usage);
    const struct option_spec *option = find(usage, arg, name_len);
    if (!option)
        return refuse_unknown(usage, arg, name_len);
    if (option->kind == OPTION_FLAG && value)
        return options_refuse(usage, "'--%s' takes no value", option->name);
    if (option->kind != OPTION_FLAG && !value) {
        if (*at == argc)
            return options_refuse(usage, "'--%s' wants a value: --%s %s", option->name,
                                  option->name, option->value);
        value = argv[(*at)++];
    }
    if (set(option, value, args, &err) < 0)
        return options_refuse(usage, "'--%s' %s", option->name, err.msg);
    return OPTIONS_DONE;
}

int options_parse(const struct usage *usage, int argc, char **argv, void *args,
                  int *positional_count)
{
    bool options_end = false;
    int count = 0;

    for (int at = 0; at < argc;) {
        char *arg = argv[at];
        if (!options_end && strcmp(arg, "--") == 0) {
            options_end = true;
            at++;
        } else if (options_end || arg[0] != '-' || arg[1] == '\0') {
            argv[count++] = arg; /* never overtakes `at` */
            at++;
        } else {
            int result = parse_option(usage, argv, argc, &at, args);
            if (result != OPTIONS_DONE)
                return result;
        }
    }
    if (count < usage->positional_min)
        return options_refuse(usage, "an argument is missing: ordeal %s %s", usage->command,
                              usage->arguments);
    if (usage->positional_max >= 0 && count > usage->positional_max)
        return options_refuse(usage, "'%s' is one argument too many", argv[usage->positional_max]);
    *positional_count = count;
    return OPTIONS_DONE;
}
