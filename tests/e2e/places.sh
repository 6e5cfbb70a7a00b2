#!/usr/bin/env bash
# Ordeal runs wherever it lies and whoever starts it.
. "$(dirname "$0")/lib.bash"

short="run naive --nemesis partition --time-limit 2 --interval 2 --op-timeout 1 --seed 1"
build=$(dirname "$ordeal")
copy_build "$scratch/build"
cd "$scratch" || exit 1
expect 'a build below /tmp' 1 "$scratch/build/ordeal" $short

copy_build "$scratch/a folder with a space/build"
cd "$scratch/a folder with a space" || exit 1
expect 'a folder with a space in its name' 1 "$PWD/build/ordeal" $short

cd "$scratch" || exit 1
expect 'proxy variables do not disturb' 1 env http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
    HTTP_PROXY=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9 "$ordeal" $short
if has_etcd; then
    expect 'proxy variables do not disturb HTTP clients' 0 env http_proxy=http://127.0.0.1:9 \
        all_proxy=http://127.0.0.1:9 "$ordeal" run etcd --time-limit 2 --seed 1
else
    skip 'proxy variables do not disturb HTTP clients' 'no etcd-server (make packages)'
fi

claim='an ordinary user'
if [ "$(id -u)" -ne 0 ]; then
    expect "$claim" 1 "$ordeal" $short
elif setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Ur true 2>/dev/null; then
    mkdir "$scratch/nobody" && chown 65534:65534 "$scratch/nobody" && cd "$scratch/nobody" || exit 1
    expect "$claim" 1 setpriv --reuid 65534 --regid 65534 --clear-groups \
        "$scratch/build/ordeal" $short
    if [ "$(stat -c %u store/latest/history.jsonl)" = 65534 ]; then
        ok 'the files of the run are the user'"'"'s'
    else
        not_ok 'the files of the run are the user'"'"'s'
    fi
else
    skip "$claim" 'this kernel gives ordinary users no namespaces (ordeal doctor)'
fi

cd "$scratch" || exit 1
expect 'make install and run from there' 0 make -s -C "$here" B="$build" PREFIX="$scratch/usr" install
expect 'the installed program runs a cluster' 1 "$scratch/usr/bin/ordeal" $short
exit $status
