#!/usr/bin/env bash
# Runs one script with the product installed on this machine itself, in namespaces of its own: like
# run.sh, many times quicker, with a stand-in for LVM. See README.md.
set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'END'
Usage: lab/container.sh [OPTION...] SCRIPT [ARGUMENT...]

Runs SCRIPT as root beside a live server, in mount, process, network and IPC namespaces of its own,
on an overlay of this machine's root: whatever it writes is gone afterwards. The server's data and
/backups are ext4 or XFS on loop devices. Everything is real but LVM, whose part a stand-in plays: its
"snapshot" is a copy of the volume, made while the filesystem is frozen.

  --product=DIR  the installed product (scripts/install.sh --destdir=DIR)
  --root=DIR     the machine: another Debian's root than this one's; with mysqld in it and no mariadbd,
                 the server is MySQL (lab/mysql_root.sh makes one)
  --filesystem=xfs  instead of ext4, for the server's data and for /backups
  --with=PATH    copy this file or directory to /lab/; may be repeated
  --output=DIR   put here what SCRIPT left in /lab/output
  --help

Exit codes: SCRIPT's own; 1 wrong usage; 125 the container failed, with a line "container: ...".
END
}

die() {
  printf 'container: %s\n' "$*" >&2
  exit 125
}

wrong_usage() {
  printf 'container.sh: %s; see --help\n' "$1" >&2
  exit 1
}

product='' output='' root=/ filesystem=ext4
with=()
while (($#)); do
  case $1 in
    --product=*) product=${1#*=} ;;
    --root=*) root=$(realpath -- "${1#*=}") ;;
    --filesystem=ext4 | --filesystem=xfs) filesystem=${1#*=} ;;
    --with=*) with+=("$(realpath -- "${1#*=}")") ;;
    --output=*) output=${1#*=} ;;
    --help) usage && exit 0 ;;
    -*) wrong_usage "unknown option $1" ;;
    *) break ;;
  esac
  shift
done
(($#)) || wrong_usage 'no SCRIPT given'
[[ -f $1 ]] || wrong_usage "no such script: $1"
[[ -d $product ]] || wrong_usage '--product=DIR is needed'
((EUID == 0)) || die 'only root can make namespaces and loop devices'
script=$(realpath -- "$1")
shift

scratch=$(mktemp -d /dev/shm/mysql-backup-container.XXXXXX)
child=
# shellcheck disable=SC2317  # called by a trap
close_container() {
  local image device
  if [[ -n $child ]]; then
    kill -KILL "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  # A trial may have left any of its volumes attached.
  for image in "$scratch/images"/*; do
    for device in $(losetup --noheadings --output NAME --associated "$image" 2>/dev/null); do
      losetup --detach "$device" || true
    done
  done
  rm -rf "$scratch"
}
trap close_container EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

mkdir "$scratch/lab" "$scratch/images" "$scratch/output"
cp -a "$lab/cases" "$lab/faults" "$lab/container" "$scratch/lab/"
((!${#with[@]})) || cp -a -- "${with[@]}" "$scratch/lab/"
if [[ $script == "$lab/"* ]]; then
  command=/lab/${script#"$lab/"}
else
  cp -a -- "$script" "$scratch/lab/"
  command=/lab/${script##*/}
fi
chmod a+x -- "$scratch$command"

# With its process 1, a shell, the kernel ends all others.
unshare --mount --propagation=private --pid --fork --kill-child --mount-proc --net --ipc \
  "$lab/container/enter.sh" "$root" "$filesystem" "$scratch" "$(realpath -- "$product")" "$command" "$@" </dev/null &
child=$!
status=0
wait "$child" || status=$?
child=
if [[ -n $output ]]; then
  mkdir -p "$output"
  cp -r --preserve=mode,timestamps -- "$scratch/output/." "$output/" || die "cannot write to $output"
fi
exit "$status"
