/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/remote.c: hosts files, good and bad. */
#include "../../harness/remote.h"
#include "../lib/check.h"

#include <stdio.h>
#include <stdlib.h>

static struct remotes remotes;
static struct err err;

static int reading(const char *text)
{
    return remotes_read(&remotes, str_of(text), "hosts", &err);
}

static void test_remote__a_line_is_a_host(void **state)
{
    char text[REMOTE_TEXT_BYTES];

    (void)state;
    assert_int_equal(reading("# ours\nroot@db1.example.org\n\n 10.0.0.12:2222\t# two\r\n"
                             "me.too-1@db_3:22"),
                     0);
    assert_int_equal(remotes.count, 3);
    assert_string_equal(remotes.all[0].user, "root");
    assert_string_equal(remotes.all[0].name, "db1.example.org");
    assert_int_equal(remotes.all[0].port, 0);
    assert_string_equal(remotes.all[1].user, "");
    assert_string_equal(remotes.all[1].name, "10.0.0.12");
    assert_int_equal(remotes.all[1].port, 2222);
    assert_string_equal(remote_text(&remotes.all[0], text), "root@db1.example.org");
    assert_string_equal(remote_text(&remotes.all[1], text), "10.0.0.12:2222");
    assert_string_equal(remote_text(&remotes.all[2], text), "me.too-1@db_3:22");
}

static void test_remote__what_is_no_host_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "'hosts' names no host"},
        {"# only words\n\n \t\r\n", "names no host"},
        {"a\nb c\n", "line 2 of 'hosts': one host a line"},
        {"-oProxyCommand=id", "line 1 of 'hosts': '-oProxyCommand=id' is no name of a host"},
        {"root@-x", "'-x' is no name of a host"},
        {"-l@host", "'-l' is no name of a user"},
        {"@host", "'' is no name of a user"},
        {"a@b@c", "'b@c' is no name of a host"},
        {"root@", "'' is no name of a host"},
        {"ho$(id)st", "is no name of a host"},
        {"ho;st", "is no name of a host"},
        {"ho'st", "is no name of a host"},
        {":22", "'' is no name of a host"},
        {"host:", "'' is no port"},
        {"host:0", "'0' is no port from 1 to 65535"},
        {"host:65536", "'65536' is no port"},
        {"host:-1", "'-1' is no port"},
        {"host:ssh", "'ssh' is no port"},
        {"::1", "looks like IPv6"},
        {"[::1]:22", "looks like IPv6"},
        {"a\nb\nA # again\n", "line 3 of 'hosts': 'A' is there twice"},
        {"root@a:22\nme@a:22", "line 2 of 'hosts': 'a' is there twice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(reading(cases[i].text), -1);
        if (!strstr(err.msg, cases[i].said))
            fail_msg("'%s' does not hold '%s'", err.msg, cases[i].said);
    }
    assert_int_equal(reading("a:22\na:23\n"), 0); /* two doors of one machine */
}

static void test_remote__sizes_are_bounded(void **state)
{
    char text[64 * 8 + 1] = "", name[700];

    (void)state;
    memset(name, 'h', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(reading(name), -1);
    name[REMOTE_NAME_BYTES - 1] = '\0';
    assert_int_equal(reading(name), 0);
    for (int i = 0; i < NODES_MAX; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "h%d\n", i);
    assert_int_equal(reading(text), 0);
    assert_int_equal(remotes.count, NODES_MAX);
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), "more\n");
    assert_int_equal(reading(text), -1);
    assert_non_null(strstr(err.msg, "line 64 of 'hosts': a cluster has at most 63 hosts"));
}

static void test_remote__any_byte_anywhere_is_read_or_refused_in_words(void **state)
{
    char text[] = "root@db1.example.org:2222 # one\nroot@db2\n";

    (void)state;
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char kept = text[at];
        for (int byte = 0; byte < 256; byte++) {
            text[at] = (char)byte;
            err.msg[0] = '\0';
            if (remotes_read(&remotes, (struct str){text, sizeof text - 1}, "hosts", &err) < 0)
                assert_true(err.msg[0]);
            else
                assert_in_range(remotes.count, 1, 3);
        }
        text[at] = kept;
    }
}

static void test_remote__a_file_that_is_not_there_is_said(void **state)
{
    (void)state;
    assert_int_equal(remotes_open(&remotes, "/nowhere/hosts", &err), -1);
    assert_non_null(strstr(err.msg, "cannot read the hosts in '/nowhere/hosts': No such file"));
    assert_int_equal(remotes_open(&remotes, "/", &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remote__a_line_is_a_host),
        cmocka_unit_test(test_remote__what_is_no_host_is_refused_with_its_line),
        cmocka_unit_test(test_remote__sizes_are_bounded),
        cmocka_unit_test(test_remote__any_byte_anywhere_is_read_or_refused_in_words),
        cmocka_unit_test(test_remote__a_file_that_is_not_there_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
