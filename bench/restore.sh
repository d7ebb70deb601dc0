#!/bin/bash
# Prints what a manifest costs a copy, and what a restore that is compared with it costs beside cp -a.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'END'
Usage: bench/restore.sh [--product=DIR] [--runs=N]

Copies 1 GiB (eight files of 96 MiB, 4096 of 64 KiB) in turns with sync_tree and one rsync, with the
same rsync without a manifest, with restore_tree from a backup, and with cp -a; then compares the backup with its
manifest. Each time to a directory that is new, with the page cache dropped before, and with a sync of
the filesystem at the end. Prints a Markdown table: milliseconds and ratios.

  --product=DIR  what scripts/install.sh --destdir=DIR made (default: built for this)
  --runs=N       rounds (5)

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
END
}

readonly PARTIAL=.backup_20260110_020000.partial

make_data() {
  local i
  mkdir -p "$scratch/source/shop" "$scratch/root"
  for i in {1..8}; do head -c 96M /dev/urandom >"$scratch/source/large$i.ibd"; done
  head -c 256M /dev/urandom | split --bytes=64K --suffix-length=4 - "$scratch/source/shop/table_"
}

# timed NAME COMMAND...: adds the milliseconds to the sample of that name.
timed() {
  local name=$1 began ended
  drop_caches
  began=$EPOCHREALTIME
  "${@:2}" >"$scratch/words" 2>&1 || die 2 "$* failed: $(<"$scratch/words")"
  sync --file-system "$scratch"
  ended=$EPOCHREALTIME
  samples[$name]+=" $(((${ended/./} - ${began/./}) / 1000))"
}

bare_rsync() { # as sync_tree runs it, but for the manifest
  rsync -aHAX --numeric-ids --modify-window=-1 --sparse --whole-file --one-file-system \
    --checksum-choice=xxh128 \
    --info=progress2,nonreg0 "$scratch/source/" "$scratch/copy/"
}

one_round() {
  timed sync_tree "$tools/sync_tree" --jobs=1 --source="$scratch/source" --destination="$scratch/root/$PARTIAL"
  timed rsync bare_rsync
  rm -rf "$scratch/copy"
  timed publish "$tools/publish_backup" --root="$scratch/root" --partial="$PARTIAL"
  timed restore_tree "$tools/restore_tree" --backup="$backup" --target="$scratch/copy"
  rm -rf "$scratch/copy"
  timed cp cp -a --reflink=never "$backup" "$scratch/copy"
  rm -rf "$scratch/copy"
  timed check_manifest "$tools/check_manifest" --backup="$backup"
  rm -rf "$backup"
}

main() {
  local i name of
  prepare 5 "$@"
  tools=$product/app/bin
  backup=$scratch/root/backup_20260110_020000
  declare -gA samples=()
  need_room 3300
  make_data
  one_round # warms up
  samples=()
  for ((i = 0; i < runs; i++)); do one_round; done
  while read -r name of; do
    printf '%s|%s|%s|%s\n' "$name" "$of" "${samples[$name]}" "${samples[$of]-}"
  done <<'END' | awk -F '|' -v runs="$runs" -f "$bench/statistics.awk" -f "$bench/restore.awk"
sync_tree rsync
rsync -
restore_tree cp
cp -
publish -
check_manifest cp
END
  describe
}

main "$@"
