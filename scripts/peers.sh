#!/usr/bin/env bash
# Measures WHEP servers on this machine side by side, with the load client of `razz bench viewers`.
#
#   scripts/peers.sh [-n VIEWERS] [-s SECONDS] [-r ROUNDS] [-j JOINS] [-p PAUSE] NAME=URL[=PID]...
#
#   scripts/peers.sh -n 100 -s 10 -r 3 \
#     razz=http://127.0.0.1:8003/whep/1=4711 \
#     mediamtx=http://127.0.0.1:8889/cam/whep=4712 \
#     'go2rtc=http://127.0.0.1:1984/api/webrtc?src=cam=4713'
#
# The servers run already, each with the same camera; this script starts and ends none of them. They
# take turns, and each round begins with another one. With a PID the server's CPU time and memory
# are read from /proc, of that process alone.
#
#   -n  viewers at a time, 1 to 2000                          (100)
#   -s  seconds measured in each run, 1 to 300                (10)
#   -r  rounds, 1 to 20; the table has the medians            (3)
#   -j  viewers that join in a second, 1 to 1000              (50)
#   -p  seconds between two runs, 0 to 120, in which a server
#       forgets the viewers of the run before                 (5)
#
# RAZZ_BIN names the program (target/release/razz, or the `razz` in PATH). The result of every run
# goes to standard error as a line of JSON, the table to standard output.
set -euo pipefail

usage() {
  # The comment above, without its marks.
  sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0" >&2
  exit 2
}

refuse() {
  echo "peers.sh: $*" >&2
  exit 2
}

viewers=100 seconds=10 rounds=3 joins=50 pause=5
while getopts n:s:r:j:p:h option; do
  case $option in
    n) viewers=$OPTARG ;;
    s) seconds=$OPTARG ;;
    r) rounds=$OPTARG ;;
    j) joins=$OPTARG ;;
    p) pause=$OPTARG ;;
    *) usage ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage

within() { # OPTION VALUE LEAST MOST
  if ! [[ $2 =~ ^(0|[1-9][0-9]{0,4})$ ]] || (($2 < $3 || $2 > $4)); then
    refuse "$1 expects a whole number from $3 to $4, not \"$2\""
  fi
}
within -n "$viewers" 1 2000
within -s "$seconds" 1 300
within -r "$rounds" 1 20
within -j "$joins" 1 1000
within -p "$pause" 0 120

# Only this machine: the load is a flood for anybody who has not agreed to it. The path may have a
# query with values of its own, so that a PID is what stands behind a whole URL.
names=() urls=() pids=()
server='^([A-Za-z0-9._-]+)=(http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/[^=?]*)?(\?[^=&]+=[^=&]*(&[^=&]+=[^=&]*)*)?)(=([0-9]+))?$'
for argument in "$@"; do
  [[ $argument =~ $server ]] ||
    refuse "\"$argument\" is not NAME=URL[=PID] with an http:// URL on 127.0.0.1, localhost or [::1]"
  name=${BASH_REMATCH[1]} url=${BASH_REMATCH[2]} pid=${BASH_REMATCH[9]}
  for other in "${names[@]}"; do
    [ "$other" != "$name" ] || refuse "there are two servers with the name $name"
  done
  [ -z "$pid" ] || [ -r "/proc/$pid/stat" ] || refuse "$name: there is no process $pid"
  names+=("$name") urls+=("$url") pids+=("$pid")
done

razz=${RAZZ_BIN:-}
if [ -z "$razz" ]; then
  razz=$(dirname "$0")/../target/release/razz
  [ -x "$razz" ] || razz=$(command -v razz) || refuse "there is no razz; build it, or set RAZZ_BIN"
fi

results=$(mktemp)
trap 'rm -f "$results"' EXIT

# A run joins, waits for two seconds, measures, and lets go; what takes far longer hangs.
limit=$((viewers / joins + seconds + 60))
count=${#names[@]}
for ((round = 0; round < rounds; round++)); do
  for ((turn = 0; turn < count; turn++)); do
    server=$(((round + turn) % count))
    ((round == 0 && turn == 0)) || sleep "$pause"
    watch=()
    [ -z "${pids[server]}" ] || watch=(--server-pid "${pids[server]}")
    # It also fails where no viewer saw a picture, and says so in its JSON.
    run=$(timeout "$limit" "$razz" bench viewers --whep "${urls[server]}" -n "$viewers" \
      --seconds "$seconds" --join-rate "$joins" --json "${watch[@]}") || true
    [ -n "$run" ] || refuse "${names[server]}: the run gave no result"
    printf '%s\t%s\n' "${names[server]}" "$run" | tee -a "$results" >&2
  done
done

nproc=$(nproc)
load=$(cut -d ' ' -f 1 /proc/loadavg)
echo "$viewers viewers, $rounds x $seconds s, $nproc cores, load $load at the end, $(date -u +%F)"
python3 - "$results" "$viewers" "$seconds" <<'PYTHON'
import json, statistics, sys

path, viewers, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
runs = {}
with open(path, encoding="utf-8") as file:
    for line in file:
        name, text = line.rstrip("\n").split("\t", 1)
        runs.setdefault(name, []).append(json.loads(text))


def median(values, form):
    values = [value for value in values if value is not None]
    return form.format(statistics.median(values)) if values else "-"


def of_server(run, key):
    return run["server"][key] if run["server"] else None


def cpu_each(run):
    percent = of_server(run, "cpu_percent")
    return percent / run["watching"] if percent is not None and run["watching"] else None


def memory_each(all_runs):
    """Of the run that grew most: in later ones a server uses again what it kept."""
    grown = [
        of_server(run, "memory_bytes") - of_server(run, "memory_bytes_before")
        for run in all_runs
        if of_server(run, "memory_bytes") and of_server(run, "memory_bytes_before")
    ]
    return f"{max(0, max(grown)) / viewers / 1e6:.2f}" if grown else "-"


head = [
    "server", "watching", "failed", "frames/viewer/s", "with a gap", "first frame p50 ms", "p95 ms",
    "server CPU %", "per viewer %", "memory MB", "per viewer MB", "client CPU %",
]
rows = [head]
for name, all_runs in runs.items():
    def take(key, form="{:.0f}"):
        return median((run[key] for run in all_runs), form)

    seen = [run for run in all_runs if run["joined"]]
    rows.append([
        name, take("watching"), take("failed"),
        median((run["frames"] / viewers / seconds for run in all_runs), "{:.1f}"),
        take("broken_frames"),
        median((run["join_ms"]["p50"] for run in seen), "{:.0f}"),
        median((run["join_ms"]["p95"] for run in seen), "{:.0f}"),
        median((of_server(run, "cpu_percent") for run in all_runs), "{:.1f}"),
        median((cpu_each(run) for run in all_runs), "{:.3f}"),
        median((b / 1e6 if (b := of_server(run, "memory_bytes")) else None for run in all_runs), "{:.1f}"),
        memory_each(all_runs), take("client_cpu_percent", "{:.1f}"),
    ])
widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
for row in rows:
    print("  ".join(cell.ljust(width) if not column else cell.rjust(width)
                    for column, (cell, width) in enumerate(zip(row, widths))))
for name, all_runs in runs.items():
    for error in dict.fromkeys(run["first_error"] for run in all_runs if run["first_error"]):
        print(f"{name}: first error: {error}")
PYTHON
