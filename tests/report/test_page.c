/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of report.html: nothing from outside becomes markup, it stays small, it names what is
 * missing. What it looks like is for eyes: tests/report/synthesize.c. */
#include "../../harness/report/html.h"
#include "../../harness/report/report.h"
#include "../lib/check.h"
#include "../lib/hist.h"
#include "../lib/synthetic.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/ordeal-page-XXXXXX");
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

static struct synthetic small(void)
{
    return (struct synthetic){.seed = 7,
                              .operations = 2000,
                              .nodes = 3,
                              .clients = 6,
                              .keys = 4,
                              .seconds = 8,
                              .faults = 3,
                              .judged = true};
}

static char *read_file(const char *name)
{
    char path[128];
    struct stat stat_of;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    assert_int_equal(fstat(fileno(in), &stat_of), 0);
    char *text = calloc(1, (size_t)stat_of.st_size + 1);
    assert_int_equal(fread(text, 1, (size_t)stat_of.st_size, in), stat_of.st_size);
    (void)fclose(in);
    return text;
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    (void)fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

/* Every tag of the page that is not one of ours. */
static void assert_only_our_markup(const char *html)
{
    static const char *const ours[] = {"!doctype html",
                                       "html",
                                       "head",
                                       "meta",
                                       "title",
                                       "style",
                                       "body",
                                       "main",
                                       "header",
                                       "p",
                                       "h1",
                                       "h2",
                                       "dl",
                                       "dt",
                                       "dd",
                                       "div",
                                       "section",
                                       "table",
                                       "tr",
                                       "th",
                                       "td",
                                       "span",
                                       "i",
                                       "b",
                                       "br",
                                       "ol",
                                       "ul",
                                       "li",
                                       "pre",
                                       "code",
                                       "mark",
                                       "svg",
                                       "g",
                                       "rect",
                                       "path",
                                       "text",
                                       "tspan",
                                       "details",
                                       "summary",
                                       "footer",
                                       NULL};
    for (const char *at = strchr(html, '<'); at; at = strchr(at + 1, '<')) {
        const char *name = at + 1 + (at[1] == '/');
        size_t len = strcspn(name, " />");
        bool known = strncmp(name, "!doctype", 8) == 0;
        for (size_t i = 0; ours[i] && !known; i++)
            known = strlen(ours[i]) == len && strncmp(ours[i], name, len) == 0;
        if (!known)
            fail_msg("a tag that is not ours: %.60s", at);
    }
    assert_null(strstr(html, "javascript:"));
    assert_null(strstr(html, "http:"));
    assert_null(strstr(html, "https:"));
    assert_null(strstr(html, "url("));
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "href="));
}

/* Each quote within a tag ends where an attribute ends: no value broke out of its own. */
static void assert_attributes_closed(const char *html)
{
    for (const char *at = strchr(html, '<'); at; at = strchr(at, '<')) {
        bool quoted = false;
        for (at++; *at && (quoted || *at != '>'); at++) {
            if (*at == '"')
                quoted = !quoted;
            if (*at == '<')
                fail_msg("a tag within a tag: %.60s", at);
        }
    }
}

static void test_html__escapes_everything_that_is_markup(void **state)
{
    (void)state;
    struct buf html;
    buf_init(&html, 0);
    html_text(&html, STR("<a b='\"&\x01\x1b\xc2\x9b\xff\xe2\x82\xac\n>"));
    assert_string_equal(html.ptr, "&lt;a b=&#39;&quot;&amp;\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                                  "\xef\xbf\xbd\xe2\x82\xac\n&gt;");
    buf_release(&html);
}

static void test_page__hostile_values_stay_text(void **state)
{
    (void)state;
    struct synthetic synthetic = small();
    struct err err;
    synthetic.violation = synthetic.hostile = true;
    synthetic_write(&synthetic, dir);
    assert_int_equal(report_write(dir, &err), 0);
    char *html = read_file("report.html");
    assert_non_null(strstr(html, "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"));
    for (char *at = html; (at = strstr(at, "&lt;img src="));)
        memcpy(at + 8, "SRC ", 4); /* it may stand there as text */
    assert_only_our_markup(html);
    assert_attributes_closed(html);
    free(html);
}

static void test_page__tells_the_story(void **state)
{
    (void)state;
    struct synthetic synthetic = small();
    struct err err;
    synthetic.violation = true;
    synthetic_write(&synthetic, dir);
    assert_int_equal(report_write(dir, &err), 0);
    char *html = read_file("report.html");
    static const char *const expected[] = {">Violation<",
                                           "Not linearizable: a read of key",
                                           "(partition in force)",
                                           "class=\"timeline\"",
                                           "class=\"chart",
                                           "ordeal</span> <span>run</span>",
                                           "packets dropped",
                                           "Faults and their receipts",
                                           "Who answered, and when again",
                                           "around the witness",
                                           "serializable",
                                           "default-src 'none'"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (!strstr(html, expected[i]))
            fail_msg("the page lacks: %s", expected[i]);
    }
    assert_only_our_markup(html);
    assert_attributes_closed(html);
    free(html);
}

static void test_page__stays_small_however_long_the_run(void **state)
{
    (void)state;
    struct synthetic synthetic = {.seed = 3,
                                  .operations = 300000,
                                  .nodes = 9,
                                  .clients = 60,
                                  .keys = 10,
                                  .seconds = 60,
                                  .faults = 1500,
                                  .violation = true,
                                  .judged = true};
    char path[128];
    struct stat stat_of;
    struct err err;
    synthetic_write(&synthetic, dir);
    assert_int_equal(report_write(dir, &err), 0);
    (void)snprintf(path, sizeof path, "%s/report.html", dir);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_in_range(stat_of.st_size, 100000, 2000000);
}

static void test_page__missing_files_are_one_sentence(void **state)
{
    (void)state;
    struct synthetic synthetic = small();
    char path[128];
    struct err err;

    assert_int_equal(report_write("/nonexistent", &err), -1);
    assert_string_equal(err.msg, "'/nonexistent' is not the folder of a run: cannot open "
                                 "'/nonexistent/history.jsonl': No such file or directory");
    synthetic_write(&synthetic, dir);
    (void)snprintf(path, sizeof path, "%s/results.json", dir);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/test.json", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(report_write(dir, &err), 0);
    char *html = read_file("report.html");
    assert_non_null(strstr(html, "Not judged"));
    assert_null(strstr(html, "Run it again"));
    free(html);

    write_file("results.json", "{\"valid\":\n\n false, nonsense");
    assert_int_equal(report_write(dir, &err), -1);
    assert_non_null(strstr(err.msg, "/results.json' is damaged, line 3"));
    write_file("results.json", "[1,2]");
    assert_int_equal(report_write(dir, &err), -1);
    write_file("results.json",
               "{\"valid\":false,\"decisive\":7,\"reason\":[],\"checkers\":{\"x\":"
               "{\"valid\":false,\"anomalies\":[{\"verified\":true,\"ops\":[1,-1,"
               "99999999999,\"a\",1e300]}]},\"stats\":3,\"availability\":{\"before\""
               ":7,\"faults\":[1,{}]}}}");
    write_file("test.json", "{\"command\":[1,null,\"x\"],\"plan\":3,\"seed\":\"s\",\"nodes\":{}}");
    assert_int_equal(report_write(dir, &err), 0); /* odd, but JSON */
}

static void test_page__empty_history(void **state)
{
    (void)state;
    struct err err;
    write_file("history.jsonl", "");
    assert_int_equal(report_write(dir, &err), 0);
    char *html = read_file("report.html");
    assert_only_our_markup(html);
    assert_non_null(strstr(html, "Not judged"));
    free(html);
}

static void test_page__of_a_history_alone(void **state)
{
    (void)state;
    static const struct checker level = {.name = "linearizable", .is_level = true};
    char path[128];
    struct err err;
    struct results results;
    struct hist *hist = hist_new("p0 write x 1 @ 0 1\np1 write x 2 @ 2 3\np2 read x -> 1 @ 4 5\n"
                                 "p3 cas x 1 2 @ 4 ?\n");
    struct judgement judgement = {.checker = &level};
    finding_init(&judgement.finding);
    finding_set(&judgement.finding, VERDICT_INVALID, "the read is stale");
    assert_int_equal(finding_add(&judgement.finding, "stale-read", (const uint32_t[]){0, 1, 2, 3},
                                 4, true, "see", &err),
                     0);
    results_merge(&hist->history, &judgement, 1, NULL, &results);
    (void)snprintf(path, sizeof path, "%s/alone.html", dir);
    assert_int_equal(report_write_history(&results, path, &err), 0);
    char *html = read_file("alone.html");
    assert_non_null(strstr(html, "although 2 had been acknowledged 1 ns before."));
    assert_only_our_markup(html);
    free(html);
    assert_int_equal(report_write_history(&results, "/nonexistent/x.html", &err), -1);
    finding_release(&judgement.finding);
    hist_free(hist);
}

/* A fault as it stands in a record, with what its last event says besides. */
static void write_fault(const char *f, const char *value, const char *more)
{
    struct buf text;
    static const char *const edges[] = {"begin", "begun", "end", "ended"};

    buf_init(&text, 0);
    for (int i = 0; i < 4; i++)
        buf_printf(&text,
                   "{\"time\":%d000000000,\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"%s\","
                   "\"fault\":0,\"edge\":\"%s\",\"value\":%s%s}\n",
                   i + 1, f, edges[i], value, i == 3 ? more : "");
    write_file("history.jsonl", text.ptr);
    buf_release(&text);
}

static char *page_of_fault(const char *f, const char *value, const char *more)
{
    struct err err;

    write_fault(f, value, more);
    assert_int_equal(report_write(dir, &err), 0);
    char *html = read_file("report.html");
    assert_only_our_markup(html);
    assert_attributes_closed(html);
    return html;
}

static void test_page__each_link_has_its_cell(void **state)
{
    (void)state;
    char *html = page_of_fault(
        "partition", "{\"n10\":[\"n2\"],\"clients\":[\"n2\"]}",
        ",\"affected\":1204,\"links\":{\"n2>n10\":{\"packets_dropped\":1204,\"lost\":3}}");
    static const char *const expected[] = {
        "partition: 1,204 packets dropped, 3 packets lost on 1 link<",
        "<th class=\"num\">n2</th><th class=\"num\">n10</th><th class=\"num\">clients</th>",
        "<tr><th>n2</th><td class=\"num\"></td><td class=\"num hit\">1,204<br><span "
        "class=\"dim\">3 "
        "lost</span></td><td class=\"num hit\">0</td></tr>",
        "<tr><th>n10</th><td class=\"num dim\">·</td><td class=\"num\"></td>"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (!strstr(html, expected[i]))
            fail_msg("the page lacks: %s", expected[i]);
    }
    free(html);
}

static void test_page__links_that_make_no_sense_do_no_harm(void **state)
{
    (void)state;
    static const char *const odd[] = {
        ",\"links\":7", ",\"links\":[1,2]", ",\"links\":{\"n1\":{\"lost\":1},\"\":null}",
        ",\"links\":{\">\":{\"lost\":-4},\"<b>n1>n2>n3\":{\"lost\":\"x\"},\"a>b\":3}",
        ",\"links\":{\"a\\u0000b>c\":{\"lost\":1}}"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        free(page_of_fault("partition", "{\"n1\":7,\"n2\":[3,\"<i>\"]}", odd[i]));
    char *html = page_of_fault("kill", "[\"n1\"]", "");
    assert_null(strstr(html, "What each link met"));
    free(html);
}

static void test_page__clocks_have_a_line_each(void **state)
{
    (void)state;
    struct synthetic synthetic = small();
    struct buf text;
    struct err err;

    synthetic_write(&synthetic, dir);
    assert_int_equal(report_write(dir, &err), 0);
    char *html = read_file("report.html");
    assert_null(strstr(html, "clocks were off"));
    assert_null(strstr(html, "clocks.jsonl"));
    free(html);
    buf_init(&text, 0);
    for (int i = 0; i < 300; i++) /* n3 is right; what else the names hold stays text */
        buf_printf(&text,
                   "{\"time\":%d,\"node\":\"%s\",\"wall_offset_ns\":%s,"
                   "\"monotonic_offset_ns\":%d}\n",
                   i,
                   i % 3 == 0   ? "<i>n1"
                   : i % 3 == 1 ? "n2"
                                : "n3",
                   i % 3 == 0   ? "3600000000000"
                   : i % 3 == 1 ? "-9223372036854775807"
                                : "-12",
                   i % 3 == 1 ? i * 1000000 : 3);
    buf_puts(&text, "{\"time\":70");
    write_file("clocks.jsonl", text.ptr);
    buf_release(&text);
    assert_int_equal(report_write(dir, &err), 0);
    html = read_file("report.html");
    static const char *const expected[] = {
        ">&lt;i&gt;n1</text>",
        ">n2</text>",
        ">+1 h</text>",
        "class=\"clock\"",
        "class=\"clock monotonic\"",
        "not drawn: n3. Lines of clocks.jsonl that could not be used: 1."};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (!strstr(html, expected[i]))
            fail_msg("the page lacks: %s", expected[i]);
    }
    assert_null(strstr(html, "nan"));
    assert_only_our_markup(html);
    assert_attributes_closed(html);
    free(html);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_html__escapes_everything_that_is_markup),
        TEST(test_page__hostile_values_stay_text),
        TEST(test_page__tells_the_story),
        TEST(test_page__stays_small_however_long_the_run),
        TEST(test_page__missing_files_are_one_sentence),
        TEST(test_page__empty_history),
        TEST(test_page__of_a_history_alone),
        TEST(test_page__each_link_has_its_cell),
        TEST(test_page__links_that_make_no_sense_do_no_harm),
        TEST(test_page__clocks_have_a_line_each),
    };
    return cmocka_run_group_tests_name("report/page", tests, NULL, NULL);
}
