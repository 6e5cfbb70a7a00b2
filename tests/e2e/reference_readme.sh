#!/usr/bin/env bash
# The protocol that targets/reference/README.md shows is one: it builds, and does what it says.
. "$(dirname "$0")/lib.bash"
built=$(dirname "$ordeal")
cd "$here" || exit 1

awk '/^```c$/ {on = 1; next} /^```$/ {on = 0} on' targets/reference/README.md >"$scratch/central.c"
lines=$(wc -l <"$scratch/central.c")
[ "$lines" -gt 20 ] && [ "$lines" -lt 80 ] && ok 'the example has less than 80 lines' ||
    not_ok "the example has $lines lines"
echo '#include "runtime/protocol.h"
extern const struct protocol protocol_central;
const struct protocol *const protocols[] = {&protocol_central, 0};' >"$scratch/protocols.c"
san=$(nm "$built/ordeal-node" | grep -q __asan_init && echo -fsanitize=address,undefined)
expect 'the example builds without a warning' 0 \
    ${CC:-cc} -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror $san -Itargets/reference \
    -o "$scratch/node" "$scratch/central.c" "$scratch/protocols.c" \
    "$built"/targets/reference/runtime/*.o "$built"/harness/base/*.o -luv -ljansson -lm

say() { printf '{"src":"%s","dest":"n1","body":{%s}}\n' "$1" "$2"; }
session() { # requests...; prints the answers that clients get
    mkfifo "$scratch/in" 2>/dev/null
    "$scratch/node" central --stdio --data "$scratch/data" ${bug:-} <"$scratch/in" >"$scratch/out" 2>&1 &
    exec 3>"$scratch/in"
    say c0 '"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]' >&3
    for request in "$@"; do say c1 "$request" >&3; done
    timeout 10 bash -c 'until [ $(grep -c in_reply_to "$0") -gt $1 ]; do read -rt 0.05 <> <(:); done' \
        "$scratch/out" $#
    exec 3>&-
    wait
}

mkdir -p "$scratch/data"
session '"type":"write","key":1,"value":5,"msg_id":2' '"type":"cas","key":1,"from":5,"to":6,"msg_id":3'
expect_said 'it acknowledges a write' '"type":"write_ok","in_reply_to":2'
expect_said 'and a cas' '"type":"cas_ok","in_reply_to":3'
session '"type":"read","key":1,"msg_id":4'
expect_said 'and remembers both after a restart' '"value":6,"in_reply_to":4'
bug='--bug reply-before-sync' session '"type":"read","key":1,"msg_id":4'
expect_said 'its bug can be turned on' '"value":6,"in_reply_to":4'
exit $status
