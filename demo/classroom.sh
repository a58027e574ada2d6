#!/usr/bin/env bash
# A class of nine nodes, each in its own tmux pane with a folder of its own to share, linked so that a search is seen to
# walk from pane to pane. Everything lies in one temporary folder and is gone when you leave.
#
#   demo/classroom.sh                  needs tmux, and builds hopscope if there is no release build yet
#   demo/classroom.sh --topology ultrapeer|central --hop-delay 800ms
#   HOPSCOPE=/path/to/hopscope PORT=20000 demo/classroom.sh
#   demo/classroom.sh --headless       starts the nine without a screen or tmux, prints their homes, and waits
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
port=${PORT:-17446}
hop_delay=${HOP_DELAY:-800ms}
topology=flood
headless=

fail() {
    echo "classroom: $*" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
        --topology) topology=${2:-} && shift ;;
        --topology=*) topology=${1#*=} ;;
        --hop-delay) hop_delay=${2:-} && shift ;;
        --hop-delay=*) hop_delay=${1#*=} ;;
        --headless) headless=yes ;;
        *) fail "there is no option $1; there are --topology, --hop-delay and --headless" ;;
    esac
    shift || fail "the last option needs a value"
done
case $topology in
    flood | ultrapeer | central) ;;
    *) fail "there is no topology '$topology'; choose flood, ultrapeer or central" ;;
esac

# Nine panes of what the smallest view needs, the borders between them, and a line below. From 182x51 up each pane has
# all its screens.
columns=122 lines=39
if [ -z "$headless" ]; then
    command -v tmux > /dev/null || fail "tmux is not there; install it, or use --headless and hopscope --home"
    if ! [ -t 1 ]; then fail "this is no terminal; use --headless"; fi
    if [ "$(tput cols)" -lt "$columns" ] || [ "$(tput lines)" -lt "$lines" ]; then
        fail "nine panes need a terminal of ${columns}x${lines}, and this one has $(tput cols)x$(tput lines): make it" \
            "larger, or its letters smaller"
    fi
fi

hopscope=${HOPSCOPE:-$here/../target/release/hopscope}
if [ ! -x "$hopscope" ]; then
    echo "building hopscope once..."
    (cd "$here/.." && cargo build --release)
fi
hopscope=$(cd "$(dirname "$hopscope")" && pwd)/$(basename "$hopscope")

# The seats as they lie in the window, row by row.
seats=(ada boole curie darwin euler franklin gauss hopper ising)
for seat in {0..9}; do
    if (exec 3<> "/dev/tcp/127.0.0.1/$((port + seat))") 2> /dev/null; then
        fail "port $((port + seat)) is taken; choose others with PORT=$((port + 100))"
    fi
done

folder=$(mktemp -d "${TMPDIR:-/tmp}/hopscope-class.XXXXXX")
nodes=()
tmux_() { tmux -L "hopscope-class-$$" -f /dev/null "$@"; }
cleanup() {
    if [ ${#nodes[@]} -gt 0 ]; then
        kill "${nodes[@]}" 2> /dev/null || true
        wait "${nodes[@]}" 2> /dev/null || true
    fi
    if [ -z "$headless" ]; then tmux_ kill-server 2> /dev/null || true; fi
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# file SEAT NAME KIBIBYTES
file() {
    mkdir -p "$folder/$1/share"
    head -c $(($3 * 1024)) /dev/urandom > "$folder/$1/share/$2"
}
file ada "CS 468 Lecture 03 - Flooding and Duplicates - slides.pdf" 410
file boole "Lindgren et al 2006 - Measuring Power-Law Topologies.pdf" 180
file curie "Mira Halvorsen - Night Ferry - 01 - Harbour in Fog.flac" 900
file darwin "2021-09-12 Lake Bled, sunrise.jpg" 230
file euler "Old Maps - Slow Burn.mp3" 700
file franklin "CS 468 Lecture 07 - Ultra-peers - slides.pdf" 520
file gauss "birdsong-editor-1.4.2.tar.gz" 640
file hopper "2021-09-12 Lake Bled, fishing boats.jpg" 260
file ising "Mira Halvorsen - Night Ferry - 07 - Winter Light.flac" 800

# Whom each one dials, by seat. Flooding: like a snake through the rows, with a short cut for duplicates.
case $topology in
    flood) dials=('' 0 1 4 5 '2' 3 '6 4' '7') ;;
    # Three ultra-peers in the middle row, a leaf above each and one below.
    ultrapeer) dials=(3 4 5 '' 3 4 3 4 5) ;;
    # The directory has a seat of its own, behind the class.
    central) dials=('' '' '' '' '' '' '' '' '') ;;
esac

# The command of a seat, its words quoted for a shell.
command_of() {
    local seat=$1 name=${seats[$1]} command=("$hopscope")
    [ -z "$headless" ] || command+=(daemon)
    command+=(--home "$folder/$name" --name "$name" --share "$folder/$name/share" --listen "127.0.0.1:$((port + seat))"
        --only-peers --no-discovery --ttl 7 --topology "$topology" --hop-delay "$hop_delay")
    case $topology in
        ultrapeer) if [ $((seat / 3)) = 1 ]; then command+=(--role ultrapeer); else command+=(--role leaf); fi ;;
        central) command+=(--directory "127.0.0.1:$((port + 9))") ;;
    esac
    for peer in ${dials[$seat]}; do command+=(--peer "127.0.0.1:$((port + peer))"); done
    printf '%q ' "${command[@]}"
}

# In the background, as a child of this shell whose number is known.
start() {
    local name=$1
    shift
    "$@" > "$folder/$name.log" 2>&1 &
    nodes+=("$!")
}

if [ "$topology" = central ]; then
    start directory "$hopscope" directory --home "$folder/directory" --name hub --listen "127.0.0.1:$((port + 9))"
fi

if [ -n "$headless" ]; then
    for seat in "${!seats[@]}"; do
        eval "start ${seats[$seat]} $(command_of "$seat")"
        echo "${seats[$seat]} $folder/${seats[$seat]}"
    done
    echo "ready"
    wait "${nodes[@]}"
    exit 0
fi

case $topology in
    flood) try="/ winter light, then 3: the search walks row by row to ising; TTL with + and -" ;;
    ultrapeer) try="/ winter light, then 3: up, across, and down to the leaves that may have it" ;;
    central) try="/ winter light, then 3: one hop to the directory; nobody else hears of it" ;;
esac
first=$(command_of 0)
tmux_ new-session -d -s class -x "$(tput cols)" -y "$(tput lines)" "$first"
tmux_ set-option -g mouse on
tmux_ set-option -g remain-on-exit on
tmux_ set-option -g status-left-length 200
tmux_ set-option -g status-right ''
tmux_ set-option -g window-status-current-format ''
tmux_ set-option -g status-left " click ada (top left): $try; slowed by $hop_delay a hop; ctrl-b d leaves, all is gone"
for seat in {1..8}; do
    tmux_ split-window -t class "$(command_of "$seat")"
    tmux_ select-layout -t class tiled
done
# The others show the queries that pass by: the pane after the first one, once they have drawn it.
shown() { tmux_ capture-pane -p -t "class.$1" 2> /dev/null | grep -q Neighbors; }
for seat in {1..8}; do
    for _ in {1..100}; do
        if shown "$seat"; then break; fi
        sleep 0.1
    done
    tmux_ send-keys -t "class.$seat" Tab
done
tmux_ select-pane -t class.0
# The window has its size only now.
tmux_ set-hook -g client-attached 'select-layout -t class tiled'
TMUX='' tmux_ attach -t class
