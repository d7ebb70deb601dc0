#!/bin/bash
# Prints what a second backup takes that shares with the first what has not changed.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'END'
Usage: bench/second.sh [--product=DIR] [--runs=N]

Makes eight files of 256 MiB, random, and takes a first backup of them and a second one after 1 % of
all pages of 16 KiB have been written anew: in one of the files, or in all of them; and one after
nothing has changed. On ext4 with REUSE=hardlink and on XFS with REUSE=reflink, in loop devices on this
machine; beside that, a second copy by `rsync -a --link-dest`. Each begins with the page cache dropped and
ends with the filesystem synced. Written is what the loop device has been given until then, the
filesystem's journal with it. Prints a Markdown table.

  --product=DIR  what scripts/install.sh --destdir=DIR made (default: built for this)
  --runs=N       rounds (5)

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
END
}

readonly FILES=8 FILE_MIB=256
# FILESYSTEM:REUSE:FILES THAT CHANGE
readonly KINDS='ext4:hardlink:0 ext4:hardlink:1 ext4:hardlink:8 xfs:reflink:0 xfs:reflink:1 xfs:reflink:8'

# shellcheck disable=SC2317  # called by a trap
clean_up() {
  local filesystem
  for filesystem in ext4 xfs; do
    unmount "$scratch/$filesystem"
  done
  rm -rf -- "$scratch"
}

make_data() {
  local i
  mkdir "$scratch/source"
  for ((i = 0; i < FILES; i++)); do head -c "${FILE_MIB}M" /dev/urandom >"$scratch/source/$i.ibd"; done
}

# change_pages N: writes 1 % of all pages anew, in the first N files.
change_pages() {
  perl -e '
    my ($files, $pages, $count, $directory) = @ARGV;
    for my $file (0 .. $files - 1) {
      open(my $out, "+<", "$directory/$file.ibd") or die "$directory/$file.ibd: $!";
      my %seen;
      while (keys %seen < $count / $files) {
        my $page = int(rand($pages));
        next if $seen{$page}++;
        seek($out, $page * 16384, 0) or die $!;
        print $out pack("N*", map { int(rand(2 ** 32)) } 1 .. 4096) or die $!;
      }
      close($out) or die $!;
    }' "$1" $((FILE_MIB * 64)) $((FILES * FILE_MIB * 64 / 100)) "$scratch/source"
}

# What has been written to the filesystem's device, its journal with it.
written_kib() {
  local device
  device=$(findmnt --noheadings --output SOURCE "$1")
  awk '{ printf "%d", $7 / 2 }' "/sys/block/${device#/dev/}/stat"
}

# take NAME ROOT COMMAND...: adds milliseconds and mebibytes to the samples of that name.
take() {
  local name=$1 root=$2 before began ended
  drop_caches
  before=$(written_kib "$root")
  began=${EPOCHREALTIME/./}
  "${@:3}" >"$scratch/words" 2>&1 || die 2 "${*:3} failed: $(<"$scratch/words")"
  sync --file-system "$root"
  ended=${EPOCHREALTIME/./}
  took[$name]+=" $(((ended - began) / 1000))"
  written[$name]+=" $((($(written_kib "$root") - before) / 1024))"
}

# backup NAME ROOT DAY [FLAG...]
backup() {
  local partial=.backup_202601$3_020000.partial
  # What is changed within two seconds of a run's beginning is compared by content.
  sleep 3
  printf 'run started=%(%Y-%m-%dT%H:%M:%S)T+00:00\n' -1 >"$scratch/records"
  take "$1" "$2" copy_and_publish "$2" "$partial" "${@:4}"
}

copy_and_publish() { # ROOT PARTIAL [FLAG...]
  "$tools/sync_tree" --source="$scratch/source" --destination="$1/$2" "${@:3}" &&
    "$tools/publish_backup" --root="$1" --partial="$2" --records="$scratch/records"
}

one_round() { # KIND
  local filesystem reuse files root
  IFS=: read -r filesystem reuse files <<<"$1"
  root=$scratch/$filesystem
  backup "$1:first" "$root" 10
  ((files == 0)) || change_pages "$files"
  backup "$1:second" "$root" 11 "--reuse=$reuse"
  take "$1:link_dest" "$root" rsync -a --link-dest="$root/backup_20260110_020000" "$scratch/source/" "$root/copy/"
  rm -rf "$root"/backup_* "$root/copy"
}

main() {
  local i kind name
  export TZ=UTC
  prepare 5 "$@"
  trap clean_up EXIT
  tools=$product/app/bin
  declare -gA took=() written=()
  need_room $((FILES * FILE_MIB + 2 * 8192))
  make_data
  for name in ext4 xfs; do
    mkdir "$scratch/$name"
    make_filesystem "$name" 8G "$scratch/$name.img" "$scratch/$name"
  done
  for ((i = 0; i < runs; i++)); do
    # shellcheck disable=SC2086  # words
    for kind in $(in_turns "$i" $KINDS); do one_round "$kind"; done
  done
  for kind in $KINDS; do
    for name in first second link_dest; do
      printf '%s:%s|%s|%s\n' "$kind" "$name" "${took["$kind:$name"]}" "${written["$kind:$name"]}"
    done
  done | awk -F '[|]' -v runs="$runs" -v mib="$((FILES * FILE_MIB))" -f "$bench/statistics.awk" -f "$bench/second.awk"
  describe
}

main "$@"
