#!/bin/bash
# The run is killed at a point, then the next run, which heals, at another; the one after that must
# succeed. Usage: see options.sh. The second point follows from the first: it is one of a run that
# heals.
source /lab/cases/lib.sh
source /lab/faults/trial.sh
source /lab/faults/options.sh

# Kills what the words name, script, group, ..., and returns what the run was doing.
kill_at() { # POINT WHO
  flags_for signal KILL "$2"
  run_at "$1" "${flags[@]}"
  check_writable
  wait_for_processes
}

begin_trials
mapfile -t all < <(chosen_points .)
# What it takes to heal a run that was killed in the middle of its copy.
kill_at sync_tree/exec:rsync/1 script
run_at ''
expect_status 0
check_backups 0
cut -f 1 /tmp/reached | sort -uV >"$points"
mapfile -t healing < <(chosen_points .)
index=0
for first in "${all[@]}"; do
  for who in script group; do
    read -r sum _ < <(cksum <<<"$who@$first")
    second=${healing[sum % ${#healing[@]}]}
    chosen $((index++)) "$who@$first" || continue
    problems=()
    since=$(acknowledged)
    kill_at "$first" "$who"
    check_backups "$since"
    check_verdict killed
    since=$(acknowledged)
    kill_at "$second" "$who"
    check_backups "$since"
    # Where there was less to heal, it does not come there.
    reached=no codes=0
    ! was_reached "$second" || reached=yes codes=killed
    check_verdict "$codes"
    next_run
    if [[ $reached == yes ]] || ((${#problems[@]})); then
      report "$suite/$who@$first" "then at $second"
    else
      echo "UNREACHED $suite/$who@$first: then at $second"
    fi
  done
done
exit 0 # the trials speak for themselves
