/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of lab/identity.c: whatever /etc/subuid says, an ordinary user's lab has its root. */
#include "../../harness/lab/process.h"
#include "../lib/check.h"
#include "../lib/inlab.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int is_root_inside(void *context)
{
    (void)context;
    EXPECT(geteuid() == 0 && getegid() == 0 && process_is_admin());
    return 0;
}

static int run_lab(void *context)
{
    struct err err = {0};
    int status = lab_run(is_root_inside, context, &err);

    if (status < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    return status & 0xff;
}

/* With these bytes as both /etc/subuid and /etc/subgid, in mounts of our own. */
static int run_with_grants(const char *bytes, size_t len)
{
    char path[] = "/tmp/ordeal-grants-XXXXXX";
    int fd = mkstemp(path);

    EXPECT(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && fchmod(fd, 0644) == 0);
    (void)close(fd);
    EXPECT(unshare(CLONE_NEWNS) == 0);
    EXPECT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    EXPECT(mount(path, "/etc/subuid", NULL, MS_BIND, NULL) == 0);
    EXPECT(mount(path, "/etc/subgid", NULL, MS_BIND, NULL) == 0);
    EXPECT(unlink(path) == 0);
    return inlab_as_user(run_lab, NULL);
}

static void check(const char *bytes, size_t len)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(run_with_grants(bytes, len));
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0)
        print_message("with: %.*s\n", (int)len, bytes);
    assert_int_equal(status, 0);
}

static void test_identity__any_grants_leave_the_user_its_root(void **state)
{
    (void)state;
    static const char *const grants[] = {
        "",
        "\n\n:\n::\n:::\n",
        "65534",
        "65534:",
        "65534::",
        "65534:100000",
        "65534:100000:",
        "65534:100000:0\n",
        "65534:-1:65536\n",
        "65534:100000:99999999999999999999\n",
        "65534:4294967290:65536\n",
        "65534 100000 65536\n",
        "somebody:1:2\nnobody:0:1\n",
        "nobody:0:4294967295\n",
        "nobody:200000:65536\n",
    };
    const char *why = inlab_impossible();
    char noise[4096];

    if (why || geteuid() != 0 || access("/etc/subuid", F_OK) < 0 ||
        access("/etc/subgid", F_OK) < 0) {
        print_message("skipped: %s\n", why ? why : "needs root, /etc/subuid and /etc/subgid");
        skip();
    }
    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++)
        check(grants[i], strlen(grants[i]));
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * 131 + i / 7);
    check(noise, sizeof noise);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity__any_grants_leave_the_user_its_root),
    };
    return cmocka_run_group_tests_name("lab/identity", tests, NULL, NULL);
}
