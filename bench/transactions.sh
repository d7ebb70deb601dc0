#!/bin/bash
# Prints, and plots, what a server does while it is backed up: transactions a second.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'TEXT'
Usage: bench/transactions.sh [--product=DIR] [--runs=N] [--plot=FILE.svg] [--records=FILE]

Boots the lab machine, in which sysbench reads and writes on two connections while the server is backed
up, in turns: by backup_mysql.sh with each LOCK_SCOPE, without and with a COPY_RATE; by mylvmbackup; by
mariadb-backup. Each begins with the page cache dropped, and lasts until the backup is on the disk.
Prints a Markdown table of the transactions a second before, during and after, and plots the first
round.

  --product=DIR    what scripts/install.sh --destdir=DIR made (default: built for this)
  --runs=N         rounds (5); N of 5 take an hour under emulation
  --plot=FILE.svg  the plot (default: none); needs gnuplot-nox
  --records=FILE   keep what was measured there, as it comes (default: nowhere)

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
TEXT
}

main() {
  local argument plot='' records='' file rest=()
  for argument; do
    case $argument in
      --plot=?*.svg) plot=$(realpath -m -- "${argument#*=}") ;;
      --records=?*) records=$(realpath -m -- "${argument#*=}") ;;
      *) rest+=("$argument") ;;
    esac
  done
  prepare 5 "${rest[@]}"
  for file in "$plot" "$records"; do
    [[ -z $file || -d ${file%/*} ]] || die 1 "there is no directory ${file%/*}"
  done
  records=${records:-$scratch/records}
  [[ -z $plot || -x /usr/bin/gnuplot ]] || die 2 'gnuplot is missing: run scripts/setup.sh --for=lab'
  "$bench/../lab/run.sh" --product="$product" --smp=2 --timeout=$((900 + 1200 * (runs + 1))) \
    "$bench/transactions_in_lab.sh" "$runs" >"$records" || die 2 'failed in the lab (see above)'
  awk -v runs="$runs" -f "$bench/statistics.awk" -f "$bench/transactions.awk" "$records"
  describe
  [[ -n $plot ]] || return 0
  # Of the first round.
  awk '$2 == 1 { print $1, $3, $4 }' "$records" >"$scratch/plotted"
  gnuplot -e "records='$scratch/plotted'; plot_file='$plot'" "$bench/transactions.gnuplot" ||
    die 2 "$plot could not be plotted (see above)"
}

main "$@"
