#!/bin/bash
# Prints size, start-up time and peak memory of each tool.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'END'
Usage: bench/tools.sh [--product=DIR] [--runs=N]

Prints a Markdown table of the installed tools: size, start-up time, peak memory.

  --product=DIR  what scripts/install.sh --destdir=DIR made (default: built for this)
  --runs=N       start-ups of each tool (11)

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
END
}

# Microseconds of one start. The clock is read by bash itself, so that between the two readings
# there is one fork of bash, the program, and its end.
start_up() {
  local began=$EPOCHREALTIME ended
  "$@" --help </dev/null >/dev/null
  ended=$EPOCHREALTIME
  sample+=" $((${ended/./} - ${began/./}))"
}

# A root with a few backups, and the copy of a small datadir.
make_ground() {
  local day
  root=$scratch/root
  mkdir -p "$root" "$scratch/source/shop"
  for day in {1..9}; do
    mkdir "$root/backup_2026010${day}_020000"
  done
  seq 2000000 >"$scratch/source/ibdata1"
  for day in {1..200}; do
    echo "$day" >"$scratch/source/shop/table_$day.ibd"
  done
  install -m 0600 /dev/null "$scratch/empty.conf"
  "$tools/list_backups" --root="$root" >"$scratch/list" 2>"$scratch/words"
  "$tools/plan_retention" --keep=7 <"$scratch/list" >"$scratch/plan" 2>"$scratch/words"
}

# Kibibytes of the largest process among a program and those that it waited for.
peak() { # PROGRAM ARGUMENT...
  /usr/bin/time --quiet --format=%M --output="$scratch/peak" "$@" >"$scratch/words" 2>&1 ||
    die 2 "$* failed: $(<"$scratch/words")"
  REPLY=$(<"$scratch/peak")
}

# work_of TOOL: sets work and input to a real piece of work, where one can be had without a server,
# LVM or a mount; otherwise to --help.
work_of() {
  local partial=.backup_20260110_020000.partial
  input=/dev/null
  case $1 in
    check_room) work=(--root="$root" --bytes=1000000 --files=100) ;;
    list_backups | remove_leftovers) work=(--root="$root") ;;
    expire_backups) work=(--root="$root") input=$scratch/plan ;;
    plan_retention) work=(--keep=7) input=$scratch/list ;;
    publish_backup)
      "$tools/sync_tree" --source="$scratch/source" --destination="$root/$partial" >"$scratch/words" 2>&1 ||
        die 2 "sync_tree failed: $(<"$scratch/words")"
      work=(--root="$root" --partial="$partial")
      ;;
    read_config) work=(--config="$scratch/empty.conf") ;;
    sync_tree) work=(--source="$scratch/source" --destination="$scratch/$partial") ;;
    *) work=(--help) ;;
  esac
}

# One record: name, doing what, bytes, kibibytes, microseconds of each start.
measure() { # PROGRAM
  local program=$1 what='its work' input sample='' i
  local -a work
  for ((i = 0; i < runs; i++)); do
    start_up "$program"
  done
  work_of "${program##*/}"
  [[ ${work[0]} != --help ]] || what=--help
  peak "$program" "${work[@]}" <"$input"
  printf '%s|%s|%s|%s|%s\n' "${program##*/}" "$what" "$(stat -Lc %s "$program")" "$REPLY" "$sample"
}

main() {
  local tool
  prepare 11 "$@"
  tools=$product/app/bin
  make_ground
  {
    measure /usr/bin/true
    for tool in "$tools"/*; do
      measure "$tool"
    done
  } >"$scratch/records"
  awk -F '|' -v runs="$runs" -f "$bench/statistics.awk" -f "$bench/tools.awk" "$scratch/records"
  describe
}

main "$@"
