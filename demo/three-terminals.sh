#!/usr/bin/env bash
# Three nodes in a line, a - b - c, each in its own tmux pane with a folder of its own to share, and a fourth pane to
# type in. Everything lies in one temporary folder and is gone when you leave.
#
#   demo/three-terminals.sh            needs tmux, and builds hopscope if there is no release build yet
#   HOPSCOPE=/path/to/hopscope PORT=20000 HOP_DELAY=400ms demo/three-terminals.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
port=${PORT:-17346}
hop_delay=${HOP_DELAY:-0ms}

fail() {
    echo "three-terminals: $*" >&2
    exit 1
}

command -v tmux > /dev/null || fail "tmux is not there; install it, or start three nodes by hand as demo/README.md says"

hopscope=${HOPSCOPE:-$here/../target/release/hopscope}
if [ ! -x "$hopscope" ]; then
    echo "building hopscope once..."
    (cd "$here/.." && cargo build --release)
fi
hopscope=$(cd "$(dirname "$hopscope")" && pwd)/$(basename "$hopscope")

for number in "$port" $((port + 1)) $((port + 2)); do
    if (exec 3<> "/dev/tcp/127.0.0.1/$number") 2> /dev/null; then
        fail "port $number is taken; choose three others with PORT=$((port + 100))"
    fi
done

folder=$(mktemp -d "${TMPDIR:-/tmp}/hopscope-three.XXXXXX")
tmux_() { tmux -L "hopscope-$$" -f /dev/null "$@"; }
cleanup() {
    tmux_ kill-server 2> /dev/null || true
    # The nodes take a moment to say goodbye, and write down whom they know.
    for _ in $(seq 50); do
        rm -rf "$folder" 2> /dev/null && [ ! -e "$folder" ] && return
        sleep 0.1
    done
    fail "$folder could not be removed"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# file NODE NAME KIBIBYTES
file() {
    mkdir -p "$folder/$1/share/$(dirname "$2")"
    head -c $(($3 * 1024)) /dev/urandom > "$folder/$1/share/$2"
}
file a "lectures/CS 468 Lecture 03 - Flooding and Duplicates - slides.pdf" 410
file a "photos/2021-09-12 Lake Bled, sunrise.jpg" 230
file a "music/Mira Halvorsen - Night Ferry - 01 - Harbour in Fog.flac" 1800
file b "papers/Lindgren et al 2006 - Measuring Power-Law Topologies.pdf" 180
file b "music/Old Maps - Slow Burn.mp3" 900
file c "music/Mira Halvorsen - Night Ferry - 07 - Winter Light.flac" 1600
file c "software/birdsong-editor-1.4.2.tar.gz" 700
file c "photos/2021-09-12 Lake Bled, fishing boats.jpg" 260

# node NAME LISTEN PEER...
node() {
    local name=$1 listen=$2
    shift 2
    printf '%q ' "$hopscope" --home "$folder/$name" --name "$name" --share "$folder/$name/share" --only-peers \
        --listen "127.0.0.1:$listen" --hop-delay "$hop_delay" "${@/#/--peer=127.0.0.1:}"
}

cat > "$folder/try" << TEXT

 Three nodes in a line:   a ---- b ---- c       (this pane is a shell)

 Click a pane, or press ctrl-b and an arrow, to go there. Then:

  1  in a: / winter light    a hit from c, two hops away; d downloads it
  2  in a: - until the TTL is 1, search again: c is beyond the horizon
  3  here: cp "\$C/share/software/"* "\$B/share/"
     in a: search birdsong with TTL 1: now b has it too
  4  here: rm "\$C/share/music/"*
     in a: search winter with TTL 2: nobody shares it any more
  5  in b: q ends b; in a: search boats: no way to c any more

 The same without the screen:
     hopscope --home "\$A" search winter --ttl 2
     hopscope --home "\$A" neighbors
     curl --unix-socket "\$A/control.sock" http://hopscope/v1/status

 ctrl-b d leaves, and everything is gone.

TEXT

shell="cd $(printf %q "$folder"); A=$(printf %q "$folder/a") B=$(printf %q "$folder/b") C=$(printf %q "$folder/c")"
shell="$shell PATH=$(printf %q "$(dirname "$hopscope")"):\$PATH; export A B C PATH; cat try; exec \${SHELL:-sh}"

tmux_ new-session -d -s line -x "$(tput cols)" -y "$(tput lines)" "$(node a "$port")"
tmux_ set-option -g mouse on
tmux_ set-option -g status off
tmux_ set-option -g remain-on-exit on
tmux_ split-window -t line "$(node b $((port + 1)) "$port")"
tmux_ split-window -t line "$(node c $((port + 2)) $((port + 1)))"
tmux_ split-window -t line "$shell"
tmux_ select-layout -t line tiled
tmux_ select-pane -t line.0
TMUX='' tmux_ attach -t line
