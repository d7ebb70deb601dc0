#!/usr/bin/env bash
# Both servers on every kind of volume: backup, verification, restore and replay. See README.md.
set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'END'
Usage: lab/combinations.sh [--long] [--product=DIR] [NAME...]

What is to work on MariaDB and MySQL alike, on every kind of volume. In lab machines, two at a time:

  SERVER_FILESYSTEM_VOLUME  a backup under load, its verification and its restore
                            (lab/cases/round_trip.sh), for {mariadb, mysql} x {ext4, xfs} x
                            {classic, thin}: of these eight, the four in which every two of a server, a
                            filesystem and a kind of volume meet; with --long, or by their names, all

and in the container of lab/container.sh, quicker by far:

  SERVER_xfs_restore        restores of a backup and of later moments (lab/cases/restore.sh)
  SERVER_restore
  mysql_four_in_the_morning the lines of README for 4 a.m.
  SERVER_least_privileges   an account with no more privileges than README names
  mysql_faults              a selection of lab/faults.sh

Stdout: a line "PASSED NAME (N s)" or "FAILED NAME (N s)" each; where sid's MySQL cannot be installed
(lab/mysql_root.sh), "SKIPPED NAME: REASON".
Exit codes: 0 nothing failed; 1 wrong usage; 2 something failed.
END
}

product='' long=no
wanted=()
for argument; do
  case $argument in
    --long) long=yes ;;
    --product=?*) product=$(realpath -- "${argument#*=}") ;;
    --help) usage && exit 0 ;;
    [a-z]*_*) wanted+=("$argument") ;;
    *)
      echo "combinations.sh: unknown argument '$argument'; see lab/combinations.sh --help" >&2
      exit 1
      ;;
  esac
done
((EUID == 0)) || {
  echo 'combinations.sh: it needs root, for namespaces and loop devices' >&2
  exit 2
}

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
if [[ -z $product ]]; then
  product=$temporary/product
  "$lab/../scripts/install.sh" --destdir="$product" >/dev/null
fi
mysql_status=0
mysql_root=$("$lab/mysql_root.sh" 2>"$temporary/why") || mysql_status=$?
((mysql_status == 0 || mysql_status == 75)) || {
  cat "$temporary/why" >&2
  exit 2
}

# try SERVER NAME COMMAND...
try() {
  local began=$SECONDS verdict=PASSED
  ((${#wanted[@]} == 0)) || [[ " ${wanted[*]} " == *" $2 "* ]] || return 0
  if [[ $1 == mysql ]] && ((mysql_status)); then
    echo "SKIPPED $2: $(<"$temporary/why")"
    return
  fi
  "${@:3}" >"$temporary/$2" 2>&1 &
  wait "$!" || verdict=FAILED
  echo "$verdict $2 ($((SECONDS - began)) s)"
  [[ $verdict == PASSED ]] || sed 's/^/    /' "$temporary/$2" | tee -a "$temporary/failed"
}

# A signal is handed on to what runs: nothing outlives this command.
end_jobs() {
  local pids
  pids=$(jobs -p)
  # shellcheck disable=SC2086  # numbers
  [[ -z $pids ]] || kill $pids 2>/dev/null || true
  wait
}

machines() { # SERVER
  local kinds=(ext4_classic ext4_thin xfs_classic xfs_thin) kind
  trap 'end_jobs; exit 2' TERM INT HUP
  if [[ $long == no && ${#wanted[@]} == 0 ]]; then
    if [[ $1 == mariadb ]]; then kinds=(ext4_classic xfs_thin); else kinds=(ext4_thin xfs_classic); fi
  fi
  for kind in "${kinds[@]}"; do
    try "$1" "$1_$kind" "$lab/run.sh" --server="$1" --product="$product" --timeout=1200 \
      "$lab/cases/round_trip.sh" "${kind%_*}" "${kind#*_}"
  done
}

container() { # ROOT OPTION... CASE
  "$lab/container.sh" --product="$product" --with="$lab/../README.md" --root="$1" "${@:2:$#-2}" "$lab/cases/${!#}.sh"
}

trap 'exit 2' TERM INT HUP
trap 'end_jobs; rm -rf "$temporary"' EXIT
# The two servers' machines side by side.
machines mariadb &
sides=("$!")
machines mysql &
sides+=("$!")
for side in "${sides[@]}"; do wait "$side" || touch "$temporary/failed"; done
try mariadb mariadb_restore container / restore
try mariadb mariadb_xfs_restore container / --filesystem=xfs restore
try mysql mysql_xfs_restore container "$mysql_root" --filesystem=xfs restore
try mariadb mariadb_least_privileges container / least_privileges
for name in restore four_in_the_morning least_privileges; do
  try mysql "mysql_$name" container "$mysql_root" "$name"
done
try mysql mysql_faults "$lab/faults.sh" --quick --product="$product" --server=mysql signals lock
[[ ! -e $temporary/failed ]] || exit 2
