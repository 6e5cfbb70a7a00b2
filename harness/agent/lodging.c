/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lodging.h"

#include "../base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An agent whose controller was lost goes after SILENCE_MAX_MS, and has to end its system. */
enum { PATIENCE_MS = 8000, LOOK_MS = 20 };

/* Longer than any path that it is made for: what does not fit is refused by the kernel. */
struct path {
    char text[PATH_MAX + NAME_MAX + 2];
};

static struct path join(const char *folder, const char *name)
{
    struct path path;

    (void)snprintf(path.text, sizeof path.text, "%.4095s/%.255s", folder, name);
    return path;
}

static int make_folder(const char *path, mode_t mode, struct err *err)
{
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        return err_errno(err, errno, "cannot make the folder '%s'", path);
    return 0;
}

/* -- one agent at a time ---------------------------------------------------------------------- */

static int take_lock(struct lodging *lodging, struct err *err)
{
    const struct timespec look = {.tv_nsec = LOOK_MS * NS_PER_MS};
    int64_t deadline_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    struct path path = join(lodging->folder, "lock");

    lodging->lock = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lodging->lock < 0)
        return err_errno(err, errno, "cannot open '%s'", path.text);
    while (flock(lodging->lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_errno(err, errno, "cannot lock '%s'", path.text);
        if (clock_now_ns() > deadline_ns) {
            (void)close(lodging->lock);
            lodging->lock = -1;
            return err_set(err, EBUSY, "another run of Ordeal uses this host ('%s' is locked)",
                           path.text);
        }
        (void)nanosleep(&look, NULL);
    }
    return 0;
}

/* -- leftovers -------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

/* With all in it, but nothing that is mounted there. */
static int remove_tree(const char *path, struct err *err)
{
    struct stat st;

    if (lstat(path, &st) < 0 && errno == ENOENT)
        return 0;
    if (nftw(path, remove_entry, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
        return err_errno(err, errno, "cannot remove '%s'", path);
    return 0;
}

/* The folder that this program lies in. */
static int own_folder(struct path *path, struct err *err)
{
    ssize_t len = readlink("/proc/self/exe", path->text, sizeof path->text - 1);

    if (len < 0)
        return err_errno(err, errno, "cannot tell where this program lies");
    path->text[len] = '\0';
    *strrchr(path->text, '/') = '\0';
    return 0;
}

/* Programs that other versions brought. */
static int remove_older(const struct lodging *lodging, const char *own, struct err *err)
{
    struct path bin = join(lodging->folder, "bin");
    size_t len = strlen(bin.text);
    DIR *dir = NULL;
    int result = 0;

    if (strncmp(own, bin.text, len) == 0 && own[len] == '/')
        dir = opendir(bin.text);
    if (!dir)
        return 0; /* it was started from elsewhere */
    for (const struct dirent *entry; result == 0 && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, own + len + 1) == 0)
            continue;
        struct path path = join(bin.text, entry->d_name);
        result = remove_tree(path.text, err);
    }
    (void)closedir(dir);
    return result;
}

/* -- the mount namespace ---------------------------------------------------------------------- */

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int code = errno;

    if (fd >= 0)
        (void)close(fd);
    errno = code;
    return done;
}

static int leave_namespaces(struct err *err)
{
    char users[32], groups[32];
    uid_t user = geteuid();

    (void)snprintf(users, sizeof users, "0 %u 1", (unsigned)user);
    (void)snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getegid());
    if (user != 0 &&
        (unshare(CLONE_NEWUSER) < 0 || !write_text("/proc/self/setgroups", "deny") ||
         !write_text("/proc/self/uid_map", users) || !write_text("/proc/self/gid_map", groups)))
        return err_errno(err, errno,
                         "this host allows its users no namespaces; connect as root, or allow them "
                         "there");
    if (unshare(CLONE_NEWNS) < 0)
        return err_errno(err, errno, "cannot make a mount namespace on this host");
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return err_errno(err, errno, "cannot keep our mounts to ourselves");
    return 0;
}

/* The host's top-level entry `name` as it is, below `root`. */
static int mirror(const char *root, const char *name, struct err *err)
{
    struct path from = join("", name), to = join(root, name);
    char link[PATH_MAX];
    struct stat st;
    ssize_t len;

    if (lstat(from.text, &st) < 0)
        return 0; /* it has just gone */
    if (S_ISLNK(st.st_mode)) {
        if ((len = readlink(from.text, link, sizeof link - 1)) < 0)
            return err_errno(err, errno, "cannot read the link '%s'", from.text);
        link[len] = '\0';
        return symlink(link, to.text) < 0 ? err_errno(err, errno, "cannot link '%s'", to.text) : 0;
    }
    if (!S_ISDIR(st.st_mode))
        return 0; /* nothing that a program looks for */
    if (make_folder(to.text, 0755, err) < 0)
        return -1;
    if (mount(from.text, to.text, NULL, MS_BIND | MS_REC, NULL) < 0)
        return err_errno(err, errno, "cannot take '%s' along", from.text);
    return 0;
}

static int mirror_host(const char *root, struct err *err)
{
    DIR *dir = opendir("/");
    int result = 0;

    if (!dir)
        return err_errno(err, errno, "cannot read '/'");
    for (const struct dirent *entry; result == 0 && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, "node") != 0)
            result = mirror(root, entry->d_name, err);
    }
    (void)closedir(dir);
    return result;
}

static int bind_node(const char *root, const char *files, const char *programs, struct err *err)
{
    struct path node = join(root, "node"), bin = join(root, "node/bin");
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};

    if (make_folder(node.text, 0755, err) < 0)
        return -1;
    if (mount(files, node.text, NULL, MS_BIND, NULL) < 0 ||
        mount(programs, bin.text, NULL, MS_BIND, NULL) < 0 ||
        mount_setattr(AT_FDCWD, bin.text, 0, &read_only, sizeof read_only) < 0)
        return err_errno(err, errno, "cannot bind '%s' and '%s' as /node and its bin", files,
                         programs);
    return 0;
}

/* The new root is a tmpfs that is not carried along by its own copies of what it lies in. */
static int enter_root(const struct lodging *lodging, const char *programs, struct err *err)
{
    struct path root = join(lodging->folder, "root"), files = join(lodging->folder, "node");

    if (make_folder(root.text, 0700, err) < 0)
        return -1;
    if (mount("tmpfs", root.text, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0 ||
        mount(NULL, root.text, NULL, MS_UNBINDABLE, NULL) < 0)
        return err_errno(err, errno, "cannot mount a tmpfs for the node's root");
    if (mirror_host(root.text, err) < 0 || bind_node(root.text, files.text, programs, err) < 0)
        return -1;
    if (chdir(root.text) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
        umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return err_errno(err, errno, "cannot enter the node's root");
    return rmdir(root.text) < 0 ? err_errno(err, errno, "cannot remove '%s'", root.text) : 0;
}

/* -- moving in and out ------------------------------------------------------------------------ */

static int make_files(const struct lodging *lodging, struct err *err)
{
    static const char *const names[] = {"node",     "node/data", "node/conf",
                                        "node/log", "node/bin",  NULL};

    for (const char *const *name = names; *name; name++) {
        if (make_folder(join(lodging->folder, *name).text, 0755, err) < 0)
            return -1;
    }
    return 0;
}

/* As the agent of a lab's node has it, and nothing that ssh brought. */
static void set_environment(void)
{
    (void)setenv("PATH", "/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                 1);
    (void)setenv("HOME", "/node/data", 1);
    (void)setenv("LANG", "C.UTF-8", 1);
    (void)setenv("TZ", "UTC", 1);
}

static int open_log(struct err *err)
{
    int log = open("/node/log/agent.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (log < 0 || dup2(log, STDERR_FILENO) < 0)
        return err_errno(err, errno, "cannot open '/node/log/agent.log'");
    (void)close(log);
    return 0;
}

int lodging_open(struct lodging *lodging, const char *folder, struct err *err)
{
    struct path programs;

    *lodging = (struct lodging){.lock = -1};
    if (folder[0] != '/' || strlen(folder) + 64 > sizeof lodging->folder)
        return err_set(err, EINVAL, "'%s' is not the absolute path of a folder", folder);
    (void)umask(022);
    (void)snprintf(lodging->folder, sizeof lodging->folder, "%s", folder);
    if (own_folder(&programs, err) < 0 || make_folder(folder, 0700, err) < 0 ||
        take_lock(lodging, err) < 0)
        return -1;
    if (remove_tree(join(folder, "node").text, err) < 0 ||
        remove_older(lodging, programs.text, err) < 0 || make_files(lodging, err) < 0 ||
        leave_namespaces(err) < 0 || enter_root(lodging, programs.text, err) < 0)
        return -1;
    lodging->entered = true;
    set_environment();
    return open_log(err);
}

int lodging_clear(const char *folder, bool *removed, struct err *err)
{
    struct lodging lodging = {.lock = -1};

    (void)snprintf(lodging.folder, sizeof lodging.folder, "%s", folder);
    *removed = access(join(folder, "node").text, F_OK) == 0;
    if (!*removed)
        return 0;
    return take_lock(&lodging, err) < 0 ? -1 : lodging_close(&lodging, err);
}

int lodging_close(struct lodging *lodging, struct err *err)
{
    int result = 0;

    if (!lodging->folder[0] || lodging->lock < 0)
        return 0;
    if (lodging->entered)
        (void)umount2("/node/bin", MNT_DETACH); /* what is mounted on cannot be removed */
    result = remove_tree(join(lodging->folder, "node").text, err);
    (void)close(lodging->lock);
    lodging->lock = -1;
    return result;
}
