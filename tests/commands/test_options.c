/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of commands/options.c. What is refused must be refused: a misread option is a wrong test.
 */
#include "../../harness/commands/commands.h"
#include "../../harness/commands/options.h"
#include "../lib/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct args {
    bool json;
    const char *model, *level;
    int nodes, calls;
    uint64_t seed;
    double rate;
    int64_t limit_ns;
    size_t memory;
};

static int count_call(void *into, const char *value, struct err *err)
{
    if (strchr(value, '=') == NULL)
        return err_set(err, 0, "wants KEY=VALUE, not '%s'", value);
    ++*(int *)into;
    return 0;
}

static const char *const levels[] = {"linearizable", "sequential", NULL};

static const struct option_spec specs[] = {
    {"json", 'j', NULL, "as JSON", OPTION_FLAG, AT(struct args, json), NULL, NULL},
    {"model", 'm', "MODEL", "the model", OPTION_TEXT, AT(struct args, model), NULL, NULL},
    {"level", 0, "LEVEL", "the level", OPTION_CHOICE, AT(struct args, level), levels, NULL},
    {"nodes", 'n', "N", "nodes", OPTION_INT, AT(struct args, nodes), NULL, NULL},
    {"seed", 0, "N", "seed", OPTION_SEED, AT(struct args, seed), NULL, NULL},
    {"rate", 0, "R", "rate", OPTION_NUMBER, AT(struct args, rate), NULL, NULL},
    {"time-limit", 0, "T", "limit", OPTION_TIME, AT(struct args, limit_ns), NULL, NULL},
    {"memory-limit", 0, "S", "limit", OPTION_SIZE, AT(struct args, memory), NULL, NULL},
    {"set", 's', "K=V", "set", OPTION_CALL, AT(struct args, calls), NULL, count_call},
    {.name = NULL},
};

static const struct usage usage = {.command = "try",
                                   .arguments = "FILE...",
                                   .about = "Tries.",
                                   .options = specs,
                                   .positional_min = 0,
                                   .positional_max = 2};

/* Parse a line of words; what is said on standard error goes to `said`. */
static int parse(const char *line, struct args *args, char **argv, int *count, char *said,
                 size_t said_size)
{
    static char words[512];
    int argc = 0, fds[2], saved = dup(STDERR_FILENO);

    (void)snprintf(words, sizeof words, "%s", line);
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    argv[argc] = NULL;
    *args = (struct args){.nodes = -7};
    assert_int_equal(pipe(fds), 0);
    (void)fflush(stderr);
    assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
    int result = options_parse(&usage, argc, argv, args, count);
    (void)fflush(stderr);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    (void)close(fds[1]);
    ssize_t len = read(fds[0], said, said_size - 1);
    said[len > 0 ? len : 0] = '\0';
    (void)close(fds[0]);
    return result;
}

static void test_options__every_kind_in_every_spelling(void **state)
{
    (void)state;
    struct args args;
    char *argv[32], said[512];
    int count = -1;

    assert_int_equal(parse("a --json --model=m1 --level sequential -n 5 b --seed "
                           "18446744073709551615 --rate 2.5 --time-limit=1.5 --memory-limit 2G "
                           "-s a=b --set c=d",
                           &args, argv, &count, said, sizeof said),
                     OPTIONS_DONE);
    assert_string_equal(said, "");
    assert_true(args.json);
    assert_string_equal(args.model, "m1");
    assert_ptr_equal(args.level, levels[1]);
    assert_int_equal(args.nodes, 5);
    assert_true(args.seed == UINT64_MAX);
    assert_true(args.rate == 2.5);
    assert_int_equal(args.limit_ns, 1500000000);
    assert_int_equal(args.memory, 2147483648);
    assert_int_equal(args.calls, 2);
    assert_int_equal(count, 2);
    assert_string_equal(argv[0], "a");
    assert_string_equal(argv[1], "b");
}

static void test_options__dashes_alone(void **state)
{
    (void)state;
    struct args args;
    char *argv[32], said[512];
    int count = -1;

    assert_int_equal(parse("- -- --json", &args, argv, &count, said, sizeof said), OPTIONS_DONE);
    assert_false(args.json);
    assert_int_equal(count, 2);
    assert_string_equal(argv[0], "-");
    assert_string_equal(argv[1], "--json");
}

static void test_options__bad_usage_is_254_and_says_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *line, *said;
    } cases[] = {
        {"--modle x", "there is no option '--modle'; did you mean '--model'?"},
        {"--zzzzzzzzzzzz", "there is no option '--zzzzzzzzzzzz' (see 'ordeal try --help')"},
        {"-x", "there is no option '-x'"},
        {"--json=1", "'--json' takes no value"},
        {"--model", "'--model' wants a value: --model MODEL"},
        {"--level sequental", "'--level' does not know 'sequental'; did you mean 'sequential'?"},
        {"--nodes -1", "'--nodes' wants a whole number from 1 to"},
        {"--nodes 0", "'--nodes' wants a whole number from 1 to"},
        {"--nodes 5x", "not '5x'"},
        {"--nodes 99999999999", "not '99999999999'"},
        {"--seed 18446744073709551616", "'--seed' wants a number from 0 to"},
        {"--seed -1", "'--seed' wants a number from 0 to"},
        {"--rate nan", "'--rate' wants a number that is not negative, not 'nan'"},
        {"--rate 1e999", "not '1e999'"},
        {"--time-limit 1.2.3", "'--time-limit' wants a time such as 60"},
        {"--time-limit .", "not '.'"},
        {"--time-limit 99999999999", "not '99999999999'"},
        {"--memory-limit 1X", "'--memory-limit' wants a size such as 65536"},
        {"--memory-limit 9999999T", "not '9999999T'"},
        {"--set novalue", "'--set' wants KEY=VALUE, not 'novalue'"},
        {"a b c", "'c' is one argument too many"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct args args;
        char *argv[32], said[512];
        int count = -1;
        assert_int_equal(parse(cases[i].line, &args, argv, &count, said, sizeof said), EXIT_USAGE);
        if (!strstr(said, cases[i].said))
            fail_msg("'%s' was answered with: %s", cases[i].line, said);
        assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
    }
}

static void test_options__times_and_sizes_have_units(void **state)
{
    (void)state;
    struct err err;
    int64_t ns;
    size_t bytes;

    assert_int_equal(options_time("500ms", &ns, &err), 0);
    assert_int_equal(ns, 500000000);
    assert_int_equal(options_time("0.000000001", &ns, &err), 0);
    assert_int_equal(ns, 1);
    assert_int_equal(options_time("1.5m", &ns, &err), 0);
    assert_int_equal(ns, 90000000000);
    assert_int_equal(options_size("1.5K", &bytes, &err), 0);
    assert_int_equal(bytes, 1536);
    assert_int_equal(options_size("3MiB", &bytes, &err), 0);
    assert_int_equal(bytes, 3 * 1048576);
    assert_int_equal(options_size("10", &bytes, &err), 0);
    assert_int_equal(bytes, 10);
    assert_int_equal(options_time("", &ns, &err), -1);
    assert_int_equal(options_size("", &bytes, &err), -1);
    assert_int_equal(options_time("-1", &ns, &err), -1);
}

static void test_exit__a_violation_outweighs_a_broken_harness(void **state)
{
    (void)state;
    assert_int_equal(exit_worse(EXIT_HARNESS, EXIT_VIOLATION), EXIT_VIOLATION);
    assert_int_equal(exit_worse(EXIT_HARNESS, EXIT_UNDECIDED), EXIT_HARNESS);
    assert_int_equal(exit_worse(EXIT_PASSED, EXIT_UNDECIDED), EXIT_UNDECIDED);
    assert_int_equal(exit_worse(EXIT_PASSED, EXIT_PASSED), EXIT_PASSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options__every_kind_in_every_spelling),
        cmocka_unit_test(test_options__dashes_alone),
        cmocka_unit_test(test_options__bad_usage_is_254_and_says_what_to_do),
        cmocka_unit_test(test_options__times_and_sizes_have_units),
        cmocka_unit_test(test_exit__a_violation_outweighs_a_broken_harness),
    };
    return cmocka_run_group_tests_name("commands/options", tests, NULL, NULL);
}
