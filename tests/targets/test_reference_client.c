/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of targets/reference/host: what a node's answer, or its silence, means for an operation. */
#include "../../harness/base/clock.h"
#include "../../targets/reference/host/reference.h"
#include "../lib/check.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Not called: the clients are made without a node. */
const char *node_name(const struct node *node)
{
    (void)node;
    return "n1";
}

const char *node_address(const struct node *node)
{
    (void)node;
    return "127.0.0.1";
}

int node_start(struct node *node, const struct process_spec *spec, struct err *err)
{
    (void)node;
    (void)spec;
    return err_set(err, 0, "not in this test");
}

int node_stop(struct node *node, const char *name, int timeout_ms, struct err *err)
{
    (void)node;
    (void)name;
    (void)timeout_ms;
    return err_set(err, 0, "not in this test");
}

bool node_process_ended(struct node *node, const char *name, char how[NODE_HOW_MAX])
{
    (void)node;
    (void)name;
    (void)how;
    return false;
}

/* A node that answers each request with the next text; # in it stands for the request's msg_id. A
 * NULL closes the connection after the request, an empty text keeps silent. */
struct peer {
    const char *const *answers;
    int count, listener;
    uint16_t port;
    pthread_t thread;
    struct client *client;
};

static bool read_line(int fd, char *line, size_t size)
{
    for (size_t len = 0; len + 1 < size; len++) {
        if (recv(fd, line + len, 1, 0) != 1)
            return false;
        if (line[len] == '\n') {
            line[len] = '\0';
            return true;
        }
    }
    return false;
}

static void send_answer(int fd, const char *answer, const char *request)
{
    const char *id = strstr(request, "\"msg_id\":");
    char text[512];
    size_t len = 0;

    for (; *answer && len + 32 < sizeof text; answer++) {
        if (*answer == '#')
            len += (size_t)snprintf(text + len, 24, "%ld", strtol(id + 9, NULL, 10));
        else
            text[len++] = *answer;
    }
    text[len++] = '\n';
    (void)send(fd, text, len, MSG_NOSIGNAL);
}

static void *serve(void *context)
{
    struct peer *peer = context;
    char line[512];
    int fd = -1;

    for (int i = 0; i < peer->count;) {
        if (fd < 0)
            fd = accept(peer->listener, NULL, NULL);
        bool came = read_line(fd, line, sizeof line);
        if (came && peer->answers[i] && *peer->answers[i])
            send_answer(fd, peer->answers[i], line);
        if (!came || !peer->answers[i]) {
            (void)close(fd);
            fd = -1;
        }
        i += came;
    }
    if (fd >= 0) { /* until the client has gone */
        (void)read_line(fd, line, sizeof line);
        (void)close(fd);
    }
    (void)close(peer->listener);
    return NULL;
}

static void peer_open(struct peer *peer, const char *const *answers, int count)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *peer = (struct peer){.answers = answers, .count = count};
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(peer->listener, 8), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &size), 0);
    peer->port = ntohs(address.sin_port);
    peer->client = reference_client_new("n1", "127.0.0.1", peer->port, 1);
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

static void peer_close(struct peer *peer)
{
    reference_client_close(peer->client);
    (void)pthread_join(peer->thread, NULL);
}

static struct client_op invoke(struct peer *peer, enum op_f f, struct op_value value)
{
    struct client_op op = {.f = (uint8_t)f, .key = 3, .value = value, .outcome = OP_INFO};
    op.deadline_ns = clock_now_ns() + 300 * NS_PER_MS;
    reference_invoke(peer->client, &op);
    return op;
}

#define ANSWER(body) "{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"in_reply_to\":#," body "}}"
#define ERROR(code) ANSWER("\"type\":\"error\",\"code\":" #code)
#define PEER(name, ...)                                                                            \
    const char *const name##_answers[] = {__VA_ARGS__};                                            \
    struct peer name;                                                                              \
    peer_open(&name, name##_answers, (int)(sizeof name##_answers / sizeof *name##_answers))

static void test_client__an_answer_is_a_success(void **state)
{
    (void)state;
    PEER(peer, ANSWER("\"type\":\"write_ok\""), ANSWER("\"type\":\"cas_ok\""),
         ANSWER("\"type\":\"read_ok\",\"value\":-7"), ANSWER("\"type\":\"read_ok\",\"value\":null"),
         ANSWER("\"type\":\"read_ok\",\"value\":[1,\"a\"]"));

    assert_int_equal(invoke(&peer, OP_F_WRITE, OP_INT(1)).outcome, OP_OK);
    assert_int_equal(invoke(&peer, OP_F_CAS, OP_PAIR(1, 2)).outcome, OP_OK);
    assert_int_equal(invoke(&peer, OP_F_READ, OP_NIL).result.a, -7);
    struct client_op op = invoke(&peer, OP_F_READ, OP_NIL);
    assert_int_equal(op.outcome, OP_OK);
    assert_int_equal(op.result.kind, OP_VALUE_NIL);
    op = invoke(&peer, OP_F_READ, OP_NIL);
    assert_int_equal(op.outcome, OP_OK);
    assert_true(str_eq(op.result.json, STR("[1,\"a\"]")));
    peer_close(&peer);
}

static void test_client__definite_errors_fail_and_others_are_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum op_type write, read;
    } cases[] = {
        {ERROR(0), OP_INFO, OP_FAIL},
        {ERROR(1), OP_FAIL, OP_FAIL},
        {ERROR(10), OP_FAIL, OP_FAIL},
        {ERROR(11), OP_FAIL, OP_FAIL},
        {ERROR(12), OP_FAIL, OP_FAIL},
        {ERROR(13), OP_INFO, OP_FAIL},
        {ERROR(14), OP_FAIL, OP_FAIL},
        {ERROR(20), OP_FAIL, OP_OK}, /* the register is unset */
        {ERROR(21), OP_FAIL, OP_FAIL},
        {ERROR(22), OP_FAIL, OP_FAIL},
        {ERROR(30), OP_FAIL, OP_FAIL},
        {ERROR(1000), OP_INFO, OP_FAIL},
        {ERROR(-1), OP_INFO, OP_FAIL},
        {ERROR("11"), OP_INFO, OP_FAIL},
        {ANSWER("\"type\":\"error\""), OP_INFO, OP_FAIL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PEER(peer, cases[i].answer, cases[i].answer);
        assert_int_equal(invoke(&peer, OP_F_WRITE, OP_INT(1)).outcome, cases[i].write);
        assert_int_equal(invoke(&peer, OP_F_READ, OP_NIL).outcome, cases[i].read);
        peer_close(&peer);
    }
}

static void test_client__nonsense_is_unknown(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "garbage",
        "{}",
        "[]",
        "null",
        ANSWER("\"type\":\"read_ok\""),
        ANSWER("\"type\":\"write_okay\""),
        ANSWER("\"value\":1"),
        "{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"in_reply_to\":99,\"type\":\"write_ok\"}}",
        "{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"type\":\"write_ok\"}}",
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        PEER(peer, answers[i], answers[i]);
        assert_int_equal(invoke(&peer, OP_F_WRITE, OP_INT(1)).outcome, OP_INFO);
        assert_int_equal(invoke(&peer, OP_F_READ, OP_NIL).outcome, OP_FAIL);
        peer_close(&peer);
    }
}

static void test_client__a_closed_connection_is_unknown_and_opened_again(void **state)
{
    (void)state;
    PEER(peer, NULL, ANSWER("\"type\":\"write_ok\""), NULL);

    assert_int_equal(invoke(&peer, OP_F_WRITE, OP_INT(1)).outcome, OP_INFO);
    assert_int_equal(invoke(&peer, OP_F_WRITE, OP_INT(2)).outcome, OP_OK);
    assert_int_equal(invoke(&peer, OP_F_READ, OP_NIL).outcome, OP_FAIL);
    peer_close(&peer);
}

static void test_client__silence_ends_at_the_deadline(void **state)
{
    (void)state;
    PEER(peer, "");

    int64_t start_ns = clock_now_ns();
    struct client_op op = invoke(&peer, OP_F_WRITE, OP_INT(1));
    int64_t took_ms = (clock_now_ns() - start_ns) / NS_PER_MS;
    assert_int_equal(op.outcome, OP_INFO);
    assert_string_equal(op.error, "timed out");
    assert_in_range(took_ms, 299, 900);
    peer_close(&peer);
}

static void test_client__nobody_listening_is_a_failure(void **state)
{
    (void)state;
    PEER(peer, "");
    struct client_op op = invoke(&peer, OP_F_WRITE, OP_INT(1));
    struct client *late = reference_client_new("n1", "127.0.0.1", peer.port, 2);

    peer_close(&peer);
    op.deadline_ns = clock_now_ns() + 300 * NS_PER_MS;
    reference_invoke(late, &op);
    assert_int_equal(op.outcome, OP_FAIL);
    assert_string_equal(op.error, "connection refused");
    reference_client_close(late);
}

static void test_client__a_malformed_cas_is_not_sent(void **state)
{
    (void)state;
    PEER(peer, ANSWER("\"type\":\"cas_ok\""));

    assert_int_equal(invoke(&peer, OP_F_CAS, OP_INT(1)).outcome, OP_FAIL);
    assert_int_equal(invoke(&peer, OP_F_CAS, OP_PAIR(1, 2)).outcome, OP_OK);
    peer_close(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client__an_answer_is_a_success),
        cmocka_unit_test(test_client__definite_errors_fail_and_others_are_unknown),
        cmocka_unit_test(test_client__nonsense_is_unknown),
        cmocka_unit_test(test_client__a_closed_connection_is_unknown_and_opened_again),
        cmocka_unit_test(test_client__silence_ends_at_the_deadline),
        cmocka_unit_test(test_client__nobody_listening_is_a_failure),
        cmocka_unit_test(test_client__a_malformed_cas_is_not_sent),
    };
    return cmocka_run_group_tests_name("targets/reference/client", tests, NULL, NULL);
}
