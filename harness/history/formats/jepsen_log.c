/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* jepsen_log.c - operations as Jepsen logs them: "INFO  jepsen.util - 0  :invoke  :write  3".
 *
 * This is how the etcd histories of 2014 are handed down, with which Porcupine and others test.
 * Lines of anything else are passed over. The order of lines is the order of events.
 */
#include "../pairing.h"
#include "edn_value.h"
#include "formats.h"
#include "tuples.h"

#include <errno.h>
#include <inttypes.h>

static const char MARK[] = "jepsen.util";

struct reader {
    struct history *history;
    struct pairing pairing;
    struct edn edn;
    int64_t count; /* events so far: the next one's time and index */
};

static int out_of_memory(const struct reader *reader, struct err *err)
{
    return err_set(err, ENOMEM, "%s while reading the history; give a larger --memory-limit",
                   budget_reason(reader->history->budget));
}

/* What stands behind "jepsen.util - " of a line that has it; empty otherwise. */
static struct str behind_mark(struct str line)
{
    const char *mark = line.len ? memmem(line.ptr, line.len, MARK, sizeof MARK - 1) : NULL;
    const char *end = line.ptr + line.len;

    if (!mark)
        return (struct str){line.ptr, 0};
    const char *at = mark + sizeof MARK - 1;
    while (at < end && (*at == ' ' || *at == '\t' || (*at == '-' && end - at > 1 && at[1] == ' ')))
        at++;
    return (struct str){at, (size_t)(end - at)};
}

static int type_of(struct str name)
{
    for (int type = OP_INVOKE; type <= OP_INFO; type++) {
        if (str_eq(name, str_of(op_type_names[type])))
            return type;
    }
    return -1;
}

/* The outcome of what was answered with a time-out is unknown, though the log says that it failed;
 * of a read it does not matter. */
static uint8_t true_type(const struct reader *reader, int type, uint8_t f, value_id value)
{
    struct str text;

    if (type == OP_FAIL && f != OP_F_READ &&
        values_get_text(&reader->history->values, value, &text) &&
        str_eq(text, STR("\"timed-out\"")))
        return OP_INFO;
    return (uint8_t)type;
}

static int add_client(struct reader *reader, int64_t process, int type, struct str name,
                      struct err *err)
{
    int f = history_f(reader->history, name);
    value_id value = VALUE_NIL;

    if (f < 0)
        return err_set(err, EINVAL, "the names of functions are too many, or hold a NUL");
    if (process != (int32_t)process)
        return err_set(err, EINVAL, "the process is beyond 32 bits");
    if (edn_peek(&reader->edn) && !edn_value(&reader->edn, &value)) {
        if (strcmp(reader->edn.problem, "out of memory") == 0)
            return out_of_memory(reader, err);
        return err_set(err, EINVAL, "%s", reader->edn.problem);
    }
    struct pair_event event = {.time_ns = reader->count,
                               .index = (uint32_t)reader->count,
                               .process = (int32_t)process,
                               .value = value,
                               .type = true_type(reader, type, (uint8_t)f, value),
                               .f = (uint8_t)f,
                               .node = NODE_NONE};
    reader->count++;
    return pairing_add(&reader->pairing, &event, err);
}

static int add_harness(struct reader *reader, struct str name, struct err *err)
{
    char f[64] = {0};
    struct event event = {.time_ns = reader->count, .index = (uint32_t)reader->count, .fault = -1};

    memcpy(f, name.ptr, name.len < sizeof f ? name.len : sizeof f - 1);
    event.f = f;
    reader->count++;
    return pairing_index(&reader->pairing, event.index, err) < 0
               ? -1
               : history_add_event(reader->history, &event, err);
}

/* What stands behind the mark: a process, a type, a function, a value. Other words are none of
 * ours. */
static int add_line(struct reader *reader, struct str text, struct err *err)
{
    struct str word;
    value_id process_id = VALUE_NIL;
    int64_t process = -1;
    int type;

    edn_start(&reader->edn, text);
    if (reader->edn.problem)
        return err_set(err, EINVAL, "%s", reader->edn.problem);
    bool is_name = edn_peek(&reader->edn) == ':';
    if (is_name ? !edn_name(&reader->edn, &word) : !edn_value(&reader->edn, &process_id))
        return 0;
    if (!is_name && !values_get_int(&reader->history->values, process_id, &process))
        return 0;
    if (edn_peek(&reader->edn) != ':' || !edn_name(&reader->edn, &word) ||
        (type = type_of(word)) < 0)
        return 0;
    if (edn_peek(&reader->edn) != ':' || !edn_name(&reader->edn, &word))
        return err_set(err, EINVAL, "a function such as :read is expected behind the type");
    if (reader->count >= INDEX_NONE)
        return err_set(err, EFBIG, "a history has at most 4294967295 events");
    return is_name ? add_harness(reader, word, err) : add_client(reader, process, type, word, err);
}

static int read_log(struct input *input, const struct read_options *options,
                    struct history *history, struct err *err)
{
    struct reader reader = {.history = history};
    struct str line;
    int got;

    (void)options;
    pairing_init(&reader.pairing, history);
    reader.pairing.renew_processes = true;
    edn_init(&reader.edn, &history->values);
    while ((got = input_line(input, &line, err)) > 0) {
        struct str text = behind_mark(line);
        if (text.len == 0 || add_line(&reader, text, err) == 0)
            continue;
        if (!input_line_ended(input) && err->code != ENOMEM) {
            history->torn = true;
            got = 0;
        } else {
            got =
                err->code == ENOMEM ? -1 : format_line_error(input, input_line_number(input), err);
        }
        break;
    }
    if (got == 0)
        got = tuples_split(history, false, err);
    history->times_trusted = false;
    history->torn |= input_torn(input);
    pairing_release(&reader.pairing);
    edn_release(&reader.edn);
    return got;
}

static bool detect(struct str first)
{
    while (first.len) {
        const char *end = memchr(first.ptr, '\n', first.len);
        size_t len = end ? (size_t)(end - first.ptr) + 1 : first.len;
        struct str text = behind_mark((struct str){first.ptr, len});
        if (text.len && memmem(text.ptr, text.len, ":invoke", 7))
            return text.ptr[0] == ':' || (text.ptr[0] >= '0' && text.ptr[0] <= '9');
        first = (struct str){first.ptr + len, first.len - len};
    }
    return false;
}

const struct format format_jepsen_log = {
    .name = "jepsen-log",
    .about = "Jepsen's log lines, as in Porcupine's test data",
    .detect = detect,
    .read = read_log,
};
