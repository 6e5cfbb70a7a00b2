/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of a node whose disk can fail, as the runner sees it: the real agent and the real mount. */
#include "../../harness/agent/client.h"
#include "../../harness/base/clock.h"
#include "../lib/agent_place.h"
#include "../lib/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct agent_place place;
static struct node *node;
static struct err err;
static uint64_t version;

#define DO(call)                                                                                   \
    do {                                                                                           \
        if ((call) != 0)                                                                           \
            fail_msg("%s", err.msg);                                                               \
    } while (0)

static int open_node(void **state)
{
    (void)state;
    agent_place_start(&place, &(struct agent_place_options){0});
    struct connection connection = {.fd = place.fd, .address = "198.18.1.1", .needs = NEED_DISK};
    version = 0;
    if (node_open(&node, "n1", 0, &connection, &err) == 0)
        return 0;
    (void)printf("%s\n", err.msg);
    return -1;
}

static int close_node(void **state)
{
    (void)state;
    node_close(node);
    place.fd = -1;
    return agent_place_end(&place) != 0;
}

static struct receipt declare(enum process_state state, struct disk_fault fault)
{
    struct world world = {
        .version = ++version, .node_count = 1, .processes = {state}, .disks = {fault}};
    struct receipt receipt;

    DO(node_world(node, &world, &receipt, &err));
    return receipt;
}

/* The script's status; its output is dropped. */
static int sh(const char *script)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    int status = -1;

    DO(node_run(node, argv, STR(""), 10000, &status, NULL, NULL, &err));
    return status;
}

static void test_power_cut__takes_what_was_not_synced(void **state)
{
    (void)state;
    assert_int_equal(sh("echo kept >a && sync a && sync . && echo gone >b && echo more >>a"), 0);
    struct receipt receipt = declare(PROCESS_KILLED, (struct disk_fault){.lose_unsynced = 1});
    assert_int_equal(receipt.bytes_lost, 10);
    assert_int_equal(receipt.names_lost, 1);
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    assert_int_equal(sh("test \"$(cat a)\" = kept && ! test -e b"), 0);
}

static void test_kill__takes_nothing(void **state)
{
    (void)state;
    assert_int_equal(sh("echo there >a"), 0);
    struct receipt receipt = declare(PROCESS_KILLED, (struct disk_fault){0});
    assert_int_equal(receipt.bytes_lost, 0);
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    assert_int_equal(sh("test \"$(cat a)\" = there"), 0);
}

static void test_stalled_sync__ends_when_healed_or_killed(void **state)
{
    const char *argv[] = {"sh", "-c", "echo x >s; sync s; touch synced; sleep 100", NULL};
    struct receipt receipt;

    (void)state;
    (void)declare(PROCESS_RUNNING, (struct disk_fault){.sync_delay_ns = INT64_MAX});
    for (int healed = 0; healed < 2; healed++) {
        int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_SEC;
        if (healed == 0)
            DO(node_start(node, &(struct process_spec){.name = "s", .argv = argv}, &err));
        do
            DO(node_receipt(node, &receipt, &err));
        while (receipt.syncs_delayed < (uint64_t)healed + 1 && clock_now_ns() < deadline_ns);
        assert_int_equal(receipt.syncs_delayed, healed + 1);
        assert_int_equal(sh("test -e synced"), 1);
        if (healed == 0) { /* the process waits in a sync, and dies nevertheless */
            struct disk_fault stalled = {.sync_delay_ns = INT64_MAX};
            assert_int_equal(declare(PROCESS_KILLED, stalled).state, PROCESS_KILLED);
            (void)declare(PROCESS_RUNNING, stalled);
        }
    }
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    assert_int_equal(
        sh("i=0; until test -e synced; do i=$((i+1)); test $i -lt 500 || exit 1; sleep "
           "0.01; done"),
        0);
}

static void test_failing__calls_are_counted(void **state)
{
    (void)state;
    assert_int_equal(sh("echo x >f"), 0);
    (void)declare(PROCESS_RUNNING, (struct disk_fault){.io_error_ppm = 1000000});
    assert_int_not_equal(sh("echo y >>f"), 0);
    (void)declare(PROCESS_RUNNING, (struct disk_fault){.no_space_ppm = 1000000});
    assert_int_not_equal(sh("echo y >g"), 0);
    (void)declare(PROCESS_RUNNING, (struct disk_fault){.read_only = 1});
    assert_int_not_equal(sh("rm f"), 0);
    assert_true(declare(PROCESS_RUNNING, (struct disk_fault){0}).calls_failed >= 3);
    assert_int_equal(sh("test \"$(cat f)\" = x && echo z >g"), 0);
}

static void test_failing__only_what_matches(void **state)
{
    struct disk_fault fault = {.io_error_ppm = 1000000, .files = "wal/*.wal"};

    (void)state;
    assert_int_equal(sh("mkdir wal && echo x >wal/0.wal && echo x >wal/other && sync ."), 0);
    struct receipt receipt = declare(PROCESS_RUNNING, fault);
    assert_int_equal(receipt.files_matched, 1);
    assert_int_equal(receipt.calls_failed, 0);
    assert_int_equal(sh("echo y >>wal/other && sync wal/other && sync wal"), 0);
    assert_int_not_equal(sh("echo y >>wal/0.wal"), 0);
    fault = (struct disk_fault){.read_only = 1, .files = "wal/*.wal"};
    assert_int_equal(declare(PROCESS_RUNNING, fault).files_matched, 2);
    assert_int_equal(sh("echo z >wal/new && mv wal/new wal/newer && rm wal/newer"), 0);
    assert_int_not_equal(sh("echo z >wal/1.wal"), 0);
    assert_int_not_equal(sh("mv wal/other wal/2.wal"), 0);
    assert_int_not_equal(sh("rm wal/0.wal"), 0);
    assert_int_equal(sh("test \"$(cat wal/0.wal)\" = x"), 0);
}

static void test_failing__what_matches_nothing_does_not_bite(void **state)
{
    const struct disk_fault fault = {.io_error_ppm = 1000000, .files = "nowhere/*"};

    (void)state;
    struct receipt receipt = declare(PROCESS_RUNNING, fault);
    assert_int_equal(receipt.files_matched, 0);
    assert_int_equal(sh("echo x >here && sync here"), 0);
    assert_int_equal(declare(PROCESS_RUNNING, (struct disk_fault){0}).calls_failed, 0);
}

/* Through the mount, whose caches must not hide it; and done once, however often it is declared. */
static void test_damage__is_what_a_restarted_node_reads(void **state)
{
    struct disk_fault fault = {.flip_bytes = 20, .seed = 3, .files = "w/*.wal"};

    (void)state;
    assert_int_equal(
        sh("mkdir w && head -c 9000 /dev/urandom >w/a.wal && seq 1000 >w/other && cp -r w "
           "/node/log/was && cat w/a.wal >/dev/null"),
        0);
    struct receipt receipt = declare(PROCESS_KILLED, fault);
    assert_int_equal(receipt.bits_flipped, 20);
    assert_int_equal(receipt.files_matched, 1);
    assert_int_equal(declare(PROCESS_KILLED, fault).bits_flipped, 20);
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    assert_int_equal(sh("test $(cmp -l w/a.wal /node/log/was/a.wal | wc -l) = 20 && cmp w/other "
                        "/node/log/was/other"),
                     0);
    assert_int_equal(sh("test $(grep -c 'flipped bit . of byte .* of .w/a.wal' /node/log/disk.log) "
                        "= 20"),
                     0);
    fault = (struct disk_fault){.cut_bytes = 100, .files = "w/other"};
    assert_int_equal(declare(PROCESS_KILLED, fault).bytes_cut, 100);
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    assert_int_equal(sh("head -c -100 /node/log/was/other | cmp - w/other && echo more >>w/other"),
                     0);
}

static void test_stale__a_node_comes_back_as_it_was(void **state)
{
    const struct disk_fault fault = {.stale = 1, .cut_after_ns = 100 * NS_PER_MS};
    const char *argv[] = {"sh", "-c", "while :; do echo more >>kept; done", NULL};
    struct receipt receipt;

    (void)state;
    DO(node_start(node, &(struct process_spec){.name = "w", .argv = argv}, &err));
    assert_int_equal(sh("until test -s kept; do :; done"), 0);
    receipt = declare(PROCESS_KILLED, fault);
    assert_true(receipt.bytes_staled > 0);
    assert_int_equal(receipt.bytes_lost, 0);
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    assert_int_equal(sh("grep -q brought.back..kept "
                        "/node/log/disk.log"),
                     0);
}

static bool missing(void)
{
    const char *folder = getenv("B");
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/ordeal-lossfs", folder ? folder : "build");
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    bool can = fd >= 0 && access(path, X_OK) == 0;
    if (fd >= 0)
        (void)close(fd);
    if (!can)
        (void)printf("skip - disk: ordeal-lossfs was not built, or /dev/fuse may not be opened\n");
    return !can;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_power_cut__takes_what_was_not_synced),
        TEST(test_kill__takes_nothing),
        TEST(test_stalled_sync__ends_when_healed_or_killed),
        TEST(test_failing__calls_are_counted),
        TEST(test_failing__only_what_matches),
        TEST(test_failing__what_matches_nothing_does_not_bite),
        TEST(test_damage__is_what_a_restarted_node_reads),
        TEST(test_stale__a_node_comes_back_as_it_was),
    };

    if (missing() || agent_place_missing("disk"))
        return 0;
    return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
