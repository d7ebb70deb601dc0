#!/bin/bash
# Prints what a copy by sync_tree takes beside rsync -a and cp -a.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'END'
Usage: bench/copy.sh [--product=DIR] [--runs=N] [--data=KIND]

Makes a data set below TMPDIR (/tmp), copies it in turns with rsync -a, cp -a, and sync_tree with one
rsync and with several, each time to a new directory and with the page cache dropped before, and
prints a Markdown table: milliseconds, the same with a sync of the filesystem behind it, ratios, and
the most that all processes of the copy had in memory (the sum of their PSS ten times a second, in
rounds of their own).

  --product=DIR  what scripts/install.sh --destdir=DIR made (default: built for this)
  --runs=N       rounds (5)
  --data=KIND    large    eight files of 512 MiB, random (the default)
                 files:N  N thousand files of 4 KiB, random, a thousand in a directory
                 hole     one file of 64 GiB, in which 1 GiB has been written, page by page

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
END
}

readonly PARTIAL=.backup_20260110_020000.partial

make_data() {
  local i
  mkdir -p "$scratch/source/db"
  case $data in
    large) for i in {1..8}; do head -c 512M /dev/urandom >"$scratch/source/db/$i.ibd"; done ;;
    files:*)
      for ((i = 0; i < ${data#files:}; i++)); do
        mkdir "$scratch/source/db$i"
        head -c 4000K /dev/urandom | split --bytes=4K --suffix-length=3 - "$scratch/source/db$i/t"
      done
      ;;
    hole)
      # Every 64th page of 16 KiB.
      perl -e '
        open(my $out, ">", $ARGV[0]) or die "$ARGV[0]: $!";
        for (my $page = 0; $page < 1 << 22; $page += 64) {
          seek($out, $page * 16384, 0) or die $!;
          print $out pack("N*", map { 1 + int(rand(2 ** 32 - 1)) } 1 .. 4096) or die $!;
        }
        close($out) or die $!;' "$scratch/source/db/1.ibd"
      truncate --size=64G "$scratch/source/db/1.ibd"
      ;;
  esac
}

# The commands that take turns; what they copy to is $scratch/copy or below $scratch/root.
rsync_a() { # or 64 GiB of zeros would be written
  local sparse=()
  [[ $data != hole ]] || sparse=(--sparse)
  rsync -a "${sparse[@]}" "$scratch/source/" "$scratch/copy/"
}
cp_a() { cp -a --reflink=never "$scratch/source" "$scratch/copy"; }
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
  check_copy "$1"
  remove_copy
}

# Whether it takes about as much room as the source: a hole is one, and nothing is missing.
check_copy() { # NAME
  local copy=$scratch/copy source made
  [[ -d $copy ]] || copy=$scratch/root/$PARTIAL
  source=$(du -sm "$scratch/source" | cut -f 1)
  made=$(du -sm "$copy" | cut -f 1)
  ((made * 10 >= source * 9 && made * 10 <= source * 11 + 50)) || die 2 "$1 made $made MiB of $source"
}

remove_copy() {
  rm -rf "$scratch/copy" "${scratch:?}/root/$PARTIAL"
}

# Kibibytes that all processes of a session but its first have in memory: what they share counts once.
memory_of() { # SESSION
  local pid sum=0 pss
  for pid in $(ps -s "$1" -o pid=); do
    ((pid != $1)) || continue
    read -r pss < <(awk '$1 == "Pss:" { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null) || continue
    sum=$((sum + pss))
  done
  REPLY=$sum
}

# The peak of one copy, in KiB, without the bash that starts it.
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
  peaks[$1]+=" $peak"
  remove_copy
}

main() {
  local i name arguments=() data=large
  for name; do
    case $name in
      --data=large | --data=hole) data=${name#--data=} ;;
      --data=files:*)
        data=${name#--data=}
        [[ $data =~ ^files:[1-9][0-9]{0,3}$ ]] || die 1 "--data=$data is not files:1 to files:9999"
        ;;
      *) arguments+=("$name") ;;
    esac
  done
  prepare 5 "${arguments[@]}"
  declare -gA copied=() on_disk=() peaks=()
  mkdir "$scratch/root"
  need_room 9000
  [[ $data != files:* ]] || need_inodes $((3000 * ${data#files:}))
  make_data
  local -r names=(rsync_a cp_a one_job several_jobs)
  for ((i = 0; i < runs; i++)); do
    for name in $(in_turns "$i" "${names[@]}"); do take "$name"; done
  done
  for ((i = 0; i < runs; i++)); do
    for name in $(in_turns "$i" "${names[@]}"); do measure_peak "$name"; done
  done
  for name in "${names[@]}"; do
    printf '%s|%s|%s|%s\n' "$name" "${copied[$name]}" "${on_disk[$name]}" "${peaks[$name]}"
  done | awk -F '|' -v runs="$runs" -v data="$data" -f "$bench/statistics.awk" -f "$bench/copy.awk"
  describe
}

main "$@"
