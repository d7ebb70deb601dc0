#!/usr/bin/env bash
# What is tried on MySQL as well as on MariaDB, in the container. See README.md.
set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'END'
Usage: lab/mysql.sh [--product=DIR]

On MySQL, in the container of lab/container.sh (sid's MySQL, the product's own login by
caching_sha2_password): backup, verification, restore and replay (lab/cases/restore.sh), the lines of README, and a
selection of lab/faults.sh. One line "PASSED NAME" or "FAILED NAME" each or, where sid's MySQL cannot
be installed, "SKIPPED NAME: REASON".

Exit codes: 0 nothing failed; 1 wrong usage; 2 something failed.
END
}

product=
for argument; do
  case $argument in
    --product=?*) product=$(realpath -- "${argument#*=}") ;;
    --help) usage && exit 0 ;;
    *)
      echo "mysql.sh: unknown argument '$argument'; see lab/mysql.sh --help" >&2
      exit 1
      ;;
  esac
done

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
names=(mysql_restore mysql_four_in_the_morning mysql_faults)
status=0
root=$("$lab/mysql_root.sh" 2>"$temporary/why") || status=$?
if ((status == 75)); then
  for name in "${names[@]}"; do echo "SKIPPED $name: $(<"$temporary/why")"; done
  exit 0
elif ((status)); then
  cat "$temporary/why" >&2
  exit 2
fi
if [[ -z $product ]]; then
  product=$temporary/product
  "$lab/../scripts/install.sh" --destdir="$product" >/dev/null
fi

# shellcheck disable=SC2317  # by the next two
in_container() {
  "$lab/container.sh" --product="$product" --root="$root" --with="$lab/../README.md" "$lab/cases/$1.sh"
}
# shellcheck disable=SC2317  # called by their names
mysql_restore() { in_container restore; }
# shellcheck disable=SC2317
mysql_four_in_the_morning() { in_container four_in_the_morning; }
# shellcheck disable=SC2317
mysql_faults() {
  "$lab/faults.sh" --quick --product="$product" --root="$root" signals lock
}
for name in "${names[@]}"; do
  if "$name" >"$temporary/output" 2>&1; then
    echo "PASSED $name"
  else
    echo "FAILED $name"
    sed 's/^/    /' "$temporary/output"
    status=2
  fi
done
exit "$status"
