/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.c - see log.h. The file has a record for each entry, {"index", "entry"}, where a later record
 * of an index takes the place of all from there on, behind one with the snapshot if there is one.
 */
#include "log.h"

#define LOG_FILE "log"

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

json_int_t log_last(const struct log *log)
{
    return log->base_index + (json_int_t)json_array_size(log->entries);
}

json_t *log_entry(const struct log *log, json_int_t index)
{
    return json_array_get(log->entries, (size_t)(index - log->base_index - 1));
}

json_int_t log_term(const struct log *log, json_int_t index)
{
    if (index == log->base_index)
        return log->base_term;
    if (index < log->base_index || index > log_last(log))
        return -1;
    return number_of(log_entry(log, index), "term");
}

json_t *log_slice(const struct log *log, json_int_t from, json_int_t count)
{
    json_t *entries = json_array();

    for (json_int_t i = from; i < from + count && i <= log_last(log); i++)
        (void)json_array_append(entries, log_entry(log, i));
    return entries;
}

static void place(struct log *log, json_int_t index, json_t *entry)
{
    while (log_last(log) >= index)
        (void)json_array_remove(log->entries, json_array_size(log->entries) - 1);
    (void)json_array_append(log->entries, entry);
}

void log_append(struct self *self, struct log *log, json_int_t index, json_t *entry)
{
    json_t *record = json_pack("{s:I, s:O}", "index", index, "entry", entry);

    storage_append(self, LOG_FILE, record);
    place(log, index, entry);
    json_decref(record);
}

void log_sync(struct self *self)
{
    storage_sync(self, LOG_FILE);
}

/* From here on the log is this snapshot and these entries (taken over). */
static void set_base(struct log *log, const json_t *snapshot, json_t *entries)
{
    json_decref(log->entries);
    json_decref(log->base);
    log->entries = entries;
    log->base = json_incref(json_object_get(snapshot, "machine"));
    log->base_index = number_of(snapshot, "index");
    log->base_term = number_of(snapshot, "base_term");
}

void log_restart(struct self *self, struct log *log, const json_t *snapshot, json_t *entries)
{
    json_t *record = json_pack("{s:O, s:O, s:O, s:O}", "index", json_object_get(snapshot, "index"),
                               "base_term", json_object_get(snapshot, "base_term"), "machine",
                               json_object_get(snapshot, "machine"), "entries", entries);

    storage_replace(self, LOG_FILE, record);
    json_decref(record);
    set_base(log, snapshot, entries);
}

void log_recover(struct self *self, struct log *log)
{
    json_t *records = storage_read(self, LOG_FILE);

    log->entries = json_array();
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        json_t *entry = json_object_get(record, "entry");
        if (entry)
            place(log, number_of(record, "index"), entry);
        else
            set_base(log, record, json_incref(json_object_get(record, "entries")));
    }
    json_decref(records);
}
