/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include "../../base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOURNAL_BYTES_MAX = 1 << 20, LOCK_INTERVAL_MS = 20 };

static int read_boot(char boot[BOOT_ID_BYTES], struct err *err)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, boot, BOOT_ID_BYTES - 1);

    if (fd >= 0)
        (void)close(fd);
    if (got != BOOT_ID_BYTES - 1)
        return err_set(err, EIO, "cannot read the boot's id in /proc/sys/kernel/random/boot_id");
    boot[got] = '\0';
    return 0;
}

/* The folder, made if it is missing. */
static int open_folder(const char *folder, struct err *err)
{
    struct stat status;

    if (mkdir(folder, 0700) && errno != EEXIST)
        return err_errno(err, errno, "cannot make the journal's folder '%s'", folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status)) {
        (void)err_errno(err, errno, "cannot open the journal's folder '%s'", folder);
    } else if ((status.st_uid != geteuid() && status.st_uid != 0) || status.st_mode & 022) {
        (void)err_set(err, EPERM,
                      "others may write in the journal's folder '%s': make it the agent's, with "
                      "chown and chmod 700",
                      folder);
    } else {
        return fd;
    }
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static int lock(const struct journal *journal, int64_t patience_ms, struct err *err)
{
    int64_t now_ns = clock_now_ns(), deadline_ns = now_ns + patience_ms * NS_PER_MS;

    while (flock(journal->fd, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_errno(err, errno, "cannot lock '%s'", journal->path);
        if (now_ns >= deadline_ns)
            return err_set(err, EBUSY,
                           "an agent of Ordeal is at work on this host (it has '%s' locked): end "
                           "its run first",
                           journal->path);
        clock_sleep_until(now_ns + LOCK_INTERVAL_MS * NS_PER_MS);
        now_ns = clock_now_ns();
    }
    return 0;
}

/* All of it, or -1. */
static int write_synced(int fd, struct str text)
{
    while (text.len > 0) {
        ssize_t put = write(fd, text.ptr, text.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        text = (struct str){text.ptr + put, text.len - (size_t)put};
    }
    return fdatasync(fd);
}

/* Append; of what cannot be written whole nothing stays. */
static int append(const struct journal *journal, struct buf *text, struct err *err)
{
    off_t end = lseek(journal->fd, 0, SEEK_END);

    if (text->failed)
        return err_set(err, ENOMEM, "out of memory");
    if (end > JOURNAL_BYTES_MAX - (off_t)text->len)
        return err_set(err, EFBIG, "'%s' is full: end the run, so that it is emptied",
                       journal->path);
    if (end >= 0 && write_synced(journal->fd, buf_str(text)) == 0)
        return 0;
    int code = errno;
    if (end >= 0)
        (void)!ftruncate(journal->fd, end);
    return err_errno(err, code, "cannot write '%s'", journal->path);
}

/* Nothing is open: begin anew. */
static int empty(struct journal *journal, struct err *err)
{
    struct buf head;

    journal->open.last = 0;
    if (ftruncate(journal->fd, 0))
        return err_errno(err, errno, "cannot empty '%s'", journal->path);
    buf_init(&head, 0);
    entry_print_head(&head);
    int failed = append(journal, &head, err);
    buf_release(&head);
    return failed;
}

static int load(struct journal *journal, struct err *err)
{
    static char text[JOURNAL_BYTES_MAX + 1];
    size_t whole;
    ssize_t len = pread(journal->fd, text, sizeof text, 0);

    if (len < 0)
        return err_errno(err, errno, "cannot read '%s'", journal->path);
    if (len == sizeof text)
        return err_set(err, EFBIG, "'%s' is no journal of Ordeal's: it is too long", journal->path);
    if (entries_read((struct str){text, (size_t)len}, &journal->open, &whole, err))
        return err_wrap(err,
                        "'%s' is damaged and nothing in it was undone; look what it says, undo "
                        "that by hand, and remove it",
                        journal->path);
    if (journal->open.count == 0)
        return empty(journal, err);
    if (ftruncate(journal->fd, (off_t)whole))
        return err_errno(err, errno, "cannot write '%s'", journal->path);
    return 0;
}

int journal_open(struct journal *journal, const char *folder, int64_t patience_ms, struct err *err)
{
    *journal = (struct journal){.fd = -1};
    int len = snprintf(journal->path, sizeof journal->path, "%s/journal", folder);
    if (len < 0 || (size_t)len >= sizeof journal->path)
        return err_set(err, ENAMETOOLONG, "the name of the journal's folder is too long");
    if (read_boot(journal->boot, err))
        return -1;
    int dir = open_folder(folder, err);
    if (dir < 0)
        return -1;
    journal->fd = openat(dir, "journal", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (journal->fd < 0)
        (void)err_errno(err, errno, "cannot open '%s'", journal->path);
    int failed = journal->fd < 0 || lock(journal, patience_ms, err) || load(journal, err);
    if (!failed && fsync(dir))
        failed = err_errno(err, errno, "cannot sync '%s'", folder);
    (void)close(dir);
    if (!failed)
        return 0;
    journal_close(journal);
    return -1;
}

int journal_note(struct journal *journal, struct entry *entry, struct err *err)
{
    struct buf line;

    if (journal->open.count == ENTRIES_MAX)
        return err_set(err, ENOSPC, "'%s' has too much open already", journal->path);
    entry->number = journal->open.last + 1;
    memcpy(entry->boot, journal->boot, sizeof entry->boot);
    buf_init(&line, 0);
    entry_print(entry, &line);
    int failed = append(journal, &line, err);
    buf_release(&line);
    if (failed)
        return -1;
    journal->open.last = entry->number;
    journal->open.list[journal->open.count++] = *entry;
    return 0;
}

static int find(const struct entries *entries, uint64_t number)
{
    for (int i = 0; i < entries->count; i++) {
        if (entries->list[i].number == number)
            return i;
    }
    return -1;
}

int journal_undone(struct journal *journal, uint64_t number, struct err *err)
{
    struct entries *open = &journal->open;
    int index = find(open, number), failed;
    struct buf line;

    if (index < 0)
        return err_set(err, EINVAL, "nothing of number %llu is open in '%s'",
                       (unsigned long long)number, journal->path);
    if (open->count == 1) {
        failed = empty(journal, err);
    } else {
        buf_init(&line, 0);
        entry_print_undone(number, &line);
        failed = append(journal, &line, err);
        buf_release(&line);
    }
    if (failed)
        return -1;
    open->count--;
    memmove(&open->list[index], &open->list[index + 1],
            (size_t)(open->count - index) * sizeof *open->list);
    return 0;
}

bool journal_is_of_this_boot(const struct journal *journal, const struct entry *entry)
{
    return strcmp(journal->boot, entry->boot) == 0;
}

void journal_close(struct journal *journal)
{
    if (journal->fd >= 0)
        (void)close(journal->fd);
    journal->fd = -1;
}
