/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the journal of changes on a host: what it says survives, what a crash leaves of it is
 * taken, and what is none of ours is refused as a whole. */
#include "../../harness/agent/host/heal.h"
#include "../../harness/agent/host/journal.h"
#include "../../harness/agent/host/tool.h"
#include "../../harness/base/rng.h"
#include "../lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_BYTES = 8192 };

struct place {
    char folder[64], file[96];
};

static int setup(void **state)
{
    static struct place place;

    (void)snprintf(place.folder, sizeof place.folder, "/tmp/ordeal-journal-XXXXXX");
    if (!mkdtemp(place.folder))
        return -1;
    (void)snprintf(place.file, sizeof place.file, "%s/journal", place.folder);
    *state = &place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;

    (void)unlink(place->file);
    return rmdir(place->folder);
}

static const struct entry rules = {.kind = ENTRY_RULES, .tool = TOOL_NFT};
static const struct entry clock_entry = {
    .kind = ENTRY_CLOCK,
    .clock = {1763722222000000001, 77000000002, 5, -1234567, 10007, 0x2041, 16000000, 42}};
static const struct entry service = {.kind = ENTRY_SERVICE,
                                     .service = {"systemd-timesyncd.service", 312, 1799}};
static const struct entry process = {.kind = ENTRY_SERVICE, .service = {"", 4711, 99}};

static void note(struct journal *journal, const struct entry *entry)
{
    struct entry copy = *entry;
    struct err err;

    assert_int_equal(journal_note(journal, &copy, &err), 0);
}

static void open_journal(struct journal *journal, const struct place *place)
{
    struct err err = {0};

    if (journal_open(journal, place->folder, 0, &err))
        fail_msg("%s", err.msg);
}

/* A journal with four open entries and one that is undone, as it lies on disk. */
static size_t make_text(const struct place *place, char text[TEXT_BYTES])
{
    struct journal journal;
    struct err err;

    open_journal(&journal, place);
    note(&journal, &rules);
    note(&journal, &service);
    note(&journal, &clock_entry);
    note(&journal, &rules);
    note(&journal, &process);
    assert_int_equal(journal_undone(&journal, 4, &err), 0);
    journal_close(&journal);
    int fd = open(place->file, O_RDONLY);
    ssize_t len = read(fd, text, TEXT_BYTES);
    (void)close(fd);
    assert_true(len > 0 && len < TEXT_BYTES);
    return (size_t)len;
}

static void put_text(const struct place *place, const void *text, size_t len)
{
    int fd = open(place->file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    (void)close(fd);
}

/* -- what survives ---------------------------------------------------------------------------- */

static void test_journal__what_was_noted_is_found_again(void **state)
{
    char text[TEXT_BYTES];
    struct journal journal;

    (void)make_text(*state, text);
    open_journal(&journal, *state);
    const struct entry *list = journal.open.list;
    assert_int_equal(journal.open.count, 4);
    assert_int_equal(journal.open.last, 5);
    assert_int_equal(list[0].kind, ENTRY_RULES);
    assert_int_equal(list[0].tool, TOOL_NFT);
    assert_int_equal(list[1].kind, ENTRY_SERVICE);
    assert_string_equal(list[1].service.unit, service.service.unit);
    assert_int_equal(list[1].service.pid, 312);
    assert_int_equal(list[1].service.start, 1799);
    assert_int_equal(list[2].kind, ENTRY_CLOCK);
    assert_memory_equal(&list[2].clock, &clock_entry.clock, sizeof clock_entry.clock);
    assert_string_equal(list[3].service.unit, "");
    assert_int_equal(list[3].service.pid, 4711);
    for (int i = 0; i < 4; i++)
        assert_true(journal_is_of_this_boot(&journal, &list[i]));
    journal_close(&journal);
}

static void test_journal__is_emptied_when_all_is_undone(void **state)
{
    const struct place *place = *state;
    char text[TEXT_BYTES];
    struct journal journal;
    struct stat status;
    struct err err;
    struct buf head;

    (void)make_text(place, text);
    open_journal(&journal, place);
    while (journal.open.count > 0)
        assert_int_equal(journal_undone(&journal, journal.open.list[0].number, &err), 0);
    buf_init(&head, 0);
    entry_print_head(&head);
    assert_int_equal(stat(place->file, &status), 0);
    assert_int_equal(status.st_size, head.len);
    note(&journal, &rules);
    assert_int_equal(journal.open.list[0].number, 1);
    assert_int_equal(journal_undone(&journal, 2, &err), -1);
    buf_release(&head);
    journal_close(&journal);
}

/* Cut off after every byte: what is whole counts, and what comes next is appended to that. */
static void test_journal__a_torn_end_stands_for_nothing(void **state)
{
    const struct place *place = *state;
    char text[TEXT_BYTES], again[TEXT_BYTES];
    size_t len = make_text(place, text), lines = 0;

    for (size_t cut = 0; cut <= len; cut++) {
        struct journal journal;
        lines += cut > 0 && text[cut - 1] == '\n';
        put_text(place, text, cut);
        open_journal(&journal, place);
        static const int open_after[] = {0, 0, 1, 2, 3, 4, 5, 4};
        assert_int_equal(journal.open.count, open_after[lines]);
        note(&journal, &process);
        journal_close(&journal);
        open_journal(&journal, place);
        assert_int_equal(journal.open.count, open_after[lines] + 1);
        journal_close(&journal);
    }
    assert_int_equal(lines, 7);
    put_text(place, text, len);
    struct journal journal;
    open_journal(&journal, place);
    journal_close(&journal);
    int fd = open(place->file, O_RDONLY);
    assert_int_equal(read(fd, again, sizeof again), len);
    (void)close(fd);
    assert_memory_equal(text, again, len);
}

static void test_journal__bytes_without_an_end_are_torn_too(void **state)
{
    static const char zeros[4000];
    char text[TEXT_BYTES];
    size_t len = make_text(*state, text), whole;
    struct entries entries;
    struct err err;

    memcpy(text + len, zeros, sizeof zeros);
    assert_int_equal(entries_read((struct str){text, len + sizeof zeros}, &entries, &whole, &err),
                     0);
    assert_int_equal(whole, len);
    assert_int_equal(entries.count, 4);
}

/* -- what is refused -------------------------------------------------------------------------- */

static void expect_refused(const struct place *place, const char *text, size_t len,
                           const char *words)
{
    struct journal journal;
    struct err err = {0};

    put_text(place, text, len);
    assert_int_equal(journal_open(&journal, place->folder, 0, &err), -1);
    if (!strstr(err.msg, words))
        fail_msg("'%s' does not say '%s'", err.msg, words);
}

/* The line with its checksum right, in a journal after its head. */
static void expect_line_refused(const struct place *place, const char *line)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    char text[512];

    for (const char *at = line; *at; at++)
        sum = (sum ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    int len = snprintf(text, sizeof text, "ordeal-journal 1\n%s %016llx\n", line,
                       (unsigned long long)sum);
    expect_refused(place, text, (size_t)len, "line 2: ");
}

static void test_journal__garbage_is_refused_with_its_line(void **state)
{
    const struct place *place = *state;

    expect_refused(place, "hello\n", 6, "line 1: ");
    expect_refused(place, "ordeal-journal 2\n", 17, "line 1: ");
    expect_refused(place, "\n\n", 2, "line 1: ");
    expect_refused(place, "ordeal-journal 1\n\n", 18, "line 2: it has no checksum");
    expect_refused(place, "ordeal-journal 1\n1 undone 0000000000000000\n", 43,
                   "line 2: its checksum does not hold");
    expect_refused(place, "\0\0\0\n", 4, "line 1: ");
}

static void test_journal__impossible_members_are_refused(void **state)
{
    static const char *const lines[] = {
        "2 rules b nft",  /* not the next number */
        "0 rules b nft",  /* no number */
        "-1 rules b nft", /* */
        "99999999999999999999 rules b nft",
        "1 undone",                /* nothing is open */
        "1 rules b iptables-save", /* no such tool */
        "1 rules b nft nft",       /* one too many */
        "1 rules  nft",            /* no boot */
        "1 rules ../b nft",
        "1 reboot b now",
        "1 service b -rf.service 5 5", /* an option */
        "1 service b a/b.service 5 5",
        "1 service b - 1 5",  /* init */
        "1 service b - -5 5", /* a group */
        "1 service b - 99999999999 5",
        "1 service b - 12",
        "1 clock b 1 2 3 0 12000 0 0 0", /* no such tick */
        "1 clock b 1 2 3 99999999999 10000 0 0 0",
        "1 clock b -1 2 3 0 10000 0 0 0",
        "1 clock b 1 2 3 0 10000 0 0",
        "1 clock b 1 2 3 0 10000 0 0 0 0 0 0 0 0 0 0 0 0",
        "1 clock b 1x 2 3 0 10000 0 0 0",
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        expect_line_refused(*state, lines[i]);
}

/* Any byte of it changed: never read as something else than it was. */
static void test_journal__a_changed_byte_is_noticed(void **state)
{
    char text[TEXT_BYTES];
    size_t len = make_text(*state, text), whole;

    for (size_t i = 0; i < len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct entries entries;
            struct err err;
            text[i] = (char)(text[i] ^ 1 << bit);
            int result = entries_read((struct str){text, len}, &entries, &whole, &err);
            /* but for the last line's end, without which that line was never written */
            if (i + 1 == len)
                assert_int_equal(entries.count, result == 0 ? 5 : entries.count);
            else
                assert_int_equal(result, -1);
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    }
}

static void test_journal__random_bytes_are_survived(void **state)
{
    char text[TEXT_BYTES], noise[TEXT_BYTES];
    size_t len = make_text(*state, text), whole;
    struct rng rng;

    rng_init(&rng, 1, 0);
    for (int i = 0; i < 20000; i++) {
        struct entries entries;
        struct err err;
        memcpy(noise, text, len);
        size_t used = rng_below(&rng, len + 1);
        for (uint64_t j = rng_below(&rng, 8); used && j > 0; j--)
            noise[rng_below(&rng, used)] = (char)rng_below(&rng, 256);
        (void)!entries_read((struct str){noise, used}, &entries, &whole, &err);
        assert_true(whole <= used && entries.count <= ENTRIES_MAX);
    }
}

static void test_journal__too_much_is_refused(void **state)
{
    struct journal journal;
    struct entry entry = rules;
    struct err err;

    open_journal(&journal, *state);
    for (int i = 0; i < ENTRIES_MAX; i++)
        note(&journal, &entry);
    assert_int_equal(journal_note(&journal, &entry, &err), -1);
    journal_close(&journal);
    open_journal(&journal, *state);
    assert_int_equal(journal.open.count, ENTRIES_MAX);
    journal_close(&journal);
}

/* -- whose it is ------------------------------------------------------------------------------ */

static void test_journal__only_one_at_a_time(void **state)
{
    struct journal first, second;
    struct err err;

    open_journal(&first, *state);
    assert_int_equal(journal_open(&second, ((struct place *)*state)->folder, 30, &err), -1);
    assert_int_equal(err.code, EBUSY);
    journal_close(&first);
    open_journal(&second, *state);
    journal_close(&second);
}

static void test_journal__who_was_killed_holds_no_lock(void **state)
{
    struct journal journal;
    int ends[2], status;
    char byte;

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct err err;
        struct entry entry = rules;
        if (journal_open(&journal, ((struct place *)*state)->folder, 0, &err) ||
            journal_note(&journal, &entry, &err) || write(ends[1], "x", 1) != 1)
            _exit(1);
        (void)pause();
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    open_journal(&journal, *state);
    assert_int_equal(journal.open.count, 1);
    journal_close(&journal);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* A tool that is still at work when its agent is dead: `cat`, until we close the pipe it reads. */
static void test_journal__what_a_dead_agent_executed_holds_the_lock(void **state)
{
    const struct place *place = *state;
    struct journal journal;
    struct err err;
    char pipe_path[96];
    int status;

    (void)snprintf(pipe_path, sizeof pipe_path, "%s/pipe", place->folder);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    pid_t pid = fork();
    if (pid == 0) {
        const char *const argv[] = {"cat", pipe_path, NULL};
        _exit(journal_open(&journal, place->folder, 0, &err) ||
              tool_run(argv, STR(""), journal.fd, NULL, &err));
    }
    int end = open(pipe_path, O_WRONLY | O_CLOEXEC); /* it has come as far as reading */
    (void)unlink(pipe_path);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    assert_int_equal(journal_open(&journal, place->folder, 0, &err), -1);
    assert_int_equal(err.code, EBUSY);
    (void)close(end);
    assert_int_equal(journal_open(&journal, place->folder, 10000, &err), 0);
    journal_close(&journal);
}

static void test_journal__a_folder_of_everybody_is_refused(void **state)
{
    const struct place *place = *state;
    struct journal journal;
    struct err err;

    assert_int_equal(chmod(place->folder, 0777), 0);
    assert_int_equal(journal_open(&journal, place->folder, 0, &err), -1);
    assert_int_equal(chmod(place->folder, 0700), 0);
    assert_int_equal(journal_open(&journal, "/nowhere/at/all", 0, &err), -1);
    assert_non_null(strstr(err.msg, "'/nowhere/at/all'"));
}

/* A clock of another boot is not to be undone: it must not be touched even to look at it. */
static void test_heal__a_clock_of_another_boot_is_left_alone(void **state)
{
    static const char boot[] = "00000000-0000-0000-0000-000000000000";
    const struct place *place = *state;
    struct entry of_clock = clock_entry, of_service = service;
    struct journal journal;
    struct err err;
    struct buf text;

    of_service.number = 1;
    of_clock.number = 2;
    memcpy(of_clock.boot, boot, sizeof boot);
    memcpy(of_service.boot, boot, sizeof boot);
    buf_init(&text, 0);
    entry_print_head(&text);
    entry_print(&of_service, &text);
    entry_print(&of_clock, &text);
    put_text(place, text.ptr, text.len);
    buf_release(&text);
    open_journal(&journal, place);
    assert_int_equal(journal.open.count, 2);
    assert_false(journal_is_of_this_boot(&journal, &journal.open.list[0]));
    assert_int_equal(heal_journal(&journal, NULL, &err), 0);
    assert_int_equal(journal.open.count, 0);
    journal_close(&journal);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_journal__what_was_noted_is_found_again),
        TEST(test_journal__is_emptied_when_all_is_undone),
        TEST(test_journal__a_torn_end_stands_for_nothing),
        TEST(test_journal__bytes_without_an_end_are_torn_too),
        TEST(test_journal__garbage_is_refused_with_its_line),
        TEST(test_journal__impossible_members_are_refused),
        TEST(test_journal__a_changed_byte_is_noticed),
        TEST(test_journal__random_bytes_are_survived),
        TEST(test_journal__too_much_is_refused),
        TEST(test_journal__only_one_at_a_time),
        TEST(test_journal__who_was_killed_holds_no_lock),
        TEST(test_journal__what_a_dead_agent_executed_holds_the_lock),
        TEST(test_journal__a_folder_of_everybody_is_refused),
        TEST(test_heal__a_clock_of_another_boot_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
