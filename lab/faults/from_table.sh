#!/bin/bash
# Runs trials of table.txt. Usage: from_table.sh SUITE [--part=I/N] [--every=K] [--only=FAULT@POINT]
source /lab/cases/lib.sh
source /lab/faults/trial.sh

suite=$1 part=0 parts=1 every=1 only=
shift
for argument; do
  case $argument in
    --part=*/*)
      part=${argument#--part=}
      parts=${part#*/} part=${part%/*}
      ;;
    --every=*) every=${argument#*=} ;;
    --only=*) only=${argument#*=} ;;
  esac
done

begin_trials
mapfile -t trials < <(trials_of "$suite")
echo "# $suite: ${#trials[@]} trials, $(wc -l <"$points") points" >&2
for ((i = 0; i < ${#trials[@]}; i++)); do
  read -ra words <<<"${trials[i]}"
  if [[ -n $only ]]; then
    [[ ${words[0]}@${words[1]} == "$only" ]] || continue
  else
    ((i / every % parts == part && i % every == 0)) || continue
  fi
  trial "$suite" "${words[@]}"
done
