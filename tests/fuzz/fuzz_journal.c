/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzing of what a host's own files and tools say: any bytes as a journal are refused with their
 * line, or printed again are the same; any listing of packet rules is survived, and undoing what is
 * in it names nothing but chains of ours. */
#include "../../harness/agent/host/rules_tools.h"
#include "fuzz.h"

#include <string.h>

static void journal(struct str text)
{
    struct entries entries, again;
    struct err err = {0};
    struct buf printed;
    size_t whole;

    if (entries_read(text, &entries, &whole, &err)) {
        fuzz_demand(strncmp(err.msg, "line ", 5) == 0, "a line for what is refused");
        return;
    }
    fuzz_demand(whole <= text.len && entries.count <= ENTRIES_MAX, "within its bounds");
    buf_init(&printed, 0);
    entry_print_head(&printed);
    for (int i = 0; i < entries.count; i++) {
        entries.list[i].number = (uint64_t)i + 1;
        entry_print(&entries.list[i], &printed);
    }
    fuzz_demand(
        entries_read(buf_str(&printed), &again, &whole, &err) == 0 &&
            again.count == entries.count &&
            memcmp(again.list, entries.list, (size_t)entries.count * sizeof *entries.list) == 0,
        "printed and read it is the same");
    buf_release(&printed);
}

static void undo(const struct rules_language *language, struct str text)
{
    struct rules_listing listing;
    struct buf input;
    struct str line;

    language->read(text, &listing);
    buf_init(&input, 0);
    bool any = language->print_undo(text, &input);
    struct str left = buf_str(&input);
    fuzz_demand(any || language == &language_nft || left.len == strlen("*filter\nCOMMIT\n"),
                "nothing found, nothing done");
    while (listing_line(&left, &line)) {
        bool ours = memmem(line.ptr, line.len, "ORDEAL-", 7) ||
                    memmem(line.ptr, line.len, "ordeal_faults", 13);
        fuzz_demand(ours || str_eq(line, STR("*filter")) || str_eq(line, STR("COMMIT")),
                    "only what is ours");
    }
    buf_release(&input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};

    journal(text);
    undo(&language_iptables, text);
    undo(&language_nft, text);
    return 0;
}
