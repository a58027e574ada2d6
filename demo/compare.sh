#!/usr/bin/env bash
# The same nodes, files and searches in all three topologies, and one table of what each found and what it cost.
#
#   demo/compare.sh                    takes about a minute; builds hopscope if there is no release build yet
#   NODES=24 SEED=3 HOPSCOPE=/path/to/hopscope demo/compare.sh
#
# Everything runs on the loopback interface of this machine, one lab after the other; all of it is gone at the end, also
# after a ctrl-c. Needs nothing but bash, coreutils and awk.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
nodes=${NODES:-16}
seed=${SEED:-7}
# Common and rare, in the names of files: what is on many nodes, on few, and on one.
searches=("bach" "lecture" "ext:flac" "ext:jpg" "random walks" "ext:gz")
# As many nodes search, one after the other.
origins=4

fail() {
    echo "compare: $*" >&2
    exit 1
}

hopscope=${HOPSCOPE:-$here/../target/release/hopscope}
if [ ! -x "$hopscope" ]; then
    echo "building hopscope once..." >&2
    (cd "$here/.." && cargo build --release)
fi
[[ $nodes =~ ^[0-9]+$ ]] && [ "$nodes" -ge 4 ] || fail "NODES=$nodes is no number from 4 on"

folder=$(mktemp -d "${TMPDIR:-/tmp}/hopscope-compare.XXXXXX")
lab=
end_lab() {
    if [ -n "$lab" ]; then
        kill -INT "$lab" 2> /dev/null || true
        wait "$lab" 2> /dev/null || true
        lab=
    fi
}
cleanup() {
    end_lab
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# text NAME < a line of JSON: the text of that name
text() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

# start TOPOLOGY: starts a lab; returns when it has settled. names and homes are those of its nodes, the directory last.
start() {
    echo "starting $nodes nodes and a directory: $1..." >&2
    names=() homes=() roles=()
    mkfifo "$folder/$1"
    "$hopscope" demo --headless --json --nodes "$nodes" --seed "$seed" --topology "$1" > "$folder/$1" &
    lab=$!
    local line
    exec 3< "$folder/$1"
    while read -r line <&3; do
        names+=("$(text name <<< "$line")")
        homes+=("$(text home <<< "$line")")
        roles+=("$(text role <<< "$line")")
        [ "${names[-1]}" = directory ] && return
    done
    fail "the lab did not start"
}

# handled: the messages that each process has handled so far, one number a line, in the order of names
handled() {
    local home
    for home in "${homes[@]}"; do
        "$hopscope" --home "$home" status --json
    done | awk '{
        match($0, /"messages_in":[0-9]+/); in_ = substr($0, RSTART + 14, RLENGTH - 14)
        match($0, /"messages_out":[0-9]+/); out = substr($0, RSTART + 15, RLENGTH - 15)
        print in_ + out
    }'
}

# measure LABEL OPTIONS...: runs all searches with these options, and adds a row to the table
measure() {
    local label=$1 at words
    shift
    handled > "$folder/before"
    for ((at = 0; at < origins; at++)); do
        for words in "${searches[@]}"; do
            "$hopscope" --home "${homes[at * nodes / origins]}" search "$words" --json --timeout 5s --enough 2000 "$@" \
                2>> "$folder/errors" | grep '^{"type":"done"' || true
        done
    done > "$folder/done"
    # The last reports are under way, and the counters are read a few times a second.
    sleep 0.5
    handled > "$folder/after"
    printf '%s\n' "${names[@]}" > "$folder/names"
    local expected=$((origins * ${#searches[@]}))
    [ "$(wc -l < "$folder/done")" = "$expected" ] || fail "some searches did not run: $(tail -n 1 "$folder/errors")"
    local first busiest
    first=$(sed -n 's/.*"first_hit_ms":\([0-9]*\).*/\1/p' "$folder/done" | sort -n | awk '{ a[NR] = $1 }
        END { print !NR ? "-" : (a[int((NR + 1) / 2)] > 0 ? a[int((NR + 1) / 2)] : "<1") " ms" }')
    busiest=$(paste -d ' ' "$folder/before" "$folder/after" "$folder/names" |
        awk -v n="$expected" '$2 - $1 > most { most = $2 - $1; name = $3 } END { printf "%.1f %s", most / n, name }')
    awk -v label="$label" -v first="$first" -v busiest="$busiest" -v others=$((nodes - 1)) '
        function number(name) {
            if (!match($0, "\"" name "\":[0-9]+")) return 0
            return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
        }
        { hits += number("hits"); reached += number("reached"); messages += number("messages"); bytes += number("bytes") }
        END {
            split(busiest, most, " ")
            printf "%-16s %6d %9s %9.1f %9.0f %8.1f of %-3d %9.1f  %s\n", label, hits, first, messages / NR, bytes / NR,
                reached / NR, others, most[1], most[2]
        }' "$folder/done" >> "$folder/table"
}

start flood
measure "flood, TTL 2" --ttl 2
measure "flood, TTL 7" --ttl 7
end_lab
start ultrapeer
ultrapeers=$(printf '%s\n' "${roles[@]}" | grep -c '^ultrapeer$' || true)
measure "ultrapeer, TTL 2" --ttl 2
measure "ultrapeer, TTL 7" --ttl 7
end_lab
start central
measure "central"
end_lab

count=$((origins * ${#searches[@]}))
list=$(printf '%s, ' "${searches[@]}")
cat << TEXT

$nodes nodes with the same files (seed $seed), $count searches: $origins nodes look for each of ${list%, }

                   hits first hit  messages     bytes     nodes touched   busiest node
TEXT
cat "$folder/table"
cat << TEXT

hits           files found by all searches together; a file on three nodes counts three times
first hit      the median time from the start of a search to its first hit
messages       copies of the query that all nodes sent, a search; in central the request and the pages of the answer
bytes          of those messages, a search, without TLS's own; hits and reports are not among them
nodes touched  nodes other than the asking one that had to look at the query, a search, as far as they reported
busiest node   messages of any kind that the busiest process took in and sent over links, a search: hits, reports of the
               flood and signs of life too; which process that was stands beside it
The ultra-peer lab elected $ultrapeers ultra-peers. TTL 2 there is two hops among ultra-peers and one more to their leaves.
TEXT
