/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node.h"

#include "agent/client.h"
#include "agent/wire.h"
#include "base/base64.h"

#include <errno.h>
#include <stdlib.h>

static void add_texts(struct buf *request, const char *key, const char *const *texts)
{
    buf_json_next(request, key);
    buf_puts(request, "[");
    for (; *texts; texts++)
        buf_json_str(request, NULL, str_of(*texts));
    buf_puts(request, "]");
}

static void add_bytes(struct buf *request, const char *key, struct str bytes)
{
    buf_json_next(request, key);
    buf_puts(request, "\"");
    base64_add(request, bytes);
    buf_puts(request, "\"");
}

/* For calls whose answer holds nothing. */
static int call(struct node *node, struct buf *request, int extra_ms, struct err *err)
{
    json_t *answer;

    if (client_call(node, request, extra_ms, &answer, err))
        return -1;
    json_decref(answer);
    return 0;
}

/* Append the member's bytes. */
static int take_bytes(const json_t *answer, const char *key, struct buf *into, struct err *err)
{
    const json_t *member = json_object_get(answer, key);
    struct str text = {json_string_value(member), json_string_length(member)};
    size_t len = 0;

    if (!into)
        return 0;
    char *bytes = malloc(base64_read_max(text.len) + 1);
    if (!bytes)
        return err_set(err, ENOMEM, "out of memory for '%s'", key);
    bool good = text.ptr && base64_read(text, bytes, &len);
    buf_add(into, bytes, len);
    free(bytes);
    if (!good)
        return err_set(err, EPROTO, "the agent's answer has no '%s' in base64", key);
    return into->failed ? err_set(err, ENOMEM, "no room for %zu bytes of '%s'", len, key) : 0;
}

int node_start(struct node *node, const struct process_spec *spec, struct err *err)
{
    struct buf request = client_request("start");

    buf_json_str(&request, "name", str_of(spec->name));
    add_texts(&request, "argv", spec->argv);
    if (spec->env)
        add_texts(&request, "env", spec->env);
    if (spec->cwd)
        buf_json_str(&request, "cwd", str_of(spec->cwd));
    if (spec->user)
        buf_json_str(&request, "user", str_of(spec->user));
    client_forget_end(node, spec->name);
    if (call(node, &request, 0, err))
        return err_wrap(err, "cannot start '%s' on '%s'", spec->name, node_name(node));
    return 0;
}

int node_stop(struct node *node, const char *name, int timeout_ms, struct err *err)
{
    struct buf request = client_request("stop");

    buf_json_str(&request, "name", str_of(name));
    buf_json_int(&request, "timeout_ms", timeout_ms);
    if (call(node, &request, timeout_ms, err))
        return err_wrap(err, "cannot stop '%s' on '%s'", name, node_name(node));
    return 0;
}

int node_run(struct node *node, const char *const *argv, struct str input, int timeout_ms,
             int *status, struct buf *output, struct buf *errors, struct err *err)
{
    struct buf request = client_request("run");
    json_t *answer;

    add_texts(&request, "argv", argv);
    add_bytes(&request, "stdin", input);
    buf_json_int(&request, "timeout_ms", timeout_ms);
    if (client_call(node, &request, timeout_ms, &answer, err))
        return err_wrap(err, "cannot run '%s' on '%s'", argv[0], node_name(node));
    *status = (int)json_integer_value(json_object_get(answer, "status"));
    int failed = take_bytes(answer, "stdout", output, err);
    if (!failed)
        failed = take_bytes(answer, "stderr", errors, err);
    json_decref(answer);
    return failed ? err_wrap(err, "cannot run '%s' on '%s'", argv[0], node_name(node)) : 0;
}

int node_put(struct node *node, const char *path, struct str content, unsigned mode,
             struct err *err)
{
    size_t sent = 0;

    do {
        size_t left = content.len - sent;
        size_t piece = left < CHUNK_MAX_BYTES ? left : CHUNK_MAX_BYTES;
        struct buf request = client_request("put");
        buf_json_str(&request, "path", str_of(path));
        buf_json_int(&request, "mode", mode);
        buf_json_int(&request, "offset", (int64_t)sent);
        buf_json_bool(&request, "more", piece < left);
        add_bytes(&request, "data", (struct str){content.ptr + sent, piece});
        if (call(node, &request, 0, err))
            return err_wrap(err, "cannot put '%s' on '%s'", path, node_name(node));
        sent += piece;
    } while (sent < content.len);
    return 0;
}

int node_get(struct node *node, const char *path, int64_t offset, struct buf *content,
             struct err *err)
{
    struct buf request = client_request("get");
    json_t *answer;

    buf_json_str(&request, "path", str_of(path));
    buf_json_int(&request, "offset", offset);
    if (client_call(node, &request, 0, &answer, err))
        return err_wrap(err, "cannot get '%s' from '%s'", path, node_name(node));
    int failed = take_bytes(answer, "data", content, err);
    json_decref(answer);
    return failed ? err_wrap(err, "cannot get '%s' from '%s'", path, node_name(node)) : 0;
}

int node_logs(struct node *node, struct node_log *logs, int max, int *count, struct err *err)
{
    struct buf request = client_request("logs");
    json_t *answer;

    *count = 0;
    if (client_call(node, &request, 0, &answer, err))
        return err_wrap(err, "cannot list the logs of '%s'", node_name(node));
    const json_t *list = json_object_get(answer, "logs");
    for (size_t i = 0; i < json_array_size(list) && *count < max; i++) {
        const json_t *entry = json_array_get(list, i);
        const char *name = json_string_value(json_array_get(entry, 0));
        if (!name || !*name || strchr(name, '/') || strlen(name) >= sizeof logs->name)
            continue; /* nothing that a process of ours was told to write */
        struct node_log *log = &logs[(*count)++];
        memcpy(log->name, name, strlen(name) + 1);
        log->begins = json_integer_value(json_array_get(entry, 1));
        log->size = json_integer_value(json_array_get(entry, 2));
    }
    json_decref(answer);
    return 0;
}

static uint64_t counter(const json_t *answer, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(answer, key));
}

/* A receipt that cannot be read is no receipt: nothing may be concluded from it. */
static int take_receipt(const json_t *answer, struct receipt *receipt, struct err *err)
{
    const char *state = json_string_value(json_object_get(answer, "state"));
    const json_t *processes = json_object_get(answer, "processes");

    *receipt = (struct receipt){.version = counter(answer, "version")};
    for (const struct receipt_count *count = receipt_counts; count->name; count++)
        *receipt_at(receipt, count) = counter(answer, count->name);
    for (size_t i = 0; i < json_array_size(processes); i++) {
        const json_t *process = json_array_get(processes, i);
        const char *is = json_string_value(json_object_get(process, "state"));
        receipt->ended += is && strcmp(is, "ended") == 0;
    }
    for (int k = 0; state && k < PROCESS_STATES; k++) {
        if (strcmp(state, process_state_names[k]) == 0) {
            receipt->state = (enum process_state)k;
            return 0;
        }
    }
    return err_set(err, EPROTO, "the agent's receipt makes no sense");
}

static void take_places(const json_t *list, uint64_t counts[PLACES_MAX])
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        json_int_t place = json_integer_value(json_array_get(pair, 0));
        if (place >= 0 && place < PLACES_MAX)
            counts[place] = (uint64_t)json_integer_value(json_array_get(pair, 1));
    }
}

static void take_drops(struct node *node, const json_t *answer)
{
    struct node_drops drops = {0};

    take_places(json_object_get(answer, "dropped_from"), drops.from);
    take_places(json_object_get(answer, "dropped_to"), drops.to);
    client_set_drops(node, &drops);
}

static int receipt_call(struct node *node, struct buf *request, struct receipt *receipt,
                        struct err *err)
{
    json_t *answer;

    if (client_call(node, request, 0, &answer, err))
        return -1;
    int failed = take_receipt(answer, receipt, err);
    take_drops(node, answer);
    json_decref(answer);
    return failed;
}

static void add_cut(struct buf *request, int place, const char *address)
{
    buf_json_next(request, NULL);
    buf_puts(request, "[");
    buf_json_int(request, NULL, place);
    buf_json_str(request, NULL, str_of(address));
    buf_puts(request, "]");
}

/* A node drops what comes from those it is cut from; what clients must not hear, it does not say.
 */
static void add_cuts(struct buf *request, const struct world *world, int index,
                     const struct node_peers *peers)
{
    buf_json_next(request, "cut_from");
    buf_puts(request, "[");
    for (int i = 0; i < peers->count; i++) {
        if (world->cut[i] & NODE(index))
            add_cut(request, i, peers->addresses[i]);
    }
    if (world->cut[CLIENTS] & NODE(index))
        add_cut(request, CLIENTS, peers->controller);
    buf_puts(request, "]");
    buf_json_next(request, "cut_to");
    buf_puts(request, "[");
    if (world->cut[index] & NODE(CLIENTS))
        add_cut(request, CLIENTS, peers->controller);
    buf_puts(request, "]");
}

int node_world(struct node *node, const struct world *world, struct receipt *receipt,
               struct err *err)
{
    struct buf request = client_request("world");
    int index = node_index(node);

    buf_json_int(&request, "version", (int64_t)world->version);
    buf_json_str(&request, "state", str_of(process_state_names[world->processes[index]]));
    part_print(clock_members, &world->clocks[index], "clock", &request);
    part_print(disk_members, &world->disks[index], "disk", &request);
    part_print(limit_members, &world->limits[index], "limits", &request);
    if (node_peers(node))
        add_cuts(&request, world, index, node_peers(node));
    if (receipt_call(node, &request, receipt, err))
        return err_wrap(err, "cannot bring about what was declared for '%s'", node_name(node));
    return 0;
}

int node_receipt(struct node *node, struct receipt *receipt, struct err *err)
{
    struct buf request = client_request("receipt");

    if (receipt_call(node, &request, receipt, err))
        return err_wrap(err, "no receipt from '%s'", node_name(node));
    return 0;
}
