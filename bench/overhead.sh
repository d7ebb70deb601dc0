#!/bin/bash
# Prints what a backup takes beside what LVM, rsync and the server take of it.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'END'
Usage: bench/overhead.sh [--product=DIR] [--runs=N]

Boots the lab machine once, takes backups in it, and prints three Markdown tables: the seconds of
each step and the part of the external programs in them; the run beside the same sequence done by
hand; the peak memory of each tool at its real work.

  --product=DIR  what scripts/install.sh --destdir=DIR made (default: built for this)
  --runs=N       backups of each kind (5); N of 5 take about four minutes under emulation

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
END
}

main() {
  prepare 5 "$@"
  "$bench/../lab/run.sh" --product="$product" --with=/usr/bin/time --timeout=$((1200 + 600 * runs)) \
    "$bench/overhead_in_lab.sh" "$runs" >"$scratch/records" || die 2 'failed in the lab (see above)'
  awk -v runs="$runs" -f "$bench/statistics.awk" -f "$bench/overhead.awk" \
    pass=1 "$scratch/records" pass=2 "$scratch/records"
}

main "$@"
