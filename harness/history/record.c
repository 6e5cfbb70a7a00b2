/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* record.c - the workers' side of the record: lanes, times, notes of the harness, the end. */
#include "record.h"

#include "../base/clock.h"
#include "history.h"
#include "record_lane.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void record_free(struct record *record)
{
    for (int i = 0; record->lanes && i < record->lane_count; i++) {
        struct lane *lane = &record->lanes[i];
        uint32_t head = atomic_load(&lane->head);
        for (uint32_t at = atomic_load(&lane->tail); at != head; at++)
            free(lane->cells[at % LANE_CELLS].text);
        free(lane->cells);
    }
    for (int i = 0; record->nodes && i < record->node_count; i++)
        free(record->nodes[i]);
    while (record->notes) {
        struct note *note = record->notes;
        record->notes = note->next;
        free(note);
    }
    free(record->nodes);
    free(record->lanes);
    free(record->path);
    if (record->fd >= 0)
        (void)close(record->fd);
    free(record);
}

static bool make_lanes(struct record *record, int count)
{
    record->lanes = aligned_alloc(64, (size_t)count * sizeof *record->lanes);
    if (!record->lanes)
        return false;
    memset(record->lanes, 0, (size_t)count * sizeof *record->lanes);
    record->lane_count = count;
    for (int i = 0; i < count; i++) {
        struct lane *lane = &record->lanes[i];
        atomic_init(&lane->floor_ns, FLOOR_NONE);
        lane->idle = true;
        lane->last_ns = -1;
        lane->cells = aligned_alloc(64, LANE_CELLS * sizeof *lane->cells);
        if (!lane->cells)
            return false;
    }
    return true;
}

static bool make_nodes(struct record *record, const char *const *names, int count)
{
    record->nodes = calloc((size_t)count + 1, sizeof *record->nodes);
    if (!record->nodes)
        return false;
    record->node_count = count;
    for (int i = 0; i < count; i++) {
        struct buf buf;
        buf_init(&buf, 0);
        buf_puts(&buf, ",\"node\":");
        buf_json_string(&buf, str_of(names[i]));
        record->nodes[i] = buf_take(&buf);
        if (!record->nodes[i])
            return false;
    }
    return true;
}

/* Signals are for other threads; and without SIGXFSZ a file too large is an error like any other.
 */
static int start_writer(struct record *record)
{
    pthread_condattr_t attr;
    sigset_t all, before;

    (void)pthread_mutex_init(&record->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&record->work, &attr);
    (void)pthread_cond_init(&record->space, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&record->writer, NULL, record_writer, record);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

int record_open(struct record **out, const char *path, int lanes, const char *const *node_names,
                int node_count, int64_t start_ns, struct err *err)
{
    struct record *record = calloc(1, sizeof *record);

    if (!record)
        return err_set(err, ENOMEM, "out of memory for the record");
    record->fd = -1;
    record->start_ns = start_ns;
    record->note_ns = -1;
    record->notes_end = &record->notes;
    record->path = strdup(path);
    if (!record->path || !make_lanes(record, lanes) ||
        !make_nodes(record, node_names, node_count)) {
        record_free(record);
        return err_set(err, ENOMEM, "out of memory for a record with %d lanes", lanes);
    }
    record->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (record->fd < 0) {
        int code = errno;
        record_free(record);
        return err_errno(err, code, "cannot create the record '%s'", path);
    }
    int code = start_writer(record);
    if (code != 0) {
        record_free(record);
        return err_errno(err, code, "cannot start the writer of the record '%s'", path);
    }
    *out = record;
    return 0;
}

void record_fail(struct record *record, int code, const char *what)
{
    pthread_mutex_lock(&record->lock);
    if (!atomic_load(&record->failed))
        (void)err_errno(&record->err, code, "%s '%s'", what, record->path);
    atomic_store(&record->failed, true);
    pthread_cond_broadcast(&record->space);
    pthread_mutex_unlock(&record->lock);
}

int64_t record_time(struct record *record, int lane_index)
{
    struct lane *lane = &record->lanes[lane_index];

    /* The floor first, then the clock: see record_lane.h. */
    if (lane->idle)
        atomic_store(&lane->floor_ns, lane->last_ns);
    lane->idle = false;
    int64_t now_ns = clock_now_ns() - record->start_ns;
    if (now_ns <= lane->last_ns)
        now_ns = lane->last_ns + 1; /* a coarse clock: one process is still ordered by time */
    lane->last_ns = now_ns;
    atomic_store_explicit(&lane->floor_ns, now_ns, memory_order_release);
    return now_ns;
}

void record_idle(struct record *record, int lane_index)
{
    struct lane *lane = &record->lanes[lane_index];

    lane->idle = true;
    atomic_store_explicit(&lane->floor_ns, FLOOR_NONE, memory_order_release);
}

void record_close_lane(struct record *record, int lane_index)
{
    record_idle(record, lane_index);
    record->lanes[lane_index].closed = true;
}

static void wake_writer(struct record *record)
{
    pthread_mutex_lock(&record->lock);
    pthread_cond_signal(&record->work);
    pthread_mutex_unlock(&record->lock);
}

static uint32_t lane_used(struct lane *lane)
{
    lane->tail_seen = atomic_load_explicit(&lane->tail, memory_order_acquire);
    return atomic_load_explicit(&lane->head, memory_order_relaxed) - lane->tail_seen;
}

/* Until the lane has a free cell; false if the record fails meanwhile. */
static bool wait_for_space(struct record *record, struct lane *lane)
{
    pthread_mutex_lock(&record->lock);
    while (lane_used(lane) == LANE_CELLS && !atomic_load(&record->failed)) {
        pthread_cond_signal(&record->work);
        pthread_cond_wait(&record->space, &record->lock);
    }
    pthread_mutex_unlock(&record->lock);
    return !atomic_load(&record->failed);
}

/* Line ends between JSON's tokens would end the line. */
static void flatten(char *json, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)json[i] < ' ')
            json[i] = ' ';
    }
}

static bool copy_texts(struct cell *cell, const struct record_event *event)
{
    struct buf text;

    if (event->value.kind != OP_VALUE_JSON && event->error.len == 0)
        return true;
    buf_init(&text, UINT32_MAX / 2);
    if (event->value.kind == OP_VALUE_JSON)
        buf_add(&text, event->value.json.ptr, event->value.json.len);
    size_t json_len = text.len;
    if (event->error.len)
        buf_json_string(&text, event->error);
    size_t len = text.len;
    cell->text = buf_take(&text);
    if (!cell->text)
        return false;
    flatten(cell->text, json_len);
    cell->json_len = (uint32_t)json_len;
    cell->error_len = (uint32_t)(len - json_len);
    return true;
}

static bool refuse(struct record *record, int code, const char *what)
{
    record_fail(record, code, what);
    return false;
}

bool record_op(struct record *record, int lane_index, const struct record_event *event)
{
    struct lane *lane = &record->lanes[lane_index];
    uint32_t head = atomic_load_explicit(&lane->head, memory_order_relaxed);
    struct cell *cell = &lane->cells[head % LANE_CELLS];

    if (atomic_load_explicit(&record->failed, memory_order_relaxed))
        return false;
    if (lane->idle || lane->closed || event->time_ns < lane->last_ns)
        return refuse(record, EINVAL, "an event without a time of its own in the record");
    if (event->f >= OP_F_KNOWN || event->type > OP_INFO)
        return refuse(record, EINVAL, "an event of no known kind in the record");
    if (head - lane->tail_seen == LANE_CELLS && lane_used(lane) == LANE_CELLS &&
        !wait_for_space(record, lane))
        return false;

    lane->last_ns = event->time_ns;
    *cell = (struct cell){.time_ns = event->time_ns,
                          .key = event->key,
                          .a = event->value.a,
                          .b = event->value.b,
                          .process = event->process,
                          .type = event->type,
                          .f = event->f,
                          .node = event->node,
                          .kind = (uint8_t)event->value.kind};
    if (!copy_texts(cell, event))
        return refuse(record, ENOMEM, "an event too large for the record");
    atomic_store_explicit(&lane->head, head + 1, memory_order_release);
    if (head + 1 - lane->tail_seen >= LANE_CELLS / 2 && lane_used(lane) >= LANE_CELLS / 2 &&
        atomic_load(&record->asleep))
        wake_writer(record);
    return true;
}

static struct note *make_note(const struct event *event)
{
    struct note *note = NULL;
    struct buf line;

    buf_init(&line, 0);
    buf_puts(&line, "{");
    event_print(event, &line);
    buf_puts(&line, "}");
    if (!line.failed)
        note = malloc(sizeof *note + line.len + 1);
    if (note) {
        flatten(line.ptr, line.len);
        line.ptr[0] = ','; /* index and time come first */
        *note = (struct note){.len = line.len + 1};
        memcpy(note->text, line.ptr, line.len);
        note->text[line.len] = '\n';
    }
    buf_release(&line);
    return note;
}

int64_t record_event_add(struct record *record, const struct event *event)
{
    struct note *note = make_note(event);

    if (!note) {
        record_fail(record, ENOMEM, "an event of the harness for the record");
        return -1;
    }
    pthread_mutex_lock(&record->lock);
    int64_t now_ns = clock_now_ns() - record->start_ns;
    if (now_ns <= record->note_ns)
        now_ns = record->note_ns + 1;
    note->time_ns = record->note_ns = now_ns;
    *record->notes_end = note;
    record->notes_end = &note->next;
    pthread_mutex_unlock(&record->lock);
    return atomic_load(&record->failed) ? -1 : now_ns;
}

int record_finish(struct record *record, struct err *err)
{
    pthread_mutex_lock(&record->lock);
    record->ending = true;
    pthread_cond_signal(&record->work);
    pthread_mutex_unlock(&record->lock);
    (void)pthread_join(record->writer, NULL);
    int result = 0;
    if (!record->failed && fsync(record->fd) < 0 && errno != EINVAL && errno != EROFS)
        result = err_errno(err, errno, "cannot sync the record '%s'", record->path);
    if (record->failed) {
        *err = record->err;
        result = -1;
    }
    (void)pthread_mutex_destroy(&record->lock);
    (void)pthread_cond_destroy(&record->work);
    (void)pthread_cond_destroy(&record->space);
    record_free(record);
    return result;
}

uint64_t record_written(const struct record *record)
{
    return atomic_load(&((struct record *)(uintptr_t)record)->written);
}
