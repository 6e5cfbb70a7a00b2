/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of commands/check.c, run as main() runs it: what it prints and exits with. */
#include "../../harness/checker.h"
#include "../../harness/commands/commands.h"
#include "../lib/check.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct command command_check;

static char folder[] = "/tmp/test_check.XXXXXX";
static char out[65536], err[4096];

#define WRITE3                                                                                     \
    "{\"index\":0,\"time\":1,\"type\":\"invoke\",\"process\":0,\"f\":\"write\",\"value\":3}\n"     \
    "{\"index\":1,\"time\":2,\"type\":\"ok\",\"process\":0,\"f\":\"write\",\"value\":3}\n"         \
    "{\"index\":2,\"time\":3,\"type\":\"invoke\",\"process\":1,\"f\":\"read\",\"value\":null}\n"
#define GOOD                                                                                       \
    WRITE3 "{\"index\":3,\"time\":4,\"type\":\"ok\",\"process\":1,\"f\":\"read\",\"value\":3}\n"
#define BAD                                                                                        \
    WRITE3 "{\"index\":3,\"time\":4,\"type\":\"ok\",\"process\":1,\"f\":\"read\",\"value\":null}"  \
           "\n"

static void put(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What a program wrote to a stream, through a file. */
static int divert(int fd, const char *name)
{
    char path[256];
    int saved = dup(fd);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_true(dup2(file, fd) >= 0);
    (void)close(file);
    return saved;
}

static void restore(int fd, int saved, char *into, size_t size)
{
    ssize_t len = pread(fd, into, size - 1, 0);
    into[len > 0 ? len : 0] = '\0';
    assert_true(dup2(saved, fd) >= 0);
    (void)close(saved);
}

/* Run `ordeal check <words>` in the folder; what it printed is in out and err. */
static int check(const char *line)
{
    char words[1024], *argv[32];
    char *rest = NULL;
    int argc = 0;

    (void)snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    argv[argc] = NULL;
    (void)fflush(stdout);
    (void)fflush(stderr);
    int saved_out = divert(STDOUT_FILENO, ".out"), saved_err = divert(STDERR_FILENO, ".err");
    int code = command_check.main(argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    restore(STDOUT_FILENO, saved_out, out, sizeof out);
    restore(STDERR_FILENO, saved_err, err, sizeof err);
    return code;
}

static void expect(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
}

static void test_check__several_histories_get_a_line_each(void **state)
{
    (void)state;
    assert_int_equal(check("good.jsonl bad.jsonl empty.jsonl broken.jsonl"), EXIT_VIOLATION);
    assert_string_equal(out, "good.jsonl\ttrue\nbad.jsonl\tfalse\nempty.jsonl\tunknown\n"
                             "broken.jsonl\terror\n");
    expect(err, "ordeal check: 'broken.jsonl', line 1: process 0 completes an operation");
    assert_int_equal(check("good.jsonl broken.jsonl empty.jsonl"), EXIT_HARNESS);
    assert_int_equal(check("good.jsonl empty.jsonl"), EXIT_UNDECIDED);
    assert_int_equal(check("good.jsonl good.jsonl"), EXIT_PASSED);
    assert_string_equal(out, "good.jsonl\ttrue\ngood.jsonl\ttrue\n");
}

static void test_check__one_history_is_explained(void **state)
{
    (void)state;
    assert_int_equal(check("bad.jsonl"), EXIT_VIOLATION);
    expect(out, "Not linearizable: ");
    expect(out, "checked: linearizable; 2 operations: 2 ok, 0 fail, 0 info");
    assert_string_equal(err, "");
    assert_int_equal(check("good.jsonl"), EXIT_PASSED);
    expect(out, "Passed: linearizable; 2 of 2 operations succeeded");
    assert_int_equal(check("nothing.jsonl"), EXIT_HARNESS);
    assert_string_equal(err,
                        "ordeal check: cannot open 'nothing.jsonl': No such file or directory\n");
}

static void test_check__json_is_one_object_a_history(void **state)
{
    (void)state;
    assert_int_equal(check("--json bad.jsonl"), EXIT_VIOLATION);
    json_t *json = json_loads(out, 0, NULL);
    assert_non_null(json);
    assert_true(json_is_false(json_object_get(json, "valid")));
    json_decref(json);

    assert_int_equal(check("--json good.jsonl broken.jsonl"), EXIT_HARNESS);
    char *second = strchr(out, '\n') + 1;
    json = json_loads(out, JSON_DISABLE_EOF_CHECK, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "file")), "good.jsonl");
    json_decref(json);
    json = json_loads(second, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "file")), "broken.jsonl");
    assert_string_equal(json_string_value(json_object_get(json, "outcome")), "harness-failed");
    json_decref(json);
}

static void test_check__what_the_run_says_is_used(void **state)
{
    (void)state;
    assert_int_equal(mkdir("run", 0700), 0);
    put("run/history.jsonl", GOOD);
    put("run/test.json", "{\"model\":\"register\",\"initial\":3,\"consistency\":\"linearizable\"}");
    assert_int_equal(check("run"), EXIT_PASSED);
    expect(out, "checked: linearizable, model register; 2 operations");
    put("run/history.jsonl", BAD);
    assert_int_equal(check("run"), EXIT_VIOLATION);
    put("run/test.json", "{\"model\":");
    assert_int_equal(check("run"), EXIT_HARNESS);
    expect(err, "ordeal check: 'run/test.json' is damaged, line 1: ");
}

static void test_check__the_initial_value_counts(void **state)
{
    (void)state;
    put("first.csv", "process,f,value,result,invoke,complete\n0,read,,7,1,2\n");
    assert_int_equal(check("first.csv"), EXIT_VIOLATION);
    expect(out, "If that was there from the start, say so: --initial '7'\n");
    assert_int_equal(check("--initial 7 first.csv"), EXIT_PASSED);
    assert_int_equal(check("--initial 7.0 first.csv"), EXIT_PASSED);
}

#define READ_OBJECT                                                                                \
    "{\"time\":1,\"type\":\"invoke\",\"process\":0,\"f\":\"read\",\"value\":null}\n"               \
    "{\"time\":2,\"type\":\"ok\",\"process\":0,\"f\":\"read\",\"value\":{\"b\":[2],\"a\":1}}\n"
#define READ_LIST                                                                                  \
    "{\"time\":1,\"type\":\"invoke\",\"process\":0,\"f\":\"append\",\"value\":3}\n"                \
    "{\"time\":2,\"type\":\"ok\",\"process\":0,\"f\":\"append\",\"value\":3}\n"                    \
    "{\"time\":3,\"type\":\"invoke\",\"process\":0,\"f\":\"read\",\"value\":null}\n"               \
    "{\"time\":4,\"type\":\"ok\",\"process\":0,\"f\":\"read\",\"value\":[1,2,3]}\n"

static void test_check__the_initial_value_is_compared_as_a_value_not_as_text(void **state)
{
    (void)state;
    put("h", READ_OBJECT);
    assert_int_equal(check("--initial {\"a\":1.0,\"b\":[2]} h"), EXIT_PASSED);
    put("h", READ_LIST);
    assert_int_equal(check("--initial [1,2.0] --model append-list h"), EXIT_PASSED);
    assert_int_equal(check("--initial [1,4] --model append-list h"), EXIT_VIOLATION);
    assert_null(strstr(out, "say so"));
}

#define CAS(outcome)                                                                               \
    "{\"type\":\"invoke\",\"process\":0,\"f\":\"write\",\"value\":1}\n"                            \
    "{\"type\":\"ok\",\"process\":0,\"f\":\"write\",\"value\":1}\n"                                \
    "{\"type\":\"invoke\",\"process\":0,\"f\":\"cas\",\"value\":[5,6]}\n"                          \
    "{\"type\":\"" outcome "\",\"process\":0,\"f\":\"cas\",\"value\":false}\n"

static void test_check__an_ok_of_false_is_nobodys_fault(void **state)
{
    (void)state;
    put("h", CAS("ok"));
    assert_int_equal(check("h"), EXIT_HARNESS);
    expect(err, "operation 2, a 'cas', is 'ok' with the value false: where nothing was done, "
                "record 'fail'");
    put("h", CAS("fail"));
    assert_int_equal(check("h"), EXIT_PASSED);
}

static void test_check__registers_together_begin_as_one_value(void **state)
{
    (void)state;
    put("h", "{\"time\":1,\"type\":\"invoke\",\"process\":0,\"f\":\"txn\","
             "\"value\":[[\"r\",\"x\",null]]}\n"
             "{\"time\":2,\"type\":\"ok\",\"process\":0,\"f\":\"txn\","
             "\"value\":[[\"r\",\"x\",0]]}\n");
    assert_int_equal(check("--model multi-register --initial 0 h"), EXIT_PASSED);
    assert_int_equal(check("--model multi-register --initial {\"x\":0} h"), EXIT_UNDECIDED);
    expect(out, "the registers of a multi-register all begin as one value: give that, such as 0, "
                "not an object\n");
}

static void test_check__without_real_time_nothing_is_linearizable(void **state)
{
    (void)state;
    put("plume.txt", "w(1,2,0,0)\nr(1,2,1,1)\n");
    assert_int_equal(check("--consistency linearizable plume.txt"), EXIT_UNDECIDED);
    expect(out, "Undecided: linearizable: the history says nothing about real time");
    put("plume.txt", "w(1,2,0,0)\nr(1,2,1,1)\nr(3,0,0,0)\n");
    assert_int_equal(check("plume.txt"), EXIT_UNDECIDED);
    expect(out, "transaction 0 has more than one operation");
}

static void test_check__too_little_memory_is_undecided(void **state)
{
    (void)state;
    assert_int_equal(check("--memory-limit 4K good.jsonl"), EXIT_UNDECIDED);
    expect(out, "out of memory while reading the history; give a larger --memory-limit");
}

static void test_check__export_prints_the_history(void **state)
{
    (void)state;
    assert_int_equal(check("--export edn good.jsonl"), EXIT_PASSED);
    expect(out, "{:index 0, :time 1, :type :invoke, :process 0, :f :write, :value 3}\n");
    assert_int_equal(check("--export jsonl good.jsonl"), EXIT_PASSED);
    assert_string_equal(out, GOOD);
    assert_int_equal(check("--export edn broken.jsonl"), EXIT_HARNESS);
}

static void test_check__report_is_a_page(void **state)
{
    (void)state;
    struct stat page;
    assert_int_equal(check("--report page.html bad.jsonl"), EXIT_VIOLATION);
    assert_int_equal(stat("page.html", &page), 0);
    assert_true(page.st_size > 1000);
    assert_int_equal(check("--report none/page.html bad.jsonl"), EXIT_VIOLATION);
    assert_int_equal(check("--report none/page.html good.jsonl"), EXIT_HARNESS);
}

static void test_check__bad_usage_is_254(void **state)
{
    (void)state;
    static const struct {
        const char *line, *said;
    } cases[] = {
        {"", "an argument is missing: ordeal check HISTORY..."},
        {"--consistency linearisable x",
         "does not know 'linearisable'; did you mean 'linearizable'?"},
        {"--model regster x", "'--model' does not know 'regster'; did you mean 'register'?"},
        {"--format jsonk x", "'--format' does not know 'jsonk'; did you mean 'jsonl'?"},
        {"--export xml x", "'--export' does not know 'xml'"},
        {"--report a.html x y", "'--report' takes one history at a time"},
        {"--initial nil x", "'--initial' wants JSON such as 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(check(cases[i].line), EXIT_USAGE);
        expect(err, cases[i].said);
    }
}

static int enter(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || chdir(folder) < 0)
        return -1;
    put("good.jsonl", GOOD);
    put("bad.jsonl", BAD);
    put("empty.jsonl", "");
    put("broken.jsonl", "{\"type\":\"ok\",\"process\":0,\"f\":\"read\"}\n{}\n");
    return 0;
}

static int leave(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") < 0 || system(command) != 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check__several_histories_get_a_line_each),
        cmocka_unit_test(test_check__one_history_is_explained),
        cmocka_unit_test(test_check__json_is_one_object_a_history),
        cmocka_unit_test(test_check__what_the_run_says_is_used),
        cmocka_unit_test(test_check__the_initial_value_counts),
        cmocka_unit_test(test_check__the_initial_value_is_compared_as_a_value_not_as_text),
        cmocka_unit_test(test_check__an_ok_of_false_is_nobodys_fault),
        cmocka_unit_test(test_check__registers_together_begin_as_one_value),
        cmocka_unit_test(test_check__without_real_time_nothing_is_linearizable),
        cmocka_unit_test(test_check__too_little_memory_is_undecided),
        cmocka_unit_test(test_check__export_prints_the_history),
        cmocka_unit_test(test_check__report_is_a_page),
        cmocka_unit_test(test_check__bad_usage_is_254),
    };
    return cmocka_run_group_tests_name("commands/check", tests, enter, leave);
}
