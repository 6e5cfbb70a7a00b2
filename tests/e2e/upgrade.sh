#!/usr/bin/env bash
# Nodes of a real cluster are restarted with another version, one by one, while clients go on.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

# The other version: the same program behind one that says so in its node's log. Nodes see the build
# folder as /node/bin; they have a /tmp of their own, which may be where the scratch folder is.
other=$(dirname "$ordeal")/e2e-other-version.$$
trap 'rm -rf "$scratch" "$other"' EXIT
on_node=/node/bin/${other##*/}
target=raft program=/node/bin/ordeal-node
! has_etcd || target=etcd program=etcd
printf '#!/bin/sh\necho "this is the other version"\nexec %s "$@"\n' "$program" >"$other"
chmod 755 "$other"

cat >plan <<'P'
{"faults": [
  {"nemesis": "upgrade", "kind": "rolling", "nodes": ["n1"], "begin_ns": 300000000, "end_ns": 400000000},
  {"nemesis": "upgrade", "kind": "one", "nodes": ["n2"], "begin_ns": 400000000, "end_ns": 900000000}]}
P

expect 'without another version there is nothing to change' 254 "$ordeal" run raft --plan plan
expect_said 'with what is to be given' '--set roll-to=PATH'
"$ordeal" run raft --nemesis all --dry-run >out 2>&1
! grep -q '"nemesis":"upgrade"' out && ok 'where it is not among all nemeses' ||
    not_ok 'where it is not among all nemeses' out
expect 'a program that cannot be executed is refused before anything starts' 254 \
    "$ordeal" run raft --nemesis upgrade --set roll-to=/etc/passwd
expect_said 'by its name' "'/etc/passwd' is no program that can be executed"

"$ordeal" run raft -n 3 --nemesis upgrade:kind=rolling -t 4 --interval 4 --set roll-to=/bin/true \
    --dry-run >out 2>&1
for n in n1 n2 n3; do grep -q "\"nodes\": *\[ *\"$n\" *\]" out || echo "no turn for $n" >>out; done
! grep -q 'no turn' out && ok 'a roll has a turn for every node' ||
    not_ok 'a roll has a turn for every node' out

expect "$target with two versions: passed" 0 "$ordeal" run $target -n 3 --rate 300 \
    --plan plan -t 4 --op-timeout 2 --seed 1 --set "roll-to=$on_node"
history=store/latest/history.jsonl
value() { printf '"value":{"n1":"%s","n2":"%s","n3":"%s"},"restarted":"%s"' "$@"; }
grep '"f":"version"' $history >out
[ "$(wc -l <out)" -eq 3 ] && sed -n 1p out | grep -qF "$(value "$on_node" $program $program n1)" &&
    sed -n 2p out | grep -qF "$(value "$on_node" "$on_node" $program n2)" &&
    sed -n 3p out | grep -qF "$(value "$on_node" $program $program n2)" &&
    ok 'and the record says which node ran which when' ||
    not_ok 'and the record says which node ran which when' out
grep '"f":"heal"' $history >out
grep '"value":true' out | grep -q '"rolled":2,"rolled_back":1' &&
    ok 'and how many were restarted' || not_ok 'and how many were restarted' out
for n in n1 n2 n3; do grep -c 'this is the other version' "store/latest/nodes/$n/$target.log"; done >out
[ "$(tr '\n' ' ' <out)" = '1 1 0 ' ] && ok 'which the nodes have seen themselves' ||
    not_ok 'which the nodes have seen themselves' out
exit $status
