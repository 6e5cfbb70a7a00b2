/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "read.h"

#include "formats/formats.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

int format_line_error(const struct input *input, uint64_t line, struct err *err)
{
    return err_wrap(err, "'%s', line %" PRIu64, input_name(input), line);
}

struct str format_skip_mark(struct str text)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    bool found = text.len >= sizeof mark && memcmp(text.ptr, mark, sizeof mark) == 0;

    return found ? (struct str){text.ptr + sizeof mark, text.len - sizeof mark} : text;
}

struct str format_skip_blank(struct str text)
{
    text = format_skip_mark(text);
    while (text.len && strchr(" \t\r\n", text.ptr[0]) && text.ptr[0])
        text = (struct str){text.ptr + 1, text.len - 1};
    return text;
}

bool format_is_utf8(struct str text)
{
    for (size_t i = 0; i < text.len;) {
        size_t len = (unsigned char)text.ptr[i] < 0x80 ? 1 : str_utf8_len(text, i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

/* The names of all formats, for messages. */
static void list_names(struct buf *names)
{
    for (size_t i = 0; formats[i]; i++) {
        if (i)
            buf_puts(names, ", ");
        buf_puts(names, formats[i]->name);
    }
}

static int find_format(const struct input *input, const char *name, const struct format **out,
                       struct err *err)
{
    bool automatic = !name || strcmp(name, "auto") == 0;

    for (size_t i = 0; formats[i]; i++) {
        if (automatic ? formats[i]->detect(input_peek(input))
                      : strcmp(formats[i]->name, name) == 0) {
            *out = formats[i];
            return 0;
        }
    }
    struct buf names;
    buf_init(&names, 0);
    list_names(&names);
    if (automatic)
        (void)err_set(err, EINVAL,
                      "cannot tell the format of '%s' by its first bytes; give --format with one "
                      "of: %s",
                      input_name(input), names.ptr ? names.ptr : "");
    else
        (void)err_set(err, EINVAL, "there is no format '%s'; there are: %s", name,
                      names.ptr ? names.ptr : "");
    buf_release(&names);
    return -1;
}

static int core_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (int)count;
}

int history_read_input(struct history *history, struct input *input,
                       const struct read_options *options, struct err *err)
{
    struct read_options all = options ? *options : (struct read_options){0};
    const struct format *format;

    if (all.threads <= 0)
        all.threads = core_count();
    if (find_format(input, all.format, &format, err) < 0 ||
        format->read(input, &all, history, err) < 0)
        return -1;
    if (history_finish(history, err) < 0)
        return err->code == ENOMEM ? -1 : err_wrap(err, "'%s'", input_name(input));
    return 0;
}

int history_read(struct history *history, const char *path, const struct read_options *options,
                 struct err *err)
{
    struct input *input;

    if (input_open(&input, path, err) < 0)
        return -1;
    int result = history_read_input(history, input, options, err);
    input_close(input);
    if (result < 0 || strcmp(path, "-") == 0)
        return result;
    history->path = budget_alloc(history->budget, strlen(path) + 1);
    if (!history->path)
        return err_set(err, ENOMEM, "%s while reading the history; give a larger --memory-limit",
                       budget_reason(history->budget));
    memcpy(history->path, path, strlen(path) + 1);
    return 0;
}
