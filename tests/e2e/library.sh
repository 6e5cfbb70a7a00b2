#!/usr/bin/env bash
# libordeal-check as another program sees it: installed, found by pkg-config, nothing of it visible
# but what its header declares.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1
build=$(dirname "$ordeal") prefix=$scratch/prefix
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig

expect 'it is installed with everything else' 0 \
    env -u MAKEFLAGS -u MAKELEVEL make -C "$here" --no-print-directory B="$build" PREFIX="$prefix" install
has pkg-config || { skip 'programs are built with it' 'no pkg-config'; exit $status; }
read -ra flags <<<"$(pkg-config --cflags --libs ordeal-check)"
read -ra others <<<"$(pkg-config --static --libs-only-l --libs-only-other ordeal-check |
    sed 's/-lordeal-check//')"
example=$here/docs/examples/check_register.c
lib=$prefix/lib

expect 'the example is built' 0 \
    cc -std=c99 -Wall -Wextra -Wpedantic -Werror "$example" -o example "${flags[@]}"
[ "$(wc -l <"$example")" -le 60 ] && ok 'of 60 lines' || not_ok 'of 60 lines'
expect 'it runs, and sees what is wrong' 1 env LD_LIBRARY_PATH="$lib" ./example
expect_said 'which it explains' '1 was read although it had been overwritten'
printf '%s\n' '{"type":"invoke","process":0,"f":"write","value":1}' \
    '{"type":"ok","process":0,"f":"write","value":1}' >good
expect 'a file is read' 0 env LD_LIBRARY_PATH="$lib" ./example good
expect 'one that is none is refused' 255 env LD_LIBRARY_PATH="$lib" ./example "$example"
expect 'it links statically' 0 cc "$example" -I"$prefix/include" -o static \
    "$lib/libordeal-check.a" "${others[@]}"
expect 'and runs so' 1 ./static

if has g++; then
    expect 'the header is C++ too' 0 g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror \
        -fsyntax-only -x c++ "$prefix/include/ordeal-check.h"
else
    skip 'the header is C++ too' 'no g++'
fi

only_ours() { # claim, nm's arguments...
    local claim=$1; shift
    nm --defined-only "$@" | awk '$2 ~ /^[TDBRCVWi]$/ {print $3}' | sed 's/@.*//' | sort >names
    if [ -s names ] && ! grep -v '^ordeal_' names >foreign; then ok "$claim"; else not_ok "$claim" foreign; fi
}
only_ours 'the shared library shows names of its own only' -D "$lib/libordeal-check.so"
cp names shared
only_ours 'the static one too' -g "$lib/libordeal-check.a"
cmp -s names shared && ok 'both show the same' || not_ok 'both show the same' names
grep -oE '\bordeal_[a-z_]+\(' "$prefix/include/ordeal-check.h" | tr -d '(' | sort -u >declared
cmp -s declared shared && ok 'which are those that the header declares' ||
    not_ok 'which are those that the header declares' shared
if nm -D "$lib/libordeal-check.so" | grep -E ' U (exit|_exit|abort|printf|puts|fputs|perror|__assert_fail)(@|$)' >calls; then
    not_ok 'it cannot end or print' calls
else
    ok 'it cannot end or print'
fi
exit $status
