/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Remembers what was tried in vain, which is what lets the brute force go beyond ten operations. It
 * compares whole keys, so that it never takes one for another. */
#include "brute_internal.h"

#include <stdlib.h>
#include <string.h>

struct brute_memo_entry {
    uint64_t hash;
    uint32_t start, size;
};

static uint64_t hash_of(const unsigned char *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

static void *grown(void *ptr, size_t size)
{
    ptr = realloc(ptr, size);
    if (!ptr)
        abort();
    return ptr;
}

static void rehash(struct brute_memo *memo)
{
    uint32_t slot_count = memo->slot_count ? memo->slot_count * 2 : 1024;
    uint32_t *slots = calloc(slot_count, sizeof *slots);

    if (!slots)
        abort();
    for (uint32_t i = 0; i < memo->count; i++) {
        uint32_t at = (uint32_t)memo->entries[i].hash & (slot_count - 1);
        while (slots[at])
            at = (at + 1) & (slot_count - 1);
        slots[at] = i + 1;
    }
    free(memo->slots);
    memo->slots = slots;
    memo->slot_count = slot_count;
    memo->entries = grown(memo->entries, slot_count / 2 * sizeof *memo->entries);
}

bool brute_memo_seen(struct brute_memo *memo, const void *key, size_t size)
{
    if (memo->asked++ < 100)
        return false; /* short searches do without */

    uint64_t hash = hash_of(key, size);

    if (memo->count * 2 >= memo->slot_count)
        rehash(memo);
    uint32_t at = (uint32_t)hash & (memo->slot_count - 1);
    for (; memo->slots[at]; at = (at + 1) & (memo->slot_count - 1)) {
        const struct brute_memo_entry *entry = &memo->entries[memo->slots[at] - 1];
        if (entry->hash == hash && entry->size == size &&
            memcmp(memo->bytes + entry->start, key, size) == 0)
            return true;
    }
    if (memo->used + size > memo->capacity) {
        memo->capacity = (memo->used + size) * 2;
        memo->bytes = grown(memo->bytes, memo->capacity);
    }
    memcpy(memo->bytes + memo->used, key, size);
    memo->entries[memo->count++] =
        (struct brute_memo_entry){hash, (uint32_t)memo->used, (uint32_t)size};
    memo->slots[at] = memo->count;
    memo->used += size;
    return false;
}

void brute_memo_release(struct brute_memo *memo)
{
    free(memo->entries);
    free(memo->slots);
    free(memo->bytes);
    *memo = (struct brute_memo){0};
}
