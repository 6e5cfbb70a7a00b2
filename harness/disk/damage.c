/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "damage.h"

#include "bytes.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- bits ------------------------------------------------------------------------------------- */

/* Where something was written. */
struct place {
    const char *path;
    struct bytes_run run;
};

struct places {
    struct place *all;
    size_t count, capacity;
    int64_t bytes; /* in all of them */
};

static int add_place(struct places *places, const char *path, struct bytes_run run)
{
    if (places->count == places->capacity) {
        size_t capacity = places->capacity ? places->capacity * 2 : 64;
        struct place *grown = realloc(places->all, capacity * sizeof *grown);
        if (!grown)
            return -1;
        places->all = grown;
        places->capacity = capacity;
    }
    places->all[places->count++] = (struct place){path, run};
    places->bytes += run.len;
    return 0;
}

static int find_places(const struct disk *disk, const struct file_list *list, struct places *places)
{
    int result = 0;

    for (size_t i = 0; i < list->count && result == 0; i++) {
        const struct file_entry *file = &list->all[i];
        struct bytes_run run;
        int64_t at = 0;
        int fd = openat(disk->root->fd, file->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return -1;
        while (result == 0 && (result = bytes_next(fd, at, file->size, &run)) > 0) {
            at = run.offset + run.len;
            result = add_place(places, file->path, run);
        }
        (void)close(fd);
    }
    return result;
}

static int flip_bit(struct disk *disk, const char *path, int64_t offset, int bit)
{
    int fd = openat(disk->root->fd, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    unsigned char byte;

    if (fd < 0)
        return -1;
    bool done = pread(fd, &byte, 1, offset) == 1;
    byte ^= (unsigned char)(1U << bit);
    done = done && pwrite(fd, &byte, 1, offset) == 1;
    (void)close(fd);
    if (!done)
        return -1;
    disk->counts.bits_flipped++;
    disk_say(disk, "  flipped bit %d of byte %lld of '%s'", bit, (long long)offset, path);
    return 0;
}

static int flip_all(struct disk *disk, const struct places *places, int64_t count, struct rng *rng)
{
    const struct place *place = places->all;
    int64_t before = 0; /* bytes in the places before this one */

    count = count < places->bytes ? count : places->bytes;
    for (int64_t i = 0; i < count; i++) {
        int64_t from = places->bytes / count * i + places->bytes % count * i / count;
        int64_t to = places->bytes / count * (i + 1) + places->bytes % count * (i + 1) / count;
        int64_t at = from + (int64_t)rng_below(rng, (uint64_t)(to - from));
        for (; at - before >= place->run.len; place++)
            before += place->run.len;
        if (flip_bit(disk, place->path, place->run.offset + at - before, (int)rng_below(rng, 8)))
            return -1;
    }
    return 0;
}

int damage_flip(struct disk *disk, const struct disk_fault *fault, struct rng *rng, struct err *err)
{
    struct places places = {0};
    struct file_list list;

    int result = files_list(disk->root->fd, fault->files, &list);
    if (result == 0)
        result = find_places(disk, &list, &places);
    if (result == 0)
        result = flip_all(disk, &places, fault->flip_bytes, rng);
    int code = errno;
    free(places.all);
    files_release(&list);
    return result ? err_errno(err, code, "cannot flip bits of the disk's files") : 0;
}

/* -- ends ------------------------------------------------------------------------------------- */

/* Where what was written ends: before the zeros that follow if the file goes on without having been
 * written, else where the file does. */
static int written_end(int fd, int64_t size, int64_t *end)
{
    struct bytes_run run;
    int64_t last = 0;
    char byte = 0;
    int found;

    for (int64_t at = 0; (found = bytes_next(fd, at, size, &run)) > 0; at = run.offset + run.len)
        last = run.offset + run.len;
    if (found < 0)
        return -1;
    *end = last;
    while (last<size && * end> 0) {
        if (pread(fd, &byte, 1, *end - 1) != 1)
            return -1;
        if (byte)
            break;
        --*end;
    }
    return 0;
}

static int cut_file(struct disk *disk, const struct file_entry *file, int64_t cut)
{
    int fd = openat(disk->root->fd, file->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    int64_t end = 0;

    if (fd < 0)
        return -1;
    int result = written_end(fd, file->size, &end);
    cut = cut < end ? cut : end;
    if (result == 0 && cut > 0)
        result = ftruncate(fd, end - cut);
    int code = errno;
    (void)close(fd);
    errno = code;
    if (result || cut == 0)
        return result;
    disk->counts.bytes_cut += (uint64_t)cut;
    disk_say(disk, "  cut bytes %lld to %lld off '%s'", (long long)(end - cut), (long long)end - 1,
             file->path);
    return 0;
}

int damage_cut(struct disk *disk, const struct disk_fault *fault, struct err *err)
{
    struct file_list list;
    int result = files_list(disk->root->fd, fault->files, &list);

    for (size_t i = 0; i < list.count && result == 0; i++)
        result = cut_file(disk, &list.all[i], fault->cut_bytes);
    int code = errno;
    files_release(&list);
    return result ? err_errno(err, code, "cannot cut the disk's files") : 0;
}

/* -- an earlier state ------------------------------------------------------------------------- */

/* The folders that lead to the path. */
static int make_folders(int root_fd, const char *path)
{
    char folder[PATH_MAX];

    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - path);
        memcpy(folder, path, len);
        folder[len] = '\0';
        if (mkdirat(root_fd, folder, 0755) && errno != EEXIST)
            return -1;
    }
    return 0;
}

/* Copy the file of that path; how many bytes of it are others now is added to *changed. */
static int copy_file(int from_fd, int to_fd, const char *path, uint64_t *changed)
{
    int from = openat(from_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), to = -1;
    struct stat status;
    uint64_t differ = 0;
    int result = -1;

    if (from < 0)
        return -1;
    if (fstat(from, &status) == 0 && make_folders(to_fd, path) == 0)
        to = openat(to_fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to >= 0 && bytes_differ(from, to, &differ) == 0 &&
        (differ == 0 ? ftruncate(to, status.st_size) : bytes_copy(from, to)) == 0 &&
        fchown(to, status.st_uid, status.st_gid) == 0 && fchmod(to, status.st_mode & 07777) == 0)
        result = 0;
    int code = errno;
    if (to >= 0)
        (void)close(to);
    (void)close(from);
    *changed += differ;
    errno = code;
    return result;
}

void damage_forget(struct disk *disk)
{
    struct file_list list;

    (void)files_list(disk->earlier_fd, "", &list);
    for (size_t i = 0; i < list.count; i++)
        (void)unlinkat(disk->earlier_fd, list.all[i].path, 0);
    files_release(&list);
}

int damage_keep(struct disk *disk, const struct disk_fault *fault, struct err *err)
{
    struct file_list list;
    uint64_t copied = 0;

    damage_forget(disk);
    int result = files_list(disk->root->fd, fault->files, &list);
    for (size_t i = 0; i < list.count && result == 0; i++)
        result = copy_file(disk->root->fd, disk->earlier_fd, list.all[i].path, &copied);
    int code = errno;
    files_release(&list);
    if (result == 0)
        return 0;
    damage_forget(disk);
    return err_errno(err, code,
                     "cannot keep the disk's files as they are (more room: --node-disk SIZE)");
}

static int bring_back_file(struct disk *disk, const char *path)
{
    uint64_t changed = 0;

    if (copy_file(disk->earlier_fd, disk->root->fd, path, &changed))
        return -1;
    if (changed)
        disk_say(disk, "  brought back '%s': %llu bytes are others", path,
                 (unsigned long long)changed);
    disk->counts.bytes_staled += changed;
    return 0;
}

static int remove_newer(struct disk *disk, const struct file_entry *file)
{
    if (faccessat(disk->earlier_fd, file->path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    if (unlinkat(disk->root->fd, file->path, 0))
        return -1;
    disk_say(disk, "  removed '%s' of %lld bytes, which is newer", file->path,
             (long long)file->size);
    disk->counts.bytes_staled += (uint64_t)file->size;
    return 0;
}

int damage_bring_back(struct disk *disk, const struct disk_fault *fault, struct err *err)
{
    struct file_list now, then = {0};
    int result = files_list(disk->root->fd, fault->files, &now);

    if (result == 0)
        result = files_list(disk->earlier_fd, "", &then);
    for (size_t i = 0; i < now.count && result == 0; i++)
        result = remove_newer(disk, &now.all[i]);
    for (size_t i = 0; i < then.count && result == 0; i++)
        result = bring_back_file(disk, then.all[i].path);
    int code = errno;
    files_release(&now);
    files_release(&then);
    damage_forget(disk);
    return result ? err_errno(err, code, "cannot bring back the disk's earlier files") : 0;
}
