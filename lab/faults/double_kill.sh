#!/bin/bash
# The run is killed at a point, then the next run, which heals, at another; the one after that must
# succeed. Usage: see options.sh. The second point follows from the first.
source /lab/cases/lib.sh
source /lab/faults/trial.sh
source /lab/faults/options.sh

# Kills what the words name, script, group, ..., and returns what the run was doing.
kill_at() { # POINT WHO
  flags_for signal KILL "$2"
  run_at "$1" "${flags[@]}"
  wait_for_processes
}

begin_trials
mapfile -t all < <(chosen_points .)
index=0
for first in "${all[@]}"; do
  for who in script group; do
    read -r sum _ < <(cksum <<<"$who@$first")
    second=${all[sum % ${#all[@]}]}
    chosen $((index++)) "$who@$first" || continue
    problems=()
    since=$(acknowledged)
    kill_at "$first" "$who"
    check_writable
    check_backups "$since"
    check_verdict killed
    since=$(acknowledged)
    kill_at "$second" "$who"
    check_writable
    check_backups "$since"
    # It need not have come there.
    check_verdict any
    next_run
    report "$suite/$who@$first" "then at $second"
  done
done
exit 0 # the trials speak for themselves
