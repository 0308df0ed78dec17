#!/usr/bin/env bash
# Installs what is missing for `make demo` or `make test` on Debian or Ubuntu, and says what it installs.
#
#   scripts/setup.sh demo   compilers and the tools that the build needs
#   scripts/setup.sh test   that, and what the tests need: Chromium, Firefox, an independent RTSP camera, proxies, fonts
#
# Run again, it finds everything there and prints one line. Where it may not install (not root, and no
# sudo that works without a password) it names what is missing and exits with 1.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:-}
case $purpose in
  demo | test) ;;
  *)
    echo "usage: scripts/setup.sh demo|test" >&2
    exit 2
    ;;
esac

say() { printf 'set-up: %s\n' "$*"; }
fail() {
  printf 'set-up: %s\n' "$*" >&2
  exit 1
}

# Debian packages -----------------------------------------------------------------------------------

missing=()

# need PACKAGE PROGRAM: the package counts as there when its program is, whoever put it there.
need_program() { command -v "$2" >/dev/null || [ -x "/usr/sbin/$2" ] || missing+=("$1"); }
# need PACKAGE: the package itself counts (libraries, plugins, fonts).
need_package() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || missing+=("$1")
}

browser() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    [ -z "$name" ] || ! command -v "$name" || return 0
  done
  return 1
}

need_program gcc gcc
need_program g++ g++ # OpenH264 is C++
need_program make make
need_program nasm nasm # OpenH264's SIMD: without it decoding costs about three times as much
if [ "$purpose" = test ]; then
  browser >/dev/null || missing+=(chromium)
  python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip) # fetches ONNX Runtime
  need_package python3-gi
  need_package gir1.2-gst-rtsp-server-1.0
  need_package glib-networking # RTSP over TLS of GStreamer's server
  need_package gstreamer1.0-plugins-base
  need_package gstreamer1.0-plugins-good
  need_package gstreamer1.0-plugins-bad
  need_package gstreamer1.0-plugins-ugly
  need_package gstreamer1.0-libav # decodes clips that a test codes anew
  need_package gstreamer1.0-nice # with the next, a WebRTC client that is no browser
  need_package gir1.2-gst-plugins-bad-1.0
  python3 -m venv --help >/dev/null 2>&1 && python3 -c 'import ensurepip' 2>/dev/null ||
    missing+=(python3-venv) # aiortc, another one, and Home Assistant's
  # Debian's Firefox. Ubuntu has it as a snap only, which a test cannot give a profile: there its tests are skipped.
  command -v firefox-esr >/dev/null || ! grep -qx 'ID=debian' /etc/os-release || missing+=(firefox-esr)
  need_program faketime faketime # sets the clock back for one program
  need_program mosquitto mosquitto # a real MQTT broker
  need_program mosquitto-clients mosquitto_sub
  need_program nginx-light nginx # reverse proxies: this one, and below Caddy
  # The second decoder. The name of the package itself has the version in it.
  /sbin/ldconfig -p | grep -q 'libavcodec\.so' || missing+=(libavcodec-extra)
  need_program valgrind valgrind # counts instructions for `make cost`
  # An authority that speaks ACME and another proxy, which Debian has; without them those tests are skipped.
  if grep -qsx 'ID=debian' /etc/os-release; then
    need_program pebble pebble-challtestsrv
    need_program caddy caddy
  fi
  need_package fonts-dejavu-core # headless Chromium draws no text without a font
fi

if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null ||
    fail "missing: ${missing[*]} (names of Debian packages). There is no apt-get here: install them and run this again."
  if [ "$(id -u)" = 0 ]; then
    as_root=(env)
  elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
  else
    fail "missing: ${missing[*]}. They cannot be installed from here; run: sudo apt-get install ${missing[*]}"
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null ||
    say "apt-get update failed; trying with the package lists that are here"
  "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    "${missing[@]}" </dev/null >/dev/null ||
    fail "apt-get could not install ${missing[*]} (where Chromium is no Debian package, set CHROMIUM to any Chrome)"
fi

# Rust, Node, Python --------------------------------------------------------------------------------

# at_least WANTED FOUND: both like 1.94.0.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

command -v cargo >/dev/null || fail "missing: Rust (cargo). Install it with rustup, then run this again."
rust_wanted=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
rust_found=$(rustc --version | cut -d ' ' -f 2)
at_least "$rust_wanted" "$rust_found" ||
  fail "Rust $rust_found is here, $rust_wanted or newer is needed. Run: rustup update stable"

command -v node >/dev/null && command -v npm >/dev/null ||
  fail "missing: Node.js 20 or newer, with npm. Install them, then run this again."
node_found=$(node --version | tr -d v)
at_least 20.0.0 "$node_found" || fail "Node.js $node_found is here, 20 or newer is needed."

if [ "$purpose" = test ]; then
  for part in rustfmt clippy; do
    if ! "cargo-${part/rustfmt/fmt}" --version >/dev/null 2>&1; then
      command -v rustup >/dev/null || fail "missing: $part, and no rustup to add it with."
      say "adding $part"
      rustup component add "$part"
    fi
  done
  /usr/bin/python3 -c 'import gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GstRtspServer' ||
    fail "/usr/bin/python3 cannot load GstRtspServer; reinstall python3-gi and gir1.2-gst-rtsp-server-1.0."
fi

if [ "$purpose" = test ]; then
  clients=tests/e2e/clients
  if ! cmp -s $clients/requirements.txt $clients/.venv/requirements.txt; then
    say "installing $(tr '\n' ' ' <$clients/requirements.txt)in $clients/.venv"
    python3 -m venv $clients/.venv &&
      $clients/.venv/bin/pip install --quiet --disable-pip-version-check -r $clients/requirements.txt ||
      fail "they could not be installed; see pip's words above."
    # Only now is it whole.
    cp $clients/requirements.txt $clients/.venv/requirements.txt
  fi
fi

# Home Assistant's own schemas check what razz tells it. Its package stays packed: it has 400 MB of integrations.
python_for_homeassistant() {
  local name
  for name in python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13.*/bin/python; do
    if "$name" -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  return 1
}

if [ "$purpose" = test ]; then
  wanted=$clients/homeassistant.txt
  place=$clients/.venv-homeassistant
  if ! cmp -s $wanted $place/homeassistant.txt; then
    package=$(sed -n '1s/.*\(homeassistant==[0-9.]*\).*/\1/p' $wanted)
    if python=$(python_for_homeassistant); then
      say "fetching $package and what its schemas import, into $place"
      rm -rf $place
      # It says 3.13.2 and newer; its schemas run on 3.13.0 as well.
      "$python" -m venv $place &&
        $place/bin/pip install --quiet --disable-pip-version-check --no-deps -r $wanted &&
        $place/bin/pip download --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
          --dest $place "$package" &&
        cp $wanted $place/homeassistant.txt ||
        say "$package could not be fetched; the test that uses it will be skipped"
    else
      say "there is no Python 3.13, which $package wants; the test that uses it will be skipped"
    fi
  fi
fi

say "ready to make $purpose"
