/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/disk/damage.c: what is declared is what differs, compared with copies. */
#include "../../harness/disk/damage.h"
#include "../lib/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct disk disk;
static struct err err;
static char folder[64];

static int open_disk(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/ordeal-damage-XXXXXX");
    return mkdtemp(folder) ? disk_open(&disk, folder, -1, &err) : -1;
}

static int close_disk(void **state)
{
    char command[128];

    (void)state;
    disk_close(&disk);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* In the disk's folder; with what is printed. */
static const char *sh(const char *script)
{
    static char output[256];
    char command[1024];

    (void)snprintf(command, sizeof command, "cd '%s/disk' && (%s)", folder, script);
    FILE *pipe = popen(command, "r");
    size_t len = fread(output, 1, sizeof output - 1, pipe);
    assert_int_equal(pclose(pipe), 0);
    output[len] = '\0';
    return output;
}

static void damage(struct disk_fault fault)
{
    if (disk_declare(&disk, &fault, &err) || disk_crash(&disk, &fault, &err))
        fail_msg("%s", err.msg);
}

static void test_flip__as_many_bytes_differ_as_were_declared(void **state)
{
    (void)state;
    (void)sh("mkdir w && head -c 5000 /dev/urandom >w/a.wal && head -c 70 /dev/urandom >w/b.wal && "
             "head -c 900 /dev/urandom >other && cp -r . ../was");
    damage((struct disk_fault){.flip_bytes = 33, .seed = 5, .files = "*.wal"});
    assert_int_equal(disk.counts.bits_flipped, 33);
    assert_int_equal(disk.counts.files_matched, 2);
    assert_string_equal(sh("for f in w/a.wal w/b.wal other; do cmp -l $f ../was/$f; done | wc -l"),
                        "33\n");
    assert_string_equal(sh("cmp other ../was/other && stat -c %s w/a.wal"), "5000\n");
    (void)sh("cp -r . ../first && cp -r ../was/w .");
    damage((struct disk_fault){.flip_bytes = 33, .seed = 5, .files = "*.wal"});
    (void)sh("cmp w/a.wal ../first/w/a.wal && cmp w/b.wal ../first/w/b.wal");
}

static void test_flip__no_more_than_there_is(void **state)
{
    (void)state;
    (void)sh("printf abc >a && : >empty && truncate -s 1M hole && cp -r . ../was");
    damage((struct disk_fault){.flip_bytes = 1000, .seed = 1});
    assert_int_equal(disk.counts.bits_flipped, 3);
    assert_string_equal(sh("cmp -l a ../was/a | wc -l; cmp hole ../was/hole"), "3\n");
    damage((struct disk_fault){.flip_bytes = 1000, .files = "nothing"});
    assert_int_equal(disk.counts.bits_flipped, 3);
}

static void test_cut__takes_the_end_of_each_file(void **state)
{
    (void)state;
    (void)sh("mkdir w && seq 1000 >w/long && printf abc >w/short && seq 1000 >other && cp -r . "
             "../was");
    damage((struct disk_fault){.cut_bytes = 100, .files = "w/*"});
    assert_int_equal(disk.counts.bytes_cut, 103);
    assert_string_equal(sh("cmp other ../was/other; head -c -100 ../was/w/long | cmp - w/long; "
                           "stat -c %s w/short"),
                        "0\n");
}

/* As etcd makes its log: zeros that nobody wrote are no loss. */
static void test_cut__begins_where_the_writing_ended(void **state)
{
    (void)state;
    (void)sh("fallocate -l 1M log && printf 0123456789 | dd of=log conv=notrunc status=none");
    damage((struct disk_fault){.cut_bytes = 4});
    assert_int_equal(disk.counts.bytes_cut, 4);
    assert_string_equal(sh("cat log"), "012345");
}

static void test_stale__files_are_what_they_were(void **state)
{
    const struct disk_fault fault = {.stale = 1, .files = "w/*"};

    (void)state;
    (void)sh("mkdir -p w/x && seq 100 >w/changed && seq 100 >w/removed && chmod 640 w/removed && "
             "seq 50 >w/x/same && seq 10 >other && truncate -s 1M w/sparse && cp -r . ../was");
    assert_int_equal(disk_declare(&disk, &fault, &err), 0);
    (void)sh("printf zz | dd of=w/changed conv=notrunc status=none && printf 123 >>w/changed && rm "
             "w/removed && printf new >w/newer && seq 20 >other");
    assert_int_equal(disk_crash(&disk, &fault, &err), 0);
    assert_int_equal(disk.counts.bytes_staled, 2 + 3 + 292 + 3);
    assert_string_equal(sh("for f in w/changed w/removed w/x/same w/sparse; do cmp $f ../was/$f; "
                           "done; stat -c %a w/removed; test ! -e w/newer && wc -l <other"),
                        "640\n20\n");
    assert_string_equal(sh("find ../earlier -type f"), "");
}

static void test_stale__what_did_not_change_did_not_become_older(void **state)
{
    (void)state;
    (void)sh("seq 100 >a");
    damage((struct disk_fault){.stale = 1});
    assert_int_equal(disk.counts.bytes_staled, 0);
    assert_string_equal(sh("wc -l <a"), "100\n");
}

static void test_stale__what_was_kept_goes_with_the_declaration(void **state)
{
    const struct disk_fault fault = {.stale = 1};

    (void)state;
    (void)sh("mkdir w && seq 100 >w/a");
    assert_int_equal(disk_declare(&disk, &fault, &err), 0);
    assert_string_equal(sh("find ../earlier -type f | wc -l"), "1\n");
    assert_int_equal(disk_declare(&disk, &(struct disk_fault){0}, &err), 0);
    assert_string_equal(sh("find ../earlier -type f | wc -l"), "0\n");
}

/* The node was killed, not its power cut: what was not synced is there, and damaged like the rest.
 * A later power cut takes back only what came after. */
static void test_damage__finds_what_was_not_synced(void **state)
{
    (void)state;
    (void)sh("printf old >a");
    int fd = openat(disk.root->fd, "a", O_PATH | O_CLOEXEC);
    struct inode *inode = inode_of(&disk.inodes, fd);
    assert_int_equal(disk_before(&disk, inode, -1, 0, 8), 0);
    (void)sh("printf 01234567 >a");
    damage((struct disk_fault){.cut_bytes = 2});
    assert_string_equal(sh("cat a"), "012345");
    damage((struct disk_fault){.lose_unsynced = 1});
    assert_string_equal(sh("cat a"), "012345");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_disk, close_disk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_flip__as_many_bytes_differ_as_were_declared),
        TEST(test_flip__no_more_than_there_is),
        TEST(test_cut__takes_the_end_of_each_file),
        TEST(test_cut__begins_where_the_writing_ended),
        TEST(test_stale__files_are_what_they_were),
        TEST(test_stale__what_did_not_change_did_not_become_older),
        TEST(test_stale__what_was_kept_goes_with_the_declaration),
        TEST(test_damage__finds_what_was_not_synced),
    };

    return cmocka_run_group_tests_name("disk/damage", tests, NULL, NULL);
}
