#!/usr/bin/env bash
# Viewers come and go, a camera dies and comes back, strangers knock, for as long as it is told; at the
# end razz holds hardly more memory, threads and files than after the first tenth.
#
#   tests/soak/soak.sh [MINUTES=20] [VIEWERS=40]
#
# RAZZ_BIN names another binary. The camera is tests/e2e/camera/camera.py on test pictures.
set -euo pipefail
cd "$(dirname "$0")/../.."

minutes=${1:-20}
viewers=${2:-40}
razz=${RAZZ_BIN:-target/release/razz}
folder=$(mktemp -d)
camera=
server=
client=

end() {
  local pid
  for pid in $client $server $camera; do
    kill "$pid" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap end EXIT

json() { python3 -c "import json,sys; print(json.load(sys.stdin)$1)"; }

# The camera lives as long as its standard input.
start_camera() {
  mkfifo "$folder/stdin.$1"
  /usr/bin/python3 tests/e2e/camera/camera.py --port "$1" one=longgop two=sizes \
    <"$folder/stdin.$1" >"$folder/camera" 2>/dev/null &
  camera=$!
  exec 3>"$folder/stdin.$1"
  until [ -s "$folder/camera" ]; do sleep 0.1; done
  rm "$folder/stdin.$1"
}

start_camera 0
port=$(json "['port']" <"$folder/camera")
cat >"$folder/razz.toml" <<CONFIG
[server]
listen = "127.0.0.1:0"
compat_listen = ""
webrtc_udp = "127.0.0.1:0"
[[camera]]
id = 1
url = "rtsp://127.0.0.1:$port/one"
detect_fps = 0
[[camera]]
id = 2
url = "rtsp://127.0.0.1:$port/two"
detect_fps = 0
CONFIG
"$razz" serve --config "$folder/razz.toml" >"$folder/addresses" 2>"$folder/log" &
server=$!
until [ -s "$folder/addresses" ]; do sleep 0.1; done
base=http://$(json "['listen']" <"$folder/addresses")
udp=$(json "['webrtc_udp']" <"$folder/addresses")
until [ "$(curl -s "$base/api/cameras/1/status" | json "['state']")" = online ]; do sleep 0.2; done

# What it holds: resident kB, threads, open files.
holds() {
  local rss
  rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$server/status")
  echo "$rss $(find "/proc/$server/task" -mindepth 1 -maxdepth 1 | wc -l) $(find "/proc/$server/fd" -mindepth 1 | wc -l)"
}

seconds=$((minutes * 60))
# Each viewer stays 7 s, then another comes in its place.
"$razz" bench viewers --whep "$base/whep/1" --whep "$base/whep/2" -n "$viewers" --seconds "$seconds" --stay 7 \
  --server-pid "$server" --json >"$folder/report" 2>/dev/null &
client=$!

first=
began=$SECONDS
round=0
while [ $((SECONDS - began)) -lt "$seconds" ]; do
  sleep 5
  kill -0 "$server" || { tail -n 20 "$folder/log"; echo "soak: razz is gone"; exit 1; }
  round=$((round + 1))
  if [ -z "$first" ] && [ $((SECONDS - began)) -ge $((seconds / 10)) ]; then
    first=$(holds)
    echo "soak: after $((SECONDS - began)) s razz holds (kB, threads, files) $first"
  fi
  # Strangers: datagrams for nobody, half a request over TCP, offers that nobody follows up.
  python3 - "$udp" <<'STRANGERS'
import os, socket, sys
host, port = sys.argv[1].rsplit(":", 1)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
    for _ in range(2000):
        knock.sendto(os.urandom(200), (host, int(port)))
with socket.create_connection((host, int(port))) as half:
    half.sendall(b"\x00\x50half a frame")
STRANGERS
  if [ $((round % 6)) = 0 ]; then
    exec 3>&-
    kill -KILL "$camera"
    wait "$camera" 2>/dev/null || true
    : >"$folder/camera"
    start_camera "$port"
  fi
done

wait "$client" || { echo "soak: the viewers failed"; exit 1; }
client=
# Those who went away without a word are noticed within half a minute.
for _ in $(seq 90); do
  [ "$(curl -s "$base/api/stats" | json "['viewers']")" = 0 ] && break
  sleep 1
done
last=$(holds)
echo "soak: at the end razz holds (kB, threads, files) $last"
curl -s "$base/api/stats" | json "['delivery']"
cat "$folder/report"
python3 - "$first" "$last" "$folder/report" "$(curl -s "$base/api/stats" | json "['viewers']")" <<'CHECK'
import json, sys
first, last = ([int(n) for n in held.split()] for held in sys.argv[1:3])
report = json.load(open(sys.argv[3]))
wrong = []
if int(sys.argv[4]) != 0:
    wrong.append(f"{sys.argv[4]} viewers are still counted")
# Freed memory is not all given back at once; a leak of one session a second would be far above this.
if last[0] > first[0] * 1.25 + 30_000:
    wrong.append(f"memory grew from {first[0]} to {last[0]} kB")
if last[1] > first[1] + 4 or last[2] > first[2] + 8:
    wrong.append(f"threads or files grew from {first[1:]} to {last[1:]}")
if report["joined"] < report["viewers"]:
    wrong.append(f"only {report['joined']} viewers saw a picture")
print("soak: " + ("; ".join(wrong) if wrong else f"passed, {report['joined']} viewers came and went"))
sys.exit(1 if wrong else 0)
CHECK
