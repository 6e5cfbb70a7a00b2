#!/usr/bin/env bash
# How stale reads are, and what recorded clocks say, from the command line.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

at=0
done_op() { # process f value-in value-out [clock]: 10 ms long, 10 ms after the one before
    local begin=$((at * 20000000))
    echo "{\"time\":$begin,\"type\":\"invoke\",\"process\":$1,\"f\":\"$2\",\"key\":\"x\",\"value\":$3}"
    echo "{\"time\":$((begin + 10000000)),\"type\":\"ok\",\"process\":$1,\"f\":\"$2\",\"key\":\"x\",\"value\":$4${5:+,\"clock\":$5}}"
    at=$((at + 1))
}
{ done_op 0 write 1 1; done_op 0 write 2 2; done_op 0 write 3 3; done_op 1 read null 1; } >stale
expect 'a history with stale reads can be measured' 0 "$ordeal" check --consistency staleness stale
expect_said 'by time and by versions' 'delta = 0\.03 s, k = 3'
expect_said 'and the worst read is named with how far it is behind' \
    'operation 6 .process 1 read 1 .*came 0\.03 s after 2 was in place.*behind 2 newer writes'
expect 'as JSON too' 0 "$ordeal" check --consistency staleness --json stale
expect_said 'with its numbers' '"delta_ns":30000000,.*"k":3,'
expect 'the ladder fails where it should' 1 "$ordeal" check --consistency ladder stale
expect_said 'and tells both beside the levels' 'holds: sequential; fails: linearizable; delta = 0\.03 s, k = 3'
at=0
{ done_op 0 write 1 1; done_op 1 read null 7; } >thin
expect 'a value that nobody wrote has no staleness' 1 "$ordeal" check --consistency staleness thin
at=0
{ done_op 0 write 1 1 '{"n1":1}'; done_op 1 write 2 2 '{"n1":1,"n2":1}'; } >head
{ cat head; done_op 2 read null 1; } >unclocked
expect 'two writes that nothing orders may be read in any order' 0 \
    "$ordeal" check --consistency causal unclocked
at=2
{ cat head; done_op 2 read null 1 '{"n1":1,"n2":1}'; } >clocked
expect 'unless the recorded clocks order them' 1 "$ordeal" check --consistency causal clocked
expect_said 'which is said' 'returned what the recorded clocks say was overwritten'
at=0
{ done_op 0 write 1 1 '{"n1":2}'; done_op 0 write 2 2 '{"n1":1}'; } >backwards
expect 'clocks that contradict the history leave it undecided' 2 \
    "$ordeal" check --consistency causal backwards
expect_said 'with the reason' 'recorded clocks contradict the history'
exit $status
