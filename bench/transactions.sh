#!/bin/bash
# Prints, and plots, what a server does while it is backed up: transactions a second.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'TEXT'
Usage: bench/transactions.sh [--product=DIR] [--plot=FILE.svg]

Boots the lab machine, in which sysbench reads and writes on two connections while the server is backed
up: by backup_mysql.sh with each LOCK_SCOPE, and with a COPY_RATE; by mylvmbackup; by mariadb-backup.
Prints a Markdown table of the transactions a second before, during and after, and plots them.

  --product=DIR    what scripts/install.sh --destdir=DIR made (default: built for this)
  --plot=FILE.svg  the plot (default: none); needs gnuplot-nox

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
TEXT
}

main() {
  local argument plot='' rest=()
  for argument; do
    case $argument in
      --plot=?*.svg) plot=$(realpath -m -- "${argument#*=}") ;;
      *) rest+=("$argument") ;;
    esac
  done
  prepare 1 "${rest[@]}"
  [[ -z $plot || -x /usr/bin/gnuplot ]] || die 2 'gnuplot is missing: run scripts/setup.sh --for=lab'
  "$bench/../lab/run.sh" --product="$product" --smp=2 --timeout=3000 \
    "$bench/transactions_in_lab.sh" >"$scratch/records" || die 2 'failed in the lab (see above)'
  awk -f "$bench/statistics.awk" -f "$bench/transactions.awk" "$scratch/records"
  [[ -z $plot ]] || gnuplot -e "records='$scratch/records'; plot_file='$plot'" "$bench/transactions.gnuplot"
}

main "$@"
