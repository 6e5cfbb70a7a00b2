#!/usr/bin/env bash
# `ordeal list` shows what there is, and one thing in full.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

expect 'list works' 0 "$ordeal" list
for kind in targets workloads nemeses checkers models formats; do
    expect_said "it has $kind" "^$kind\$"
done
expect_said 'with the built-in targets' '^  memory  '
expect_said 'the plug-ins' '^  etcd  '
expect_said 'and the reference protocols' '^  naive  '
expect_said 'a line each for scripts' '^  etcd  .* gateway \(members may change\)$'
expect 'one kind works' 0 "$ordeal" list targets
expect 'one thing works' 0 "$ordeal" list targets etcd
expect_said 'it has its settings' '--set reads=linearizable\|serializable'
expect_said 'and its promise' 'promises: linearizable'
expect 'an unknown kind is a usage error' 254 "$ordeal" list targts
expect_said 'and the nearest is offered' "did you mean 'targets'"
expect 'an unknown name is a usage error' 254 "$ordeal" list targets nave
expect_said 'and the nearest is offered' "did you mean 'naive'"
expect 'packages are listed for the fetcher' 0 "$ordeal" list packages
expect_said 'with their programs' '^etcd-server etcd$'

cp -r "$(dirname "$ordeal")/plugins" "$(dirname "$ordeal")/ordeal-node" . && cp "$ordeal" .
rm -rf plugins/*.objects
sed -i 's/libcurl-gnutls\.so\.4/libcurl-gnutls.so.9/g' plugins/target-etcd.so
expect 'a missing library does not stop the list' 0 ./ordeal list targets
expect_said 'it is named with its package' 'apt-get install libcurl4-gnutls-dev'

printf '#!/bin/sh\necho "[{}]"\n' >ordeal-node
expect 'neither does an ordeal-node that talks nonsense' 0 ./ordeal list targets
expect_said 'which is said' 'describes its protocols badly'
expect_said 'beside what there is' '^  memory '
expect 'and an unknown target is still refused' 254 ./ordeal run nave
exit $status
