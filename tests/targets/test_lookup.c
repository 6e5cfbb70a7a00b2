/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/target.c and helper.c: names, plug-ins that do not load, and what is said. */
#include "../../harness/helper.h"
#include "../../targets/plugin.h"
#include "../lib/check.h"
#include "built.h"
#include "pattern.h"

#include <fcntl.h>
#include <sys/stat.h>

/* What plug-ins and the reference host need and this test has not: nodes. */
const char *node_name(const struct node *node)
{
    (void)node;
    return "n1";
}

int node_index(const struct node *node)
{
    (void)node;
    return 0;
}

const char *node_address(const struct node *node)
{
    (void)node;
    return "127.0.0.1";
}

int node_start(struct node *node, const struct process_spec *spec, struct err *err)
{
    (void)node;
    (void)spec;
    return err_set(err, 0, "not in this test");
}

int node_stop(struct node *node, const char *name, int timeout_ms, struct err *err)
{
    (void)node;
    (void)name;
    (void)timeout_ms;
    return err_set(err, 0, "not in this test");
}

int node_run(struct node *node, const char *const *argv, struct str input, int timeout_ms,
             int *status, struct buf *output, struct buf *errors, struct err *err)
{
    (void)node;
    (void)argv;
    (void)input;
    (void)timeout_ms;
    (void)status;
    (void)output;
    (void)errors;
    return err_set(err, 0, "not in this test");
}

bool node_process_ended(struct node *node, const char *name, char how[NODE_HOW_MAX])
{
    (void)node;
    (void)name;
    (void)how;
    return false;
}

/* A folder that looks like the programs', with plug-ins of our making. */
static char folder[64];

static void put_file(const char *name, const char *bytes, size_t len)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* The etcd plug-in's bytes. */
static char *read_plugin(size_t *len)
{
    char path[PATH_MAX + 64];
    struct stat about;

    (void)snprintf(path, sizeof path, "%s/plugins/target-etcd.so", built_dir());
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &about) < 0)
        return NULL;
    *len = (size_t)about.st_size;
    char *bytes = malloc(*len);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *len, file), *len);
    (void)fclose(file);
    return bytes;
}

/* The plug-in with `from` replaced everywhere by `to`, of the same length; len 0: as it is. */
static void put_patched(const char *name, const void *from, const void *to, size_t len)
{
    size_t size, count = 0;
    char *bytes = read_plugin(&size), *at;

    assert_non_null(bytes);
    while (len > 0 && (at = memmem(bytes, size, from, len)) != NULL) {
        memcpy(at, to, len);
        count++;
    }
    assert_true(count > 0 || len == 0);
    put_file(name, bytes, size);
    free(bytes);
}

static int make_folder(void **state)
{
    (void)state;
    char path[PATH_MAX + 64], link[128];
    const unsigned long abi[PLUGIN_ABI_NUMBERS] = PLUGIN_ABI;
    unsigned long other[PLUGIN_ABI_NUMBERS];

    (void)snprintf(folder, sizeof folder, "/tmp/ordeal test XXXXXX"); /* with a space in it */
    assert_non_null(mkdtemp(folder));
    (void)snprintf(link, sizeof link, "%s/plugins", folder);
    assert_int_equal(mkdir(link, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/ordeal-node", built_dir());
    (void)snprintf(link, sizeof link, "%s/ordeal-node", folder);
    assert_int_equal(symlink(path, link), 0);
    put_file("plugins/target-garbage.so", "garbage", 7);
    put_file("plugins/target-left-out.skipped", "libfoo-dev\n", 11);
    put_file("plugins/unrelated.txt", "x", 1);
    put_patched("plugins/target-lost.so", "libcurl-gnutls.so.4", "libcurl-gnutls.so.9", 19);
    memcpy(other, abi, sizeof other);
    other[0]++;
    put_patched("plugins/target-old.so", abi, other, sizeof abi);
    put_patched("plugins/target-etcd.so", "", "", 0);
    return setenv("ORDEAL_LIBEXEC", folder, 1);
}

static int remove_folder(void **state)
{
    (void)state;
    char command[96];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void assert_refused(const char *name, const char *sentence)
{
    struct err err;

    assert_null(target_find(name, &err));
    if (!strstr(err.msg, sentence))
        fail_msg("said: %s", err.msg);
}

static void test_lookup__finds_each_kind(void **state)
{
    (void)state;
    static const char *const names[] = {"memory", "etcd", "naive"};
    struct err err;

    for (size_t i = 0; i < 3; i++) {
        const struct target *target = target_find(names[i], &err);
        assert_non_null(target);
        assert_string_equal(target->name, names[i]);
        assert_ptr_equal(target_find(names[i], &err), target);
    }
}

static void test_lookup__unknown_names_get_the_nearest(void **state)
{
    (void)state;
    assert_refused("ectd", "there is no target 'ectd'; did you mean 'etcd'?");
    assert_refused("memroy", "did you mean 'memory'?");
    assert_refused("nave", "did you mean 'naive'?");
    assert_refused("../../etc/passwd", "there is no target '../../etc/passwd'");
    assert_refused("", "there is no target ''");
}

static void test_lookup__a_missing_library_is_named_with_its_package(void **state)
{
    (void)state;
    assert_refused("lost", "target 'lost' needs the library libcurl-gnutls.so.9; run "
                           "`apt-get install libcurl4-gnutls-dev`");
    assert_refused("left-out", "run `apt-get install libfoo-dev` and `make`");
}

static void test_lookup__broken_plugins_are_refused(void **state)
{
    (void)state;
    assert_refused("garbage", "cannot load the plug-in of target 'garbage'");
    assert_refused("old", "is of another build; run `make` again");
}

static void test_lookup__the_list_has_all_and_says_what_is_wrong(void **state)
{
    (void)state;
    static const char *const names[] = {"etcd",  "garbage", "left-out", "lost", "memory",
                                        "naive", "old",     "raft",     NULL};
    const struct target_entry *entries;
    struct err err;
    int count = target_list(&entries, &err), found = 0;

    for (int i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(entries[i - 1].name, entries[i].name) < 0);
        if (names[found] && strcmp(entries[i].name, names[found]) == 0)
            found++;
        assert_true((entries[i].target == NULL) == (entries[i].problem != NULL));
    }
    assert_null(names[found]); /* all of them, among the reference protocols */
}

static void test_lookup__pairs_of_values(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "[", "[1]", "[1,2,3]", "[1,\"a\"]", "{}", "1", "[1.5,2]"};
    struct op_value from, to, value = OP_PAIR(3, -4);

    assert_true(op_value_pair(&value, &from, &to));
    assert_int_equal(from.a, 3);
    assert_int_equal(to.a, -4);
    value = (struct op_value){.kind = OP_VALUE_JSON, .json = STR("[null,8]")};
    assert_true(op_value_pair(&value, &from, &to));
    assert_int_equal(from.kind, OP_VALUE_NIL);
    assert_int_equal(to.a, 8);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        value.json = str_of(bad[i]);
        assert_false(op_value_pair(&value, &from, &to));
    }
    value = OP_INT(1);
    assert_false(op_value_pair(&value, &from, &to));
}

static void test_helper__says_what_is_missing(void **state)
{
    (void)state;
    char path[PATH_MAX], small[4];
    struct err err;

    assert_int_equal(helper_find("ordeal-node", path, sizeof path, &err), 0);
    assert_int_equal(helper_find("nonsense", path, sizeof path, &err), -1);
    assert_non_null(strstr(err.msg, "'nonsense' is not in"));
    assert_int_equal(helper_dir(small, sizeof small, &err), -1);
}

/* In the words of the C library, of libuv, and behind whatever was tried. */
static void test_lookup__a_reference_node_may_end_where_the_machine_refuses(void **state)
{
    (void)state;
    static const char *const may[] = {"cannot listen on port 7000: too many open files",
                                      "cannot sync 'log': Input/output error",
                                      "cannot append to 'log': no space left on device"};
    struct err err;
    const struct log_pattern *patterns = target_find("naive", &err)->log_patterns;
    char line[128];

    for (size_t i = 0; i < sizeof may / sizeof *may; i++) {
        (void)snprintf(line, sizeof line, "fatal: %s", may[i]);
        assert_false(pattern_matches(patterns, "fatal", line));
    }
    assert_true(pattern_matches(patterns, "fatal", "fatal: the log has a hole"));
    assert_true(pattern_matches(patterns, "fatal", "fatal: too many open files were expected"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup__finds_each_kind),
        cmocka_unit_test(test_lookup__unknown_names_get_the_nearest),
        cmocka_unit_test(test_lookup__a_missing_library_is_named_with_its_package),
        cmocka_unit_test(test_lookup__broken_plugins_are_refused),
        cmocka_unit_test(test_lookup__the_list_has_all_and_says_what_is_wrong),
        cmocka_unit_test(test_lookup__a_reference_node_may_end_where_the_machine_refuses),
        cmocka_unit_test(test_lookup__pairs_of_values),
        cmocka_unit_test(test_helper__says_what_is_missing),
    };
    return cmocka_run_group_tests_name("targets/lookup", tests, make_folder, remove_folder);
}
