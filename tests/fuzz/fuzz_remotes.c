/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzing of hosts files: any bytes are refused in words, or are hosts that read back the same and
 * that no program can take for its options. */
#include "fuzz.h"

#include "../../harness/remote.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char text[REMOTE_TEXT_BYTES];
    struct remotes remotes;
    struct remote again;
    struct err err = {0};

    if (remotes_read(&remotes, (struct str){(const char *)bytes, len}, "hosts", &err) < 0) {
        fuzz_demand(err.msg[0], "words for what is refused");
        return 0;
    }
    fuzz_demand(remotes.count >= 1 && remotes.count <= NODES_MAX, "hosts");
    for (int i = 0; i < remotes.count; i++) {
        const struct remote *remote = &remotes.all[i];
        fuzz_demand(remote->name[0] && remote->name[0] != '-' && remote->user[0] != '-',
                    "names that are no options");
        fuzz_demand(remote_read(str_of(remote_text(remote, text)), &again, &err) == 0 &&
                        strcmp(again.name, remote->name) == 0 &&
                        strcmp(again.user, remote->user) == 0 && again.port == remote->port,
                    "the same host when read again");
    }
    return 0;
}
