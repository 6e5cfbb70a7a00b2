/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* How many operations a second are generated, recorded and on disk: workers whose target answers in
 * memory at once, as many as there are lanes. bench_record [lanes [operations [path]]] */
#include "../../harness/base/clock.h"
#include "../../harness/base/rng.h"
#include "../../harness/history/record.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct worker {
    struct record *record;
    int lane, lanes;
    int64_t operations;
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct record *record = worker->record;
    struct rng rng;
    int64_t registers[128] = {0};

    rng_init(&rng, 1, (uint64_t)worker->lane);
    for (int64_t i = 0; i < worker->operations; i++) {
        uint64_t draw = rng_next(&rng);
        struct record_event event = {.process = worker->lane,
                                     .node = (uint8_t)(worker->lane % 5),
                                     .key = (int64_t)(draw % 100)};
        if (draw >> 63) {
            event.f = OP_F_WRITE;
            event.value = OP_INT(i * worker->lanes + worker->lane);
            registers[event.key] = event.value.a;
        }
        event.time_ns = record_time(record, worker->lane);
        event.type = OP_INVOKE;
        if (!record_op(record, worker->lane, &event))
            break;
        record_idle(record, worker->lane);
        if (event.f == OP_F_READ)
            event.value = OP_INT(registers[event.key]);
        event.time_ns = record_time(record, worker->lane);
        event.type = OP_OK;
        if (!record_op(record, worker->lane, &event))
            break;
    }
    record_close_lane(record, worker->lane);
    return NULL;
}

int main(int argc, char **argv)
{
    int lanes = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2;
    int64_t operations = argc > 2 ? strtoll(argv[2], NULL, 10) : 1000000;
    char path[256] = "/tmp/bench_record.XXXXXX/history.jsonl";
    const char *const nodes[] = {"n1", "n2", "n3", "n4", "n5"};
    struct worker workers[256];
    struct err err;

    if (argc > 3) {
        (void)snprintf(path, sizeof path, "%s", argv[3]);
    } else {
        *strrchr(path, '/') = '\0';
        if (!mkdtemp(path))
            return 255;
        path[strlen(path)] = '/';
    }
    lanes = lanes < 1 ? 1 : lanes > 256 ? 256 : lanes;
    struct record *record;
    int64_t start_ns = clock_now_ns();
    if (record_open(&record, path, lanes, nodes, 5, start_ns, &err) < 0) {
        (void)fprintf(stderr, "bench_record: %s\n", err.msg);
        return 255;
    }
    for (int i = 0; i < lanes; i++) {
        workers[i] = (struct worker){
            .record = record, .lane = i, .lanes = lanes, .operations = operations / lanes};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    }
    for (int i = 0; i < lanes; i++)
        (void)pthread_join(workers[i].thread, NULL);
    int64_t recorded_ns = clock_now_ns() - start_ns;
    int result = record_finish(record, &err);
    int64_t synced_ns = clock_now_ns() - start_ns;
    if (result < 0)
        (void)fprintf(stderr, "bench_record: %s\n", err.msg);
    double count = (double)(operations / lanes * lanes);
    (void)printf(
        "record: %d lanes, %.0f operations: recorded in %.3f s (%.0f operations/s), written "
        "and synced in %.3f s (%.0f operations/s)\n",
        lanes, count, (double)recorded_ns / 1e9, count * 1e9 / (double)recorded_ns,
        (double)synced_ns / 1e9, count * 1e9 / (double)synced_ns);
    if (argc <= 3) {
        (void)unlink(path);
        *strrchr(path, '/') = '\0';
        (void)rmdir(path);
    }
    return result < 0 ? 255 : 0;
}
