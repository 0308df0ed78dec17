#!/usr/bin/env bash
# Fetches promtool, which the tests hold the metrics against, out of Debian's package `prometheus`,
# without installing the package: that would start a server. Prints where it is.
set -euo pipefail

if command -v promtool; then
  exit 0
fi
cache=${RAZZ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/razz}
tool=$cache/promtool
if [ ! -x "$tool" ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  download() { (cd "$folder" && apt-get download -qq -o APT::Sandbox::User="$(id -un)" prometheus >&2); }
  # Without package lists they are fetched first.
  download 2>/dev/null || { apt-get update -qq >&2 && download; }
  dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -x -C "$folder" ./usr/bin/promtool
  mkdir -p "$cache"
  mv "$folder/usr/bin/promtool" "$tool"
fi
echo "$tool"
