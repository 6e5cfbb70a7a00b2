/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* jsonl.c - our own format: a JSON object a line.
 *
 * The file is cut into blocks at line ends. Every thread takes the next block, parses it into
 * numbers with tables of its own, waits for its turn, and adds what it has to the history. Reading
 * and adding are in order, parsing is not.
 */
#include "../pairing.h"
#include "formats.h"
#include "jsonl_line.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>

enum {
    BLOCK_BYTES = 1 << 20,
    BLOCK_BYTES_MAX = 1 << 30, /* a line must fit */
    THREADS_MAX = 16,
};

static const char TOO_LONG[] = "it is longer than 1 GiB";

/* What the threads share. */
struct reader {
    struct input *input;
    struct history *history;
    pthread_mutex_t lock;
    pthread_cond_t turn_came;

    /* Under the lock. */
    char *carry; /* the beginning of the next block's first line */
    size_t carry_len, carry_capacity;
    uint64_t next_block;
    uint64_t offset; /* of the next block in the stream */
    bool end;
    bool failed;
    struct err err;

    uint64_t turn; /* the block that may be added now; under the lock */

    /* Of the thread whose turn it is. */
    struct pairing pairing;
    uint64_t line_count;  /* before the block */
    uint64_t event_count; /* before the line */
    bool have_times;
    size_t offset_capacity;
};

/* What a thread has. */
struct block {
    struct reader *reader;
    struct jsonl_parser parser;
    char *bytes;
    size_t len, capacity;
    bool ended; /* with a line feed; false: one was added */
    uint64_t number, offset;
    struct jsonl_line *lines;
    size_t line_count, line_capacity;
    uint64_t line_ends;  /* how many lines it has, empty ones included */
    const char *problem; /* with the line behind the last one of `lines`; or NULL */
    size_t problem_offset;
    bool torn;
    value_id *map; /* parser's values to the history's */
    size_t map_capacity;
    int16_t f_map[256], node_map[256]; /* parser's names to the history's; -1: not yet */
    pthread_t thread;
};

static int out_of_memory(const struct reader *reader, struct err *err)
{
    return err_set(err, ENOMEM, "%s while reading the history; give a larger --memory-limit",
                   budget_reason(reader->history->budget));
}

/* Room for `need` elements of `size` in *array; false when the budget is used up. */
static bool ensure(struct budget *budget, void *array_ptr, size_t *capacity, size_t need,
                   size_t size)
{
    void **array = array_ptr;
    size_t wanted = *capacity ? *capacity : 1024;

    if (need <= *capacity)
        return true;
    while (wanted < need)
        wanted *= 2;
    void *grown = budget_realloc(budget, *array, wanted * size);
    if (!grown)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

/* -- reading ---------------------------------------------------------------------------------- */

/* Fill the block until it ends with a line feed or the input ends. */
static int fill(struct reader *reader, struct block *block, struct err *err)
{
    struct budget *budget = reader->history->budget;
    size_t peek = input_peek(reader->input).len, searched = 0;
    bool small = reader->next_block == 0 && peek < INPUT_PEEK_BYTES;
    size_t want = small ? peek + 1 : BLOCK_BYTES;

    block->len = 0;
    for (;;) {
        if (want < reader->carry_len)
            want = 2 * reader->carry_len;
        if (want > BLOCK_BYTES_MAX)
            return err_set(err, EFBIG, "%s", TOO_LONG);
        if (!ensure(budget, &block->bytes, &block->capacity, want + JSONL_PADDING, 1))
            return out_of_memory(reader, err);
        if (block->len == 0 && reader->carry_len) {
            memcpy(block->bytes, reader->carry, reader->carry_len);
            block->len = searched = reader->carry_len;
        }
        while (block->len < want && !reader->end) {
            ssize_t n =
                input_read(reader->input, block->bytes + block->len, want - block->len, err);
            if (n < 0)
                return -1;
            reader->end = n == 0;
            block->len += (size_t)n;
        }
        if (reader->end || memrchr(block->bytes + searched, '\n', block->len - searched) != NULL)
            return 0;
        searched = block->len;
        want *= 2; /* a line longer than a block */
    }
}

/* Keep what stands behind the last line feed for the next block. */
static int cut(struct reader *reader, struct block *block, struct err *err)
{
    const char *last = block->len ? memrchr(block->bytes, '\n', block->len) : NULL;
    size_t whole = last ? (size_t)(last - block->bytes) + 1 : 0;
    size_t rest = block->len - whole;

    reader->carry_len = 0;
    block->ended = true;
    if (reader->end) {
        block->ended = rest == 0;
        if (rest)
            block->bytes[block->len++] = '\n';
        return 0;
    }
    if (!ensure(reader->history->budget, &reader->carry, &reader->carry_capacity, rest, 1))
        return out_of_memory(reader, err);
    if (rest)
        memcpy(reader->carry, block->bytes + whole, rest);
    reader->carry_len = rest;
    block->len = whole;
    return 0;
}

/* Take the next block: 1, or 0 when there is none, or -1. Under the lock. */
static int next_block(struct reader *reader, struct block *block, struct err *err)
{
    if (reader->end && reader->next_block > 0)
        return 0;
    if (fill(reader, block, err) < 0 || cut(reader, block, err) < 0)
        return -1;
    memset(block->bytes + block->len, 0, JSONL_PADDING - 1);
    block->number = reader->next_block++;
    block->offset = reader->offset;
    reader->offset += block->len;
    return 1;
}

/* -- parsing ---------------------------------------------------------------------------------- */

static void parse_block(struct block *block)
{
    const char *at = block->bytes, *end = block->bytes + block->len;

    if (block->number == 0)
        at += end - at - (ptrdiff_t)format_skip_mark((struct str){at, (size_t)(end - at)}).len;
    values_clear(&block->parser.values);
    block->line_count = 0;
    block->line_ends = 0;
    block->problem = NULL;
    block->torn = false;
    while (at < end) {
        bool empty;
        block->problem_offset = (size_t)(at - block->bytes);
        if (!ensure(block->parser.budget, &block->lines, &block->line_capacity,
                    block->line_count + 1, sizeof *block->lines)) {
            block->problem = "out of memory";
            return;
        }
        struct jsonl_line *line = &block->lines[block->line_count];
        const char *next = jsonl_parse_line(&block->parser, at, end, line, &empty);
        if (!next) {
            bool last = memchr(at, '\n', (size_t)(end - at)) == end - 1;
            block->torn = last && !block->ended;
            block->problem = block->torn ? NULL : block->parser.problem;
            return;
        }
        line->offset = (uint32_t)block->problem_offset;
        block->line_count += !empty;
        block->line_ends++;
        at = next;
    }
}

/* -- adding ----------------------------------------------------------------------------------- */

static value_id translate(const struct block *block, value_id id)
{
    return id & VALUE_SMALL_BIT ? id : block->map[id];
}

/* The history's number of one of the parser's names. */
static int translate_name(int16_t *map, int number, struct str name,
                          int (*add)(struct history *, struct str), struct history *history)
{
    if (map[number] < 0)
        map[number] = (int16_t)add(history, name);
    return map[number];
}

static int translate_names(struct block *block, const struct jsonl_line *line,
                           struct pair_event *event, struct err *err)
{
    struct history *history = block->reader->history;
    int f = line->f, node = line->node;

    if (f >= OP_F_KNOWN)
        f = translate_name(block->f_map, f - OP_F_KNOWN, block->parser.fs.names[f - OP_F_KNOWN],
                           history_f, history);
    if (node != NODE_NONE)
        node = translate_name(block->node_map, node, block->parser.nodes.names[node], history_node,
                              history);
    if (f < 0 || node < 0)
        return err_set(err, EINVAL, "the names of functions or nodes are too many, or hold a NUL");
    event->f = (uint8_t)f;
    event->node = (uint8_t)node;
    return 0;
}

/* Give the line the time and index that it does not have. */
static int complete_line(struct reader *reader, const struct block *block, struct jsonl_line *line,
                         struct err *err)
{
    bool has_time = line->flags & JSONL_TIME;

    if (reader->event_count == 0)
        reader->have_times = has_time;
    if (has_time != reader->have_times)
        return err_set(err, EINVAL, "it has %s 'time', unlike the lines before it",
                       has_time ? "a" : "no");
    if (!has_time)
        line->time_ns = (int64_t)reader->event_count;
    if (!(line->flags & JSONL_INDEX)) {
        if (reader->event_count >= INDEX_NONE)
            return err_set(err, EFBIG, "a history has at most 4294967295 events");
        line->index = (uint32_t)reader->event_count;
    }
    if (reader->event_count % OFFSET_EVERY == 0) {
        struct history *history = reader->history;
        if (!ensure(history->budget, &history->offsets, &reader->offset_capacity,
                    history->offset_count + 1, sizeof *history->offsets))
            return out_of_memory(reader, err);
        history->offsets[history->offset_count++] = block->offset + line->offset;
    }
    reader->event_count++;
    return 0;
}

static int add_line(struct reader *reader, struct block *block, struct jsonl_line *line,
                    struct err *err)
{
    if (complete_line(reader, block, line, err) < 0)
        return -1;
    if (line->flags & JSONL_HARNESS && line->type != OP_INFO)
        return err_set(err, EINVAL,
                       "its process has a name, as only the harness has, whose events are all "
                       "'info': give clients numbers");
    if (line->flags & JSONL_HARNESS) {
        const char *text = block->bytes + line->offset;
        const char *end = memchr(text, '\n', block->len - line->offset);
        return pairing_index(&reader->pairing, line->index, err) < 0
                   ? -1
                   : jsonl_parse_event(&block->parser, (struct str){text, (size_t)(end - text)},
                                       line, reader->history, err);
    }
    struct pair_event event = {.time_ns = line->time_ns,
                               .index = line->index,
                               .process = line->process,
                               .key = translate(block, line->key),
                               .value = translate(block, line->value),
                               .value2 = translate(block, line->value2),
                               .type = line->type,
                               .is_pair = line->flags & JSONL_PAIR};
    if (translate_names(block, line, &event, err) < 0 ||
        pairing_add(&reader->pairing, &event, err) < 0)
        return -1;
    return line->clock == VALUE_NIL || line->type != OP_OK
               ? 0
               : history_add_clock(reader->history, line->index, translate(block, line->clock),
                                   err);
}

/* The number of the line at `offset` of the block. */
static uint64_t line_number(const struct reader *reader, const struct block *block, size_t offset)
{
    uint64_t number = reader->line_count + 1;

    for (size_t i = 0; i < offset; i++)
        number += block->bytes[i] == '\n';
    return number;
}

static int add_block(struct reader *reader, struct block *block, struct err *err)
{
    struct history *history = reader->history;

    if (!ensure(history->budget, &block->map, &block->map_capacity, block->parser.values.count + 1,
                sizeof *block->map))
        return out_of_memory(reader, err);
    block->map[VALUE_NIL] = VALUE_NIL;
    if (!values_merge(&history->values, &block->parser.values, block->map))
        return out_of_memory(reader, err);
    for (size_t i = 0; i < block->line_count; i++) {
        if (add_line(reader, block, &block->lines[i], err) < 0)
            return format_line_error(reader->input,
                                     line_number(reader, block, block->lines[i].offset), err);
    }
    if (block->problem) {
        if (strcmp(block->problem, "out of memory") == 0)
            return out_of_memory(reader, err);
        (void)err_set(err, EINVAL, "%s", block->problem);
        return format_line_error(reader->input, line_number(reader, block, block->problem_offset),
                                 err);
    }
    if (block->torn)
        history->torn = true;
    reader->line_count += block->line_ends;
    return 0;
}

/* -- threads ---------------------------------------------------------------------------------- */

/* Note the first failure, in the order of blocks. Under the lock. */
static void note_failure(struct reader *reader, const struct err *err)
{
    if (!reader->failed)
        reader->err = *err;
    reader->failed = true;
    pthread_cond_broadcast(&reader->turn_came);
}

/* Parse the block that was taken, and add it when its turn comes. Called with the lock held, which
 * is given up meanwhile. */
static void process_block(struct reader *reader, struct block *block)
{
    struct err err;

    pthread_mutex_unlock(&reader->lock);
    parse_block(block);
    pthread_mutex_lock(&reader->lock);
    while (reader->turn != block->number && !reader->failed)
        pthread_cond_wait(&reader->turn_came, &reader->lock);
    if (reader->failed)
        return;
    pthread_mutex_unlock(&reader->lock);
    int result = add_block(reader, block, &err);
    pthread_mutex_lock(&reader->lock);
    if (result < 0)
        note_failure(reader, &err);
    reader->turn++;
    pthread_cond_broadcast(&reader->turn_came);
}

static void *read_blocks(void *arg)
{
    struct block *block = arg;
    struct reader *reader = block->reader;
    struct err err;
    int got = 1;

    pthread_mutex_lock(&reader->lock);
    while (!reader->failed && (got = next_block(reader, block, &err)) > 0)
        process_block(reader, block);
    if (!reader->failed && got < 0) {
        /* Blocks before this one may hold an earlier mistake. */
        while (reader->turn != reader->next_block && !reader->failed)
            pthread_cond_wait(&reader->turn_came, &reader->lock);
        note_failure(reader, &err);
    }
    pthread_mutex_unlock(&reader->lock);
    return NULL;
}

static void block_init(struct block *block, struct reader *reader)
{
    *block = (struct block){.reader = reader};
    jsonl_parser_init(&block->parser, reader->history->budget);
    memset(block->f_map, -1, sizeof block->f_map);
    memset(block->node_map, -1, sizeof block->node_map);
}

static void block_release(struct block *block)
{
    struct budget *budget = block->parser.budget;

    jsonl_parser_release(&block->parser);
    budget_free(budget, block->bytes);
    budget_free(budget, block->lines);
    budget_free(budget, block->map);
}

/* The calling thread reads too; others are worth their while only if there is a second block. */
static int read_all(struct reader *reader, struct block *blocks, int threads, struct err *err)
{
    int started = 1;

    int got = next_block(reader, &blocks[0], err);
    if (got < 0)
        return -1;
    if (reader->end)
        threads = 1;
    while (started < threads &&
           pthread_create(&blocks[started].thread, NULL, read_blocks, &blocks[started]) == 0)
        started++;
    pthread_mutex_lock(&reader->lock);
    process_block(reader, &blocks[0]);
    pthread_mutex_unlock(&reader->lock);
    (void)read_blocks(&blocks[0]);
    for (int i = 1; i < started; i++)
        (void)pthread_join(blocks[i].thread, NULL);
    *err = reader->err;
    return reader->failed ? -1 : 0;
}

static int read_jsonl(struct input *input, const struct read_options *options,
                      struct history *history, struct err *err)
{
    int threads = options->threads < THREADS_MAX ? options->threads : THREADS_MAX;
    struct reader reader = {.input = input, .history = history};
    struct block *blocks = budget_calloc(history->budget, (size_t)threads, sizeof *blocks);

    if (!blocks)
        return out_of_memory(&reader, err);
    (void)pthread_mutex_init(&reader.lock, NULL);
    (void)pthread_cond_init(&reader.turn_came, NULL);
    pairing_init(&reader.pairing, history);
    for (int i = 0; i < threads; i++)
        block_init(&blocks[i], &reader);
    int result = read_all(&reader, blocks, threads, err);
    history->times_trusted = reader.have_times || reader.event_count == 0;
    history->torn |= input_torn(input);
    for (int i = 0; i < threads; i++)
        block_release(&blocks[i]);
    pairing_release(&reader.pairing);
    budget_free(history->budget, reader.carry);
    budget_free(history->budget, blocks);
    (void)pthread_mutex_destroy(&reader.lock);
    (void)pthread_cond_destroy(&reader.turn_came);
    return result;
}

/* A member's name in quotes tells JSON from EDN. */
static bool detect(struct str first)
{
    struct str text = format_skip_blank(first);

    if (text.len == 0)
        return true; /* nothing at all: a record that was killed at once */
    if (text.ptr[0] != '{')
        return false;
    text = format_skip_blank((struct str){text.ptr + 1, text.len - 1});
    return text.len == 0 || text.ptr[0] == '"' || text.ptr[0] == '}';
}

const struct format format_jsonl = {
    .name = "jsonl",
    .about = "our own: a JSON object a line",
    .detect = detect,
    .read = read_jsonl,
};
