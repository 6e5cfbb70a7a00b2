#!/usr/bin/env bash
# `ordeal suite` and `ordeal calibrate`: verdicts against expectations.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

# Whatever the protocols say of themselves can be run: options and names exist.
"$ordeal" calibrate --dry-run >commands 2>out
wrong=0
while read -r line; do
    line=${line%%#*}
    if ! "$ordeal" ${line#ordeal } --dry-run >said 2>&1; then
        { echo "$line"; cat said; } >>out
        wrong=$((wrong + 1))
    fi
done <commands
if [ "$wrong" -eq 0 ] && grep -q 'run raft --bug' commands; then
    ok 'every trial of the calibration is a command that can be run'
else
    not_ok 'every trial of the calibration is a command that can be run' out
fi

cat >good.json <<'SUITE'
{"tests":[
  {"name":"split brain","run":"naive -t 2","expect":"violation"},
  {"name":"holds","run":"memory -t 1 -r 2000","expect":"passed"}]}
SUITE
"$ordeal" suite good.json --quiet --junit good.xml >out 2>&1
code=$?
if [ $code -eq 0 ] && grep -q 'found' out && grep -q 'held' out &&
    grep -q 'tests="2" failures="0" errors="0"' good.xml && [ ! -e store/suite/memory/holds-1 ] &&
    [ -e store/suite/naive/split-brain-1 ]; then
    ok 'a suite whose verdicts are the expected ones passes; what found something is kept'
else
    not_ok 'a suite whose verdicts are the expected ones passes; what found something is kept' out
fi

cat >bad.json <<'SUITE'
{"tests":[
  {"name":"missed","run":"memory -t 1 -r 2000","expect":"violation"},
  {"name":"blamed","run":"naive -t 2"}]}
SUITE
"$ordeal" suite bad.json --quiet --patience 1 --junit bad.xml >out 2>&1
code=$?
if [ $code -eq 1 ] && grep -q 'missed *missed' out && grep -q 'blamed *blamed' out &&
    grep -q 'tests="2" failures="2"' bad.xml; then
    ok 'a violation that is not found is a miss, one that was not expected a blame'
else
    echo "exit code $code" >>out
    not_ok 'a violation that is not found is a miss, one that was not expected a blame' out
fi

echo '{"tests":[{"name":"misspelt","run":"naive --nemesis partitoin"},{"name":"b","run":"memory -t 1 -r 100"}]}' >odd.json
"$ordeal" suite odd.json --quiet >out 2>&1
code=$?
if [ $code -eq 255 ] && grep -q 'misspelt *failed' out && grep -q "did you mean 'partition'" out; then
    ok 'a test that nobody can run is a failure, not left out'
else
    echo "exit code $code" >>out
    not_ok 'a test that nobody can run is a failure, not left out' out
fi

"$ordeal" suite good.json --quiet --time-budget 0.000000001 >out 2>&1
code=$?
if [ $code -eq 2 ] && grep -q '2 undecided' out; then
    ok 'what there was no time for is undecided'
else
    echo "exit code $code" >>out
    not_ok 'what there was no time for is undecided' out
fi

"$ordeal" calibrate rafd >out 2>&1
code=$?
if [ $code -eq 254 ] && grep -q "did you mean 'raft'" out; then
    ok 'an unknown target is refused with the nearest name'
else
    not_ok 'an unknown target is refused with the nearest name' out
fi

if "$ordeal" calibrate raft/no-dedup --seeds 2 --dry-run >out 2>&1 &&
    [ "$(grep -c 'run raft --bug no-dedup .*# violation' out)" -eq 2 ] && [ "$(wc -l <out)" -eq 2 ]; then
    ok 'a single trial of a target can be chosen'
else
    not_ok 'a single trial of a target can be chosen' out
fi
exit $status
