/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/agent/client.c against peers that misbehave as no agent of ours does. */
#include "../../harness/agent/client.h"
#include "../../harness/agent/wire.h"
#include "../../harness/base/clock.h"
#include "../lib/check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct node *node;
static struct err err;
static int peer;

/* Awaits a hello and answers it, awaits a receipt's request and says `rest`; then closes, or waits
 * for the end. */
struct script {
    const char *hello, *rest; /* NULL: says nothing there */
    size_t rest_len;
    bool closes;
};

/* Read on until the verb was asked for. */
static void await(const char *verb)
{
    static char heard[1 << 16];
    size_t len = 0;

    while (len < sizeof heard && !memmem(heard, len, verb, strlen(verb))) {
        ssize_t got = recv(peer, heard + len, sizeof heard - len, 0);
        if (got <= 0)
            return;
        len += (size_t)got;
    }
}

static void *play(void *context)
{
    const struct script *script = context;
    char sink[4096];

    if (script->hello) {
        await("hello");
        (void)!send(peer, script->hello, strlen(script->hello), MSG_NOSIGNAL);
    }
    if (script->rest)
        await("receipt");
    for (size_t sent = 0; sent < script->rest_len;) {
        ssize_t part = send(peer, script->rest + sent, script->rest_len - sent, MSG_NOSIGNAL);
        if (part <= 0)
            break;
        sent += (size_t)part;
    }
    if (script->closes)
        (void)shutdown(peer, SHUT_RDWR);
    while (recv(peer, sink, sizeof sink, 0) > 0)
        ;
    return NULL;
}

#define HELLO "{\"id\":1,\"ok\":true,\"protocol\":1,\"version\":\"x\",\"abilities\":[\"kill\",7]}\n"

/* node_open with the script; whatever comes of it, then close. */
static int meet(struct script script, bool ask)
{
    struct connection connection = {.address = "198.18.1.1"};
    struct receipt receipt;
    pthread_t thread;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    connection.fd = ends[0];
    peer = ends[1];
    assert_int_equal(pthread_create(&thread, NULL, play, &script), 0);
    int result = node_open(&node, "n1", 0, &connection, &err);
    if (result == 0 && ask)
        result = node_receipt(node, &receipt, &err);
    node_close(node);
    node = NULL;
    (void)shutdown(peer, SHUT_RDWR);
    pthread_join(thread, NULL);
    (void)close(peer);
    return result;
}

#define SAYS(phrase)                                                                               \
    do {                                                                                           \
        if (!strstr(err.msg, (phrase)))                                                            \
            fail_msg("'%s' does not hold '%s'", err.msg, (phrase));                                \
    } while (0)

static void test_client__a_peer_that_closes_is_gone(void **state)
{
    (void)state;
    assert_int_equal(meet((struct script){.closes = true}, false), -1);
    SAYS("cannot use the agent of 'n1': agent of 'n1' has gone: it closed the connection");
    assert_int_equal(meet((struct script){.hello = HELLO, .closes = true}, true), -1);
    SAYS("agent of 'n1' has gone: it closed the connection");
    assert_int_equal(meet((struct script){.hello = HELLO, .rest = "", .closes = true}, true), -1);
    SAYS("no receipt from 'n1': agent of 'n1' has gone: it closed the connection");
}

static void test_client__another_protocol_is_said(void **state)
{
    (void)state;
    struct script script = {.hello = "{\"id\":1,\"error\":\"this agent speaks 2\",\"code\":71}\n"};
    assert_int_equal(meet(script, false), -1);
    SAYS("cannot use the agent of 'n1': this agent speaks 2");
    assert_int_equal(err.code, 71);
}

static void test_client__nonsense_is_passed_over(void **state)
{
    (void)state;
    static const char rest[] = "\n[]\n7\nnull\n{}\n{\"id\":99,\"ok\":true}\n{\"event\":7}\n"
                               "{\"event\":\"exit\"}\n{\"event\":\"log\"}\n{\"id\":1,\"ok\":1}\n"
                               "{\"event\":\"exit\",\"name\":\"db\",\"status\":\"x\"}\n\xff\xfe\n"
                               "{\"id\":2,\"ok\":true,\"state\":\"running\"}\n";
    struct script script = {
        .hello = HELLO, .rest = rest, .rest_len = sizeof rest - 1, .closes = true};
    assert_int_equal(meet(script, true), 0);
}

static void test_client__a_line_over_the_limit_ends_it(void **state)
{
    (void)state;
    char *rest = malloc(LINE_MAX_BYTES + 10);
    memset(rest, 'x', LINE_MAX_BYTES + 10);
    struct script script = {.hello = HELLO, .rest = rest, .rest_len = LINE_MAX_BYTES + 10};
    assert_int_equal(meet(script, true), -1);
    SAYS("it sent a line over the protocol's limit");
    free(rest);
}

/* Nothing is answered, but the connection stays: an error after ten seconds, not a hang. */
static void test_client__silence_is_an_error_in_time(void **state)
{
    (void)state;
    int64_t begin_ns = clock_now_ns();
    assert_int_equal(meet((struct script){0}, false), -1);
    SAYS("agent of 'n1'");
    int64_t took_ms = (clock_now_ns() - begin_ns) / NS_PER_MS;
    assert_in_range(took_ms, CALL_TIMEOUT_MS - 100, CALL_TIMEOUT_MS + 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client__a_peer_that_closes_is_gone),
        cmocka_unit_test(test_client__another_protocol_is_said),
        cmocka_unit_test(test_client__nonsense_is_passed_over),
        cmocka_unit_test(test_client__a_line_over_the_limit_ends_it),
        cmocka_unit_test(test_client__silence_is_an_error_in_time),
    };
    return cmocka_run_group_tests_name("agent/client", tests, NULL, NULL);
}
