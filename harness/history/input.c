/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "input.h"

#include "../base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum {
    RAW_BYTES = 256 * 1024,
    PEEK_BYTES = INPUT_PEEK_BYTES,
    LINE_BYTES_MAX = 1 << 30,
};

enum coding { CODING_PLAIN, CODING_GZIP, CODING_ZSTD };

struct input {
    char *name;
    int fd;            /* -1: memory */
    struct str memory; /* what is left of it */
    enum coding coding;
    z_stream gzip;
    ZSTD_DStream *zstd;
    bool stream_open; /* in the middle of a gzip member or zstd frame */
    bool end, torn;
    unsigned char *raw; /* compressed bytes, or the first plain ones */
    size_t raw_at, raw_len;
    char *peek;
    size_t peek_at, peek_len;

    struct buf line; /* bytes read and not yet given out as lines */
    size_t line_at;
    uint64_t line_number;
    bool line_ended;
};

const char *input_name(const struct input *input)
{
    return input->name;
}

bool input_torn(const struct input *input)
{
    return input->torn;
}

struct str input_peek(const struct input *input)
{
    return (struct str){input->peek + input->peek_at, input->peek_len - input->peek_at};
}

/* Bytes as they are in the file. */
static ssize_t read_raw(struct input *input, void *into, size_t len, struct err *err)
{
    if (input->fd < 0) {
        size_t n = len < input->memory.len ? len : input->memory.len;
        if (n)
            memcpy(into, input->memory.ptr, n);
        input->memory = (struct str){input->memory.ptr + n, input->memory.len - n};
        return (ssize_t)n;
    }
    for (;;) {
        ssize_t n = read(input->fd, into, len);
        if (n >= 0)
            return n;
        if (errno != EINTR)
            return err_errno(err, errno, "cannot read '%s'", input->name);
    }
}

/* More compressed bytes into `raw` when it is used up; 0 at the end. */
static ssize_t fill_raw(struct input *input, struct err *err)
{
    if (input->raw_at < input->raw_len)
        return 1;
    ssize_t n = read_raw(input, input->raw, RAW_BYTES, err);
    input->raw_at = 0;
    input->raw_len = n > 0 ? (size_t)n : 0;
    return n;
}

static int corrupt(const struct input *input, const char *what, struct err *err)
{
    return err_set(err, EILSEQ, "'%s' is not readable as %s data: the file is damaged", input->name,
                   what);
}

/* Decompress from `raw`; the number of bytes made, which may be 0. */
static ssize_t inflate_some(struct input *input, char *into, size_t len, struct err *err)
{
    z_stream *gzip = &input->gzip;
    size_t before = input->raw_at;

    gzip->next_in = input->raw + input->raw_at;
    gzip->avail_in = (uInt)(input->raw_len - input->raw_at);
    gzip->next_out = (Bytef *)into;
    gzip->avail_out = (uInt)len;
    int code = inflate(gzip, Z_NO_FLUSH);
    input->raw_at = input->raw_len - gzip->avail_in;
    if (input->raw_at > before || gzip->avail_out < len)
        input->stream_open = code != Z_STREAM_END;
    if (code == Z_STREAM_END)
        (void)inflateReset(gzip); /* another member may follow */
    else if (code != Z_OK && code != Z_BUF_ERROR)
        return corrupt(input, "gzip", err);
    return (ssize_t)(len - gzip->avail_out);
}

static ssize_t unzstd_some(struct input *input, char *into, size_t len, struct err *err)
{
    ZSTD_inBuffer in = {input->raw, input->raw_len, input->raw_at};
    ZSTD_outBuffer out = {into, len, 0};
    size_t code = ZSTD_decompressStream(input->zstd, &out, &in);

    if (ZSTD_isError(code))
        return corrupt(input, "zstd", err);
    if (in.pos > input->raw_at || out.pos > 0)
        input->stream_open = code != 0;
    input->raw_at = in.pos;
    return (ssize_t)out.pos;
}

/* Padding behind the last gzip member, as tapes leave it, is no data. */
static bool is_padding(const struct input *input)
{
    return input->coding == CODING_GZIP && !input->stream_open && input->raw_at < input->raw_len &&
           input->raw[input->raw_at] == 0;
}

static ssize_t read_decompressed(struct input *input, char *into, size_t len, struct err *err)
{
    while (!input->end) {
        /* Also without new bytes: the decompressor may hold some that did not fit before. */
        ssize_t made = is_padding(input)              ? 0
                       : input->coding == CODING_GZIP ? inflate_some(input, into, len, err)
                                                      : unzstd_some(input, into, len, err);
        if (made != 0)
            return made;
        ssize_t n = is_padding(input) ? 0 : fill_raw(input, err);
        if (n < 0)
            return -1;
        input->end = n == 0;
    }
    input->torn = input->stream_open;
    return 0;
}

static ssize_t read_some(struct input *input, char *into, size_t len, struct err *err)
{
    size_t left = input->raw_len - input->raw_at;

    len = len < INT32_MAX ? len : INT32_MAX; /* zlib counts in 32 bits */
    if (input->coding != CODING_PLAIN)
        return read_decompressed(input, into, len, err);
    if (left == 0)
        return read_raw(input, into, len, err);
    size_t taken = left < len ? left : len;
    memcpy(into, input->raw + input->raw_at, taken);
    input->raw_at += taken;
    return (ssize_t)taken;
}

ssize_t input_read(struct input *input, char *into, size_t len, struct err *err)
{
    struct str peek = input_peek(input);
    size_t n = peek.len < len ? peek.len : len;

    if (n == 0)
        return read_some(input, into, len, err);
    memcpy(into, peek.ptr, n);
    input->peek_at += n;
    return (ssize_t)n;
}

int input_skip(struct input *input, uint64_t len, struct err *err)
{
    char into[16 * 1024];

    while (len) {
        bool at_file = input_peek(input).len == 0 && input->raw_at == input->raw_len;
        if (at_file && input->coding == CODING_PLAIN && input->fd >= 0 &&
            lseek(input->fd, (off_t)len, SEEK_CUR) >= 0)
            return 0;
        ssize_t n = input_read(input, into, len < sizeof into ? (size_t)len : sizeof into, err);
        if (n <= 0)
            return (int)n;
        len -= (uint64_t)n;
    }
    return 0;
}

/* -- opening ---------------------------------------------------------------------------------- */

/* Look at the first bytes and set up the decompressor that they call for. */
static int detect_coding(struct input *input, struct err *err)
{
    static const unsigned char gzip_magic[] = {0x1f, 0x8b}, zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};

    if (fill_raw(input, err) < 0)
        return -1;
    if (input->raw_len >= sizeof gzip_magic &&
        memcmp(input->raw, gzip_magic, sizeof gzip_magic) == 0) {
        if (inflateInit2(&input->gzip, 15 + 16) != Z_OK)
            return err_set(err, ENOMEM, "out of memory to read '%s'", input->name);
        input->coding = CODING_GZIP;
    } else if (input->raw_len >= sizeof zstd_magic &&
               memcmp(input->raw, zstd_magic, sizeof zstd_magic) == 0) {
        input->zstd = ZSTD_createDStream();
        if (!input->zstd || ZSTD_isError(ZSTD_initDStream(input->zstd)))
            return err_set(err, ENOMEM, "out of memory to read '%s'", input->name);
        input->coding = CODING_ZSTD;
    }
    return 0;
}

static int fill_peek(struct input *input, struct err *err)
{
    while (input->peek_len < PEEK_BYTES) {
        ssize_t n =
            read_some(input, input->peek + input->peek_len, PEEK_BYTES - input->peek_len, err);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        input->peek_len += (size_t)n;
    }
    return 0;
}

static struct input *input_new(const char *name)
{
    struct input *input = calloc(1, sizeof *input);

    if (!input)
        return NULL;
    input->fd = -1;
    input->name = strdup(name);
    input->raw = malloc(RAW_BYTES);
    input->peek = malloc(PEEK_BYTES);
    buf_init(&input->line, LINE_BYTES_MAX);
    buf_puts(&input->line, "");
    if (input->name && input->raw && input->peek)
        return input;
    input_close(input);
    return NULL;
}

void input_close(struct input *input)
{
    if (!input)
        return;
    if (input->coding == CODING_GZIP)
        (void)inflateEnd(&input->gzip);
    (void)ZSTD_freeDStream(input->zstd);
    if (input->fd > STDIN_FILENO)
        (void)close(input->fd);
    buf_release(&input->line);
    free(input->raw);
    free(input->peek);
    free(input->name);
    free(input);
}

static int start(struct input **out, struct input *input, struct err *err)
{
    if (detect_coding(input, err) < 0 || fill_peek(input, err) < 0) {
        input_close(input);
        return -1;
    }
    *out = input;
    return 0;
}

int input_open(struct input **out, const char *path, struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct input *input = input_new(is_stdin ? "standard input" : path);

    if (!input)
        return err_set(err, ENOMEM, "out of memory to read '%s'", path);
    input->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0) {
        int code = errno;
        input_close(input);
        return err_errno(err, code, "cannot open '%s'", path);
    }
    (void)posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return start(out, input, err);
}

int input_open_memory(struct input **out, const char *name, struct str bytes, struct err *err)
{
    struct input *input = input_new(name);

    if (!input)
        return err_set(err, ENOMEM, "out of memory to read '%s'", name);
    input->memory = bytes;
    return start(out, input, err);
}

/* -- lines ------------------------------------------------------------------------------------ */

/* More bytes behind those in `line`; 0 at the end. */
static ssize_t fill_line(struct input *input, struct err *err)
{
    enum { CHUNK = 64 * 1024 };
    char chunk[CHUNK];

    if (input->line_at) {
        input->line.len -= input->line_at;
        memmove(input->line.ptr, input->line.ptr + input->line_at, input->line.len);
        input->line_at = 0;
    }
    ssize_t n = input_read(input, chunk, sizeof chunk, err);
    if (n > 0)
        buf_add(&input->line, chunk, (size_t)n);
    if (input->line.failed)
        return err_set(err, EFBIG, "line %" PRIu64 " of '%s' is too long", input->line_number + 1,
                       input->name);
    return n;
}

int input_line(struct input *input, struct str *line, struct err *err)
{
    size_t searched = 0;

    for (;;) {
        size_t left = input->line.len - input->line_at - searched;
        const char *start = input->line.ptr + input->line_at;
        const char *end = left ? memchr(start + searched, '\n', left) : NULL;
        size_t len = end ? (size_t)(end - start) : left + searched;
        if (!end) {
            searched = len;
            ssize_t n = fill_line(input, err);
            if (n < 0)
                return -1;
            if (n > 0)
                continue;
            if (len == 0)
                return 0;
            start = input->line.ptr + input->line_at;
        }
        input->line_at += len + (end != NULL);
        input->line_number++;
        input->line_ended = end != NULL;
        if (len && start[len - 1] == '\r')
            len--;
        *line = (struct str){start, len};
        return 1;
    }
}

uint64_t input_line_number(const struct input *input)
{
    return input->line_number;
}

bool input_line_ended(const struct input *input)
{
    return input->line_ended;
}
