#!/bin/bash
# Prints what a writer feels of a backup: the longest gap between two of its writes.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'END'
Usage: bench/lock.sh [--product=DIR] [--runs=N]

Boots the lab machine once. In it a client writes 50 and 500 rows a second, each write acknowledged
before the next, while in turns a snapshot is made by LOCK_SCOPE=snapshot, by mylvmbackup, and by a bare
lvcreate -s between FLUSH TABLES WITH READ LOCK and UNLOCK TABLES. Prints a Markdown table: the
longest gap between two acknowledged writes, beside that without any backup. Where the machine
cannot do 500, it does what it can.

  --product=DIR  what scripts/install.sh --destdir=DIR made (default: built for this)
  --runs=N       rounds (5); N of 5 take a quarter of an hour under emulation

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
END
}

main() {
  prepare 5 "$@"
  "$bench/../lab/run.sh" --product="$product" --smp=2 --timeout=$((900 + 400 * runs)) \
    "$bench/lock_in_lab.sh" "$runs" >"$scratch/records" || die 2 'failed in the lab (see above)'
  awk -v runs="$runs" -f "$bench/statistics.awk" -f "$bench/lock.awk" "$scratch/records"
  describe
}

main "$@"
