/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "fuzz.h"

#include "../../harness/history/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEMORY_BYTES = 64 << 20 };

void fuzz_demand(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "not so: %s\n", what);
    abort();
}

int fuzz_file(const uint8_t *data, size_t size, char path[FUZZ_PATH_BYTES])
{
    int fd = memfd_create("bytes", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
        abort();
    if (path)
        (void)snprintf(path, FUZZ_PATH_BYTES, "/proc/self/fd/%d", fd);
    return fd;
}

static bool read_bytes(struct history *history, const char *format, struct str bytes,
                       struct err *err)
{
    struct read_options options = {.format = format, .threads = 1};
    struct input *input;

    if (input_open_memory(&input, "bytes", bytes, err) < 0)
        return false;
    bool good = history_read_input(history, input, &options, err) == 0;
    input_close(input);
    return good;
}

static bool same_value(const struct history *a, value_id left, const struct history *b,
                       value_id right)
{
    struct buf first, second;

    buf_init(&first, 0);
    buf_init(&second, 0);
    values_print(&a->values, left, &first);
    values_print(&b->values, right, &second);
    bool same = str_eq(buf_str(&first), buf_str(&second));
    buf_release(&first);
    buf_release(&second);
    return same;
}

static void same_op(const struct history *a, const struct history *b, size_t i)
{
    const struct op *left = &a->ops[i], *right = &b->ops[i];

    fuzz_demand(left->process == right->process, "the same process");
    fuzz_demand(left->type == right->type, "the same type");
    fuzz_demand(left->index == right->index, "the same index");
    fuzz_demand(strcmp(history_f_name(a, left->f), history_f_name(b, right->f)) == 0, "the same f");
    fuzz_demand(same_value(a, left->key, b, right->key), "the same key");
    fuzz_demand(same_value(a, left->in, b, right->in), "the same value");
    fuzz_demand(same_value(a, left->in2, b, right->in2), "the same second value");
    fuzz_demand(same_value(a, left->out, b, right->out), "the same result");
    fuzz_demand(!a->times_trusted || left->invoke_ns == right->invoke_ns, "the same time");
}

/* Written and read again it is the same. */
static void check_round(const struct history *history, struct budget *budget)
{
    struct history again;
    struct err err;
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    if (!to || history_write_jsonl(history, to, &err) < 0)
        abort();
    (void)fclose(to);
    history_init(&again, budget);
    if (!read_bytes(&again, "jsonl", (struct str){text, len}, &err)) {
        (void)fprintf(stderr, "%s in %s", err.msg, text);
        abort();
    }
    fuzz_demand(history->count == again.count, "as many operations");
    fuzz_demand(history->event_count == again.event_count, "as many events");
    for (size_t i = 0; i < history->count; i++)
        same_op(history, &again, i);
    history_release(&again);
    free(text);
}

void fuzz_read(const char *format, const uint8_t *data, size_t size)
{
    struct history history;
    struct budget budget;
    struct err err;

    budget_init(&budget, 0, MEMORY_BYTES);
    history_init(&history, &budget);
    if (read_bytes(&history, format, (struct str){(const char *)data, size}, &err) &&
        !history.timeless)
        check_round(&history, &budget);
    history_release(&history);
    fuzz_demand(budget.used_bytes == 0, "all memory given back");
}
