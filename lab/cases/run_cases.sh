#!/bin/bash
# Runs cases one after another inside the lab machine, one line a case, and leaves their outputs in
# /lab/output. Exits with 1 if one failed.
set -uo pipefail

failed=0
for name; do
  began=$SECONDS
  log=/lab/output/$name.txt
  if "/lab/cases/$name.sh" </dev/null >"$log" 2>&1; then
    echo "PASSED $name ($((SECONDS - began)) s)"
  else
    failed=1
    echo "FAILED $name ($((SECONDS - began)) s)"
    sed 's/^/    /' "$log"
  fi
done
exit "$failed"
