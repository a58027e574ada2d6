#!/usr/bin/env bash
# How the cost of one copy in a simulated flood grows with the overlay: instructions under valgrind, on one thread, of the
# flood itself and not of making its nodes. `benches/growth.sh [NODES...]`; a million nodes take some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=$(cargo bench --quiet --no-default-features --bench gate --no-run --message-format json |
    sed -n 's/.*"executable":"\([^"]*gate[^"]*\)".*/\1/p' | tail -1)
[ $# -gt 0 ] || set -- 1000 10000 100000
for nodes in "$@"; do
    told=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*Prepared*run*' "$binary" flood "$nodes" 2>&1)
    copies=$(sed -n '/^[0-9]*$/p' <<<"$told")
    instructions=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' <<<"$told")
    printf '%9d nodes %9d copies %5d instructions a copy\n' "$nodes" "$copies" $((instructions / copies))
done
