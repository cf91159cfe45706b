#!/usr/bin/env bash
# Looks at the pipelines of a pull request and writes what it found as Markdown, for `ci/comment.py`.
#
#   ci/review.sh REPORT [OPTION...]    options are for `sendoff plan`, as in --sandbox
#
# First `fmt --check`, `check --no-env` and `test`, which need no secrets; then, where none finds anything wrong, the plan. A variable
# that is not set is no mistake: a pull request from outside has no secrets, and the report names those it would take.
#
#   SENDOFF_PROJECT         the folder of the project [.]
#   SENDOFF_ENV             its environment
#   SENDOFF_LEDGER_STORE    and the others of `ci/ledger.sh`: without a ledger, a plan is that of a first run
#   SENDOFF_TOLERATE        exit codes of the plan, with blanks between, that do not fail the job
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
report="${1:?where the report goes}"
shift
project="${SENDOFF_PROJECT:-.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Between more backticks than stand anywhere within.
fenced() {
  local ticks
  ticks=$({ grep -o '`*' "$1" || true; } | awk '{ if (length > n) n = length } END { while (n-- > -1) s = s "`"; print s "``" }')
  printf '\n%stext\n%s\n%s\n' "$ticks" "$(cat "$1")" "$ticks"
}

# Annotations are read from standard output. They are asked for apart, since the report wants the human form.
annotate() {
  if [ "${GITHUB_ACTIONS:-}" = true ]; then sendoff check -C "$project" --no-env --format github || true; fi
}

# What is wrong is told at once, whichever of them found it.
right=true
printf '## sendoff: the project is not right\n' >"$report"
sendoff fmt -C "$project" --check --color never >"$work/fmt" 2>&1 || { right=false; fenced "$work/fmt" >>"$report"; }
annotate
sendoff check -C "$project" --no-env --color never >"$work/check" 2>&1 || { right=false; fenced "$work/check" >>"$report"; }
sendoff test -C "$project" --color never >"$work/test" 2>&1 || { right=false; fenced "$work/test" >>"$report"; }
cat "$work/fmt" "$work/check" "$work/test"
$right || exit 1

"$here/ledger.sh" fetch
code=0
sendoff plan -C "$project" --color never --format markdown "$@" >"$work/plan" 2>"$work/said" || code=$?
cat "$work/said" >&2

unset_names() { sed -n 's/.*the environment variable `\([^`]*\)` is .*/- `\1`/p' "$work/said" | sort -u; }

if [ $code = 1 ] && grep -q '^check::unset_env$' "$work/said"; then
  printf '## sendoff: nothing wrong, but no plan\n\nA plan needs what is not set here:\n\n%s\n' "$(unset_names)" >"$report"
  exit 0
fi
if [ -s "$work/plan" ]; then cp "$work/plan" "$report"; else
  printf '## sendoff: no plan\n%s\n' "$(fenced "$work/said")" >"$report"
fi
case " ${SENDOFF_TOLERATE:-} " in *" $code "*) exit 0 ;; esac
exit $code
