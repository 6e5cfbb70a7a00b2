/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock_record.h"

#include "../agent/client.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct clock_record {
    FILE *file;
    int64_t start_ns;
    pthread_mutex_t lock; /* nodes tell from threads of their own */
    struct buf line;
};

void clock_record_print(const char *node, const struct clock_sample *sample, int64_t start_ns,
                        struct buf *line)
{
    buf_puts(line, "{");
    buf_json_int(line, "time", sample->time_ns - start_ns);
    buf_json_str(line, "node", str_of(node));
    buf_json_int(line, "wall_offset_ns", sample->wall_offset_ns);
    buf_json_int(line, "monotonic_offset_ns", sample->monotonic_offset_ns);
    buf_json_int(line, "error_ns", sample->error_ns);
    buf_puts(line, "}\n");
}

static void hear(void *context, const struct node *node, const struct clock_sample *sample)
{
    struct clock_record *record = context;

    pthread_mutex_lock(&record->lock);
    buf_clear(&record->line);
    clock_record_print(node_name(node), sample, record->start_ns, &record->line);
    (void)fwrite(record->line.ptr, 1, record->line.len, record->file); /* close tells if it fails */
    pthread_mutex_unlock(&record->lock);
}

int clock_record_open(struct clock_record **record, const char *dir, const struct cluster *cluster,
                      int64_t start_ns, struct err *err)
{
    struct clock_record *made = calloc(1, sizeof *made);
    struct buf path;

    if (!made)
        return err_set(err, ENOMEM, "out of memory for the record of clocks");
    buf_init(&path, 0);
    buf_printf(&path, "%s/clocks.jsonl", dir);
    made->file = path.failed ? NULL : fopen(path.ptr, "we");
    int code = errno;
    buf_release(&path);
    if (!made->file) {
        free(made);
        return err_errno(err, code, "cannot write 'clocks.jsonl' in '%s'", dir);
    }
    made->start_ns = start_ns;
    buf_init(&made->line, 0);
    (void)pthread_mutex_init(&made->lock, NULL);
    for (int i = 0; i < cluster->node_count; i++)
        node_hear_clock(cluster->nodes[i], hear, made);
    *record = made;
    return 0;
}

int clock_record_close(struct clock_record *record, struct err *err)
{
    if (!record)
        return 0;
    bool failed = ferror(record->file) != 0;
    failed |= fclose(record->file) != 0;
    int code = errno;
    (void)pthread_mutex_destroy(&record->lock);
    buf_release(&record->line);
    free(record);
    return failed ? err_errno(err, code, "'clocks.jsonl' is not whole") : 0;
}
