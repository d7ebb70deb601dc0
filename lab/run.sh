#!/usr/bin/env bash
# Boots the lab machine, runs one script in it as root, and returns the
# script's exit code. See README.md.
set -euo pipefail

# shellcheck source=machine.sh
source "$(dirname "${BASH_SOURCE[0]}")/machine.sh"

usage() {
  cat <<'END'
Usage: lab/run.sh [OPTION...] SCRIPT [ARGUMENT...]

Boots a throwaway machine with MariaDB on LVM, runs SCRIPT in it as root, and
exits with SCRIPT's code. Its stdout and stderr arrive here as they are written.

  --product=DIR    copy this tree (scripts/install.sh --destdir=DIR) over /
  --with=PATH      copy this file or directory to /lab/; may be repeated
  --output=DIR     put here what SCRIPT left in /lab/output
  --timeout=N      seconds for boot and script together (600)
  --server=mysql   a machine with MySQL, from Debian sid, instead
  --smp=N          processors (1: emulating two is not faster where two machines run on two cores, and
                   now and then a kernel that patches itself at boot crashed on them)
  --rtc=TIME       the machine's clock at power-on, e.g. 2026-01-15T01:59:30 (UTC)
  --disks=DIR      keep the disks in DIR, and go on from them if they are there:
                   for cases that need more than one boot
  --help

Exit codes: SCRIPT's own; 1 wrong usage; 124 timeout; 125 the machine failed.
SCRIPT's own 124 and 125 cannot be told from these by the code alone: the lab's
come with a line that begins with "lab: ".
END
}

wrong_usage() {
  say "$1; see --help"
  exit 1
}

product='' output='' timeout=600 smp=1 rtc=utc disks=''
with=()

parse_options() {
  while (($#)); do
    case $1 in
      --product=*) product=${1#*=} ;;
      --with=*) with+=("${1#*=}") ;;
      --output=*) output=${1#*=} ;;
      --timeout=*) timeout=${1#*=} ;;
      --server=mysql | --server=mariadb) server=${1#*=} ;;
      --smp=*) smp=${1#*=} ;;
      --rtc=*) rtc=${1#*=} ;;
      --disks=*) disks=${1#*=} ;;
      --help) usage && exit 0 ;;
      --) shift && break ;;
      -*) wrong_usage "unknown option $1" ;;
      *) break ;;
    esac
    shift
  done
  (($#)) || wrong_usage "no SCRIPT given"
  [[ -f $1 ]] || wrong_usage "no such script: $1"
  [[ -z $product || -d $product ]] || wrong_usage "no such directory: $product"
  [[ $timeout =~ ^[1-9][0-9]*$ ]] || wrong_usage "--timeout=$timeout is no number of seconds"
  [[ $smp =~ ^[1-9][0-9]*$ ]] || wrong_usage "--smp=$smp is no number of processors"
  [[ $rtc =~ ^(utc|[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2})$ ]] ||
    wrong_usage "--rtc=$rtc is not of the form 2026-01-15T01:59:30"
  command=("$@")
}

# The machine unpacks this over its root and runs /lab/command.
pack_payload() {
  local script staging=$run_dir/staging path
  script=$(realpath -- "${command[0]}")
  mkdir -p "$staging/lab"
  if [[ -d $lab_dir/cases ]]; then
    cp -a "$lab_dir/cases" "$staging/lab/"
  fi
  for path in "${with[@]}"; do
    cp -a -- "$(realpath -- "$path")" "$staging/lab/" || die "cannot copy $path"
  done
  # A case stays where its helpers are.
  if [[ $script == "$lab_dir/cases/"* ]]; then
    command[0]=/lab/${script#"$lab_dir/"}
  else
    command[0]=/lab/$(basename -- "$script")
    cp -a -- "$script" "$staging${command[0]}"
  fi
  chmod a+x -- "$staging${command[0]}"
  printf '%s\0' "${command[@]}" >"$staging/lab/command"
  tar --create --file="$run_dir/payload" --files-from=/dev/null
  add_to_payload "$staging" lab
  if [[ -n $product ]]; then
    add_to_payload "$product" .
  fi
}

# Sets up the two streams. A cat ends when qemu, the only writer, is gone.
open_streams() {
  mkfifo "$run_dir/stdout" "$run_dir/stderr"
  local pid
  start_bound pid cat "$run_dir/stdout"
  helper_pids+=("$pid")
  stream_pids=("$pid")
  start_bound pid cat "$run_dir/stderr" 1>&2
  helper_pids+=("$pid")
  stream_pids+=("$pid")
}

# Exits with the script's code, or loudly.
collect_results() {
  local results=$run_dir/collected code
  mkdir "$results"
  tar --extract --file="$run_dir/results" --directory="$results" \
    --no-same-owner 2>>"$run_dir/qemu.log" || true
  # The code is the archive's last member: with it, all came through.
  code=$(cat "$results/exit_code" 2>/dev/null || true)
  if [[ ! $code =~ ^[0-9]{1,3}$ ]]; then
    show_console
    die "the machine ended before the script's exit code came back"
  fi
  if [[ -n $output ]]; then
    mkdir -p "$output"
    cp -r --preserve=mode,timestamps -- "$results/output/." "$output/" ||
      die "cannot write to $output"
  fi
  exit "$code"
}

main() {
  local timer_pid ended stream_pids=() command=()
  parse_options "$@"
  open_run_dir
  pack_payload
  open_streams
  start_machine "$disks" "$smp" "$rtc" \
    -chardev "file,id=out,path=${run_dir//,/,,}/stdout" \
    -device virtserialport,chardev=out,name=lab.out \
    -chardev "file,id=err,path=${run_dir//,/,,}/stderr" \
    -device virtserialport,chardev=err,name=lab.err </dev/null
  start_bound timer_pid sleep "$timeout"
  helper_pids+=("$timer_pid")
  wait -n -p ended "$machine_pid" "$timer_pid" || true
  if [[ $ended == "$timer_pid" ]]; then
    show_console
    say "killed after $timeout s (--timeout)"
    exit "$exit_timeout"
  fi
  wait "${stream_pids[@]}"
  collect_results
}

main "$@"
