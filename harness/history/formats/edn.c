/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* edn.c - Jepsen's history.edn, and the histories of Knossos and Elle: a map an event, one after
 * another or all in one vector or list.
 *
 * The order of the maps is the order of events, as it is to Jepsen's checkers: times that do not
 * grow from one map to the next are moved just behind the one before.
 */
#include "../pairing.h"
#include "edn_forms.h"
#include "edn_value.h"
#include "formats.h"
#include "tuples.h"

#include <errno.h>
#include <inttypes.h>

/* By how much times may be moved and still be called times: Jepsen's workers read the clock some
 * time before they are written down. */
#define TRUSTED_DRIFT_NS INT64_C(100000000)

struct reader {
    struct input *input;
    struct history *history;
    struct pairing pairing;
    struct edn edn;
    struct edn_forms forms;
    bool tuples; /* a tag said that there are tuples */
    bool untrusted;
    int64_t last_ns;
    int64_t *times_ns; /* by number of event, growing */
    size_t count, time_capacity;
};

/* One map. */
struct item {
    int64_t time_ns, index, process;
    value_id key, value;
    int type; /* enum op_type; -1: none given */
    bool has_time, has_index, has_process, is_harness, has_f;
    unsigned seen; /* bits by enum member */
    uint8_t node;
    struct buf f, extra;
};

static int out_of_memory(const struct reader *reader, struct err *err)
{
    return err_set(err, ENOMEM, "%s while reading the history; give a larger --memory-limit",
                   budget_reason(reader->history->budget));
}

/* -- members ---------------------------------------------------------------------------------- */

static int refuse(struct err *err, const char *what)
{
    return err_set(err, EINVAL, "%s", what);
}

static int problem(const struct reader *reader, struct err *err)
{
    const char *said = reader->edn.problem ? reader->edn.problem : "a value is expected";
    return strcmp(said, "out of memory") == 0 ? out_of_memory(reader, err) : refuse(err, said);
}

static int read_type(struct reader *reader, struct item *item, struct err *err)
{
    struct str name;

    if (edn_name(&reader->edn, &name)) {
        for (int type = OP_INVOKE; type <= OP_INFO; type++) {
            if (str_eq(name, str_of(op_type_names[type]))) {
                item->type = type;
                return 0;
            }
        }
    }
    return refuse(err, ":type is not :invoke, :ok, :fail or :info");
}

static int read_int(struct reader *reader, const char *what, int64_t *out, struct err *err)
{
    value_id id;

    if (!edn_value(&reader->edn, &id))
        return problem(reader, err);
    if (!values_get_int(&reader->history->values, id, out))
        return err_set(err, EINVAL, "%s is not an integer", what);
    return 0;
}

static int read_process(struct reader *reader, struct item *item, struct err *err)
{
    struct str name;

    item->has_process = true;
    char c = edn_peek(&reader->edn);
    if (c != '-' && !(c >= '0' && c <= '9') && edn_name(&reader->edn, &name)) {
        item->is_harness = !str_eq(name, STR("nil"));
        if (!str_eq(name, STR("nemesis")))
            buf_json_str(&item->extra, "process", name);
        return item->is_harness ? 0 : refuse(err, ":process is neither a number nor a name");
    }
    if (read_int(reader, ":process", &item->process, err) < 0)
        return -1;
    return item->process == (int32_t)item->process ? 0 : refuse(err, ":process is beyond 32 bits");
}

static int read_f(struct reader *reader, struct item *item, struct err *err)
{
    struct str name;

    if (!edn_name(&reader->edn, &name) || str_eq(name, STR("nil")))
        return refuse(err, ":f is not a name");
    buf_add(&item->f, name.ptr, name.len);
    item->has_f = true;
    return 0;
}

static int read_node(struct reader *reader, struct item *item, struct err *err)
{
    struct str name;

    if (!edn_name(&reader->edn, &name))
        return refuse(err, ":node is not a name");
    if (str_eq(name, STR("nil")))
        return 0;
    int node = history_node(reader->history, name);
    if (node < 0)
        return refuse(err, "the names of nodes are too many, or hold a NUL");
    item->node = (uint8_t)node;
    return 0;
}

static int read_time(struct reader *reader, struct item *item, struct err *err)
{
    if (edn_peek(&reader->edn) == 'n') { /* nil */
        value_id nil;
        return edn_value(&reader->edn, &nil) ? 0 : problem(reader, err);
    }
    item->has_time = true;
    return read_int(reader, ":time", &item->time_ns, err);
}

/* Notice whether a tag says that the value is a tuple; the value is still to be read. */
static void look_for_tuple(struct reader *reader)
{
    static const char *const tags[] = {"independent/tuple", TUPLE_TAG, "jepsen.independent.Tuple",
                                       NULL};
    struct edn *edn = &reader->edn;
    struct str tag;

    (void)edn_peek(edn);
    const char *at = edn->at;
    if (edn_tag(edn, &tag)) {
        for (size_t i = 0; tags[i]; i++)
            reader->tuples |= str_eq(tag, str_of(tags[i]));
    }
    edn->at = at;
}

static int read_value(struct reader *reader, value_id *out, struct err *err)
{
    look_for_tuple(reader);
    return edn_value(&reader->edn, out) ? 0 : problem(reader, err);
}

/* A member that only events of the harness keep. */
static int read_other(struct reader *reader, struct str name, struct item *item, struct err *err)
{
    value_id id;

    buf_json_next(&item->extra, NULL);
    buf_json_string(&item->extra, name);
    buf_puts(&item->extra, ":");
    if (!edn_value(&reader->edn, &id))
        return problem(reader, err);
    values_print(&reader->history->values, id, &item->extra);
    return 0;
}

/* The members that we know, each at most once. */
enum member {
    MEMBER_TYPE,
    MEMBER_F,
    MEMBER_PROCESS,
    MEMBER_VALUE,
    MEMBER_KEY,
    MEMBER_TIME,
    MEMBER_NODE,
    MEMBER_INDEX,
    MEMBER_OTHER,
};

static enum member find_member(struct str name)
{
    static const char *const names[MEMBER_OTHER] = {"type", "f",    "process", "value",
                                                    "key",  "time", "node",    "index"};
    int i = 0;

    while (i < MEMBER_OTHER && !str_eq(name, str_of(names[i])))
        i++;
    return (enum member)i;
}

static int read_member(struct reader *reader, struct item *item, struct err *err)
{
    struct str name;

    if (!edn_name(&reader->edn, &name))
        return reader->edn.problem ? problem(reader, err) : refuse(err, "a keyword is expected");
    enum member member = find_member(name);
    if (member != MEMBER_OTHER && item->seen & 1u << member)
        return refuse(err, "a keyword stands twice in it");
    item->seen |= 1u << member;
    switch (member) {
    case MEMBER_TYPE:
        return read_type(reader, item, err);
    case MEMBER_F:
        return read_f(reader, item, err);
    case MEMBER_PROCESS:
        return read_process(reader, item, err);
    case MEMBER_VALUE:
        return read_value(reader, &item->value, err);
    case MEMBER_KEY:
        return read_value(reader, &item->key, err);
    case MEMBER_TIME:
        return read_time(reader, item, err);
    case MEMBER_NODE:
        return read_node(reader, item, err);
    case MEMBER_INDEX:
        item->has_index = true;
        return read_int(reader, ":index", &item->index, err);
    case MEMBER_OTHER:
        break;
    }
    return read_other(reader, name, item, err);
}

static int read_map(struct reader *reader, struct item *item, struct err *err)
{
    struct edn *edn = &reader->edn;

    (void)edn_tag(edn, NULL); /* a record is a map to us */
    if (edn_peek(edn) != '{')
        return refuse(err, "it is not a map");
    edn->at++;
    for (char c; (c = edn_peek(edn)) != '}';) {
        if (c == '\0')
            return problem(reader, err);
        if (read_member(reader, item, err) < 0)
            return -1;
    }
    edn->at++;
    if (item->type < 0)
        return refuse(err, "there is no :type");
    if (!item->has_process)
        return refuse(err, "there is no :process");
    if (!item->has_f)
        return refuse(err, "there is no :f");
    if (item->is_harness && item->type != OP_INFO)
        return refuse(err, "its process has a name, as only the nemesis has, whose events are all "
                           ":info: give clients numbers");
    if (item->has_index && (item->index < 0 || item->index >= INDEX_NONE))
        return refuse(err, ":index is not a whole number below 4294967295");
    return 0;
}

/* -- events ----------------------------------------------------------------------------------- */

/* Note the event's time, moved behind the last one's if it is not later. */
static int note_time(struct reader *reader, const struct item *item, struct err *err)
{
    int64_t time_ns = item->has_time ? item->time_ns : reader->last_ns + 1;

    if (reader->count + 1 >= INDEX_NONE)
        return refuse(err, "a history has at most 4294967295 events");
    if (reader->count == reader->time_capacity) {
        size_t capacity = reader->time_capacity ? reader->time_capacity * 2 : 1024;
        int64_t *grown = budget_realloc(reader->history->budget, reader->times_ns,
                                        capacity * sizeof *reader->times_ns);
        if (!grown)
            return out_of_memory(reader, err);
        reader->times_ns = grown;
        reader->time_capacity = capacity;
    }
    if (!item->has_time && !item->is_harness)
        reader->untrusted = true;
    if (time_ns <= reader->last_ns) {
        if (reader->last_ns - time_ns > TRUSTED_DRIFT_NS)
            reader->untrusted = true;
        time_ns = reader->last_ns + 1;
    }
    reader->last_ns = reader->times_ns[reader->count] = time_ns;
    return 0;
}

/* Put times in the place of the events' numbers, by which they went so far. */
static void restore_times(const struct reader *reader)
{
    struct history *history = reader->history;

    for (size_t i = 0; i < history->count; i++) {
        struct op *op = &history->ops[i];
        op->invoke_ns = reader->times_ns[op->invoke_ns];
        if (op->complete_ns != TIME_NEVER)
            op->complete_ns = reader->times_ns[op->complete_ns];
    }
    for (size_t i = 0; i < history->event_count; i++)
        history->events[i].time_ns = reader->times_ns[history->events[i].time_ns];
}

static int add_harness_event(struct reader *reader, struct item *item, int64_t time_ns,
                             uint32_t index, struct err *err)
{
    struct buf value, extra;
    int result;

    buf_init(&value, 0);
    buf_init(&extra, 0);
    values_print(&reader->history->values, item->value, &value);
    if (item->type != OP_INFO)
        buf_json_str(&item->extra, "type", str_of(op_type_names[item->type]));
    buf_puts(&extra, item->extra.len ? "{" : "");
    buf_add(&extra, item->extra.ptr, item->extra.len);
    buf_puts(&extra, item->extra.len ? "}" : "");
    struct event event = {.time_ns = time_ns,
                          .index = index,
                          .fault = -1,
                          .edge = EVENT_POINT,
                          .f = item->f.ptr,
                          .value = value.ptr,
                          .extra = extra.ptr};
    if (value.failed || extra.failed || item->f.failed || item->extra.failed)
        result = out_of_memory(reader, err);
    else
        result = pairing_index(&reader->pairing, index, err) < 0
                     ? -1
                     : history_add_event(reader->history, &event, err);
    buf_release(&value);
    buf_release(&extra);
    return result;
}

static int add_item(struct reader *reader, struct item *item, struct err *err)
{
    int64_t number = (int64_t)reader->count;
    uint32_t index = item->has_index ? (uint32_t)item->index : (uint32_t)number;

    if (note_time(reader, item, err) < 0)
        return -1;
    reader->count++;
    if (item->is_harness)
        return add_harness_event(reader, item, number, index, err);
    int f = history_f(reader->history, buf_str(&item->f));
    if (f < 0)
        return refuse(err, "the names of functions are too many, or hold a NUL");
    struct pair_event event = {.time_ns = number,
                               .index = index,
                               .process = (int32_t)item->process,
                               .key = item->key,
                               .value = item->value,
                               .type = (uint8_t)item->type,
                               .f = (uint8_t)f,
                               .node = item->node};
    return pairing_add(&reader->pairing, &event, err);
}

static int read_form(struct reader *reader, struct str form, struct err *err)
{
    struct item item = {.type = -1, .node = NODE_NONE};

    edn_start(&reader->edn, form);
    if (reader->edn.problem)
        return problem(reader, err);
    if (edn_peek(&reader->edn) == '\0' && !reader->edn.problem)
        return 0; /* a discarded form */
    int result = read_map(reader, &item, err);
    if (result == 0)
        result = add_item(reader, &item, err);
    buf_release(&item.f);
    buf_release(&item.extra);
    return result;
}

static int read_edn(struct input *input, const struct read_options *options,
                    struct history *history, struct err *err)
{
    struct reader reader = {.input = input, .history = history, .last_ns = -1};
    struct str form;
    int got;

    (void)options;
    pairing_init(&reader.pairing, history);
    edn_init(&reader.edn, &history->values);
    edn_forms_init(&reader.forms, input);
    while ((got = edn_forms_next(&reader.forms, &form, err)) > 0) {
        if (read_form(&reader, form, err) < 0) {
            got = -1;
            break;
        }
    }
    if (got < 0 && err->code != ENOMEM)
        (void)format_line_error(input, reader.forms.line, err);
    if (got == 0)
        got = tuples_split(history, reader.tuples, err);
    if (!reader.untrusted)
        restore_times(&reader);
    history->times_trusted = !reader.untrusted;
    history->torn |= reader.forms.torn || input_torn(input);
    budget_free(history->budget, reader.times_ns);
    pairing_release(&reader.pairing);
    edn_release(&reader.edn);
    edn_forms_release(&reader.forms);
    return got;
}

/* A map with a keyword, a tagged one, or a vector of them; comments may come first. */
static bool detect(struct str first)
{
    struct str text = format_skip_blank(first);
    bool vector = false;

    while (text.len) {
        if (text.ptr[0] == ';') {
            const char *end = memchr(text.ptr, '\n', text.len);
            size_t len = end ? (size_t)(end - text.ptr) : text.len;
            text = format_skip_blank((struct str){text.ptr + len, text.len - len});
        } else if ((text.ptr[0] == '[' || text.ptr[0] == '(') && !vector) {
            vector = true;
            text = format_skip_blank((struct str){text.ptr + 1, text.len - 1});
        } else {
            break;
        }
    }
    if (text.len == 0)
        return vector;
    if (text.ptr[0] == '#' || (vector && (text.ptr[0] == ']' || text.ptr[0] == ')')))
        return true;
    text = text.ptr[0] == '{' ? format_skip_blank((struct str){text.ptr + 1, text.len - 1})
                              : (struct str){text.ptr, 0};
    return text.len && text.ptr[0] == ':';
}

const struct format format_edn = {
    .name = "edn",
    .about = "Jepsen's history.edn, and Knossos's and Elle's files",
    .detect = detect,
    .read = read_edn,
};
