/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    SUM_CHARS = 16,
    WORDS_MAX = 16,
    MAX_ERROR_US = 16000000, /* the kernel's NTP_PHASE_LIMIT */
    STATUS_MAX = 0xffff,
    FREQ_MAX = 32768000, /* 500 ppm, in 65536ths */
    TICK_MIN = 9000,
    TICK_MAX = 11000,
    PID_MAX = 1 << 22,
};

#define HEAD "ordeal-journal 1"

const char *const tool_names[TOOLS] = {"iptables", "ip6tables", "nft"};

static const char *const kind_names[ENTRY_KINDS] = {"rules", "clock", "service"};

/* FNV-1a: of what may be written by halves, not of what somebody forges. */
static uint64_t sum_of(struct str text)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < text.len; i++)
        sum = (sum ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* -- printing -------------------------------------------------------------------------------- */

static void end_line(struct buf *text, size_t start)
{
    struct str line = {text->ptr + start, text->len - start};

    if (!text->failed)
        buf_printf(text, " %016" PRIx64 "\n", sum_of(line));
}

static void print_members(const struct entry *entry, struct buf *text)
{
    const struct clock_before *clock = &entry->clock;
    const struct service_before *service = &entry->service;
    const int64_t of_clock[] = {clock->wall_ns,      clock->raw_ns,      clock->asleep_ns,
                                clock->freq,         clock->tick,        clock->status,
                                clock->max_error_us, clock->est_error_us};

    if (entry->kind == ENTRY_RULES) {
        buf_printf(text, " %s", tool_names[entry->tool]);
    } else if (entry->kind == ENTRY_SERVICE) {
        buf_printf(text, " %s %" PRId64 " %" PRId64, service->unit[0] ? service->unit : "-",
                   service->pid, service->start);
    } else {
        for (size_t i = 0; i < sizeof of_clock / sizeof *of_clock; i++)
            buf_printf(text, " %" PRId64, of_clock[i]);
    }
}

void entry_print(const struct entry *entry, struct buf *text)
{
    size_t start = text->len;

    buf_printf(text, "%" PRIu64 " %s %s", entry->number, kind_names[entry->kind], entry->boot);
    print_members(entry, text);
    end_line(text, start);
}

void entry_print_undone(uint64_t number, struct buf *text)
{
    size_t start = text->len;

    buf_printf(text, "%" PRIu64 " undone", number);
    end_line(text, start);
}

void entry_print_head(struct buf *text)
{
    buf_puts(text, HEAD "\n");
}

/* -- reading --------------------------------------------------------------------------------- */

struct words {
    struct str list[WORDS_MAX];
    int count;
};

static void split(struct str line, struct words *words)
{
    words->count = 0;
    while (words->count < WORDS_MAX) {
        const char *space = memchr(line.ptr, ' ', line.len);
        size_t len = space ? (size_t)(space - line.ptr) : line.len;
        words->list[words->count++] = (struct str){line.ptr, len};
        if (!space)
            return;
        line = (struct str){space + 1, line.len - len - 1};
    }
    words->count = 0; /* too many: none of ours */
}

static bool word_int(struct str word, int64_t least, int64_t most, int64_t *value)
{
    return str_to_int(word, value) && *value >= least && *value <= most;
}

static int word_index(struct str word, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (str_eq(word, str_of(names[i])))
            return i;
    }
    return -1;
}

/* Letters, digits and a few more: nothing that a tool could take for an option or a path. */
static bool word_plain(struct str word, char *into, size_t size)
{
    if (word.len == 0 || word.len >= size || word.ptr[0] == '-')
        return false;
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && (c == '\0' || !strchr("-_.@", c)))
            return false;
    }
    memcpy(into, word.ptr, word.len);
    into[word.len] = '\0';
    return true;
}

static bool read_clock(const struct words *words, struct clock_before *clock)
{
    const struct {
        int64_t *into, least, most;
    } members[] = {
        {&clock->wall_ns, 0, INT64_MAX / 2},     {&clock->raw_ns, 0, INT64_MAX / 2},
        {&clock->asleep_ns, 0, INT64_MAX / 2},   {&clock->freq, -FREQ_MAX, FREQ_MAX},
        {&clock->tick, TICK_MIN, TICK_MAX},      {&clock->status, 0, STATUS_MAX},
        {&clock->max_error_us, 0, MAX_ERROR_US}, {&clock->est_error_us, 0, MAX_ERROR_US},
    };
    int count = sizeof members / sizeof *members;

    if (words->count != 3 + count)
        return false;
    for (int i = 0; i < count; i++) {
        if (!word_int(words->list[3 + i], members[i].least, members[i].most, members[i].into))
            return false;
    }
    return true;
}

static bool read_service(const struct words *words, struct service_before *service)
{
    if (words->count != 6 || !word_int(words->list[4], 0, PID_MAX, &service->pid) ||
        !word_int(words->list[5], 0, INT64_MAX, &service->start))
        return false;
    if (str_eq(words->list[3], STR("-")))
        return service->pid > 1; /* never init, never a group */
    return word_plain(words->list[3], service->unit, sizeof service->unit);
}

static bool read_change(const struct words *words, struct entry *entry)
{
    int kind = words->count > 3 ? word_index(words->list[1], kind_names, ENTRY_KINDS) : -1;

    if (kind < 0 || !word_plain(words->list[2], entry->boot, sizeof entry->boot))
        return false;
    entry->kind = (enum entry_kind)kind;
    if (entry->kind == ENTRY_CLOCK)
        return read_clock(words, &entry->clock);
    if (entry->kind == ENTRY_SERVICE)
        return read_service(words, &entry->service);
    int tool = word_index(words->list[3], tool_names, TOOLS);
    entry->tool = (enum rules_tool)(tool < 0 ? 0 : tool);
    return tool >= 0 && words->count == 4;
}

static bool strike(struct entries *entries, uint64_t number)
{
    for (int i = 0; i < entries->count; i++) {
        if (entries->list[i].number != number)
            continue;
        entries->count--;
        memmove(&entries->list[i], &entries->list[i + 1],
                (size_t)(entries->count - i) * sizeof *entries->list);
        return true;
    }
    return false;
}

/* A line whose checksum holds. */
static const char *take(const struct words *words, struct entries *entries)
{
    struct entry entry = {0};
    int64_t number;

    if (words->count < 2 || !word_int(words->list[0], 1, INT64_MAX, &number))
        return "it does not begin with a number";
    entry.number = (uint64_t)number;
    if (words->count == 2 && str_eq(words->list[1], STR("undone")))
        return strike(entries, entry.number) ? NULL : "nothing of that number is open";
    if (entry.number != entries->last + 1)
        return "its number is not the next";
    if (!read_change(words, &entry))
        return "this version of Ordeal writes nothing like it";
    if (entries->count == ENTRIES_MAX)
        return "too much is open";
    entries->last = entry.number;
    entries->list[entries->count++] = entry;
    return NULL;
}

static const char *read_line(struct str line, struct entries *entries)
{
    struct words words;
    char sum[SUM_CHARS + 1];

    if (line.len < SUM_CHARS + 1 || line.ptr[line.len - SUM_CHARS - 1] != ' ')
        return "it has no checksum";
    struct str body = {line.ptr, line.len - SUM_CHARS - 1};
    (void)snprintf(sum, sizeof sum, "%016" PRIx64, sum_of(body));
    if (memcmp(sum, body.ptr + body.len + 1, SUM_CHARS) != 0)
        return "its checksum does not hold";
    split(body, &words);
    return take(&words, entries);
}

int entries_read(struct str text, struct entries *entries, size_t *whole, struct err *err)
{
    const char *at = text.ptr, *end = text.ptr + text.len, *feed;

    memset(entries, 0, sizeof *entries);
    *whole = 0;
    for (int number = 1; at < end && (feed = memchr(at, '\n', (size_t)(end - at))); number++) {
        struct str line = {at, (size_t)(feed - at)};
        const char *wrong = number > 1 ? read_line(line, entries)
                            : str_eq(line, STR(HEAD))
                                ? NULL
                                : "it does not begin as journals of this version do";
        if (wrong)
            return err_set(err, EBADMSG, "line %d: %s", number, wrong);
        at = feed + 1;
        *whole = (size_t)(at - text.ptr);
    }
    return 0;
}
