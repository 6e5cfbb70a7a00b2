#!/usr/bin/env bash
# Members leave a real cluster and come back as new ones, by the system's own leave, while clients go on.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

cat >plan <<'P'
{"faults": [
  {"nemesis": "members", "kind": "one", "nodes": ["n2"], "begin_ns": 300000000, "end_ns": 900000000},
  {"nemesis": "members", "kind": "leader", "begin_ns": 1000000000, "end_ns": 1500000000}]}
P

expect 'a target that cannot change its members is refused such a plan' 254 "$ordeal" run raft --plan plan
expect_said 'with those that can' "'raft', which cannot change its members; those that can:"
expect 'and such a nemesis' 254 "$ordeal" run raft --nemesis members
"$ordeal" run raft --nemesis all --dry-run >out 2>&1
! grep -q '"nemesis":"members"' out && ok 'which is not among all of its nemeses' ||
    not_ok 'which is not among all of its nemeses' out

events() { grep '"f":"members"' store/latest/history.jsonl | grep -v '"edge"'; }
if has_etcd; then
    expect 'etcd whose members change: passed' 0 \
        "$ordeal" run etcd -n 3 --rate 300 --plan plan -t 3 --op-timeout 2 --seed 1
    events >out
    grep -q '"value":\["n1","n3"\],"removed":"n2"' out && grep -q '"added":"n2"' out &&
        [ "$(grep -c '"removed":' out)" -eq 2 ] && [ "$(grep -c '"added":' out)" -eq 2 ] &&
        ok 'and the record says who left and who came back' ||
        not_ok 'and the record says who left and who came back' out
    grep '"f":"heal"' store/latest/history.jsonl >out
    grep '"value":true' out | grep -q '"members_removed":2,"members_added":2' &&
        ok 'and that everybody is a member again' || not_ok 'and that everybody is a member again' out
else
    skip 'etcd whose members change: passed' 'no etcd-server (make packages)'
fi
exit $status
