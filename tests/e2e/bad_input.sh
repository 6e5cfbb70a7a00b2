#!/usr/bin/env bash
# Bad input is answered with one clear sentence, a documented exit code, and nothing lost.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

one_line() { # claim
    if [ "$(grep -c . "$scratch/out")" -eq 1 ]; then ok "$1"; else not_ok "$1" "$scratch/out"; fi
}

expect 'an unknown target is a usage error' 254 "$ordeal" run naiv
expect_said 'and the nearest name is offered' "did you mean 'naive'"
one_line 'in one line'
expect 'an unknown nemesis is a usage error' 254 "$ordeal" run naive --nemesis partitoin
expect_said 'and the nearest name is offered' "did you mean 'partition'"
expect 'an unknown workload is a usage error' 254 "$ordeal" run naive --workload regster
expect_said 'and the nearest name is offered' "did you mean 'register'"
expect 'an unknown setting is a usage error' 254 "$ordeal" run etcd --set raeds=serializable
expect_said 'and the nearest name is offered' "did you mean 'reads'"
expect 'an unknown level is a usage error' 254 "$ordeal" run naive --consistency linearisable
expect_said 'and the nearest name is offered' "did you mean 'linearizable'"
expect 'an unknown command is a usage error' 254 "$ordeal" rnu naive
expect_said 'and the nearest name is offered' "run"

printf '{"faults":[{"nemesis":"kill","nodes":["n9"],"begin_ns":0,"end_ns":5}]}' >plan
expect 'a plan that names an unknown node is refused before the start' 254 \
    "$ordeal" run naive --plan plan
expect_said 'with the name' "no node 'n9'"
printf '{"faults":[{"nemesis":"partition","grudge":{"n1":["n1"]},"begin_ns":0,"end_ns":5}]}' >plan
expect 'an impossible grudge is refused before the start' 254 "$ordeal" run naive --plan plan
expect_said 'with the reason' "cut off from itself"
expect 'a parameter that a nemesis does not have is a usage error' 254 \
    "$ordeal" run naive --nemesis kill:percent=120
expect_said 'with its name' "no parameter 'percent'"
expect 'a percentage over 100 is a usage error' 254 \
    "$ordeal" run naive --nemesis loss:loss_percent=120
expect_said 'with its range' "'loss_percent' of nemesis 'loss' must be a number from .* to 100"
printf '{"faults":[{"nemesis":"loss","params":{"loss_percent":101},"begin_ns":0,"end_ns":5}]}' >plan
expect 'and so it is in a plan' 254 "$ordeal" run naive --plan plan
expect_said 'with its range' "'loss_percent' of nemesis 'loss' must be a number from .* to 100"
expect 'a file pattern that can match nothing is refused before the start' 254 \
    "$ordeal" run naive --nemesis 'disk-error:files=../*.wal'
expect_said 'with the reason' "no file matches '../\*.wal'"
if has redis-server || [ -x "$(dirname "$ordeal")/packages/usr/bin/redis-server" ]; then
    expect 'and so is one that none of the files of the database matches' 254 \
        "$ordeal" run redis --nemesis 'disk-error:files=*.wal'
    expect_said 'with the files that it keeps' "keeps no file that matches '\*.wal'; it keeps 'appendonlydir"
fi
expect 'a kind that a nemesis does not have is a usage error' 254 \
    "$ordeal" run naive --nemesis partition:kind=birdge
expect_said 'and the nearest name is offered' "did you mean 'bridge'"
expect 'a parameter of no nemesis is a usage error' 254 "$ordeal" run naive --nemesis kind=one,kill
expect_said 'with the way to say it' 'NAME:KEY=VALUE'
expect 'an unknown schedule is a usage error' 254 "$ordeal" run naive --nemesis kill --schedule swarn
expect_said 'and the nearest name is offered' 'swarm'
expect 'chasing leaders where there are none is a usage error' 254 \
    "$ordeal" run naive --nemesis kill --schedule chase
expect_said 'with the reason' 'nobody to chase'

expect 'a run folder that cannot be made' 255 "$ordeal" run naive --store /proc/nowhere --time-limit 1
expect_said 'is named with the remedy' "'/proc/nowhere.*give another --store"
[ ! -e store ] && ok 'refusals leave nothing behind' || not_ok 'refusals leave nothing behind'

{
    echo '{"index":0,"time":1,"type":"invoke","process":0,"f":"write","value":1}'
    echo '{"index":1,"time":2,"type":"ok","process":0,"f":"write","value":1}'
    echo '{"index":2,"time":3,"type":"inv'
    echo '{"index":3,"time":4,"type":"ok","process":0,"f":"write","value":1}'
} >history
expect 'an unreadable history line' 255 "$ordeal" check history
expect_said 'is named with its number' 'line 3'

if [ "$(id -u)" -eq 0 ] && mkdir full && unshare -m mount -t tmpfs -o size=4m none full 2>/dev/null; then
    cat >fill.sh <<'S'
mount -t tmpfs -o size=3m none full
"$1" run memory --time-limit 10 --store full --seed 1
code=$?
cp -r full/* kept/
exit $code
S
    mkdir kept
    expect 'a disk full while recording ends the run' 255 unshare -m bash fill.sh "$ordeal"
    expect_said 'says so' 'No space left on device'
    "$ordeal" check kept/*/*/history.jsonl >"$scratch/out" 2>&1
    [ $? -le 2 ] && ok 'what was written stays checkable' ||
        not_ok 'what was written stays checkable' "$scratch/out"
else
    skip 'a disk full while recording ends the run' 'needs root for a small file system'
fi

copy_build "$scratch/build" # of our own, and within an ordinary user's reach
mine=$scratch/build/ordeal
if unshare -Ur true 2>/dev/null && [ "$(id -u)" -eq 0 ]; then
    # A user who may make no namespaces: the limit is set to 0 inside a user namespace of the test's.
    expect 'no permission for namespaces' 255 setpriv --reuid 65534 --regid 65534 --clear-groups \
        unshare -Ur bash -c 'echo 0 >/proc/sys/user/max_user_namespaces
            echo 0 >/proc/sys/user/max_net_namespaces; cd /tmp && exec "$0" run naive --time-limit 1 \
            --store "$(mktemp -d)"' "$mine"
    expect_said 'is said with the remedy' 'ordeal doctor|sysctl'
else
    skip 'no permission for namespaces' 'needs root to become somebody who may not'
fi

# Databases that are missing, die at once, or never answer: stand-ins beside `mine`.
if has etcd; then
    skip 'a missing package' 'etcd is installed on this machine'
else
    expect 'a missing package' 255 "$mine" run etcd --time-limit 1
    expect_said 'is named' 'etcd-server'
fi
mkdir -p "$scratch/build/packages/usr/bin"
stand_in() { printf '#!/bin/sh\n%s\n' "$1" >"$scratch/build/packages/usr/bin/etcd"
    chmod 755 "$scratch/build/packages/usr/bin/etcd"; }
if has etcd; then
    skip 'a node that never starts' 'etcd is installed on this machine'
else
    stand_in 'echo "cannot bind: address already in use" >&2; exit 3'
    expect 'a system that ends at once (a port is taken, say)' 255 "$mine" run etcd --time-limit 1
    expect_said 'is named with its status and its log' "'etcd' exited with status 3.*log"
    stand_in 'exec sleep 1000'
    expect 'a node that never starts leaves the run undecided' 2 \
        "$mine" run etcd --time-limit 1 --start-time-limit 1
    expect_said 'and is named with what it does not do' "Undecided, .*'etcd' was not healthy within 1 s.*etcd on 'n1': connection refused"
fi
exit $status
