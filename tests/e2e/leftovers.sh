#!/usr/bin/env bash
# A lab is killed at 100 random moments, as whoever runs this and as an ordinary user: nothing of it
# is left. The same test with fewer rounds is among the unit tests.
. "$(dirname "$0")/lib.bash"

expect 'nothing is left after 100 kills at random moments' 0 \
    env ORDEAL_TEST_ROUNDS=100 "$(dirname "$ordeal")/tests/lab/test_leftovers"
exit $status
