/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of lab/examine.c and machine.c: what is found missing is explained, with what mends it. The
 * obstacles are real ones, put up in a user namespace around the test. */
#include "../../harness/lab/process.h"
#include "../lib/check.h"
#include "../lib/inlab.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct lab_ability *find(const struct lab_ability *all, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0)
            return &all[i];
    }
    return NULL;
}

static int nothing(void *context)
{
    (void)context;
    return 0;
}

/* Where labs can be made, that is what is found, and every ability has words. */
static int examine_here(void *context)
{
    struct lab_ability all[LAB_ABILITIES_MAX];
    int count = lab_examine(all);
    const struct lab_ability *namespaces = find(all, count, "namespaces");
    struct err err;

    (void)context;
    EXPECT(count >= 3 && count <= LAB_ABILITIES_MAX);
    for (int i = 0; i < count; i++) {
        EXPECT(all[i].name && all[i].detail[0]);
        EXPECT(!all[i].present || !all[i].remedy[0]);
        EXPECT(find(all, i, all[i].name) == NULL);
    }
    EXPECT(namespaces && namespaces->required);
    EXPECT(namespaces->present == (lab_run(nothing, NULL, &err) == 0));
    if (namespaces->present)
        EXPECT(find(all, count, "nodes") && find(all, count, "packet rules"));
    return 0;
}

static void test_examine__agrees_with_what_can_be_done(void **state)
{
    (void)state;
    assert_int_equal(examine_here(NULL), 0);
    assert_int_equal(inlab_as_user(examine_here, NULL), 0);
}

/* -- obstacles -------------------------------------------------------------------------------- */

static bool lay_down_all_powers(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    return syscall(SYS_capset, &header, none) == 0;
}

static int forbid_users(void)
{
    EXPECT(process_write_file("/proc/sys/user/max_user_namespaces", "0") == 0);
    return 0;
}

static int mask_proc(void)
{
    EXPECT(mount("/dev/null", "/proc/meminfo", NULL, MS_BIND, NULL) == 0);
    return 0;
}

/* As Docker does: no clone with CLONE_NEWUSER (nor clone3, whose flags a filter cannot see). */
static int filter_calls(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
    return 0;
}

struct obstruction {
    int (*put_up)(void);
    const char *says, *mends;
};

/* In a user namespace of its own: the obstacle, then an attempt without any power. */
static int meet(const struct obstruction *obstruction)
{
    struct lab_ability all[LAB_ABILITIES_MAX];
    struct err err = {0};

    EXPECT(obstruction->put_up() == 0);
    EXPECT(lay_down_all_powers());
    EXPECT(prctl(PR_SET_DUMPABLE, 1) == 0);
    EXPECT(lab_run(nothing, NULL, &err) == -1);
    if (!strstr(err.msg, obstruction->says) || !strstr(err.msg, obstruction->mends))
        (void)fprintf(stderr, "said: %s\n", err.msg);
    EXPECT(strstr(err.msg, obstruction->says) && strstr(err.msg, obstruction->mends));

    int count = lab_examine(all);
    const struct lab_ability *namespaces = find(all, count, "namespaces");
    EXPECT(namespaces && !namespaces->present && namespaces->required);
    EXPECT(strstr(namespaces->detail, obstruction->says));
    EXPECT(strstr(namespaces->remedy, obstruction->mends));
    EXPECT(!strstr(namespaces->detail, "mend"));
    return 0;
}

/* There the caller is user 1000: being root of something has consequences of its own. */
static int map_to_somebody(pid_t pid)
{
    static const char *const files[] = {"setgroups", "gid_map", "uid_map"};
    char path[64], text[64];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, files[i]);
        (void)snprintf(text, sizeof text, "1000 %d 1", (int)(i == 1 ? getegid() : geteuid()));
        EXPECT(process_write_file(path, i == 0 ? "deny" : text) == 0);
    }
    return 0;
}

static int obstruct(void *context)
{
    int ready[2], status;
    char byte;

    EXPECT(pipe(ready) == 0);
    pid_t pid = process_clone(CLONE_NEWUSER | CLONE_NEWNS, NULL);
    if (pid == 0) {
        (void)close(ready[1]);
        _exit(read(ready[0], &byte, 1) == 1 ? meet(context) : 1);
    }
    EXPECT(pid > 0);
    EXPECT(map_to_somebody(pid) == 0);
    EXPECT(write(ready[1], "", 1) == 1);
    EXPECT(waitpid(pid, &status, __WALL) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void check(int (*put_up)(void), const char *says, const char *mends)
{
    struct obstruction obstruction = {put_up, says, mends};
    const char *why = inlab_impossible();

    if (why) {
        print_message("skipped: %s\n", why);
        skip();
    }
    assert_int_equal(inlab_as_user(obstruct, &obstruction), 0);
}

static void test_examine__a_limit_on_namespaces_is_named(void **state)
{
    (void)state;
    check(forbid_users, "user.max_user_namespaces", "sudo sysctl -w user.max_user_namespaces=");
}

static void test_examine__a_masked_proc_is_named(void **state)
{
    (void)state;
    check(mask_proc, "masked", "systempaths=unconfined");
}

static void test_examine__a_seccomp_filter_is_named(void **state)
{
    (void)state;
    check(filter_calls, "seccomp", "seccomp=unconfined");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examine__agrees_with_what_can_be_done),
        cmocka_unit_test(test_examine__a_limit_on_namespaces_is_named),
        cmocka_unit_test(test_examine__a_masked_proc_is_named),
        cmocka_unit_test(test_examine__a_seccomp_filter_is_named),
    };
    return cmocka_run_group_tests_name("lab/examine", tests, NULL, NULL);
}
