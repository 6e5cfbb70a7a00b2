/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request.h"

#include "wire.h"

#include <errno.h>
#include <stddef.h>

const char *const verb_names[VERB_COUNT] = {"hello", "start", "stop",    "run",  "put", "get",
                                            "logs",  "world", "receipt", "ping", "bye"};

/* How a member is read, and where to. */
enum kind {
    NUMBER,
    FLAG,
    NAME,
    TEXT,
    LONG_TEXT,
    TEXTS,
    ENVIRONMENT,
    STATE,
    NEEDS,
    PART,
    CUTS_FROM,
    CUTS_TO
};

struct member {
    const char *key;
    enum kind kind;
    size_t offset; /* in struct request */
    bool required;
    int64_t max; /* of a number; it begins at 0 */
    const struct part_member *part;
};

#define AT(field) offsetof(struct request, field)

enum { HOUR_MS = 3600000, MEMBERS_MAX = 8 };

static const struct member members[VERB_COUNT][MEMBERS_MAX] = {
    [VERB_HELLO] = {{"protocol", NUMBER, AT(protocol), true, INT32_MAX},
                    {"needs", NEEDS, AT(needs), false, 0}},
    [VERB_START] = {{"name", NAME, AT(name), true, 0},
                    {"argv", TEXTS, AT(command.argv), true, 0},
                    {"env", ENVIRONMENT, AT(command.env), false, 0},
                    {"cwd", TEXT, AT(command.cwd), false, 0},
                    {"user", TEXT, AT(command.user), false, 0},
                    {"log", NAME, AT(log), false, 0}},
    [VERB_STOP] = {{"name", NAME, AT(name), true, 0},
                   {"timeout_ms", NUMBER, AT(timeout_ms), true, HOUR_MS}},
    [VERB_RUN] = {{"argv", TEXTS, AT(command.argv), true, 0},
                  {"env", ENVIRONMENT, AT(command.env), false, 0},
                  {"cwd", TEXT, AT(command.cwd), false, 0},
                  {"user", TEXT, AT(command.user), false, 0},
                  {"stdin", LONG_TEXT, AT(input), false, 0},
                  {"timeout_ms", NUMBER, AT(timeout_ms), true, HOUR_MS}},
    [VERB_PUT] = {{"path", TEXT, AT(path), true, 0},
                  {"data", LONG_TEXT, AT(data), true, 0},
                  {"mode", NUMBER, AT(mode), true, 07777},
                  {"offset", NUMBER, AT(offset), false, INT64_MAX},
                  {"more", FLAG, AT(more), false, 0}},
    [VERB_GET] = {{"path", TEXT, AT(path), true, 0},
                  {"offset", NUMBER, AT(offset), true, INT64_MAX}},
    [VERB_WORLD] = {{"version", NUMBER, AT(version), true, INT64_MAX},
                    {"state", STATE, AT(state), true, 0},
                    {"clock", PART, AT(clock), false, 0, clock_members},
                    {"disk", PART, AT(disk), false, 0, disk_members},
                    {"limits", PART, AT(limits), false, 0, limit_members},
                    {"cut_from", CUTS_FROM, 0, false, 0, NULL},
                    {"cut_to", CUTS_TO, 0, false, 0, NULL}},
};

/* A name that is safe as a file's: letters, digits, and . _ - behind the first. */
static bool name_valid(struct str name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES || strchr(".-", name.ptr[0]))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && !strchr("._-", c))
            return false;
    }
    return true;
}

static int read_number(const struct member *m, const json_t *value, int64_t *out, struct err *err)
{
    if (!json_is_integer(value))
        return err_set(err, EINVAL, "'%s' must be a whole number", m->key);
    int64_t number = json_integer_value(value);
    if (number < 0 || number > m->max)
        return err_set(err, EINVAL, "'%s' must be from 0 to %lld", m->key, (long long)m->max);
    *out = number;
    return 0;
}

/* Up to ARGS_MAX texts; an environment is an array of "NAME=value". */
static int read_texts(const struct member *m, const json_t *value, const char **out,
                      struct err *err)
{
    size_t count = json_array_size(value);
    size_t least = m->kind == TEXTS ? 1 : 0;

    if (!json_is_array(value) || count < least || count > ARGS_MAX)
        return err_set(err, EINVAL, "'%s' must be an array of %zu to %d strings", m->key, least,
                       ARGS_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(value, i));
        if (!text)
            return err_set(err, EINVAL, "'%s' must hold strings only", m->key);
        if (m->kind == TEXTS && i == 0 && !*text)
            return err_set(err, EINVAL, "'%s' must begin with the name of a program", m->key);
        if (m->kind == ENVIRONMENT && (!strchr(text, '=') || *text == '='))
            return err_set(err, EINVAL, "'%s' must hold strings like NAME=value", m->key);
        out[i] = text;
    }
    return 0;
}

static int read_state(const json_t *value, enum process_state *out, struct err *err)
{
    const char *text = json_string_value(value);

    for (int i = 0; text && i < PROCESS_STATES; i++) {
        if (strcmp(text, process_state_names[i]) == 0) {
            *out = (enum process_state)i;
            return 0;
        }
    }
    return err_set(
        err, EINVAL,
        "'state' must be \"running\", \"paused\", \"stopped\", \"crashed\" or \"killed\"");
}

/* What the node's processes have to be wrapped in for later faults. */
static int read_needs(const json_t *value, unsigned *out, struct err *err)
{
    const json_t *name;
    size_t i;

    if (!json_is_array(value))
        return err_set(err, EINVAL, "'needs' must be an array of names");
    json_array_foreach(value, i, name)
    {
        const char *text = json_string_value(name);
        int need = 0;
        while (need < NEEDS_MAX && !(text && strcmp(text, need_names[need]) == 0))
            need++;
        if (need == NEEDS_MAX)
            return err_set(err, EINVAL, "no need named '%.64s'", text ? text : "?");
        *out |= 1U << need;
    }
    return 0;
}

/* [[place,"address"],...] */
static int read_cuts(const struct member *m, const json_t *value, struct request *request,
                     struct err *err)
{
    const json_t *pair;
    size_t i;

    if (!json_is_array(value))
        return err_set(err, EINVAL, "'%s' must be an array of [place, address]", m->key);
    json_array_foreach(value, i, pair)
    {
        const json_t *place = json_array_get(pair, 0), *address = json_array_get(pair, 1);
        int64_t number = json_integer_value(place);
        if (!json_is_integer(place) || number < 0 || number >= PLACES_MAX ||
            !json_is_string(address) || json_array_size(pair) != 2)
            return err_set(err, EINVAL, "'%s' must hold [place, address] only", m->key);
        if (request->cut_count == CUTS_MAX)
            return err_set(err, E2BIG, "a host has at most %d cuts", CUTS_MAX);
        struct host_cut *cut = &request->cuts[request->cut_count++];
        *cut = (struct host_cut){.place = (int)number, .outgoing = m->kind == CUTS_TO};
        struct str text = {json_string_value(address), json_string_length(address)};
        if (host_address_read(text, &cut->address, err))
            return err_wrap(err, "bad '%s'", m->key);
    }
    return 0;
}

static int read_text(const struct member *m, const json_t *value, void *out, struct err *err)
{
    struct str text = {json_string_value(value), json_string_length(value)};

    if (!text.ptr)
        return err_set(err, EINVAL, "'%s' must be a string", m->key);
    if (m->kind == LONG_TEXT) {
        *(struct str *)out = text;
        return 0;
    }
    if (m->kind == NAME && !name_valid(text))
        return err_set(err, EINVAL, "'%s' must be 1 to %d letters, digits, '.', '_' or '-'", m->key,
                       NAME_MAX_BYTES);
    if (text.len == 0 || text.len >= 4096)
        return err_set(err, EINVAL, "'%s' must have 1 to 4095 bytes", m->key);
    *(const char **)out = text.ptr;
    return 0;
}

static int read_member(const struct member *m, const json_t *value, struct request *request,
                       struct err *err)
{
    void *out = (char *)request + m->offset;

    switch (m->kind) {
    case NUMBER:
        return read_number(m, value, out, err);
    case FLAG:
        *(bool *)out = json_is_true(value);
        return json_is_boolean(value) ? 0
                                      : err_set(err, EINVAL, "'%s' must be true or false", m->key);
    case TEXTS:
    case ENVIRONMENT:
        return read_texts(m, value, out, err);
    case STATE:
        return read_state(value, out, err);
    case NEEDS:
        return read_needs(value, out, err);
    case PART:
        return part_read(m->part, value, out, err) ? err_wrap(err, "bad '%s'", m->key) : 0;
    case CUTS_FROM:
    case CUTS_TO:
        return read_cuts(m, value, request, err);
    case NAME:
    case TEXT:
    case LONG_TEXT:
        break;
    }
    return read_text(m, value, out, err);
}

static const struct member *member_find(enum verb verb, const char *key)
{
    for (const struct member *m = members[verb]; m < members[verb] + MEMBERS_MAX && m->key; m++) {
        if (strcmp(m->key, key) == 0)
            return m;
    }
    return NULL;
}

static int read_members(struct request *request, struct err *err)
{
    const char *verb = verb_names[request->verb];
    const char *key;
    json_t *value;

    json_object_foreach(request->json, key, value)
    {
        if (strcmp(key, "id") == 0 || strcmp(key, "verb") == 0)
            continue;
        const struct member *m = member_find(request->verb, key);
        if (!m)
            return err_set(err, EINVAL, "'%s' has no member '%.64s'; see PROTOCOL.md", verb, key);
        if (read_member(m, value, request, err))
            return err_wrap(err, "bad '%s'", verb);
    }
    for (int i = 0; i < MEMBERS_MAX && members[request->verb][i].key; i++) {
        const struct member *m = &members[request->verb][i];
        if (m->required && !json_object_get(request->json, m->key))
            return err_set(err, EINVAL, "bad '%s': '%s' is missing", verb, m->key);
    }
    return 0;
}

int request_read(struct str line, struct request *request, struct err *err)
{
    json_error_t error = {0}; /* jansson leaves it so if it had no memory for a first step */

    *request = (struct request){.id = -1};
    request->json = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &error);
    if (!request->json && (!error.text[0] || json_error_code(&error) == json_error_out_of_memory))
        return err_set(err, ENOMEM, "out of memory for a line of %zu bytes", line.len);
    if (!request->json)
        return err_set(err, EINVAL, "not JSON at byte %d: %.120s", error.position, error.text);
    if (!json_is_object(request->json))
        return err_set(err, EINVAL, "a request is a JSON object, with 'id' and 'verb'");

    const json_t *id = json_object_get(request->json, "id");
    if (!json_is_integer(id) || json_integer_value(id) < 0)
        return err_set(err, EINVAL, "'id' must be a whole number from 0");
    request->id = json_integer_value(id);
    const char *verb = json_string_value(json_object_get(request->json, "verb"));
    if (!verb)
        return err_set(err, EINVAL, "'verb' must be a string");
    for (int i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verb, verb_names[i]) == 0) {
            request->verb = (enum verb)i;
            return read_members(request, err);
        }
    }
    return err_set(err, EINVAL, "no verb named '%.64s'; see PROTOCOL.md", verb);
}

void request_release(struct request *request)
{
    json_decref(request->json);
    request->json = NULL;
}
