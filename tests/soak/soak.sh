#!/usr/bin/env bash
# Everything on, and everything going wrong now and then, for as long as it is told: detection, sign-in, TLS,
# MQTT, a webhook, traces; viewers who come and go, cameras that die, strangers who knock, a broker that is
# gone for half a minute, settings that change. At the end razz holds hardly more memory, threads and files
# than after the first tenth.
#
#   tests/soak/soak.sh [MINUTES=20] [VIEWERS=40]
#
# RAZZ_BIN names another binary. The cameras are tests/e2e/camera/camera.py: test pictures, and with
# RAZZ_TESTDATA people who walk.
set -euo pipefail
cd "$(dirname "$0")/../.."

minutes=${1:-20}
viewers=${2:-40}
razz=$(realpath "${RAZZ_BIN:-target/release/razz}")
folder=$(mktemp -d)
camera=
server=
client=
broker=
neighbours=
listeners=

end() {
  local pid
  for pid in $client $listeners $server $camera $broker $neighbours; do
    kill "$pid" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap end EXIT

json() { python3 -c "import json,sys; print(json.load(sys.stdin)$1)"; }
line_of() { until [ "$(wc -l <"$1")" -ge "$2" ]; do sleep 0.1; done; sed -n "$2p" "$1"; }

mounts="one=longgop two=sizes"
[ -z "${RAZZ_TESTDATA:-}" ] || mounts="$mounts three=clip:$RAZZ_TESTDATA/clips/people-walking.mp4"
# The camera lives as long as its standard input.
start_camera() {
  mkfifo "$folder/stdin.$1"
  # shellcheck disable=SC2086 # each mount is a word
  /usr/bin/python3 tests/e2e/camera/camera.py --port "$1" $mounts \
    <"$folder/stdin.$1" >"$folder/camera" 2>/dev/null &
  camera=$!
  exec 3>"$folder/stdin.$1"
  until [ -s "$folder/camera" ]; do sleep 0.1; done
  rm "$folder/stdin.$1"
}

start_broker() {
  PATH=$PATH:/usr/sbin mosquitto -c "$folder/mosquitto.conf" >"$folder/broker" 2>&1 &
  broker=$!
}

start_camera 0
port=$(json "['port']" <"$folder/camera")
broker_port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\npersistence false\n' "$broker_port" >"$folder/mosquitto.conf"
start_broker
mkfifo "$folder/neighbours.stdin"
python3 tests/soak/neighbours.py <"$folder/neighbours.stdin" >"$folder/neighbours" 2>"$folder/neighbours.log" &
neighbours=$!
exec 4>"$folder/neighbours.stdin"
taker=$(line_of "$folder/neighbours" 1)

cat >"$folder/razz.toml" <<CONFIG
[server]
listen = "127.0.0.1:0"
compat_listen = ""
webrtc_udp = "127.0.0.1:0"
tls = { self_signed = true }
[access]
mode = "on"
[detector]
model = "demo"
classes = []
idle = false
[telemetry]
otlp = "http://127.0.0.1:$taker"
frames = 0.5
requests = 1
[mqtt]
url = "mqtt://127.0.0.1:$broker_port"
[[webhook]]
url = "http://127.0.0.1:$taker/hook"
secret = "a secret of the receiver's"
snapshots = true
CONFIG
id=0
for mount in $mounts; do
  id=$((id + 1))
  printf '[[camera]]\nid = %s\nurl = "rtsp://127.0.0.1:%s/%s"\ndetect_fps = 2\n' "$id" "$port" "${mount%%=*}" >>"$folder/razz.toml"
done
echo "a password for the soak" | "$razz" users add admin --role admin --config "$folder/razz.toml" >/dev/null
"$razz" serve --config "$folder/razz.toml" >"$folder/addresses" 2>"$folder/log" &
server=$!
until [ -s "$folder/addresses" ]; do sleep 0.1; done
tls=$(json "['listen']" <"$folder/addresses")
udp=$(json "['webrtc_udp']" <"$folder/addresses")

# A token of an admin for what is asked here, and one for the viewers, who have no account.
safe() { curl -s --cacert "$folder/razz.cert.pem" -H "X-Razz-Request: 1" "$@"; }
safe -o /dev/null -c "$folder/cookies" -H "Content-Type: application/json" \
  -d '{"name": "admin", "password": "a password for the soak"}' "https://$tls/api/sign-in"
token=$(safe -b "$folder/cookies" -H "Content-Type: application/json" \
  -d '{"name": "soak", "role": "admin", "cameras": null, "days": 1}' "https://$tls/api/tokens" | json "['token']")
ask() { safe -H "Authorization: Bearer $token" -H "Content-Type: application/json" "$@"; }
view=$(ask -d '{"cameras": [1, 2], "seconds": 86400}' "https://$tls/api/view-tokens" | json "['token']")
[ "$(safe -o /dev/null -w '%{http_code}' "https://$tls/api/stats")" = 401 ] || { echo "soak: strangers are let in"; exit 1; }
until [ "$(ask "https://$tls/api/cameras/1/status" | json "['state']")" = online ]; do sleep 0.2; done
# The load client speaks no TLS.
echo "$tls $folder/razz.cert.pem" >&4
plain=127.0.0.1:$(line_of "$folder/neighbours" 2)

# What it holds: resident kB, threads, open files.
holds() {
  local rss
  rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$server/status")
  echo "$rss $(find "/proc/$server/task" -mindepth 1 -maxdepth 1 | wc -l) $(find "/proc/$server/fd" -mindepth 1 | wc -l)"
}

seconds=$((minutes * 60))
# Each viewer stays 7 s, then another comes in its place.
"$razz" bench viewers --whep "http://$plain/whep/1?token=$view" --whep "http://$plain/whep/2?token=$view" \
  -n "$viewers" --seconds "$seconds" --stay 7 --server-pid "$server" --json >"$folder/report" 2>/dev/null &
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
  [ $((round % 24)) != 0 ] || echo "soak: $((SECONDS - began)) s: $(holds)"
  # Strangers: datagrams for nobody, half a request over TCP, no TLS where it is spoken.
  python3 - "$udp" "$tls" <<'STRANGERS'
import os, socket, sys
host, port = sys.argv[1].rsplit(":", 1)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
    for _ in range(2000):
        knock.sendto(os.urandom(200), (host, int(port)))
with socket.create_connection((host, int(port))) as half:
    half.sendall(b"\x00\x50half a frame")
host, port = sys.argv[2].rsplit(":", 1)
with socket.create_connection((host, int(port))) as half:
    half.sendall(b"\x16\x03\x01half a hello")
STRANGERS
  # Who hears of every frame for some seconds, who looks at the figures and at pictures.
  for camera_id in 1 2; do
    timeout 4 curl -sN --http1.1 --cacert "$folder/razz.cert.pem" -H "Connection: Upgrade" -H "Upgrade: websocket" \
      -H "Sec-WebSocket-Version: 13" -H "Sec-WebSocket-Key: c29ha2luZyBhIHNlcnZlcg==" -H "Authorization: Bearer $token" \
      -o /dev/null "https://$tls/ws/tracking/$camera_id?every_frame=1" &
    listeners="$listeners $!"
    ask -o /dev/null "https://$tls/api/cameras/$camera_id/snapshot.jpg"
  done
  ask -o /dev/null "https://$tls/metrics"
  # Settings: a name, which touches nothing; how often to detect, which starts a camera's analysis anew.
  ask -o /dev/null -X PUT -d "{\"name\": \"Soaked $round\", \"detect_fps\": $((1 + round % 3))}" "https://$tls/api/cameras/2"
  if [ $((round % 6)) = 0 ]; then
    exec 3>&-
    kill -KILL "$camera"
    wait "$camera" 2>/dev/null || true
    : >"$folder/camera"
    start_camera "$port"
  fi
  case $((round % 18)) in
    9) kill -KILL "$broker"; wait "$broker" 2>/dev/null || true; broker= ;;
    15) start_broker ;;
  esac
  for pid in $listeners; do kill -0 "$pid" 2>/dev/null || listeners=${listeners/ $pid/}; done
done

wait "$client" || { echo "soak: the viewers failed"; exit 1; }
client=
[ -n "$broker" ] || start_broker
# Those who went away without a word are noticed within half a minute.
for _ in $(seq 90); do
  [ "$(ask "https://$tls/api/stats" | json "['viewers']")" = 0 ] && break
  sleep 1
done
last=$(holds)
echo "soak: at the end razz holds (kB, threads, files) $last"
ask "https://$tls/api/stats" | json "['delivery']"
ask "https://$tls/metrics" | grep -E '^razz_(events_(delivered|dropped)|camera_(frames_detected|restarts|reconnects))_total' || true
cat "$folder/report"
left=$(ask "https://$tls/api/stats" | json "['viewers']")
begun=$(date +%s%N)
kill "$server"
wait "$server" && code=0 || code=$?
ended=$((($(date +%s%N) - begun) / 1000000))
server=
echo "soak: told to stop, it ended with code $code after $ended ms"
python3 - "$first" "$last" "$folder/report" "$left" "$code" "$ended" <<'CHECK'
import json, sys
first, last = ([int(n) for n in held.split()] for held in sys.argv[1:3])
report = json.load(open(sys.argv[3]))
left, code, ended = map(int, sys.argv[4:7])
wrong = []
if left != 0:
    wrong.append(f"{left} viewers are still counted")
# Freed memory is not all given back at once; a leak of one session a second would be far above this.
if last[0] > first[0] * 1.25 + 30_000:
    wrong.append(f"memory grew from {first[0]} to {last[0]} kB")
if last[1] > first[1] + 4 or last[2] > first[2] + 8:
    wrong.append(f"threads or files grew from {first[1:]} to {last[1:]}")
if report["joined"] < report["viewers"]:
    wrong.append(f"only {report['joined']} viewers saw a picture")
if code != 0 or ended > 2000:
    wrong.append(f"it ended with code {code} after {ended} ms")
print("soak: " + ("; ".join(wrong) if wrong else f"passed, {report['joined']} viewers came and went"))
sys.exit(1 if wrong else 0)
CHECK
