/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of commands/run_nemeses.c: what may stand behind --nemesis. */
#include "../../harness/commands/run_args.h"
#include "../../harness/nemesis.h"
#include "../../harness/target.h"
#include "../lib/check.h"

#include <string.h>

extern const struct nemesis nemesis_partition, nemesis_kill, nemesis_slow, nemesis_upgrade;

static const struct target target = {.name = "some"};

static int roll(struct cluster *cluster, int node, bool other, int64_t deadline_ns, struct err *err)
{
    (void)cluster;
    (void)node;
    (void)other;
    (void)deadline_ns;
    (void)err;
    return 0;
}

static const struct setting_spec versions[] = {{TARGET_PROGRAM, "a path", "some", ""},
                                               {TARGET_ROLL_TO, "a path", "none", ""},
                                               {NULL, NULL, NULL, NULL}};
static const struct target with_versions = {.name = "some", .settings = versions, .roll = roll};

static struct test read_list(const char *list)
{
    struct test test = {.target = &target};
    struct err err = {0};

    if (run_choose_nemeses(&test, list, &err) < 0)
        fail_msg("'%s': %s", list, err.msg);
    return test;
}

static int count_of(const struct test *test)
{
    int count = 0;

    while (test->nemeses[count])
        count++;
    return count;
}

static void test_run_nemeses__names_in_their_order(void **state)
{
    (void)state;
    struct test test = read_list("kill,partition");
    assert_int_equal(count_of(&test), 2);
    assert_ptr_equal(test.nemeses[0], &nemesis_kill);
    assert_ptr_equal(test.nemeses[1], &nemesis_partition);
    test = read_list("none");
    assert_int_equal(count_of(&test), 0);
    test = read_list("kill,kill");
    assert_int_equal(count_of(&test), 1);
}

static void test_run_nemeses__wishes_belong_to_the_name_before(void **state)
{
    (void)state;
    struct test test = read_list("slow:cpu_percent=7,kind=leader,kill:kind=one,partition");
    assert_int_equal(count_of(&test), 3);
    assert_int_equal(test.wishes[0].given, 1);
    assert_true(test.wishes[0].params[0] > 6.9 && test.wishes[0].params[0] < 7.1);
    assert_string_equal(test.wishes[0].kind, "leader");
    assert_string_equal(test.wishes[1].kind, "one");
    assert_int_equal(test.wishes[1].given, 0);
    assert_null(test.wishes[2].kind);
}

static void test_run_nemeses__all_is_everything_but_what_is_taken_out(void **state)
{
    (void)state;
    struct test all = read_list("all"), fewer = read_list("all,-slow,kill:kind=one");
    assert_true(count_of(&all) >= 9);
    assert_int_equal(count_of(&fewer), count_of(&all) - 1);
    for (int i = 0; fewer.nemeses[i]; i++) {
        assert_ptr_not_equal(fewer.nemeses[i], &nemesis_slow);
        assert_false(fewer.nemeses[i]->by_name);
        if (fewer.nemeses[i] == &nemesis_kill)
            assert_string_equal(fewer.wishes[i].kind, "one");
        else
            assert_null(fewer.wishes[i].kind);
    }
}

static void test_run_nemeses__files_are_wished_for_by_pattern(void **state)
{
    (void)state;
    struct test test = read_list("disk-error:files=wal/[0-9]*.wal:error_ppm=7,kill");
    assert_int_equal(count_of(&test), 2);
    assert_string_equal(test.wishes[0].files, "wal/[0-9]*.wal");
    assert_int_equal(test.wishes[0].given, 1);
    assert_string_equal(test.wishes[1].files, "");
}

static void test_run_nemeses__upgrade_wants_another_version(void **state)
{
    (void)state;
    struct test test = {.target = &with_versions};
    struct err err = {0};

    assert_int_equal(run_choose_nemeses(&test, "all", &err), 0);
    for (int i = 0; test.nemeses[i]; i++)
        assert_ptr_not_equal(test.nemeses[i], &nemesis_upgrade);
    test = (struct test){.target = &with_versions};
    assert_int_equal(run_choose_nemeses(&test, "upgrade", &err), -1);
    assert_non_null(strstr(err.msg, "--set roll-to=PATH"));
    test = (struct test){
        .target = &with_versions, .settings = {{TARGET_ROLL_TO, "/bin/sh"}}, .setting_count = 1};
    assert_int_equal(run_choose_nemeses(&test, "all,-upgrade,upgrade", &err), 0);
    assert_ptr_equal(test.nemeses[count_of(&test) - 1], &nemesis_upgrade);
}

static void check_refused(const char *list, const char *why)
{
    struct test test = {.target = &target};
    struct err err = {0};

    assert_int_equal(run_choose_nemeses(&test, list, &err), -1);
    if (!strstr(err.msg, why))
        fail_msg("'%s': '%s' does not say '%s'", list, err.msg, why);
}

static void test_run_nemeses__nonsense_is_refused_in_words(void **state)
{
    (void)state;
    check_refused("", "no nemesis named ''");
    check_refused(",", "no nemesis named ''");
    check_refused("kil", "did you mean 'kill'");
    check_refused("all,-slwo", "did you mean 'slow'");
    check_refused("kind=one", "NAME:KEY=VALUE");
    check_refused("all:kind=one", "NAME:KEY=VALUE");
    check_refused("kill,-kill:kind=one", "NAME:KEY=VALUE");
    check_refused("members", "not for target 'some', which cannot change its members; those that");
    check_refused("upgrade", "not for target 'some', which cannot change its version; those that");
    check_refused("kill:one", "not KEY=VALUE");
    check_refused("kill::", "not KEY=VALUE");
    check_refused("kill:=", "no parameter ''");
    check_refused("kill:kind=", "no kind ''");
    check_refused("slow:cpu_percent=101", "from 1 to 99");
    check_refused("slow:cpu_percent=-1", "from 1 to 99");
    check_refused("slow:cpu_percent=nan", "from 1 to 99");
    check_refused("slow:cpu_percent=5x", "from 1 to 99");
    check_refused("slow:cpu_percent=", "from 1 to 99");
    check_refused("disk-error:files=", "empty");
    check_refused("disk-error:files=/data", "below /node/data");
    check_refused("kill:files=*.wal", "is not about files");
    check_refused("slow:cpu_precent=5", "did you mean 'cpu_percent'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_nemeses__names_in_their_order),
        cmocka_unit_test(test_run_nemeses__wishes_belong_to_the_name_before),
        cmocka_unit_test(test_run_nemeses__files_are_wished_for_by_pattern),
        cmocka_unit_test(test_run_nemeses__all_is_everything_but_what_is_taken_out),
        cmocka_unit_test(test_run_nemeses__upgrade_wants_another_version),
        cmocka_unit_test(test_run_nemeses__nonsense_is_refused_in_words),
    };
    return cmocka_run_group_tests_name("commands/run_nemeses", tests, NULL, NULL);
}
