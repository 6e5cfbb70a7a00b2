/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* record_writer.c - the record's one writer: takes what is earlier than the watermark from all
 * lanes, in the order of time, and writes it in batches of whole lines.
 */
#include "../base/clock.h"
#include "put.h"
#include "record_lane.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    BATCH_BYTES = 256 * 1024,
    LINE_ROOM = 512, /* a line without its texts and its node's name */
    PERIOD_MS = 20,  /* between passes when little happens: what a killed run loses at most */
    BUSY_EVENTS = LANE_CELLS / 4,
};

/* How far the clocks of two processors may seem to disagree when one is read just before the other
 * side's memory. Far more than they do. */
#define CLOCK_MARGIN_NS 20000

/* A lane's (or the notes') first event in the order of the file. */
struct head {
    int64_t time_ns;
    uint64_t rank; /* invocations first, then by process */
    int lane;      /* lane_count: the notes */
};

struct writer {
    struct record *record;
    struct head *heap;
    int heap_count;
    uint32_t *tails, *heads; /* by lane: what this pass takes */
    struct note *notes;
    struct note **notes_end;
    char *batch;
    size_t batch_len, batch_capacity;
    uint64_t batch_events;
    uint64_t index;
    off_t size; /* of the file, in whole lines */
};

static bool head_before(const struct head *a, const struct head *b)
{
    return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->rank < b->rank;
}

static void heap_sink(struct writer *writer, int at)
{
    struct head *heap = writer->heap;
    struct head moved = heap[at];

    for (int child = 2 * at + 1; child < writer->heap_count; child = 2 * at + 1) {
        if (child + 1 < writer->heap_count && head_before(&heap[child + 1], &heap[child]))
            child++;
        if (!head_before(&heap[child], &moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

/* The first event of `lane` that this pass may take; false if there is none. */
static bool head_of(const struct writer *writer, int lane, struct head *head)
{
    const struct record *record = writer->record;

    if (lane == record->lane_count) {
        if (!writer->notes)
            return false;
        *head = (struct head){writer->notes->time_ns, UINT64_MAX, lane};
        return true;
    }
    if (writer->tails[lane] == writer->heads[lane])
        return false;
    const struct cell *cell = &record->lanes[lane].cells[writer->tails[lane] % LANE_CELLS];
    uint64_t late = cell->type != OP_INVOKE;
    *head = (struct head){cell->time_ns, late << 32 | (uint32_t)cell->process, lane};
    return true;
}

/* Give back to the workers the cells that have been formatted. */
static void release_cells(struct writer *writer)
{
    struct record *record = writer->record;

    for (int i = 0; i < record->lane_count; i++)
        atomic_store_explicit(&record->lanes[i].tail, writer->tails[i], memory_order_release);
    pthread_mutex_lock(&record->lock);
    pthread_cond_broadcast(&record->space);
    pthread_mutex_unlock(&record->lock);
}

/* After a failed write: what is on disk ends with a whole line, or at least with a torn one that
 * readers drop. */
static void end_at_a_line(struct writer *writer, size_t written)
{
    uint64_t events = 0;
    size_t whole = 0;

    for (size_t i = 0; i < written; i++) {
        if (writer->batch[i] == '\n') {
            whole = i + 1;
            events++;
        }
    }
    (void)!ftruncate(writer->record->fd, writer->size + (off_t)whole);
    atomic_fetch_add(&writer->record->written, events);
}

static bool flush(struct writer *writer)
{
    size_t written = 0;

    while (written < writer->batch_len) {
        ssize_t n = write(writer->record->fd, writer->batch + written, writer->batch_len - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int code = n < 0 ? errno : ENOSPC;
            end_at_a_line(writer, written);
            record_fail(writer->record, code, "cannot write the record");
            return false;
        }
        written += (size_t)n;
    }
    writer->size += (off_t)written;
    atomic_fetch_add(&writer->record->written, writer->batch_events);
    writer->batch_len = 0;
    writer->batch_events = 0;
    release_cells(writer);
    return true;
}

/* Where the next `len` bytes go; NULL after a failure. */
static char *reserve(struct writer *writer, size_t len)
{
    if (writer->batch_len + len > writer->batch_capacity && !flush(writer))
        return NULL;
    if (len > writer->batch_capacity) {
        char *grown = realloc(writer->batch, len);
        if (!grown) {
            record_fail(writer->record, ENOMEM, "a line too large for the record");
            return NULL;
        }
        writer->batch = grown;
        writer->batch_capacity = len;
    }
    return writer->batch + writer->batch_len;
}

static void commit(struct writer *writer, const char *end)
{
    writer->batch_len = (size_t)(end - writer->batch);
    writer->batch_events++;
    writer->index++;
}

static char *format_head(char *at, uint64_t index, int64_t time_ns)
{
    at = put_literal(at, "{\"index\":");
    at = put_uint(at, index);
    at = put_literal(at, ",\"time\":");
    return put_int(at, time_ns);
}

static char *format_value(char *at, const struct cell *cell)
{
    switch ((enum op_value_kind)cell->kind) {
    case OP_VALUE_NIL:
        return put_literal(at, ",\"value\":null");
    case OP_VALUE_INT:
        return put_int(put_literal(at, ",\"value\":"), cell->a);
    case OP_VALUE_PAIR:
        at = put_int(put_literal(at, ",\"value\":["), cell->a);
        *at++ = ',';
        at = put_int(at, cell->b);
        *at++ = ']';
        return at;
    case OP_VALUE_JSON:
        break;
    }
    return put_bytes(put_literal(at, ",\"value\":"), cell->text, cell->json_len);
}

static bool write_op(struct writer *writer, int lane)
{
    static const char *const types[] = {
        ",\"type\":\"invoke\",\"process\":", ",\"type\":\"ok\",\"process\":",
        ",\"type\":\"fail\",\"process\":", ",\"type\":\"info\",\"process\":"};
    struct record *record = writer->record;
    struct cell *cell = &record->lanes[lane].cells[writer->tails[lane] % LANE_CELLS];
    const char *node = cell->node < record->node_count ? record->nodes[cell->node] : "";
    size_t node_len = strlen(node);
    const char *f = op_f_names[cell->f];
    char *at = reserve(writer, LINE_ROOM + node_len + cell->json_len + cell->error_len);

    if (!at)
        return false;
    at = format_head(at, writer->index, cell->time_ns);
    at = put_bytes(at, types[cell->type], strlen(types[cell->type]));
    at = put_int(at, cell->process);
    at = put_literal(at, ",\"f\":\"");
    at = put_bytes(at, f, strlen(f));
    *at++ = '"';
    if (cell->key != RECORD_NO_KEY)
        at = put_int(put_literal(at, ",\"key\":"), cell->key);
    at = format_value(at, cell);
    at = put_bytes(at, node, node_len);
    if (cell->error_len) {
        at = put_literal(at, ",\"error\":");
        at = put_bytes(at, cell->text + cell->json_len, cell->error_len);
    }
    at = put_literal(at, "}\n");
    free(cell->text);
    cell->text = NULL;
    writer->tails[lane]++;
    commit(writer, at);
    return true;
}

static bool write_note(struct writer *writer)
{
    struct note *note = writer->notes;
    char *at = reserve(writer, LINE_ROOM + note->len);

    if (!at)
        return false;
    at = format_head(at, writer->index, note->time_ns);
    at = put_bytes(at, note->text, note->len);
    writer->notes = note->next;
    if (!writer->notes)
        writer->notes_end = &writer->notes;
    free(note);
    commit(writer, at);
    return true;
}

/* What this pass may take; returns the watermark. The clock is read first: see record_lane.h. */
static int64_t gather(struct writer *writer, bool *ending)
{
    struct record *record = writer->record;

    pthread_mutex_lock(&record->lock);
    int64_t watermark_ns = clock_now_ns() - record->start_ns - CLOCK_MARGIN_NS;
    *ending = record->ending;
    if (record->notes) {
        *writer->notes_end = record->notes;
        writer->notes_end = record->notes_end;
        record->notes = NULL;
        record->notes_end = &record->notes;
    }
    pthread_mutex_unlock(&record->lock);
    for (int i = 0; i < record->lane_count; i++) {
        struct lane *lane = &record->lanes[i];
        int64_t floor_ns = atomic_load(&lane->floor_ns);
        if (floor_ns < watermark_ns)
            watermark_ns = floor_ns;
        writer->heads[i] = atomic_load_explicit(&lane->head, memory_order_acquire);
    }
    return *ending ? INT64_MAX : watermark_ns;
}

/* Write everything earlier than the watermark; the number of events, -1 after a failure. */
static int64_t merge(struct writer *writer, int64_t watermark_ns)
{
    uint64_t before = writer->index;

    writer->heap_count = 0;
    for (int lane = 0; lane <= writer->record->lane_count; lane++) {
        if (head_of(writer, lane, &writer->heap[writer->heap_count]))
            writer->heap_count++;
    }
    for (int at = writer->heap_count / 2 - 1; at >= 0; at--)
        heap_sink(writer, at);
    while (writer->heap_count && writer->heap[0].time_ns < watermark_ns) {
        int lane = writer->heap[0].lane;
        if (lane == writer->record->lane_count ? !write_note(writer) : !write_op(writer, lane))
            return -1;
        if (!head_of(writer, lane, &writer->heap[0]))
            writer->heap[0] = writer->heap[--writer->heap_count];
        if (writer->heap_count)
            heap_sink(writer, 0);
    }
    if (writer->batch_len && !flush(writer))
        return -1;
    return (int64_t)(writer->index - before);
}

/* Until a lane is half full, the end, or a while: few events in a batch are dear, and a batch that
 * waits longer is lost when the run is killed. */
static void wait_for_work(struct record *record)
{
    int64_t until_ns = clock_now_ns() + PERIOD_MS * NS_PER_MS;
    struct timespec until = {.tv_sec = until_ns / NS_PER_SEC, .tv_nsec = until_ns % NS_PER_SEC};

    pthread_mutex_lock(&record->lock);
    atomic_store(&record->asleep, true);
    if (!record->ending)
        (void)pthread_cond_timedwait(&record->work, &record->lock, &until);
    atomic_store(&record->asleep, false);
    pthread_mutex_unlock(&record->lock);
}

static bool writer_init(struct writer *writer, struct record *record)
{
    size_t lanes = (size_t)record->lane_count;

    *writer = (struct writer){.record = record, .batch_capacity = BATCH_BYTES};
    writer->notes_end = &writer->notes;
    writer->heap = calloc(lanes + 1, sizeof *writer->heap);
    writer->tails = calloc(lanes + 1, sizeof *writer->tails);
    writer->heads = calloc(lanes + 1, sizeof *writer->heads);
    writer->batch = malloc(writer->batch_capacity);
    return writer->heap && writer->tails && writer->heads && writer->batch;
}

static void writer_release(struct writer *writer)
{
    if (writer->tails) {
        for (int i = 0; i < writer->record->lane_count; i++)
            atomic_store(&writer->record->lanes[i].tail, writer->tails[i]);
    }
    while (writer->notes) {
        struct note *note = writer->notes;
        writer->notes = note->next;
        free(note);
    }
    free(writer->heap);
    free(writer->tails);
    free(writer->heads);
    free(writer->batch);
}

void *record_writer(void *arg)
{
    struct writer writer;
    bool ending = false;

    if (!writer_init(&writer, arg))
        record_fail(arg, ENOMEM, "the writer of the record");
    while (!ending && !atomic_load(&writer.record->failed)) {
        int64_t watermark_ns = gather(&writer, &ending);
        int64_t count = merge(&writer, watermark_ns);
        if (count >= 0 && count < BUSY_EVENTS && !ending)
            wait_for_work(writer.record);
    }
    writer_release(&writer);
    return NULL;
}
