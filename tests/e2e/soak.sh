#!/usr/bin/env bash
# A sample of the soak (make soak): every fault family mixed, and one side by side with none to spare.
B=${B:-build} JOBS=1 SECONDS_EACH=3 exec "$(dirname "$0")/../soak/mixed" 1 2
