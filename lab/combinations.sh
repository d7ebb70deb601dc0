#!/usr/bin/env bash
# Both servers on both filesystems: backup, verification, restore and replay, in the container. See
# README.md.
set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'END'
Usage: lab/combinations.sh [--product=DIR]

On MariaDB and on MySQL, on ext4 and on XFS, in the container of lab/container.sh: a backup under load,
its verification, restores of it and of later moments (lab/cases/restore.sh). On each server also the
lines of README for 4 a.m. (lab/cases/four_in_the_morning.sh), and on MySQL a selection of
lab/faults.sh, which runs on MariaDB by itself.

Stdout: a line "PASSED NAME" or "FAILED NAME" each; where sid's MySQL cannot be installed
(lab/mysql_root.sh), "SKIPPED NAME: REASON".
Exit codes: 0 nothing failed; 1 wrong usage; 2 something failed.
END
}

product=
for argument; do
  case $argument in
    --product=?*) product=$(realpath -- "${argument#*=}") ;;
    --help) usage && exit 0 ;;
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

status=0
# try SERVER NAME COMMAND...
try() {
  if [[ $1 == mysql ]] && ((mysql_status)); then
    echo "SKIPPED $2: $(<"$temporary/why")"
  elif "${@:3}" >"$temporary/output" 2>&1; then
    echo "PASSED $2"
  else
    echo "FAILED $2"
    sed 's/^/    /' "$temporary/output"
    status=2
  fi
}

for server in mariadb mysql; do
  root=/
  [[ $server == mariadb ]] || root=$mysql_root
  container=("$lab/container.sh" --product="$product" --root="$root" --with="$lab/../README.md")
  for filesystem in ext4 xfs; do
    try "$server" "${server}_${filesystem}_restore" "${container[@]}" --filesystem="$filesystem" \
      "$lab/cases/restore.sh"
  done
  try "$server" "${server}_four_in_the_morning" "${container[@]}" "$lab/cases/four_in_the_morning.sh"
done
try mysql mysql_faults "$lab/faults.sh" --quick --product="$product" --root="$mysql_root" signals lock
exit "$status"
