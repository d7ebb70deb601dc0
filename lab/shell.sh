#!/usr/bin/env bash
# Gives a person a root shell in the lab machine; the machine ends with the
# shell. See README.md.
set -euo pipefail

# shellcheck source=machine.sh
source "$(dirname "${BASH_SOURCE[0]}")/machine.sh"

usage() {
  cat <<'END'
Usage: lab/shell.sh [--product=DIR] [--disks=DIR]

A root shell in a throwaway machine with MariaDB on LVM. Leave it with exit or
Ctrl-D: the machine and all that was changed in it are gone then.

  --product=DIR    copy this tree (scripts/install.sh --destdir=DIR) over /
  --disks=DIR      keep the disks in DIR, as in lab/run.sh
  --help

Exit codes: 0; 1 wrong usage; 125 the machine failed.
END
}

wrong_usage() {
  say "$1; see --help"
  exit 1
}

# qemu makes the terminal raw, and says nothing of its size to the machine.
terminal_settings() {
  local rows columns
  read -r rows columns < <(stty size)
  printf 'stty rows %d columns %d\nexport TERM=%q\n' "$rows" "$columns" "${TERM:-linux}"
}

settings=

main() {
  local product='' disks='' status=0
  while (($#)); do
    case $1 in
      --product=*) product=${1#*=} ;;
      --disks=*) disks=${1#*=} ;;
      --help) usage && exit 0 ;;
      *) wrong_usage "unknown argument $1" ;;
    esac
    shift
  done
  [[ -t 0 ]] || wrong_usage "stdin is no terminal (for scripts there is lab/run.sh)"
  [[ -z $product || -d $product ]] || wrong_usage "no such directory: $product"

  open_run_dir
  mkdir -p "$run_dir/staging/lab"
  if [[ -d $lab_dir/cases ]]; then
    cp -a "$lab_dir/cases" "$run_dir/staging/lab/"
  fi
  terminal_settings >"$run_dir/staging/lab/terminal"
  tar --create --file="$run_dir/payload" --files-from=/dev/null
  add_to_payload "$run_dir/staging" lab
  if [[ -n $product ]]; then
    add_to_payload "$product" .
  fi

  say "booting; leave with exit or Ctrl-D"
  settings=$(stty -g)
  trap 'close_run_dir; stty "$settings"' EXIT # qemu killed leaves it raw
  start_machine "$disks" 1 utc \
    -chardev stdio,id=shell,signal=off -device virtconsole,chardev=shell
  wait "$machine_pid" || status=$?
  if ((status)) || ! tar --extract --to-stdout --file="$run_dir/results" exit_code >/dev/null 2>&1; then
    show_console
    die "the machine ended before its shell did"
  fi
}

main "$@"
