/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "values.h"

#include "canonical.h"

#include <string.h>

enum entry_kind { ENTRY_NIL, ENTRY_TEXT, ENTRY_BIG_INT, ENTRY_LIST };

struct value_entry {
    uint64_t start; /* in text or elements; the integer's bits for ENTRY_BIG_INT */
    uint32_t len;
    uint32_t hash;
    uint8_t kind;
};

void values_init(struct values *values, struct budget *budget)
{
    *values = (struct values){.budget = budget};
}

void values_release(struct values *values)
{
    budget_free(values->budget, values->entries);
    budget_free(values->budget, values->slots);
    budget_free(values->budget, values->text);
    budget_free(values->budget, values->elements);
    *values = (struct values){.budget = values->budget};
}

/* FNV-1a with a final mix: short keys, and never chosen by an adversary who gains from it. */
static uint32_t hash_bytes(uint8_t kind, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t hash = 0xcbf29ce484222325u ^ kind;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ p[i]) * 0x100000001b3u;
    hash ^= hash >> 29;
    hash *= 0xbf58476d1ce4e5b9u;
    return (uint32_t)(hash >> 32);
}

/* Make *array hold at least `need` elements. */
static bool grow(struct budget *budget, void *array_ptr, size_t *capacity, size_t need, size_t size)
{
    void **array = array_ptr;
    if (need <= *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 64;
    while (wanted < need)
        wanted *= 2;
    void *grown = budget_realloc(budget, *array, wanted * size);
    if (!grown)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

static const void *entry_bytes(const struct values *values, const struct value_entry *entry)
{
    if (entry->kind == ENTRY_TEXT)
        return values->text + entry->start;
    if (entry->kind == ENTRY_LIST)
        return values->elements + entry->start;
    return &entry->start;
}

static size_t entry_size(const struct value_entry *entry)
{
    return entry->kind == ENTRY_LIST ? entry->len * sizeof(value_id) : entry->len;
}

static bool rehash(struct values *values)
{
    uint32_t slot_count = values->slot_count ? values->slot_count * 2 : 128;
    uint32_t *slots = budget_calloc(values->budget, slot_count, sizeof *slots);

    if (!slots)
        return false;
    for (uint32_t id = 1; id < values->count; id++) {
        uint32_t at = values->entries[id].hash & (slot_count - 1);
        while (slots[at])
            at = (at + 1) & (slot_count - 1);
        slots[at] = id;
    }
    budget_free(values->budget, values->slots);
    values->slots = slots;
    values->slot_count = slot_count;
    return true;
}

/* Room for one more entry (and for nil, the first time). */
static bool make_room(struct values *values)
{
    size_t capacity = values->capacity;

    if (!grow(values->budget, &values->entries, &capacity, values->count + 2,
              sizeof *values->entries))
        return false;
    values->capacity = (uint32_t)capacity;
    if (values->count == 0)
        values->entries[values->count++] = (struct value_entry){.kind = ENTRY_NIL};
    if (values->count * 2 >= values->slot_count && !rehash(values))
        return false;
    return values->count < VALUE_SMALL_BIT - 1;
}

/* The id of `entry`, whose kind, len and hash are known and whose content is `size` bytes. */
static value_id intern_hashed(struct values *values, struct value_entry entry, const void *bytes,
                              size_t size)
{
    if (!make_room(values))
        return VALUE_FAILED;
    uint32_t at = entry.hash & (values->slot_count - 1);
    for (; values->slots[at]; at = (at + 1) & (values->slot_count - 1)) {
        const struct value_entry *other = &values->entries[values->slots[at]];
        if (other->hash == entry.hash && other->kind == entry.kind && entry_size(other) == size &&
            (size == 0 || memcmp(entry_bytes(values, other), bytes, size) == 0))
            return values->slots[at];
    }
    if (entry.kind == ENTRY_TEXT) {
        if (!grow(values->budget, &values->text, &values->text_capacity, values->text_len + size,
                  1))
            return VALUE_FAILED;
        entry.start = values->text_len;
        memcpy(values->text + entry.start, bytes, size);
        values->text_len += size;
    } else if (entry.kind == ENTRY_LIST) {
        if (!grow(values->budget, &values->elements, &values->element_capacity,
                  values->element_count + entry.len + 1, sizeof(value_id)))
            return VALUE_FAILED;
        entry.start = values->element_count;
        if (size)
            memcpy(values->elements + entry.start, bytes, size);
        values->element_count += entry.len;
    } else {
        memcpy(&entry.start, bytes, sizeof entry.start);
    }
    values->entries[values->count] = entry;
    values->slots[at] = values->count;
    return values->count++;
}

/* The id of what `size` bytes of `kind` say; `len` is in characters or elements. */
static value_id intern(struct values *values, uint8_t kind, const void *bytes, size_t size,
                       size_t len)
{
    struct value_entry entry = {.kind = kind, .len = (uint32_t)len};

    if (len > UINT32_MAX)
        return VALUE_FAILED;
    entry.hash = hash_bytes(kind, bytes, size);
    return intern_hashed(values, entry, bytes, size);
}

value_id values_int(struct values *values, int64_t value)
{
    /* The bias keeps the top id free for VALUE_FAILED. */
    if (value >= -VALUE_SMALL_BIAS && value < VALUE_SMALL_BIAS - 1)
        return VALUE_SMALL_BIT | (value_id)(value + VALUE_SMALL_BIAS);
    return intern(values, ENTRY_BIG_INT, &value, sizeof value, sizeof value);
}

value_id values_string(struct values *values, struct str text)
{
    struct buf json;
    buf_init(&json, 0);
    buf_json_string(&json, text);
    value_id id =
        json.failed ? VALUE_FAILED : intern(values, ENTRY_TEXT, json.ptr, json.len, json.len);
    buf_release(&json);
    return id;
}

static value_id intern_number(struct values *values, struct str json)
{
    struct buf text;
    int64_t number;

    buf_init(&text, 0);
    canonical_number(json, &text);
    struct str one = buf_str(&text);
    value_id id = text.failed ? VALUE_FAILED
                  : str_to_int(one, &number)
                      ? values_int(values, number)
                      : intern(values, ENTRY_TEXT, one.ptr, one.len, one.len);
    buf_release(&text);
    return id;
}

value_id values_json(struct values *values, struct str json)
{
    int64_t number;
    if (str_eq(json, STR("null")))
        return VALUE_NIL;
    if (str_to_int(json, &number))
        return values_int(values, number);
    if (json.len && (json.ptr[0] == '-' || (json.ptr[0] >= '0' && json.ptr[0] <= '9')))
        return intern_number(values, json);
    return intern(values, ENTRY_TEXT, json.ptr, json.len, json.len);
}

value_id values_list(struct values *values, const value_id *elements, size_t count)
{
    return intern(values, ENTRY_LIST, elements, count * sizeof *elements, count);
}

void values_clear(struct values *values)
{
    if (values->slots)
        memset(values->slots, 0, values->slot_count * sizeof *values->slots);
    values->count = values->count ? 1 : 0; /* nil stays */
    values->text_len = 0;
    values->element_count = 0;
}

static bool duplicate(struct budget *budget, void *array_ptr, size_t used, size_t capacity,
                      size_t size)
{
    void **array = array_ptr, *made = capacity ? budget_alloc(budget, capacity * size) : NULL;

    if (made && used)
        memcpy(made, *array, used * size);
    *array = made;
    return made || !capacity;
}

bool values_copy(struct values *copy, const struct values *values, struct budget *budget)
{
    *copy = *values;
    copy->budget = budget;
    bool good =
        duplicate(budget, &copy->entries, values->count, values->capacity, sizeof *values->entries);
    good &= duplicate(budget, &copy->slots, values->slot_count, values->slot_count,
                      sizeof *values->slots);
    good &= duplicate(budget, &copy->text, values->text_len, values->text_capacity, 1);
    good &= duplicate(budget, &copy->elements, values->element_count, values->element_capacity,
                      sizeof *values->elements);
    if (!good)
        values_release(copy);
    return good;
}

bool values_merge(struct values *to, const struct values *from, value_id *map)
{
    value_id *translated =
        budget_alloc(to->budget, ((size_t)from->element_count + 1) * sizeof *translated);
    bool good = true;

    if (!translated)
        return false;
    if (from->count)
        map[VALUE_NIL] = VALUE_NIL;
    for (uint32_t id = 1; id < from->count && good; id++) {
        const struct value_entry *entry = &from->entries[id];
        if (entry->kind == ENTRY_LIST) {
            /* Elements are older than the lists that hold them. */
            const value_id *elements = from->elements + entry->start;
            for (uint32_t i = 0; i < entry->len; i++)
                translated[i] = elements[i] & VALUE_SMALL_BIT ? elements[i] : map[elements[i]];
            map[id] = values_list(to, translated, entry->len);
        } else {
            map[id] = intern_hashed(to, *entry, entry_bytes(from, entry), entry_size(entry));
        }
        good = map[id] != VALUE_FAILED;
    }
    budget_free(to->budget, translated);
    return good;
}

bool values_get_int(const struct values *values, value_id id, int64_t *out)
{
    if (id & VALUE_SMALL_BIT) {
        *out = (int64_t)(id & ~VALUE_SMALL_BIT) - VALUE_SMALL_BIAS;
        return id != VALUE_FAILED;
    }
    if (id >= values->count || values->entries[id].kind != ENTRY_BIG_INT)
        return false;
    memcpy(out, &values->entries[id].start, sizeof *out);
    return true;
}

bool values_get_list(const struct values *values, value_id id, const value_id **elements,
                     size_t *count)
{
    if (id >= values->count || values->entries[id].kind != ENTRY_LIST)
        return false;
    *elements = values->elements + values->entries[id].start;
    *count = values->entries[id].len;
    return true;
}

bool values_get_text(const struct values *values, value_id id, struct str *json)
{
    if (id >= values->count || values->entries[id].kind != ENTRY_TEXT)
        return false;
    *json = (struct str){values->text + values->entries[id].start, values->entries[id].len};
    return true;
}

void values_print(const struct values *values, value_id id, struct buf *buf)
{
    const value_id *elements;
    size_t count;
    int64_t number;
    struct str json;

    if (values_get_int(values, id, &number)) {
        buf_int(buf, number);
    } else if (values_get_text(values, id, &json)) {
        buf_add(buf, json.ptr, json.len);
    } else if (values_get_list(values, id, &elements, &count)) {
        buf_puts(buf, "[");
        for (size_t i = 0; i < count; i++) {
            if (i)
                buf_puts(buf, ",");
            values_print(values, elements[i], buf);
        }
        buf_puts(buf, "]");
    } else {
        buf_puts(buf, "null");
    }
}
