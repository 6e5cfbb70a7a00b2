/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identity.h"

#include "../base/buf.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What differs between users and groups. */
struct kind {
    const char *map;    /* below /proc/PID */
    const char *grants; /* who may use which other ids */
    const char *helper; /* setuid program that writes such a map */
};

static const struct kind users = {"uid_map", "/etc/subuid", "newuidmap"};
static const struct kind groups = {"gid_map", "/etc/subgid", "newgidmap"};

static int write_map(pid_t pid, const char *file, const char *text, struct err *err)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    if (process_write_file(path, text) < 0)
        return err_errno(err, errno, "cannot write '%s'", path);
    return 0;
}

/* -- the caller ------------------------------------------------------------------------------- */

/* The number at *text, of which at least one digit must be there, and what stands behind it. */
static bool take_number(const char **text, uint32_t *number)
{
    char *end;

    errno = 0;
    unsigned long value = strtoul(*text, &end, 10);
    if (end == *text || errno != 0 || value > UINT32_MAX)
        return false;
    *text = end;
    *number = (uint32_t)value;
    return true;
}

/* A line of `grants`, NAME:START:COUNT, if it is for the caller, by name or number. */
static bool is_own_grant(const char *line, const char *name, uint32_t *start, uint32_t *count)
{
    const char *colon = strchr(line, ':');
    int64_t uid;

    if (!colon)
        return false;
    const struct str who = {line, (size_t)(colon - line)};
    const char *at = colon + 1;
    bool own =
        (name && str_eq(who, str_of(name))) || (str_to_int(who, &uid) && uid == (int64_t)geteuid());
    return own && take_number(&at, start) && *at++ == ':' && take_number(&at, count) && *count > 0;
}

/* The first range that `grants` gives to the caller. */
static bool find_grant(const char *grants, uint32_t *start, uint32_t *count)
{
    const struct passwd *entry = getpwuid(geteuid());
    FILE *file = fopen(grants, "re");
    char line[256];
    bool found = false;

    while (file && !found && fgets(line, sizeof line, file))
        found = is_own_grant(line, entry ? entry->pw_name : NULL, start, count);
    if (file)
        (void)fclose(file);
    return found;
}

/* Run "newuidmap PID 0 OWN 1 1 START COUNT"; false if it is not there or refuses. */
static bool map_by_helper(pid_t pid, const struct kind *kind, uint32_t own)
{
    uint32_t start, count;
    if (!find_grant(kind->grants, &start, &count))
        return false;

    char text[4][16], helper[16], zero[] = "0", one[] = "1", again[] = "1";
    const long numbers[4] = {pid, own, start, count};
    for (int i = 0; i < 4; i++)
        (void)snprintf(text[i], sizeof text[i], "%ld", numbers[i]);
    (void)snprintf(helper, sizeof helper, "%s", kind->helper);
    char *argv[] = {helper, text[0], zero, text[1], one, again, text[2], text[3], NULL};
    posix_spawn_file_actions_t quiet;
    pid_t child;
    int status = -1;

    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&child, helper, &quiet, NULL, argv, environ) == 0) {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    posix_spawn_file_actions_destroy(&quiet);
    return status == 0;
}

static int map_one(pid_t pid, const struct kind *kind, uint32_t own, struct err *err)
{
    char line[32];

    if (map_by_helper(pid, kind, own))
        return 0;
    if (kind == &groups && write_map(pid, "setgroups", "deny", err) < 0)
        return -1;
    (void)snprintf(line, sizeof line, "0 %" PRIu32 " 1", own);
    return write_map(pid, kind->map, line, err);
}

int identity_map_to_caller(pid_t pid, struct err *err)
{
    if (map_one(pid, &users, geteuid(), err) < 0)
        return -1;
    return map_one(pid, &groups, getegid(), err);
}

/* -- the stranger ----------------------------------------------------------------------------- */

enum { STRANGER_AT_MOST = 0x7ffffff0, EXTENTS_MAX = 340 /* the kernel's */ };

struct extent {
    uint32_t first, count; /* ids that exist for the caller */
};

/* Lines "INSIDE OUTSIDE COUNT". */
static int read_extents(const char *path, struct extent extents[EXTENTS_MAX])
{
    FILE *file = fopen(path, "re");
    uint32_t outside;
    char line[128];
    int n = 0;

    while (file && n < EXTENTS_MAX && fgets(line, sizeof line, file)) {
        const char *at = line;
        if (take_number(&at, &extents[n].first) && take_number(&at, &outside) &&
            take_number(&at, &extents[n].count) && extents[n].count > 0)
            n++;
    }
    if (file)
        (void)fclose(file);
    return n;
}

/* The highest id that both maps of the caller have, within reason. */
uint32_t identity_stranger(void)
{
    static const char *const paths[] = {"/proc/self/uid_map", "/proc/self/gid_map"};
    uint32_t stranger = STRANGER_AT_MOST;

    for (int i = 0; i < 2; i++) {
        struct extent extents[EXTENTS_MAX];
        uint32_t last = 0;
        int n = read_extents(paths[i], extents);
        for (int k = 0; k < n; k++) {
            uint32_t end = extents[k].first + (extents[k].count - 1);
            last = end > last ? end : last;
        }
        stranger = last < stranger ? last : stranger;
    }
    return stranger;
}

static int map_strangely(pid_t pid, const struct kind *kind, uint32_t stranger, struct err *err)
{
    struct extent extents[EXTENTS_MAX];
    struct buf map;
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/self/%s", kind->map);
    int n = read_extents(path, extents);
    buf_init(&map, 0);
    buf_printf(&map, "0 %" PRIu32 " 1\n", stranger);
    for (int i = 0; i < n; i++) {
        uint32_t first = extents[i].first, end = first + (extents[i].count - 1);
        first = first ? first : 1;
        end = end < stranger ? end : stranger - 1;
        if (first <= end)
            buf_printf(&map, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", first, first,
                       end - first + 1);
    }
    int result = map.failed ? err_set(err, ENOMEM, "out of memory")
                            : write_map(pid, kind->map, map.ptr, err);
    buf_release(&map);
    return result;
}

int identity_map_to_stranger(pid_t pid, struct err *err)
{
    uint32_t stranger = identity_stranger();

    if (map_strangely(pid, &users, stranger, err) < 0)
        return -1;
    return map_strangely(pid, &groups, stranger, err);
}

/* System calls, because the C library would ask all threads to follow that it knows of, and a clone
 * has none of those that its memory tells of. */
int identity_become_root(struct err *err)
{
    (void)syscall(SYS_setgroups, 0, NULL);
    if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0)
        return err_errno(err, errno, "cannot become root of the node");
    return 0;
}
