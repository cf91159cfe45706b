#!/usr/bin/env bash
# Brings sendoff onto a runner, and prints the folder that holds the program.
#
#   ci/install.sh        a `sendoff` that can be called already is taken; otherwise one is built from the source around
#                        this script, into SENDOFF_HOME
#   ci/install.sh key    prints a name for the cache of SENDOFF_HOME: another source, another name
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home="${SENDOFF_HOME:-$HOME/.cache/sendoff-ci}"

# What the program is built from, and nothing else: documentation and tests may change without a new build.
key() {
  local digest
  digest=$(cd "$root" && find Cargo.toml Cargo.lock build.rs grammar src destinations starter scripts/duckdb -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
  echo "sendoff-$(uname -s)-$(uname -m)-${digest:0:16}"
}

# DuckDB's library comes by npm (scripts/duckdb).
npm_there() {
  command -v npm >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends npm; } >&2
}

build() {
  local built
  built="$home/bin/$(key)"
  if [ ! -x "$built/sendoff" ]; then
    # One that is half copied must not be taken for a program.
    npm_there
    CARGO_TARGET_DIR="$home/target" make -C "$root" build >&2
    rm -rf "${home:?}/bin"
    mkdir -p "$built.part"
    cp "$home"/target/release/sendoff "$home"/target/release/libduckdb.* "$built.part/"
    mv "$built.part" "$built"
    rm -rf "$home/target"
  fi
  echo "$built"
}

case "${1:-}" in
  key) key ;;
  "") if found=$(command -v sendoff); then dirname "$found"; else build; fi ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 1 ;;
esac
