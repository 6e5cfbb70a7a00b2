/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of what a crash takes back, without a mount: random operations beside a model in memory of
 * what is durable, then a crash, and a comparison of everything. */
#include "../../harness/disk/disk.h"
#include "../../harness/disk/files.h"
#include "../lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = UNDO_PAGE_BYTES, NAMES = 5, FILES = 64, STEPS = 80, SIZE = 5 * PAGE, SPACES = 100 };

/* A file as it is, and as a crash would leave it. */
struct content {
    char bytes[SIZE];
    int64_t size;
};

/* Which file has which of the names; -1: none. */
struct space {
    int file[NAMES];
};

static struct model {
    struct content now[FILES], durable[FILES];
    uint64_t touched[FILES]; /* number of the last operation on a name of it */
    int file_count;
    struct space spaces[SPACES]; /* after each operation on names */
    uint64_t ops, soft, hard;
} model;

static struct disk disk;
static struct err err;
static char folder[64];

static void open_disk(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/ordeal-disk-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(disk_open(&disk, folder, -1, &err), 0);
    memset(&model, 0, sizeof model);
    for (int i = 0; i < NAMES; i++)
        model.spaces[0].file[i] = -1;
}

static void close_disk(void)
{
    char command[128];

    disk_close(&disk);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static const char *name_of(int i)
{
    static const char *const names[NAMES] = {"a", "b", "c", "d", "e"};

    return names[i];
}

static struct inode *find(int name)
{
    int fd = openat(disk.root->fd, name_of(name), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct inode *inode = fd < 0 ? NULL : inode_of(&disk.inodes, fd);

    assert_non_null(inode);
    return inode;
}

static void release(struct inode *inode)
{
    inode_release(&disk.inodes, inode, 1);
}

static struct space *next_space(void)
{
    struct space *now = &model.spaces[model.ops];

    now[1] = now[0];
    model.ops++;
    return now + 1;
}

static void make(int name)
{
    int fd = openat(disk.root->fd, name_of(name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    (void)close(fd);
    struct inode *inode = find(name);
    assert_int_equal(names_made(&disk.names, disk.root, name_of(name), inode), 0);
    release(inode);
    next_space()->file[name] = model.file_count;
    model.touched[model.file_count++] = model.ops;
}

static void write_some(int name, struct rng *rng)
{
    struct content *now = &model.now[model.spaces[model.ops].file[name]];
    int64_t offset = (int64_t)rng_below(rng, SIZE - 1);
    int64_t len = 1 + (int64_t)rng_below(rng, (uint64_t)(SIZE - offset));
    struct inode *inode = find(name);
    int fd = inode_open(inode, O_RDWR);

    assert_int_equal(disk_before(&disk, inode, fd, offset, len), 0);
    memset(now->bytes + offset, 'A' + (int)rng_below(rng, 26), (size_t)len);
    assert_int_equal(pwrite(fd, now->bytes + offset, (size_t)len, offset), len);
    now->size = offset + len > now->size ? offset + len : now->size;
    (void)close(fd);
    release(inode);
}

static void resize(int name, struct rng *rng)
{
    struct content *now = &model.now[model.spaces[model.ops].file[name]];
    int64_t size = (int64_t)rng_below(rng, SIZE + 1);
    struct inode *inode = find(name);
    int fd = inode_open(inode, O_RDWR);

    assert_int_equal(disk_before(&disk, inode, fd, size, size < now->size ? now->size - size : 0),
                     0);
    assert_int_equal(ftruncate(fd, size), 0);
    if (size < now->size)
        memset(now->bytes + size, 0, (size_t)(now->size - size));
    now->size = size;
    (void)close(fd);
    release(inode);
}

static void sync_file(int name)
{
    int file = model.spaces[model.ops].file[name];
    struct inode *inode = find(name);

    disk_synced(&disk, inode);
    release(inode);
    model.durable[file] = model.now[file];
    model.soft = model.touched[file] > model.soft ? model.touched[file] : model.soft;
}

static void take_away(int name)
{
    int file = model.spaces[model.ops].file[name];

    assert_int_equal(names_remove(&disk.names, disk.root, name_of(name)), 0);
    next_space()->file[name] = -1;
    model.touched[file] = model.ops;
}

static void move(int from, int to)
{
    struct space *was = &model.spaces[model.ops];
    int file = was->file[from], over = was->file[to];

    assert_int_equal(names_move(&disk.names, disk.root, name_of(from), disk.root, name_of(to), 0),
                     0);
    if (from == to)
        return;
    struct space *is = next_space();
    is->file[from] = -1;
    is->file[to] = file;
    model.touched[file] = model.ops;
    if (over >= 0)
        model.touched[over] = model.ops;
}

static void step(struct rng *rng)
{
    int name = (int)rng_below(rng, NAMES);

    if (model.spaces[model.ops].file[name] < 0) {
        if (model.file_count < FILES)
            make(name);
        return;
    }
    switch (rng_below(rng, 9)) {
    case 0:
        take_away(name);
        break;
    case 1:
        move(name, (int)rng_below(rng, NAMES));
        break;
    case 2:
        resize(name, rng);
        break;
    case 3:
    case 4:
        sync_file(name);
        break;
    case 5:
        if (rng_below(rng, 3) == 0) {
            disk_synced(&disk, disk.root);
            model.hard = model.ops;
        }
        break;
    default:
        write_some(name, rng);
    }
}

static void check_file(int name, const struct content *expected)
{
    static char bytes[SIZE + 1];
    int fd = openat(disk.root->fd, name_of(name), O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(read(fd, bytes, sizeof bytes), expected->size);
    assert_memory_equal(bytes, expected->bytes, (size_t)expected->size);
    (void)close(fd);
}

static void check_after_crash(bool strict)
{
    uint64_t at = !strict && model.soft > model.hard ? model.soft : model.hard;
    const struct space *space = &model.spaces[at];

    for (int i = 0; i < NAMES; i++) {
        if (space->file[i] < 0)
            assert_int_equal(faccessat(disk.root->fd, name_of(i), F_OK, 0), -1);
        else
            check_file(i, &model.durable[space->file[i]]);
    }
    /* What is there now is durable: the model begins anew. */
    model.spaces[0] = *space;
    model.ops = model.soft = model.hard = 0;
    memset(model.touched, 0, sizeof model.touched);
    memcpy(model.now, model.durable, sizeof model.now);
}

static void test_crash__leaves_what_is_durable(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct rng rng;
        rng_init(&rng, seed, 0);
        open_disk();
        for (int crash = 0; crash < 3; crash++) {
            bool strict = rng_below(&rng, 3) == 0;
            for (uint64_t left = rng_below(&rng, STEPS); left > 0; left--)
                step(&rng);
            struct disk_fault fault = {.lose_unsynced = 1, .strict_names = strict};
            if (disk_crash(&disk, &fault, &err))
                fail_msg("seed %d: %s", (int)seed, err.msg);
            check_after_crash(strict);
        }
        close_disk();
    }
}

/* Every page is whole: the old or the new one; and the seed decides. */
static void torn_pages(int64_t torn_ppm, uint64_t seed, char text[SIZE / PAGE + 1])
{
    struct rng rng;
    char page[PAGE];

    open_disk();
    make(0);
    struct content *now = &model.now[0];
    memset(now->bytes, 'o', SIZE);
    struct inode *inode = find(0);
    int fd = inode_open(inode, O_RDWR);
    rng_init(&rng, seed, 0);
    assert_int_equal(pwrite(fd, now->bytes, SIZE, 0), SIZE);
    disk_synced(&disk, inode);
    disk_synced(&disk, disk.root);
    assert_int_equal(disk_before(&disk, inode, fd, 0, SIZE), 0);
    memset(now->bytes, 'n', SIZE);
    assert_int_equal(pwrite(fd, now->bytes, SIZE, 0), SIZE);
    struct disk_fault fault = {.lose_unsynced = 1, .torn_ppm = torn_ppm, .seed = (int64_t)seed};
    assert_int_equal(disk_crash(&disk, &fault, &err), 0);
    uint64_t kept = 0;
    for (int i = 0; i < SIZE / PAGE; i++) {
        assert_int_equal(pread(fd, page, PAGE, (off_t)i * PAGE), PAGE);
        assert_memory_equal(page, page + 1, PAGE - 1);
        text[i] = page[0];
        kept += page[0] == 'n';
    }
    text[SIZE / PAGE] = '\0';
    assert_int_equal(disk.counts.pages_torn, kept);
    assert_int_equal(disk.counts.bytes_lost, SIZE - kept * PAGE);
    (void)close(fd);
    close_disk();
}

static void test_torn__pages_are_whole_and_follow_from_the_seed(void **state)
{
    char first[SIZE / PAGE + 1], second[SIZE / PAGE + 1];
    bool mixed = false;

    (void)state;
    torn_pages(1000000, 1, first);
    assert_string_equal(first, "nnnnn");
    for (uint64_t seed = 0; seed < 20; seed++) {
        torn_pages(500000, seed, first);
        torn_pages(500000, seed, second);
        assert_string_equal(first, second);
        mixed |= strchr(first, 'o') && strchr(first, 'n');
    }
    assert_true(mixed);
}

static void test_o_dsync__makes_its_own_bytes_durable(void **state)
{
    (void)state;
    open_disk();
    make(0);
    struct inode *inode = find(0);
    int fd = inode_open(inode, O_RDWR);
    disk_synced(&disk, disk.root);
    char bytes[3 * PAGE];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(disk_before(&disk, inode, fd, 0, sizeof bytes), 0);
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, 0), sizeof bytes);
    disk_synced_range(&disk, inode, 2 * PAGE, PAGE);
    struct disk_fault fault = {.lose_unsynced = 1};
    assert_int_equal(disk_crash(&disk, &fault, &err), 0);
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), sizeof bytes);
    assert_int_equal(bytes[0], 0);
    assert_int_equal(bytes[2 * PAGE - 1], 0);
    assert_int_equal(bytes[2 * PAGE], 'x');
    (void)close(fd);
    close_disk();
}

static void test_faults__are_about_files_that_match(void **state)
{
    (void)state;
    open_disk();
    make(0);
    make(1);
    struct inode *a = find(0), *b = find(1);
    struct disk_fault fault = {.io_error_ppm = 1000000, .files = "a*"};
    assert_int_equal(disk_declare(&disk, &fault, &err), 0);
    assert_int_equal(disk_fails(&disk, a, CALL_READ), EIO);
    assert_int_equal(disk_fails(&disk, b, CALL_READ), 0);
    fault = (struct disk_fault){.no_space_ppm = 1000000};
    assert_int_equal(disk_declare(&disk, &fault, &err), 0);
    assert_int_equal(disk_fails(&disk, b, CALL_WRITE), ENOSPC);
    assert_int_equal(disk_fails(&disk, b, CALL_READ), 0);
    fault = (struct disk_fault){.read_only = 1};
    assert_int_equal(disk_declare(&disk, &fault, &err), 0);
    assert_int_equal(disk_fails(&disk, b, CALL_CHANGE), EROFS);
    assert_int_equal(disk_fails(&disk, b, CALL_SYNC), 0);
    assert_int_equal(disk.counts.calls_failed, 3);
    release(a);
    release(b);
    close_disk();
}

static void test_faults__follow_names_and_count_what_they_find(void **state)
{
    struct disk_fault fault = {.no_space_ppm = 1000000, .files = "[bc]"};

    (void)state;
    open_disk();
    make(0);
    make(1);
    assert_int_equal(disk_declare(&disk, &fault, &err), 0);
    assert_int_equal(disk.counts.files_matched, 1);
    assert_int_equal(disk_fails_name(&disk, disk.root, "c", CALL_CREATE), ENOSPC);
    assert_int_equal(disk_fails_name(&disk, disk.root, "d", CALL_CREATE), 0);
    struct inode *a = find(0);
    assert_int_equal(disk_fails(&disk, a, CALL_WRITE), 0);
    move(0, 2);
    disk_renamed(&disk);
    assert_int_equal(disk_fails(&disk, a, CALL_WRITE), ENOSPC);
    fault = (struct disk_fault){.no_space_ppm = 1000000, .files = "x/*"};
    assert_int_equal(disk_declare(&disk, &fault, &err), 0);
    assert_int_equal(disk.counts.files_matched, 1);
    release(a);
    close_disk();
}

static void test_files__are_listed_by_path(void **state)
{
    struct file_list list;
    char command[256];

    (void)state;
    open_disk();
    (void)snprintf(
        command, sizeof command,
        "cd '%s/disk' && mkdir -p w/x && touch w/x/b.wal w/a.wal z.wal w/no && ln -s z.wal "
        "link.wal",
        folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(files_list(disk.root->fd, "*.wal", &list), 0);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.all[0].path, "w/a.wal");
    assert_string_equal(list.all[1].path, "w/x/b.wal");
    assert_string_equal(list.all[2].path, "z.wal");
    files_release(&list);
    close_disk();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crash__leaves_what_is_durable),
        cmocka_unit_test(test_torn__pages_are_whole_and_follow_from_the_seed),
        cmocka_unit_test(test_o_dsync__makes_its_own_bytes_durable),
        cmocka_unit_test(test_faults__are_about_files_that_match),
        cmocka_unit_test(test_faults__follow_names_and_count_what_they_find),
        cmocka_unit_test(test_files__are_listed_by_path),
    };

    return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
