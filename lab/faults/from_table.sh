#!/bin/bash
# The trials of one suite of table.txt. Usage: see options.sh.
source /lab/cases/lib.sh
source /lab/faults/trial.sh
source /lab/faults/options.sh

begin_trials
trials_of "$suite" >/tmp/trials || exit
mapfile -t trials </tmp/trials
for ((i = 0; i < ${#trials[@]}; i++)); do
  read -ra words <<<"${trials[i]}"
  if chosen "$i" "${words[0]}@${words[1]}"; then trial "$suite" "${words[@]}"; fi
done
exit 0 # the trials speak for themselves
