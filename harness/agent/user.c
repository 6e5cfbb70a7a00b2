/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Whether `id` exists in this user namespace, by /proc/self/uid_map or gid_map. */
static bool id_mapped(const char *map, unsigned id)
{
    char line[128];
    bool mapped = false;
    FILE *file = fopen(map, "re");

    if (!file)
        return true; /* a kernel without user namespaces has every id */
    while (!mapped && fgets(line, sizeof line, file)) {
        char *rest; /* inside, outside, count */
        unsigned long inside = strtoul(line, &rest, 10);
        (void)strtoul(rest, &rest, 10);
        mapped = id >= inside && id - inside < strtoul(rest, NULL, 10);
    }
    (void)fclose(file);
    return mapped;
}

static bool uid_mapped(uid_t uid)
{
    return id_mapped("/proc/self/uid_map", uid);
}

static bool gid_mapped(gid_t gid)
{
    return id_mapped("/proc/self/gid_map", gid);
}

bool user_ids_are_mapped(void)
{
    return uid_mapped(1) && gid_mapped(1);
}

static bool lists(char *const *members, const char *name)
{
    while (*members && strcmp(*members, name) != 0)
        members++;
    return *members;
}

static void find_groups(const char *name, struct user *user)
{
    const struct group *group;
    FILE *file = fopen("/etc/group", "re");

    user->groups[user->group_count++] = user->gid;
    while (file && user->group_count < GROUPS_MAX && (group = fgetgrent(file))) {
        if (lists(group->gr_mem, name) && group->gr_gid != user->gid && gid_mapped(group->gr_gid))
            user->groups[user->group_count++] = group->gr_gid;
    }
    if (file)
        (void)fclose(file);
}

int user_find(const char *name, struct user *user, struct err *err)
{
    const struct passwd *found;
    FILE *file = fopen("/etc/passwd", "re");

    *user = (struct user){0};
    if (!file)
        return err_errno(err, errno, "cannot read /etc/passwd for user '%s'", name);
    do
        found = fgetpwent(file);
    while (found && strcmp(found->pw_name, name) != 0);
    if (found) {
        user->uid = found->pw_uid;
        user->gid = found->pw_gid;
        (void)snprintf(user->home, sizeof user->home, "%s", found->pw_dir);
    }
    (void)fclose(file);
    if (!found)
        return err_set(err, ENOENT, "no user '%s' in the node's /etc/passwd", name);
    user->nested = !uid_mapped(user->uid) || !gid_mapped(user->gid);
    if (!user->nested)
        find_groups(name, user);
    return 0;
}

/* The user of user_own_node; nftw takes no context. */
static const struct user *owner;

static int own_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)type;
    (void)at;
    if (st->st_uid == owner->uid && st->st_gid == owner->gid)
        return 0;
    return lchown(path, owner->uid, owner->gid) && errno != ENOENT ? errno : 0;
}

int user_own_node(const struct user *user, struct err *err)
{
    static const char *const folders[] = {"/node/data", "/node/conf"};

    if (user->nested || user->uid == 0)
        return 0;
    owner = user;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        errno = 0;
        int error = nftw(folders[i], own_one, 16, FTW_PHYS);
        if (error && errno != ENOENT)
            return err_errno(err, error > 0 ? error : errno, "cannot give '%s' to user %u",
                             folders[i], (unsigned)user->uid);
    }
    if (chown("/node/log", user->uid, user->gid) && errno != ENOENT)
        return err_errno(err, errno, "cannot give '/node/log' to user %u", (unsigned)user->uid);
    return 0;
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    ssize_t written = write(fd, text, strlen(text));
    int error = errno;
    (void)close(fd);
    errno = error;
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

/* A user namespace in which this process, root outside, is `user`. */
static int become_nested(const struct user *user)
{
    char map[64];

    if (unshare(CLONE_NEWUSER) || write_file("/proc/self/setgroups", "deny"))
        return -1;
    (void)snprintf(map, sizeof map, "%u 0 1", (unsigned)user->gid);
    if (write_file("/proc/self/gid_map", map))
        return -1;
    (void)snprintf(map, sizeof map, "%u 0 1", (unsigned)user->uid);
    return write_file("/proc/self/uid_map", map);
}

int user_become(const struct user *user)
{
    if (user->uid == 0)
        return 0;
    if (user->nested)
        return become_nested(user);
    /* Raw: glibc's would wait for threads that this process, cloned past glibc, does not have (the
     * agent has none either, but under ThreadSanitizer). */
    if (syscall(SYS_setgroups, user->group_count, user->groups) ||
        syscall(SYS_setresgid, user->gid, user->gid, user->gid))
        return -1;
    return (int)syscall(SYS_setresuid, user->uid, user->uid, user->uid);
}
