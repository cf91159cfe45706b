#!/usr/bin/env bash
# Ledgers between runs, for runners that keep nothing: one archive for each environment, in a folder that outlives them.
#
#   ci/ledger.sh fetch    unpacks what was kept the last time
#   ci/ledger.sh keep     keeps it for the next time; what this runner has not fetched it does not replace
#
#   SENDOFF_LEDGER_STORE  the folder that is kept: a mounted bucket, or what the runner's cache or artifacts hold.
#                         Unset, both do nothing
#   SENDOFF_LEDGER_KEY    a passphrase; set, the archive is encrypted (gpg), since a ledger holds customers' data
#   SENDOFF_LEDGER        where the project has its ledgers [.sendoff/ENVIRONMENT]
#   SENDOFF_PROJECT, SENDOFF_ENV
set -euo pipefail
umask 077

environment="${SENDOFF_ENV:-default}"
ledger="${SENDOFF_PROJECT:-.}/${SENDOFF_LEDGER:-.sendoff/$environment}"
store="${SENDOFF_LEDGER_STORE:-}"
archive="$store/$environment.tar.gz${SENDOFF_LEDGER_KEY:+.gpg}"
# What was fetched, so that `keep` sees whether somebody else has kept something since.
fetched="$ledger.fetched"

say() { echo "ledger: $*" >&2; }

digest() { if [ -e "$archive" ]; then sha256sum <"$archive"; else echo none; fi; }

gpg_with_key() { gpg --batch --quiet --yes --pinentry-mode loopback --passphrase-fd 3 "$@" 3<<<"$SENDOFF_LEDGER_KEY"; }
closed() { if [ -n "${SENDOFF_LEDGER_KEY:-}" ]; then gpg_with_key --symmetric --cipher-algo AES256; else cat; fi; }
opened() { if [ -n "${SENDOFF_LEDGER_KEY:-}" ]; then gpg_with_key --decrypt; else cat; fi; }

known() { cat "$fetched" 2>/dev/null || echo none; }
now() { date -u +%Y%m%dT%H%M%S; }

fetch() {
  mkdir -p "$(dirname "$ledger")"
  if [ -d "$ledger" ]; then
    # A machine that keeps its disk: what it has is what it kept, or newer where a run was cut off before that.
    if [ "$(digest)" = "$(known)" ]; then say "the one here goes on"; return; fi
    mv "$ledger" "$ledger.until-$(now)"
  fi
  digest >"$fetched"
  if [ ! -e "$archive" ]; then say "none is kept in $store"; return; fi
  # Unpacked beside, so that an archive that cannot be read leaves nothing that could be taken for a ledger.
  rm -rf "$ledger.part"
  mkdir "$ledger.part"
  opened <"$archive" | tar xz -C "$ledger.part" || { rm -rf "$ledger.part"; say "$archive cannot be read"; exit 5; }
  mv "$ledger.part" "$ledger"
  say "fetched from $archive"
}

# A run that `--require-ledger` stopped leaves an empty one. Kept, it would hide the archive that was not found this time.
nothing_done() {
  local runs
  runs=$(find "$ledger" -name '*.history.jsonl' -exec cat {} +)
  [ -n "$runs" ] && ! grep -qv '"run::no_ledger"' <<<"$runs"
}

keep() {
  if [ ! -d "$ledger" ] || nothing_done; then say "there is none to keep"; return; fi
  mkdir -p "$store"
  local to="$archive"
  [ "$(digest)" = "$(known)" ] || to="$archive.of-$(now)"
  # Written beside and renamed, so that a runner that is stopped halfway leaves the one before.
  tar cz -C "$ledger" . | closed >"$to.part"
  mv "$to.part" "$to"
  if [ "$to" != "$archive" ]; then
    say "another run has kept its ledger since this one fetched it; this one's is in $to"
    say "let one run at a time at an environment, and decide which of the two goes on"
    exit 5
  fi
  digest >"$fetched"
  say "kept in $to"
}

case "${1:-}" in
  fetch | keep) if [ -n "$store" ]; then "$1"; fi ;;
  *) sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 1 ;;
esac
