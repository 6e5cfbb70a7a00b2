/* SPDX-License-Identifier: GPL-2.0-or-later */
/* self_test.c - ordeal-lossfs --self-test: a real mount, real calls, a real crash, and a look at
 * what must be there and what must be gone. In namespaces of its own, so that nobody sees the
 * mount; as an ordinary user too, where users may make namespaces. */
#include "lossfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = UNDO_PAGE_BYTES };

static int at = -1; /* the mounted folder */
static const char *folder;
static int failures;

static void check(bool holds, const char *claim)
{
    (void)printf("%s  %s\n", holds ? "ok  " : "FAIL", claim);
    failures += !holds;
}

static bool write_text(const char *path, const char *text)
{
    static const char proc[] = "/proc/self/";
    const char *name = strncmp(path, proc, sizeof proc - 1) == 0 ? path + sizeof proc - 1 : path;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        (void)close(fd);
    if (!done)
        (void)fprintf(stderr, "ordeal-lossfs: cannot write '%s': %s\n", name, strerror(errno));
    return done;
}

static bool make_namespaces(void)
{
    char uid_map[32], gid_map[32];
    bool admin = geteuid() == 0;

    (void)snprintf(uid_map, sizeof uid_map, "0 %u 1", (unsigned)geteuid());
    (void)snprintf(gid_map, sizeof gid_map, "0 %u 1", (unsigned)getegid());
    if (unshare(CLONE_NEWNS | (admin ? 0 : CLONE_NEWUSER))) {
        perror("ordeal-lossfs: cannot make namespaces");
        return false;
    }
    if (!admin &&
        !(write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/gid_map", gid_map) &&
          write_text("/proc/self/uid_map", uid_map)))
        return false;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* -- the disk, switched on and off ------------------------------------------------------------- */

/* Who uses the disk is another process than who serves it: a process that had both in it could not
 * end while the kernel still writes its pages back. */
struct user {
    pid_t pid;
    int go;   /* write end: closed when the disk is there */
    int gone; /* read end: ends with the user */
};

static int user_main(int go, void (*use)(void))
{
    char byte;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)!read(go, &byte, 1);
    at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return 1;
    use();
    (void)fflush(stdout);
    return failures ? 1 : 0;
}

static bool user_start(struct user *user, void (*use)(void))
{
    int go[2], gone[2];

    (void)fflush(stdout);
    if (pipe2(go, O_CLOEXEC) || pipe2(gone, O_CLOEXEC))
        return false;
    user->pid = fork();
    if (user->pid == 0) {
        (void)close(go[1]);
        (void)close(gone[0]);
        _exit(user_main(go[0], use));
    }
    (void)close(go[0]);
    (void)close(gone[1]);
    user->go = go[1];
    user->gone = gone[0];
    return user->pid > 0;
}

/* When the user has ended, the power goes. */
static void *watch(void *context)
{
    const struct user *user = context;
    struct err err;
    char byte;

    (void)!read(user->gone, &byte, 1);
    if (mount_detach(folder, &err))
        (void)fprintf(stderr, "ordeal-lossfs: %s\n", err.msg);
    return NULL;
}

/* Have the disk used, and then cut its power; how is in `fault`. */
static bool use_disk(void (*use)(void), const struct disk_fault *fault)
{
    struct err err = {0};
    struct user user = {.pid = -1, .go = -1, .gone = -1};
    pthread_t watcher;
    int status = 1;

    bool done = user_start(&user, use) && mount_begin(folder, &err) == 0;
    if (done && pthread_create(&watcher, NULL, watch, &user))
        abort();
    (void)close(user.go);
    if (done)
        done = mount_serve(&err) == 0 && pthread_join(watcher, NULL) == 0 &&
               disk_crash(&disk, fault, &err) == 0;
    (void)close(user.gone);
    (void)waitpid(user.pid, &status, 0);
    failures += status != 0;
    if (!done)
        (void)fprintf(stderr, "ordeal-lossfs: %s\n", err.msg);
    return done;
}

/* -- files ------------------------------------------------------------------------------------ */

/* `pages` pages of `c` from page `from` on; synced or not. */
static void put(const char *name, int from, int pages, char c, bool sync)
{
    char page[PAGE];
    int fd = openat(at, name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    memset(page, c, sizeof page);
    bool done = fd >= 0;
    for (int i = from; done && i < from + pages; i++)
        done = pwrite(fd, page, PAGE, (off_t)i * PAGE) == PAGE;
    if (!done || (sync && fsync(fd)))
        check(false, "writing works");
    if (fd >= 0)
        (void)close(fd);
}

static long size(const char *name)
{
    struct stat status;

    return fstatat(at, name, &status, 0) ? -1 : (long)status.st_size;
}

/* The pages of the file as text, a letter each: '?' for a page of several. */
static const char *pages(const char *name)
{
    static char text[65];
    char page[PAGE];
    int fd = openat(at, name, O_RDONLY | O_CLOEXEC), count = 0;

    while (fd >= 0 && count < 64 && read(fd, page, PAGE) == PAGE) {
        bool same = memcmp(page, page + 1, PAGE - 1) == 0;
        text[count++] = (char)(same ? (page[0] ? page[0] : '0') : '?');
    }
    text[count] = '\0';
    if (fd >= 0)
        (void)close(fd);
    return text;
}

static void sync_folder(void)
{
    if (fsync(at))
        check(false, "syncing a folder works");
}

static void change_data(void)
{
    char page[PAGE];

    put("synced", 0, 4, 'a', true);
    put("changed", 0, 4, 'a', true);
    put("changed", 1, 2, 'b', false);
    put("longer", 0, 2, 'a', true);
    put("longer", 2, 3, 'b', false);
    put("shorter", 0, 4, 'a', true);
    int fd = openat(at, "shorter", O_RDWR | O_CLOEXEC);
    check(fd >= 0 && ftruncate(fd, 10) == 0, "truncating works");
    (void)close(fd);
    put("mapped", 0, 2, 'a', true);
    fd = openat(at, "mapped", O_RDWR | O_CLOEXEC);
    char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    check(map != MAP_FAILED && map[0] == 'a', "mapping works");
    if (map != MAP_FAILED) {
        memset(map, 'm', PAGE);
        (void)munmap(map, PAGE);
    }
    (void)close(fd);
    fd = openat(at, "dsync", O_WRONLY | O_CREAT | O_DSYNC | O_CLOEXEC, 0644);
    memset(page, 'd', sizeof page);
    check(write(fd, page, PAGE) == PAGE, "writing with O_DSYNC works");
    (void)close(fd);
    sync_folder();
    put("never", 0, 1, 'n', false);
}

static void check_data_change_names(void)
{
    check(strcmp(pages("synced"), "aaaa") == 0, "what was synced is there");
    check(strcmp(pages("changed"), "aaaa") == 0, "what was written over it unsynced is gone");
    check(strcmp(pages("longer"), "aa") == 0, "what was appended unsynced is gone");
    check(strcmp(pages("shorter"), "aaaa") == 0, "what was truncated unsynced is back");
    check(strcmp(pages("mapped"), "aa") == 0, "what was written to a mapping unsynced is gone");
    check(strcmp(pages("dsync"), "d") == 0, "what was written with O_DSYNC is there");
    check(size("never") == -1, "a file that was never synced is gone");

    put("kept", 0, 1, 'k', true);
    put("target", 0, 1, 'o', true);
    check(mkdirat(at, "folder", 0755) == 0, "making a folder works");
    sync_folder();
    put("temporary", 0, 1, 'n', true);
    check(renameat(at, "temporary", at, "target") == 0, "renaming over a file works");
    check(unlinkat(at, "kept", 0) == 0 && size("kept") == -1, "removing a file works");
    check(unlinkat(at, "folder", AT_REMOVEDIR) == 0, "removing a folder works");
    check(mkdirat(at, "unsynced", 0755) == 0, "making another works");
}

static void check_names_change_strictly(void)
{
    check(strcmp(pages("target"), "o") == 0, "a rename is undone: the old file is back");
    check(strcmp(pages("temporary"), "n") == 0, "and the new one, synced, has its first name");
    check(strcmp(pages("kept"), "k") == 0, "a removed file is back");
    check(faccessat(at, "folder", F_OK, 0) == 0, "a removed folder is back");
    check(faccessat(at, "unsynced", F_OK, 0) != 0, "a new folder is gone");
    check(renameat(at, "temporary", at, "target") == 0, "renaming works again");
    sync_folder();
    put("posix", 0, 1, 'p', true);
}

static void check_strictly_tear(void)
{
    check(strcmp(pages("target"), "n") == 0, "a rename in a synced folder stays");
    check(size("posix") == -1, "strictly, a synced file in an unsynced folder is gone");
    put("torn", 0, 64, 'a', true);
    sync_folder();
    put("torn", 0, 64, 'b', false);
}

static void check_torn(void)
{
    const char *text = pages("torn");

    check(strlen(text) == 64 && strchr(text, 'a') && strchr(text, 'b') && !strchr(text, '?'),
          "a torn write leaves whole pages, old and new");
    (void)printf("      %s\n", text);
}

int self_test(const char *path)
{
    static const struct disk_fault plain = {.lose_unsynced = 1},
                                   strict = {.lose_unsynced = 1, .strict_names = 1},
                                   torn = {.lose_unsynced = 1, .torn_ppm = 500000, .seed = 7};
    struct err err = {0};

    folder = path;
    if (!make_namespaces())
        return 255;
    if (mount("tmpfs", folder, "tmpfs", 0, "mode=755") || disk_open(&disk, folder, -1, &err)) {
        (void)fprintf(stderr, "ordeal-lossfs: cannot use '%s': %s\n", folder,
                      err.msg[0] ? err.msg : strerror(errno));
        return 255;
    }
    if (!use_disk(change_data, &plain) || !use_disk(check_data_change_names, &plain) ||
        !use_disk(check_names_change_strictly, &strict) || !use_disk(check_strictly_tear, &torn) ||
        !use_disk(check_torn, &plain))
        return 255;
    (void)printf("%llu bytes and %llu names were taken back, %llu pages torn: %s\n",
                 (unsigned long long)disk.counts.bytes_lost,
                 (unsigned long long)disk.counts.names_lost,
                 (unsigned long long)disk.counts.pages_torn,
                 failures ? "this disk cannot be trusted" : "this disk can be trusted");
    return failures ? 1 : 0;
}
