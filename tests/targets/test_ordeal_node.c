/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of ordeal-node as a program: Maelstrom's exchanges on standard input and output, its stable
 * storage, and bad usage. */
#include "../lib/check.h"
#include "built.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define INIT                                                                                       \
    "{\"src\":\"c0\",\"dest\":\"n1\",\"body\":{\"type\":\"init\",\"msg_id\":1,\"node_id\":\"n1\"," \
    "\"node_ids\":[\"n1\",\"n2\"]}}\n"
#define INIT_OK                                                                                    \
    "{\"src\":\"n1\",\"dest\":\"c0\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":1}}\n"
#define TO_N1(src, body) "{\"src\":\"" src "\",\"dest\":\"n1\",\"body\":{" body "}}\n"
#define FROM_N1(dest, body) "{\"src\":\"n1\",\"dest\":\"" dest "\",\"body\":{" body "}}\n"

/* Run `ordeal-node <words>` with that input; its output and errors go into text. The exit status.
 */
static int run(const char *const *words, const char *input, char *text, size_t size)
{
    const char *argv[16] = {"ordeal-node"};
    char path[PATH_MAX + 16];
    int in[2], out[2], status;
    size_t len = 0;
    ssize_t count;

    for (int i = 0; words[i]; i++)
        argv[i + 1] = words[i];
    (void)snprintf(path, sizeof path, "%s/ordeal-node", built_dir());
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)dup2(out[1], STDERR_FILENO);
        (void)execv(path, (char *const *)argv);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)!write(in[1], input, strlen(input)); /* less than a pipe holds */
    (void)close(in[1]);
    while ((count = read(out[0], text + len, size - 1 - len)) > 0)
        len += (size_t)count;
    text[len] = '\0';
    (void)close(out[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void assert_exchange(const char *input, const char *expected)
{
    const char *const words[] = {"naive", "--stdio", NULL};
    char text[8192];

    assert_int_equal(run(words, input, text, sizeof text), 0);
    assert_string_equal(text, expected);
}

static void test_stdio__reads_and_writes(void **state)
{
    (void)state;
    assert_exchange(
        INIT TO_N1("c1", "\"type\":\"read\",\"key\":1,\"msg_id\":1")
            TO_N1("c1", "\"type\":\"write\",\"key\":1,\"value\":{\"a\":[1]},\"msg_id\":2")
                TO_N1("c2", "\"type\":\"read\",\"key\":1,\"msg_id\":3"),
        INIT_OK FROM_N1("c1",
                        "\"type\":\"error\",\"code\":20,\"text\":\"no such key\",\"in_reply_to\":1")
            FROM_N1("n2", "\"type\":\"change\",\"key\":1,\"value\":{\"a\":[1]}")
                FROM_N1("c1", "\"type\":\"write_ok\",\"in_reply_to\":2")
                    FROM_N1("c2", "\"type\":\"read_ok\",\"value\":{\"a\":[1]},\"in_reply_to\":3"));
}

static void test_stdio__cas(void **state)
{
    (void)state;
    assert_exchange(
        INIT TO_N1("c1", "\"type\":\"cas\",\"key\":1,\"from\":0,\"to\":1,\"msg_id\":1")
            TO_N1("c1", "\"type\":\"cas\",\"key\":1,\"from\":null,\"to\":1,\"msg_id\":2")
                TO_N1("c1", "\"type\":\"cas\",\"key\":1,\"from\":2,\"to\":3,\"msg_id\":3"),
        INIT_OK FROM_N1("c1",
                        "\"type\":\"error\",\"code\":20,\"text\":\"no such key\",\"in_reply_to\":1")
            FROM_N1("n2", "\"type\":\"change\",\"key\":1,\"value\":1")
                FROM_N1("c1", "\"type\":\"cas_ok\",\"in_reply_to\":2") FROM_N1(
                    "c1", "\"type\":\"error\",\"code\":22,\"text\":\"it has another value\","
                          "\"in_reply_to\":3"));
}

static void test_stdio__changes_of_others_are_applied_and_not_answered(void **state)
{
    (void)state;
    assert_exchange(INIT TO_N1("n2", "\"type\":\"change\",\"key\":\"x\",\"value\":9")
                        TO_N1("c1", "\"type\":\"read\",\"key\":\"x\",\"msg_id\":1"),
                    INIT_OK FROM_N1("c1", "\"type\":\"read_ok\",\"value\":9,\"in_reply_to\":1"));
}

static void test_stdio__before_init_nothing_is_served(void **state)
{
    (void)state;
    assert_exchange(TO_N1("c1", "\"type\":\"read\",\"key\":1,\"msg_id\":1"),
                    "{\"src\":\"?\",\"dest\":\"c1\",\"body\":{\"type\":\"error\",\"code\":11,"
                    "\"text\":\"no init yet\",\"in_reply_to\":1}}\n");
}

static void test_stdio__what_is_not_known_is_refused(void **state)
{
    (void)state;
    assert_exchange(
        INIT TO_N1("c1", "\"type\":\"dance\",\"msg_id\":1")
            TO_N1("c1", "\"type\":\"write\",\"key\":1,\"msg_id\":2")
                TO_N1("c1", "\"type\":\"read\",\"msg_id\":3"),
        INIT_OK FROM_N1(
            "c1", "\"type\":\"error\",\"code\":10,\"text\":\"no such request\",\"in_reply_to\":1")
            FROM_N1("c1", "\"type\":\"error\",\"code\":12,\"text\":\"a write needs a value\","
                          "\"in_reply_to\":2")
                FROM_N1("c1", "\"type\":\"error\",\"code\":12,\"text\":\"a command needs a key\","
                              "\"in_reply_to\":3"));
}

static void test_stdio__garbage_is_dropped(void **state)
{
    (void)state;
    const char *const words[] = {"naive", "--stdio", NULL};
    char text[8192];

    assert_int_equal(run(words,
                         INIT "nonsense\n\n{}\n[1]\n{\"src\":1,\"dest\":2,\"body\":3}\n\x01\xff\n"
                              "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{}}\n" TO_N1(
                                  "c1", "\"type\":\"read\",\"key\":null,\"msg_id\":7"),
                         text, sizeof text),
                     0);
    assert_non_null(strstr(text, "\"in_reply_to\":7"));
    assert_non_null(strstr(text, "n1: dropped a line that is no message: nonsense\n"));
}

/* -- stable storage ------------------------------------------------------------------------------
 */

static void make_dir(char dir[64])
{
    (void)snprintf(dir, 64, "/tmp/ordeal-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
}

static void remove_dir(const char *dir)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/table", dir);
    (void)unlink(path);
    assert_int_equal(rmdir(dir), 0);
}

static void append_to_table(const char *dir, const char *bytes)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/table", dir);
    FILE *file = fopen(path, "ae");
    assert_non_null(file);
    assert_true(fputs(bytes, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_storage__outlives_the_process_and_drops_what_was_torn(void **state)
{
    (void)state;
    char dir[64], text[4096];

    make_dir(dir);
    const char *const words[] = {"naive", "--stdio", "--data", dir, NULL};
    assert_int_equal(run(words,
                         INIT TO_N1("c1", "\"type\":\"write\",\"key\":1,\"value\":5,\"msg_id\":2"),
                         text, sizeof text),
                     0);
    append_to_table(dir, "{\"key\":1,\"val");
    assert_int_equal(run(words,
                         INIT TO_N1("c1", "\"type\":\"write\",\"key\":2,\"value\":6,\"msg_id\":2"),
                         text, sizeof text),
                     0);
    assert_non_null(strstr(text, "dropped 13 bytes of 'table' that a crash tore"));
    assert_int_equal(run(words,
                         INIT TO_N1("c1", "\"type\":\"read\",\"key\":1,\"msg_id\":3")
                             TO_N1("c1", "\"type\":\"read\",\"key\":2,\"msg_id\":4"),
                         text, sizeof text),
                     0);
    assert_non_null(strstr(text, "\"value\":5,\"in_reply_to\":3"));
    assert_non_null(strstr(text, "\"value\":6,\"in_reply_to\":4"));
    remove_dir(dir);
}

static void test_storage__a_folder_that_is_not_there_ends_the_node(void **state)
{
    (void)state;
    const char *const words[] = {"naive", "--stdio", "--data", "/nowhere/at/all", NULL};
    char text[4096];

    assert_int_equal(run(words, INIT, text, sizeof text), 255);
    assert_non_null(strstr(text, "fatal: cannot open the data folder '/nowhere/at/all'"));
}

/* -- usage ---------------------------------------------------------------------------------------
 */

static void test_usage__mistakes_get_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *words[8];
        const char *said;
    } cases[] = {
        {{NULL}, "one protocol is wanted"},
        {{"nave", "--stdio", NULL}, "there is no protocol 'nave'"},
        {{"naive", NULL}, "--me and --nodes are needed"},
        {{"naive", "--me", "n1", "--nodes", "n1", NULL}, "--nodes wants NAME=ADDRESS"},
        {{"naive", "--me", "n1", "--nodes", "n1=1.2.3", NULL}, "--nodes wants NAME=ADDRESS"},
        {{"naive", "--me", "n9", "--nodes", "n1=127.0.0.1", NULL}, "'n9' is not one of --nodes"},
        {{"naive", "--stdio", "--set", "x", NULL}, "--set wants KEY=VALUE, not 'x'"},
        {{"naive", "--stdio", "--set", "x=1", NULL}, "has no option 'x'"},
        {{"naive", "--stdio", "--bug", "x", NULL}, "has no bug 'x'"},
        {{"naive", "--stdio", "--link", "x", NULL}, "--link is tcp or udp"},
        {{"naive", "--stdio", "--port", "70000", NULL}, "--port wants a number up to 65535"},
    };
    char text[4096];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(run(cases[i].words, "", text, sizeof text), 254);
        assert_non_null(strstr(text, cases[i].said));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stdio__reads_and_writes),
        cmocka_unit_test(test_stdio__cas),
        cmocka_unit_test(test_stdio__changes_of_others_are_applied_and_not_answered),
        cmocka_unit_test(test_stdio__before_init_nothing_is_served),
        cmocka_unit_test(test_stdio__what_is_not_known_is_refused),
        cmocka_unit_test(test_stdio__garbage_is_dropped),
        cmocka_unit_test(test_storage__outlives_the_process_and_drops_what_was_torn),
        cmocka_unit_test(test_storage__a_folder_that_is_not_there_ends_the_node),
        cmocka_unit_test(test_usage__mistakes_get_a_sentence),
    };
    return cmocka_run_group_tests_name("targets/ordeal-node", tests, NULL, NULL);
}
