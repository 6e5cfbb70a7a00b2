#!/usr/bin/env bash
# A plan is drawn from the seed alone, stands in test.json, and is run again from there.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

plan_of() { sed -E 's/.*"plan":(.*\]\}).*"command".*/\1/' "$1"; }
draw() { "$ordeal" run raft --nemesis all --dry-run "$@"; }

for schedule in one fixed mixed swarm chase; do
    draw --seed 5 --schedule $schedule >first.json && draw --seed 5 --schedule $schedule >second.json
    draw --seed 6 --schedule $schedule >other.json
    "$ordeal" run raft --dry-run --seed 99 --plan first.json >again.json
    if [ -n "$(plan_of first.json)" ] && [ "$(plan_of first.json)" = "$(plan_of second.json)" ] &&
        [ "$(plan_of first.json)" != "$(plan_of other.json)" ]; then
        ok "schedule $schedule is drawn from the seed"
    else
        diff first.json second.json >out
        not_ok "schedule $schedule is drawn from the seed" out
    fi
    if [ "$(plan_of first.json)" = "$(plan_of again.json)" ]; then
        ok "a plan of schedule $schedule is replayed from its test.json"
    else
        { plan_of first.json; plan_of again.json; } >out
        not_ok "a plan of schedule $schedule is replayed from its test.json" out
    fi
done

cat >plan.json <<'P'
{"faults": [
  {"nemesis": "crash", "nodes": ["n1"], "begin_ns": 200000000, "end_ns": 900000000},
  {"nemesis": "partition", "grudge": {"n2": ["n3", "clients"]}, "begin_ns": 300000000, "end_ns": 800000000}]}
P
expect 'a plan with a grudge runs' 0 "$ordeal" run raft --plan plan.json -t 2 --seed 1 --store store
cp store/latest/history.jsonl out
grep -q '"f":"partition".*"edge":"begun","value":{"n2":\["n3","clients"\]},"with":\[0\]' out &&
    ok 'and the record has the grudge, and what it overlapped' ||
    not_ok 'and the record has the grudge, and what it overlapped' out
exit $status
