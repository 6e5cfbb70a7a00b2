/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzing of what the agent reads from its controller: any bytes, cut into lines and read as
 * requests. Whatever is accepted keeps the limits that the agent's verbs rely on. */
#include "fuzz.h"

#include "../../harness/agent/request.h"
#include "../../harness/agent/wire.h"
#include "../../harness/base/base64.h"

#include <stdlib.h>
#include <unistd.h>

static void check_command(const struct command *command)
{
    fuzz_demand(command->argv[0] && *command->argv[0], "a command has a program");
    fuzz_demand(!command->argv[ARGS_MAX] && !command->env[ARGS_MAX], "arrays end");
    for (const char *const *variable = command->env; *variable; variable++)
        fuzz_demand(strchr(*variable, '='), "variables have a value");
}

static void check_request(const struct request *request)
{
    fuzz_demand(request->id >= 0 && request->verb < VERB_COUNT, "id and verb");
    if (request->verb == VERB_START || request->verb == VERB_RUN)
        check_command(&request->command);
    if (request->name)
        fuzz_demand(*request->name && strlen(request->name) <= NAME_MAX_BYTES &&
                        !strchr(request->name, '/') && request->name[0] != '.',
                    "a name is a file's");
    fuzz_demand(request->timeout_ms >= 0 && request->offset >= 0 && request->version >= 0, "signs");
    fuzz_demand(request->cut_count >= 0 && request->cut_count <= CUTS_MAX, "room for cuts");
    for (int i = 0; i < request->cut_count; i++)
        fuzz_demand(request->cuts[i].place >= 0 && request->cuts[i].place < PLACES_MAX, "places");
    fuzz_demand(request->mode >= 0 && request->mode <= 07777, "mode");
    if (request->data.len) {
        size_t decoded;
        char *room = malloc(base64_read_max(request->data.len) + 1);
        if (room && base64_read(request->data, room, &decoded))
            fuzz_demand(decoded <= base64_read_max(request->data.len), "room for base64");
        free(room);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct lines lines;
    struct str line;
    struct err err;

    int fd = fuzz_file(bytes, len, NULL);
    if (!lines.bytes && lines_init(&lines, &err))
        abort();
    lines = (struct lines){.bytes = lines.bytes};
    while (lines_fill(&lines, fd) > 0) {
        for (enum line_found found; (found = lines_next(&lines, &line)) != LINE_NONE;) {
            struct request request;
            if (found != LINE_READY)
                continue;
            if (request_read(line, &request, &err) == 0)
                check_request(&request);
            request_release(&request);
        }
    }
    (void)close(fd);
    return 0;
}
