/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of `ordeal-node --stdio`: three nodes whose lines the test carries, as Maelstrom does. */
#include "../lib/check.h"
#include "built.h"

#include "../../harness/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NODES = 3, PATIENCE_S = 20 };

struct machine_node {
    pid_t pid;
    FILE *in;
    int out;
    char text[1 << 16]; /* of its output, a beginning of a line */
    size_t len;
};

struct maelstrom {
    struct machine_node nodes[NODES];
    int64_t msg_id;
    json_t *answer; /* to the last request of the client */
};

static void launch(struct machine_node *node, const char *protocol)
{
    int in[2], out[2];
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%.4000s/ordeal-node", built_dir());
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    node->pid = fork();
    assert_true(node->pid >= 0);
    if (node->pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)execl(path, "ordeal-node", protocol, "--stdio", (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    node->in = fdopen(in[1], "w");
    node->out = out[0];
    assert_non_null(node->in);
}

/* A line of a node: to another, or the client's answer. */
static void carry(struct maelstrom *maelstrom, const char *line)
{
    json_t *message = json_loads(line, 0, NULL);
    const char *dest = json_string_value(json_object_get(message, "dest"));

    assert_non_null(dest);
    if (dest[0] == 'n') {
        int to = dest[1] - '1';
        assert_in_range(to, 0, NODES - 1);
        (void)fprintf(maelstrom->nodes[to].in, "%s\n", line);
        (void)fflush(maelstrom->nodes[to].in);
    } else {
        const json_t *body = json_object_get(message, "body");
        if (json_integer_value(json_object_get(body, "in_reply_to")) == maelstrom->msg_id) {
            json_decref(maelstrom->answer);
            maelstrom->answer = json_incref((json_t *)(uintptr_t)body);
        }
    }
    json_decref(message);
}

static void take_output(struct maelstrom *maelstrom, struct machine_node *node)
{
    ssize_t count = read(node->out, node->text + node->len, sizeof node->text - node->len - 1);
    char *end;

    assert_true(count > 0);
    node->len += (size_t)count;
    node->text[node->len] = '\0';
    while ((end = strchr(node->text, '\n')) != NULL) {
        *end = '\0';
        carry(maelstrom, node->text);
        node->len -= (size_t)(end + 1 - node->text);
        memmove(node->text, end + 1, node->len + 1);
    }
}

/* Ask a node and carry lines until it has answered; the answer is borrowed. */
static const json_t *ask(struct maelstrom *maelstrom, int to, const char *body)
{
    int64_t deadline_ns = clock_now_ns() + PATIENCE_S * NS_PER_SEC;

    json_decref(maelstrom->answer);
    maelstrom->answer = NULL;
    (void)fprintf(maelstrom->nodes[to].in,
                  "{\"src\":\"c1\",\"dest\":\"n%d\",\"body\":{%s,\"msg_id\":%lld}}\n", to + 1, body,
                  (long long)++maelstrom->msg_id);
    (void)fflush(maelstrom->nodes[to].in);
    while (!maelstrom->answer) {
        struct pollfd polls[NODES];
        for (int i = 0; i < NODES; i++)
            polls[i] = (struct pollfd){.fd = maelstrom->nodes[i].out, .events = POLLIN};
        if (poll(polls, NODES, 1000) < 0)
            assert_int_equal(errno, EINTR);
        for (int i = 0; i < NODES; i++) {
            if (polls[i].revents)
                take_output(maelstrom, &maelstrom->nodes[i]);
        }
        if (clock_now_ns() > deadline_ns)
            fail_msg("no answer to %s", body);
    }
    return maelstrom->answer;
}

static const char *type_of(const json_t *body)
{
    return json_string_value(json_object_get(body, "type"));
}

static void maelstrom_open(struct maelstrom *maelstrom, const char *protocol)
{
    memset(maelstrom, 0, sizeof *maelstrom);
    for (int i = 0; i < NODES; i++)
        launch(&maelstrom->nodes[i], protocol);
    for (int i = 0; i < NODES; i++) {
        char init[128];
        (void)snprintf(init, sizeof init,
                       "\"type\":\"init\",\"node_id\":\"n%d\",\"node_ids\":[\"n1\",\"n2\",\"n3\"]",
                       i + 1);
        assert_string_equal(type_of(ask(maelstrom, i, init)), "init_ok");
    }
}

static void maelstrom_close(struct maelstrom *maelstrom)
{
    for (int i = 0; i < NODES; i++) {
        (void)fclose(maelstrom->nodes[i].in);
        (void)kill(maelstrom->nodes[i].pid, SIGKILL);
        (void)waitpid(maelstrom->nodes[i].pid, NULL, 0);
        (void)close(maelstrom->nodes[i].out);
    }
    json_decref(maelstrom->answer);
}

/* Until it is served: a cluster that has just begun may have no leader yet. */
static void ask_until(struct maelstrom *maelstrom, int to, const char *body, const char *type)
{
    int64_t deadline_ns = clock_now_ns() + PATIENCE_S * NS_PER_SEC;

    while (strcmp(type_of(ask(maelstrom, to, body)), type) != 0) {
        if (clock_now_ns() > deadline_ns)
            fail_msg("%s was never answered with %s", body, type);
    }
}

/* What one node is told the others come to know. */
static void claim_runs_under_maelstrom(const char *protocol)
{
    static struct maelstrom maelstrom;
    int64_t deadline_ns = clock_now_ns() + PATIENCE_S * NS_PER_SEC;

    maelstrom_open(&maelstrom, protocol);
    ask_until(&maelstrom, 0, "\"type\":\"write\",\"key\":7,\"value\":3", "write_ok");
    for (int node = 0; node < NODES; node++) {
        for (;;) {
            const json_t *answer = ask(&maelstrom, node, "\"type\":\"read\",\"key\":7");
            if (strcmp(type_of(answer), "read_ok") == 0 &&
                json_integer_value(json_object_get(answer, "value")) == 3)
                break;
            if (clock_now_ns() > deadline_ns)
                fail_msg("%s: n%d never read it", protocol, node + 1);
        }
    }
    const json_t *refused = ask(&maelstrom, 1, "\"type\":\"no-such-thing\"");
    assert_int_equal(json_integer_value(json_object_get(refused, "code")), 10);
    maelstrom_close(&maelstrom);
}

static void test_stdio__stores_run_under_maelstrom(void **state)
{
    (void)state;
    static const char *const protocols[] = {"naive",          "lww",    "quorum", "total-order",
                                            "smr-client-ids", "causal", "raft",   "bounded"};

    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        claim_runs_under_maelstrom(protocols[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stdio__stores_run_under_maelstrom),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("targets/stdio", tests, NULL, NULL);
}
