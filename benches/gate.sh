#!/usr/bin/env bash
# Counts the instructions of one relayed message under valgrind and holds them to limits: the same in every run, however
# busy the machine is. A limit that a change breaks for a good reason is raised here, with the reason in the commit.
set -euo pipefail
cd "$(dirname "$0")/.."

# case, and the most instructions that one message may cost
limits='relay 8500
duplicate 540
encode 520
decode 2900'

binary=$(cargo bench --quiet --no-default-features --bench gate --no-run --message-format json |
    sed -n 's/.*"executable":"\([^"]*gate[^"]*\)".*/\1/p' | tail -1)
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
failed=0
while read -r case limit; do
    # The difference of two runs leaves out what starting up costs.
    each=$((($(count "$case" 4000) - $(count "$case" 2000)) / 2000))
    verdict=ok
    if [ "$each" -gt "$limit" ]; then verdict='OVER THE LIMIT'; failed=1; fi
    printf '%-10s %6d instructions a message, limit %6d  %s\n' "$case" "$each" "$limit" "$verdict"
done <<<"$limits"
exit "$failed"
