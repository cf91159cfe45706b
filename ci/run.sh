#!/usr/bin/env bash
# One run of a schedule: fetches the ledger, runs, and keeps the ledger, whatever came of the run.
#
#   ci/run.sh [OPTION...]    options are for `sendoff run`; schedules say --require-ledger
#
#   SENDOFF_PROJECT          the folder of the project [.]
#   SENDOFF_ENV              its environment
#   SENDOFF_LEDGER_STORE     and the others of `ci/ledger.sh`
#   SENDOFF_TOLERATE         exit codes of the run, with blanks between, that do not fail the job: 3 says that the
#                            destination refused some rows
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

"$here/ledger.sh" fetch

# A runner that is called off tells this script, not the program. Asked once, sendoff finishes what is in flight.
sendoff run -C "${SENDOFF_PROJECT:-.}" "$@" &
run=$!
trap 'kill -TERM $run 2>/dev/null || true' INT TERM
code=0
wait $run || code=$?
while kill -0 $run 2>/dev/null; do
  code=0
  wait $run || code=$?
done
trap - INT TERM

"$here/ledger.sh" keep
case " ${SENDOFF_TOLERATE:-} " in *" $code "*) exit 0 ;; esac
exit $code
