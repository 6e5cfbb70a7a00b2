/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/log_pattern.c on real files. */
#include "../lib/check.h"
#include "../lib/hist.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct checker checker_log_pattern;

static const struct log_pattern panics[] = {
    {"panic", "^panic: |fatal error: "}, {"race", "WARNING: DATA RACE"}, {0}};

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/ordeal-logs-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *node, const char *file, const void *bytes, size_t len)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, node);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/%s/%s", dir, node, file);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}

static void put_text(const char *node, const char *file, const char *text)
{
    put(node, file, text, strlen(text));
}

static int look(const struct log_pattern *patterns, const char *where, struct finding *finding,
                struct err *err)
{
    struct hist *hist = hist_new("");
    const struct check_options options = {.log_dir = where, .log_patterns = patterns};
    finding_init(finding);
    int rc = checker_log_pattern.check(&hist->history, &options, &hist->budget, finding, err);
    assert_int_equal(hist->budget.used_bytes, hist->history.budget->used_bytes);
    hist_free(hist);
    return rc;
}

static void expect(const char *where, enum verdict verdict, const char *reason)
{
    struct finding finding;
    struct err err = {0};
    assert_int_equal(look(panics, where, &finding, &err), 0);
    assert_string_equal(finding.reason, reason);
    assert_int_equal(finding.valid, verdict);
    finding_release(&finding);
}

static void test_log_pattern__a_panic_is_named_with_its_place(void **state)
{
    (void)state;
    struct finding finding;
    struct err err;
    put_text("n1", "etcd.log", "all well\nfine\n");
    put_text("n2", "etcd.log", "starting\n{\"level\":\"info\"}\npanic: index out of range\nbye\n");
    assert_int_equal(look(panics, dir, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_INVALID);
    assert_string_equal(finding.reason, "n2 logged 'panic: index out of range' (pattern 'panic')");
    assert_int_equal(finding.anomaly_count, 1);
    assert_true(finding.anomalies[0].verified);
    assert_string_equal(finding.anomalies[0].explanation,
                        "n2 logged what must not be (pattern 'panic'), line 3 of etcd.log: panic: "
                        "index out of range");
    assert_string_equal(finding.details.ptr,
                        "\"files\":2,\"lines\":6,\"matches\":{\"panic\":1,\"race\":0}");
    finding_release(&finding);
}

static void test_log_pattern__clean_logs_are_valid(void **state)
{
    (void)state;
    put_text("n1", "etcd.log", "do not panic: all is well\n");
    expect(dir, VERDICT_VALID, "nothing bad in 1 lines of logs");
}

static void test_log_pattern__no_logs_are_no_verdict(void **state)
{
    (void)state;
    struct finding finding;
    struct err err;
    expect(NULL, VERDICT_UNKNOWN, "the nodes' logs are not at hand");
    put_text("n1", "etcd.txt", "panic: not a log\n");
    char reason[256];
    (void)snprintf(reason, sizeof reason, "there is no log below '%s'", dir);
    expect(dir, VERDICT_UNKNOWN, reason);
    assert_int_equal(look(NULL, NULL, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_VALID); /* nothing to look for */
    finding_release(&finding);
    assert_int_equal(look(panics, "/nonexistent", &finding, &err), -1);
    assert_non_null(strstr(err.msg, "/nonexistent"));
    finding_release(&finding);
}

static void test_log_pattern__lines_of_any_bytes_and_length(void **state)
{
    (void)state;
    struct finding finding;
    struct err err;
    enum { LONG = 200000 };
    static char bytes[LONG + 64];
    memset(bytes, 'x', LONG);
    memcpy(bytes, "a\0b\xff\n\n", 6);
    memcpy(bytes + LONG, "\npanic: \0\x1b[31m \xc3", 17); /* the last line has no end */
    put("n1", "node.log", bytes, LONG + 17);
    assert_int_equal(look(panics, dir, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_INVALID);
    assert_non_null(strstr(finding.anomalies[0].explanation, "line 4 of node.log: panic:   [31m"));
    finding_release(&finding);
}

static void test_log_pattern__the_middle_of_a_long_line_is_not_its_beginning(void **state)
{
    (void)state;
    enum { PIECE = 65536 };
    static char bytes[PIECE + 16];
    memset(bytes, 'x', PIECE);
    memcpy(bytes + PIECE, "panic: quoted\n", 14);
    put("n1", "node.log", bytes, PIECE + 14);
    expect(dir, VERDICT_VALID, "nothing bad in 2 lines of logs");
}

static void test_log_pattern__lines_across_blocks_are_whole(void **state)
{
    (void)state;
    /* Every line is one match whatever the blocks' borders cut. */
    struct finding finding;
    struct err err;
    struct buf log;
    buf_init(&log, 0);
    for (int i = 0; i < 30000; i++)
        buf_printf(&log, "%d: fatal error: %.*s\n", i, i % 53,
                   "-----------------------------------------------------");
    put("n1", "node.log", log.ptr, log.len);
    assert_int_equal(look(panics, dir, &finding, &err), 0);
    assert_non_null(strstr(finding.details.ptr, "\"lines\":30000,\"matches\":{\"panic\":30000"));
    assert_int_equal(finding.anomaly_count, 20);
    assert_true(finding.anomalies[19].verified);
    finding_release(&finding);
    buf_release(&log);
}

static void test_log_pattern__links_and_pipes_are_left_alone(void **state)
{
    (void)state;
    struct finding finding;
    struct err err;
    char path[256];
    put_text("n1", "secret.txt", "panic: of the host\n");
    (void)snprintf(path, sizeof path, "%s/n1/link.log", dir);
    assert_int_equal(symlink("secret.txt", path), 0);
    (void)snprintf(path, sizeof path, "%s/n1/pipe.log", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    put_text("n1", "real.log", "fine\n");
    assert_int_equal(look(panics, dir, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_VALID);
    assert_non_null(strstr(finding.details.ptr, "\"files\":1,\"lines\":1,"));
    finding_release(&finding);
}

static void test_log_pattern__bad_expression_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct log_pattern bad[] = {{"broken", "a(b"}, {0}};
    struct finding finding;
    struct err err;
    assert_int_equal(look(bad, dir, &finding, &err), -1);
    assert_string_equal(err.msg, "the pattern 'broken' for logs is no regular expression: missing "
                                 "closing parenthesis at offset 3");
    finding_release(&finding);
}

static void test_log_pattern__an_expression_that_gives_up_leaves_it_open(void **state)
{
    (void)state;
    static const struct log_pattern slow[] = {{"slow", "(a+)+$"}, {0}};
    struct finding finding;
    struct err err;
    put_text("n1", "node.log", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n");
    assert_int_equal(look(slow, dir, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_UNKNOWN);
    assert_string_equal(finding.reason, "pattern 'slow' gave up on line 1 of n1's node.log");
    finding_release(&finding);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_log_pattern__a_panic_is_named_with_its_place),
        TEST(test_log_pattern__clean_logs_are_valid),
        TEST(test_log_pattern__no_logs_are_no_verdict),
        TEST(test_log_pattern__lines_of_any_bytes_and_length),
        TEST(test_log_pattern__the_middle_of_a_long_line_is_not_its_beginning),
        TEST(test_log_pattern__lines_across_blocks_are_whole),
        TEST(test_log_pattern__links_and_pipes_are_left_alone),
        TEST(test_log_pattern__bad_expression_is_refused_with_its_place),
        TEST(test_log_pattern__an_expression_that_gives_up_leaves_it_open),
    };
    return cmocka_run_group_tests_name("checkers/log-pattern", tests, NULL, NULL);
}
