/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storage.c - stable storage: a file of JSON lines per name in the node's data folder.
 *
 * Writing goes straight to the kernel, so that a killed process loses nothing it has written; what
 * a crashed machine keeps is decided by sync alone. The folder is synced when a file is new in it.
 */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILES_MAX = 16 };

struct open_file {
    const char *name;
    int fd;
    bool in_folder; /* its name is durable */
};

struct storage {
    int dir_fd;
    struct open_file files[FILES_MAX];
    int count;
};

/* NULL if this node keeps nothing. */
static struct storage *storage_of(struct runtime *rt)
{
    if (rt->storage || !rt->data_dir)
        return rt->storage;
    struct storage *storage = calloc(1, sizeof *storage);
    int fd = open(rt->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!storage || fd < 0)
        die("cannot open the data folder '%s': %s", rt->data_dir, strerror(errno));
    storage->dir_fd = fd;
    rt->storage = storage;
    return storage;
}

static struct open_file *file_of(struct storage *storage, const char *name)
{
    for (int i = 0; i < storage->count; i++) {
        if (strcmp(storage->files[i].name, name) == 0)
            return &storage->files[i];
    }
    if (storage->count == FILES_MAX)
        die("more than %d files of stable storage", FILES_MAX);
    bool existed = faccessat(storage->dir_fd, name, F_OK, 0) == 0;
    int fd = openat(storage->dir_fd, name, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        die("cannot open '%s': %s", name, strerror(errno));
    struct open_file *file = &storage->files[storage->count++];
    *file = (struct open_file){strdup(name), fd, existed};
    return file;
}

static void write_all(int fd, const char *name, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t count = write(fd, bytes.ptr, bytes.len);
        if (count < 0 && errno != EINTR)
            die("cannot write '%s': %s", name, strerror(errno));
        if (count > 0)
            bytes = (struct str){bytes.ptr + count, bytes.len - (size_t)count};
    }
}

static void write_record(int fd, const char *name, const json_t *record)
{
    char *text = json_dumps(record, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t len = text ? strlen(text) : 0;

    if (!text)
        die("cannot write '%s': the record is no JSON", name);
    text[len] = '\n'; /* in one write, so that a crash tears it at most */
    write_all(fd, name, (struct str){text, len + 1});
    free(text);
}

static void sync_fd(int fd, const char *name)
{
    if (fsync(fd) < 0)
        die("cannot sync '%s': %s", name, strerror(errno));
}

void storage_append(struct self *self, const char *name, const json_t *record)
{
    struct storage *storage = storage_of(runtime_of(self));
    if (storage)
        write_record(file_of(storage, name)->fd, name, record);
}

void storage_sync(struct self *self, const char *name)
{
    struct storage *storage = storage_of(runtime_of(self));
    if (!storage)
        return;
    struct open_file *file = file_of(storage, name);
    sync_fd(file->fd, name);
    if (!file->in_folder)
        sync_fd(storage->dir_fd, "the data folder");
    file->in_folder = true;
}

void storage_replace(struct self *self, const char *name, const json_t *record)
{
    struct storage *storage = storage_of(runtime_of(self));
    char fresh_name[NAME_MAX];

    if (!storage)
        return;
    struct open_file *file = file_of(storage, name);
    (void)snprintf(fresh_name, sizeof fresh_name, "%s.new", name);
    int fd = openat(storage->dir_fd, fresh_name, O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC,
                    0600);
    if (fd < 0)
        die("cannot open '%s': %s", fresh_name, strerror(errno));
    write_record(fd, fresh_name, record);
    sync_fd(fd, fresh_name);
    if (renameat(storage->dir_fd, fresh_name, storage->dir_fd, name) < 0)
        die("cannot rename '%s': %s", fresh_name, strerror(errno));
    sync_fd(storage->dir_fd, "the data folder");
    (void)close(file->fd);
    file->fd = fd;
    file->in_folder = true;
}

/* The whole file. */
static struct buf read_file(int fd, const char *name)
{
    struct buf content = {0};
    char block[1 << 16];
    ssize_t count;
    off_t offset = 0;

    while ((count = pread(fd, block, sizeof block, offset)) > 0) {
        buf_add(&content, block, (size_t)count);
        offset += count;
    }
    if (count < 0 || content.failed)
        die("cannot read '%s': %s", name, strerror(errno));
    return content;
}

json_t *storage_read(struct self *self, const char *name)
{
    struct storage *storage = storage_of(runtime_of(self));
    json_t *records = json_array();

    if (!storage)
        return records;
    struct open_file *file = file_of(storage, name);
    struct buf content = read_file(file->fd, name);
    size_t start = 0;
    while (start < content.len) {
        const char *line = content.ptr + start;
        const char *end = memchr(line, '\n', content.len - start);
        json_t *record = end ? json_loadb(line, (size_t)(end - line), JSON_DECODE_ANY, NULL) : NULL;
        if (!record)
            break;
        (void)json_array_append_new(records, record);
        start += (size_t)(end - line) + 1;
    }
    /* A sync covers all that was written before it, so what a crash tore was never synced, nor
     * was anything behind it. It must go, or the next record would be glued to it. */
    if (start < content.len) {
        note(self, "dropped %zu bytes of '%s' that a crash tore", content.len - start, name);
        if (ftruncate(file->fd, (off_t)start) < 0)
            die("cannot truncate '%s': %s", name, strerror(errno));
    }
    buf_release(&content);
    return records;
}
