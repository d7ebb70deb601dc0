#!/bin/bash
# Runs cases one after another inside the lab machine, one line a case, and leaves their outputs in
# /lab/output. Exits with 1 if one failed.
set -uo pipefail

# Seconds since power-on, in REPLY: cases set the clock.
uptime_seconds() {
  read -r REPLY _ </proc/uptime
  REPLY=${REPLY%.*}
}

failed=0
for name; do
  uptime_seconds
  began=$REPLY
  log=/lab/output/$name.txt
  verdict=PASSED
  "/lab/cases/$name.sh" </dev/null >"$log" 2>&1 || verdict=FAILED
  uptime_seconds
  echo "$verdict $name ($((REPLY - began)) s)"
  if [[ $verdict == FAILED ]]; then
    failed=1
    sed 's/^/    /' "$log"
  fi
done
exit "$failed"
