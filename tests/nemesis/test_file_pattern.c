/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/file_pattern.c: what can never match is refused, and whether two patterns have a
 * path in common is compared with trying all short ones. */
#include "../../harness/base/rng.h"
#include "../../harness/file_pattern.h"
#include "../../harness/world.h"
#include "../lib/check.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static void check_refused(const char *pattern, const char *why)
{
    struct err err = {0};

    if (file_pattern_check(pattern, &err) == 0 || !strstr(err.msg, why))
        fail_msg("'%s': '%s' does not say '%s'", pattern, err.msg, why);
}

static void test_check__refuses_what_no_file_can_match(void **state)
{
    char longer[200];

    (void)state;
    check_refused("", "empty");
    check_refused("/etc/passwd", "below /node/data");
    check_refused("../log/*", "no '.' and no '..'");
    check_refused("member/../../x", "no '.' and no '..'");
    check_refused("./x", "no '.' and no '..'");
    check_refused("member/.", "no '.' and no '..'");
    check_refused("member//wal", "before or behind");
    check_refused("member/", "before or behind");
    check_refused("wal[0-9", "'[' that is never finished");
    check_refused("[", "'[' that is never finished");
    check_refused("[]", "'[' that is never finished");
    check_refused("[[:digit:]", "'[' that is never finished");
    check_refused("[[:digit", "'[' that is never finished");
    check_refused("wal\\", "'\\' that is never finished");
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    check_refused(longer, "longer than 63 bytes");
}

static void test_check__takes_patterns_that_can_match(void **state)
{
    static const char *const sound[] = {"*.wal",    "etcd/member/wal/*.wal", "a/..b/c.", "[]]x",
                                        "[!a-z]/?", "[[:digit:]_]*",         "\\*",      ".hidden"};
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++)
        assert_int_equal(file_pattern_check(sound[i], &err), 0);
}

/* Garbage is taken or refused, and never read beyond its end. */
static void test_check__survives_garbage(void **state)
{
    static const char bytes[] = "[]!^-:=.*?\\/ab\xff";
    struct rng rng;
    struct err err;

    (void)state;
    rng_init(&rng, 1, 0);
    for (int i = 0; i < 20000; i++) {
        char pattern[12] = "";
        for (uint64_t k = rng_below(&rng, sizeof pattern); k > 0; k--)
            pattern[k - 1] = bytes[rng_below(&rng, sizeof bytes - 1)];
        if (file_pattern_check(pattern, &err) == 0)
            assert_true(file_patterns_meet(pattern, "*"));
    }
}

/* Every path of up to `LEN` of the letters. */
enum { LEN = 5 };

static bool some_path_matches(const char *a, const char *b)
{
    static const char letters[] = "ab/";
    int count = 1;

    for (int len = 0; len <= LEN; len++, count *= 3) {
        for (int number = 0; number < count; number++) {
            char path[LEN + 1] = "";
            for (int i = 0, rest = number; i < len; i++, rest /= 3)
                path[i] = letters[rest % 3];
            if (fnmatch(a, path, 0) == 0 && fnmatch(b, path, 0) == 0)
                return true;
        }
    }
    return false;
}

static void draw_pattern(struct rng *rng, char pattern[40])
{
    static const char *const tokens[] = {"a", "b", "/", "*", "?", "[ab]", "[!b]", "\\a"};

    size_t len = 0;

    pattern[0] = '\0';
    for (uint64_t count = rng_below(rng, 5); count > 0; count--)
        len += (size_t)snprintf(pattern + len, 40 - len, "%s", tokens[rng_below(rng, 8)]);
}

static void test_meet__agrees_with_trying_all_paths(void **state)
{
    struct rng rng;
    int met = 0;

    (void)state;
    rng_init(&rng, 7, 0);
    for (int i = 0; i < 4000; i++) {
        char a[40], b[40];
        draw_pattern(&rng, a);
        draw_pattern(&rng, b);
        bool meet = file_patterns_meet(a, b);
        met += meet;
        /* A shortest path in common has at most a byte for each of theirs. */
        bool found = some_path_matches(a, b);
        if (found && !meet)
            fail_msg("'%s' and '%s' have a path in common", a, b);
        if (meet && !found && strlen(a) + strlen(b) <= LEN)
            fail_msg("'%s' and '%s' have no path in common", a, b);
    }
    assert_true(met > 400 && met < 3600);
}

static void test_meet__tells_what_a_database_keeps(void **state)
{
    (void)state;
    assert_true(file_patterns_meet("*.wal", "etcd/member/wal/*"));
    assert_true(file_patterns_meet("etcd/*/wal/0-?.wal", "etcd/member/wal/*"));
    assert_false(file_patterns_meet("*.aof", "dump.rdb"));
    assert_false(file_patterns_meet("member/wal/*.wal", "etcd/member/wal/*"));
    assert_true(file_patterns_meet("[a-e]tcd/member/sna[!a]/db", "etcd/member/snap/*"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check__refuses_what_no_file_can_match),
        cmocka_unit_test(test_check__takes_patterns_that_can_match),
        cmocka_unit_test(test_check__survives_garbage),
        cmocka_unit_test(test_meet__agrees_with_trying_all_paths),
        cmocka_unit_test(test_meet__tells_what_a_database_keeps),
    };

    return cmocka_run_group_tests_name("file_pattern", tests, NULL, NULL);
}
