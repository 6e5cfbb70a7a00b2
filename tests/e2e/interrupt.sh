#!/usr/bin/env bash
# Ctrl-C: the first heals and gives the verdict of what there is, the second ends at once.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

# Start a run that would last a minute, and wait until its load has begun. (A shell lets what it
# starts in the background ignore SIGINT.)
start() {
    rm -rf store # else the last run's record would tell that the load has begun
    env --default-signal=INT "$ordeal" run memory "$@" --time-limit 60 --store "$scratch/store" --seed 1 >out 2>&1 &
    pid=$!
    until grep -qs '"load"' store/*/*/history.jsonl; do
        kill -0 $pid 2>/dev/null || return
        sleep 0.01
    done
}

for signal in INT TERM; do
    start --rate 1000
    kill -$signal $pid
    wait $pid
    code=$?
    if [ $code -eq 0 ] && grep -q '^Passed' out && grep -q '"final"' store/latest/history.jsonl; then
        ok "SIG$signal: the run heals, reads for the last time, and is judged"
    else
        echo "exit code $code" >>out
        not_ok "SIG$signal: the run heals, reads for the last time, and is judged" out
    fi
done

# A client that never comes back keeps the first from ending soon; the second does not wait.
start --set latency_us=20000000 --op-timeout 30
kill -INT $pid
sleep 0.3
kill -INT $pid
wait $pid
code=$?
if [ $code -eq 255 ] && [ -z "$(lab_processes "$scratch/store")" ]; then
    ok 'the second ends at once and leaves nothing'
else
    echo "exit code $code" >>out
    not_ok 'the second ends at once and leaves nothing' out
fi
exit $status
