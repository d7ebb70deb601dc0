#!/bin/bash
# Prints what a copy by sync_tree takes beside rsync -a and cp -a.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'END'
Usage: bench/copy.sh [--product=DIR] [--runs=N] [--data=KIND]

Makes a data set below TMPDIR (/tmp), copies it in turns with rsync -a, cp -a, and sync_tree with one
rsync and with several, each time to a new directory and with the page cache dropped before, and
prints a Markdown table: seconds, the same with a sync of the filesystem behind it, ratios, and the
peak of what all processes of the copy have in memory (PSS, in a round of its own).

  --product=DIR  what scripts/install.sh --destdir=DIR made (default: built for this)
  --runs=N       rounds (5)
  --data=KIND    large    eight files of 512 MiB, random (the default)
                 small    100,000 files of 16 KiB in a hundred directories, random
                 million  1,000,000 files of 1 KiB, in one directory
                 hole     one file of 64 GiB, all of it a hole

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
END
}

readonly PARTIAL=.backup_20260110_020000.partial

make_data() {
  local i
  mkdir -p "$scratch/source/db"
  case $data in
    large) for i in {1..8}; do head -c 512M /dev/urandom >"$scratch/source/db/$i.ibd"; done ;;
    small)
      for i in {1..100}; do
        mkdir "$scratch/source/db$i"
        head -c 16000K /dev/urandom | split --bytes=16K --suffix-length=3 - "$scratch/source/db$i/t"
      done
      ;;
    million) head -c 1000000K /dev/urandom | split --bytes=1K --suffix-length=5 - "$scratch/source/db/t" ;;
    hole) truncate --size=64G "$scratch/source/db/1.ibd" ;;
  esac
}

# The commands that take turns; what they copy to is $scratch/copy or below $scratch/root.
rsync_a() { # or 64 GiB of zeros would be written
  local sparse=()
  [[ $data != hole ]] || sparse=(--sparse)
  rsync -a "${sparse[@]}" "$scratch/source/" "$scratch/copy/"
}
cp_a() { cp -a "$scratch/source" "$scratch/copy"; }
one_job() { sync_tree --jobs=1; }
several_jobs() { sync_tree; }
sync_tree() { "$product/app/bin/sync_tree" --source="$scratch/source" --destination="$scratch/root/$PARTIAL" "$@"; }

# take NAME: one copy, from the disk.
take() {
  local began ended synced
  drop_caches
  began=${EPOCHREALTIME/./}
  "$1" >"$scratch/words" 2>&1 || die 2 "$1 failed: $(<"$scratch/words")"
  ended=${EPOCHREALTIME/./}
  sync --file-system "$scratch"
  synced=${EPOCHREALTIME/./}
  copied[$1]+=" $(((ended - began) / 1000))"
  on_disk[$1]+=" $(((synced - began) / 1000))"
  remove_copy
}

remove_copy() {
  rm -rf "$scratch/copy" "${scratch:?}/root/$PARTIAL"
}

# Kibibytes that all processes of a session have in memory: what they share counts once.
memory_of() { # SESSION
  local pid sum=0 pss
  for pid in $(ps -s "$1" -o pid=); do
    read -r pss < <(awk '$1 == "Pss:" { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null) || continue
    sum=$((sum + pss))
  done
  REPLY=$sum
}

# The peak of one copy, in KiB. The figure of bash itself, which starts it, is in it.
measure_peak() { # NAME
  local session peak=0
  # shellcheck disable=SC2163  # the name in it is meant
  export -f "$1" sync_tree
  export scratch product PARTIAL data
  setsid bash -c "exec >/dev/null 2>&1; $1" &
  session=$!
  while kill -0 "$session" 2>/dev/null; do
    memory_of "$session"
    ((REPLY <= peak)) || peak=$REPLY
    sleep 0.1
  done
  wait "$session" || die 2 "$1 failed"
  peaks[$1]=$peak
  remove_copy
}

main() {
  local i name arguments=() data=large
  for name; do
    case $name in
      --data=large | --data=small | --data=million | --data=hole) data=${name#--data=} ;;
      *) arguments+=("$name") ;;
    esac
  done
  prepare 5 "${arguments[@]}"
  declare -gA copied=() on_disk=() peaks=()
  mkdir "$scratch/root"
  need_room 9000
  make_data
  local -r names=(rsync_a cp_a one_job several_jobs)
  for ((i = 0; i < runs; i++)); do
    for name in "${names[@]}"; do take "$name"; done
  done
  for name in "${names[@]}"; do measure_peak "$name"; done
  for name in "${names[@]}"; do
    printf '%s|%s|%s|%s\n' "$name" "${copied[$name]}" "${on_disk[$name]}" "${peaks[$name]}"
  done | awk -F '|' -v runs="$runs" -v data="$data" -v processors="$(nproc)" \
    -f "$bench/statistics.awk" -f "$bench/copy.awk"
}

main "$@"
