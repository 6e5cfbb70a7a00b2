#!/usr/bin/env bash
# A node that is a member from the start, and is not started before everything is healed.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

expect 'an unknown node to skip is a usage error' 254 "$ordeal" run raft -n 3 --skip n9
expect_said 'with the nodes that there are' "no node 'n9' to skip; there are n1 to n3"
expect 'and so is an empty name' 254 "$ordeal" run raft -n 3 --skip n1,
expect 'skipping a majority is a usage error' 254 "$ordeal" run raft -n 3 --skip n1,n2
expect_said 'with the way to do it all the same' '--protect none'
expect 'skipping all is one even then' 254 "$ordeal" run raft -n 3 --skip n1,n2,n3 --protect none
expect 'a target without nodes has none to skip' 254 "$ordeal" run memory --skip n1
printf '{"skip":"n1","faults":[]}' >plan
expect 'a plan that skips no list of nodes is refused' 254 "$ordeal" run raft --plan plan
"$ordeal" run raft -n 3 --skip n2 --dry-run >first.json
"$ordeal" run raft -n 3 --plan first.json --dry-run >out
grep -q '"skip":\["n2"\]' out && ok 'who is skipped is in the plan, and replayed from there' ||
    not_ok 'who is skipped is in the plan, and replayed from there' out

served() { # node: was it ever heard of before the heal, and after?
    awk -v node="\"node\":\"$1\"" '/"f":"phase","value":"heal"/ { healed = 1 }
        /"type":"ok"/ && index($0, node) { count[healed + 0]++ }
        END { print count[0] + 0, (count[1] > 0 ? "some" : "none") }' store/latest/history.jsonl
}
late() { # target
    expect "$1 with a node that starts late: passed" 0 \
        "$ordeal" run "$1" -n 3 --rate 300 --skip n3 -t 2 --op-timeout 2 --seed 1
    grep '"process":"nemesis"' store/latest/history.jsonl >out
    served n3 >>out
    [ "$(served n3)" = '0 some' ] && ok "$1: it served after the heal, and not before" ||
        not_ok "$1: it served after the heal, and not before" out
    grep -q '"f":"skip","value":\["n3"\]' out && grep '"f":"heal"' out | grep -q '"value":true' &&
        ok "$1: the record says so, and that it ran in the end" ||
        not_ok "$1: the record says so, and that it ran in the end" out
}
late raft
if has_etcd; then late etcd; else skip 'etcd with a node that starts late' 'no etcd-server (make packages)'; fi
exit $status
