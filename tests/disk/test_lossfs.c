/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the disk as it is mounted: its own self-test, as root and as an ordinary user. */
#include "../lib/check.h"
#include "../lib/inlab.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char program[256];

static bool missing(void)
{
    const char *folder = getenv("B");

    (void)snprintf(program, sizeof program, "%s/ordeal-lossfs", folder ? folder : "build");
    if (access(program, X_OK) == 0)
        return false;
    (void)printf("skip - lossfs: it was not built (libfuse3-dev)\n");
    return true;
}

static int self_test(void *context)
{
    char command[512];

    /* Through a copy where everybody may execute it. */
    (void)snprintf(command, sizeof command,
                   "t=$(mktemp -d) && trap 'rm -rf \"$t\"' EXIT && cp '%s' \"$t/lossfs\" && mkdir "
                   "\"$t/d\" && \"$t/lossfs\" --self-test \"$t/d\" 2>&1",
                   (const char *)context);
    return WEXITSTATUS(system(command));
}

static bool can_open_fuse(void *context)
{
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

    (void)context;
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static int opens_fuse(void *context)
{
    return can_open_fuse(context) ? 0 : 1;
}

static void test_self_test__holds(void **state)
{
    (void)state;
    if (!can_open_fuse(NULL) || inlab_impossible())
        skip();
    assert_int_equal(self_test(program), 0);
}

static void test_self_test__holds_for_an_ordinary_user(void **state)
{
    (void)state;
    if (inlab_impossible() || inlab_as_user(opens_fuse, NULL) != 0)
        skip(); /* `ordeal doctor` says that /dev/fuse may not be opened */
    assert_int_equal(inlab_as_user(self_test, program), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_self_test__holds),
        cmocka_unit_test(test_self_test__holds_for_an_ordinary_user),
    };

    return missing() ? 0 : cmocka_run_group_tests_name("lossfs", tests, NULL, NULL);
}
