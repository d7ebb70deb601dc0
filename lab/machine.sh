# shellcheck shell=bash
# What run.sh and shell.sh share: one throwaway machine from the cached image.
# Sourced, never run.

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache_dir=${MYSQL_BACKUP_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mysql-backup-lab}

# shellcheck disable=SC2034 # for run.sh
readonly exit_timeout=124
readonly exit_lab_failure=125

server=mariadb
run_dir=     # this run's own files; gone when the command ends
machine_pid= # qemu
helper_pids=()

say() {
  printf 'lab: %s\n' "$*" >&2
}

die() {
  say "$*"
  exit "$exit_lab_failure"
}

# Shows why a machine went wrong: qemu's own words and the console's last lines.
show_console() {
  say "last lines of the console:"
  {
    tail -n 5 "$run_dir/qemu.log" 2>/dev/null
    tr -d '\r' <"$run_dir/console.log" 2>/dev/null | tail -n 60
  } | sed 's/^/  | /' >&2
}

# Makes $run_dir. It stays locked while this process or its qemu lives; those
# of runs that were killed outright are removed here.
open_run_dir() {
  local runs=$cache_dir/runs guard old lock
  mkdir -p "$runs"
  exec {guard}<"$runs"
  flock "$guard"
  for old in "$runs"/run.??????; do
    if [[ -d $old ]]; then
      flock --nonblock "$old" rm -rf "$old" || true
    fi
  done
  run_dir=$(mktemp -d "$runs/run.XXXXXX")
  exec {lock}<"$run_dir"
  flock --nonblock "$lock"
  exec {guard}<&-
  trap close_run_dir EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

close_run_dir() {
  local pid
  for pid in $machine_pid "${helper_pids[@]}"; do
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$run_dir"
}

# Starts a command that cannot outlive this shell, not even its SIGKILL.
# Usage: start_bound PID_VARIABLE COMMAND...; stdin is this shell's own.
start_bound() {
  local -n started=$1
  local stdin
  shift
  exec {stdin}<&0
  setpriv --pdeathsig KILL -- "$@" <&"$stdin" &
  # shellcheck disable=SC2034 # the caller's variable
  started=$!
  exec {stdin}<&-
}

# Adds a tree to the payload, the archive that the machine unpacks over its
# root. Usage: add_to_payload DIRECTORY MEMBER [TAR_OPTION...]
add_to_payload() {
  local directory=$1 member=$2
  shift 2
  tar --append --file="$run_dir/payload" --owner=0 --group=0 --numeric-owner \
    --directory="$directory" "$@" -- "$member" ||
    die "cannot pack $directory/$member for the machine"
}

# qemu wants a comma in a value doubled.
disk_arguments() {
  local name=$1 file=$2 options=$3
  printf '%s\n' \
    -drive "if=none,id=$name,format=raw,cache=unsafe,$options,file=${file//,/,,}" \
    -device "virtio-blk-pci,drive=$name,serial=$name"
}

# Starts the machine. Usage: start_machine DISK_DIRECTORY SMP RTC QEMU_ARGUMENT...
# DISK_DIRECTORY empty means throwaway overlays over the image's own disks.
start_machine() {
  local disks=$1 smp=$2 rtc=$3 image image_lock snapshot=on name
  local accelerator=tcg,thread=multi
  shift 3
  # /dev/kvm alone proves nothing: it can exist and hang its guests.
  if grep -qwE 'vmx|svm' /proc/cpuinfo && [[ -w /dev/kvm ]]; then
    accelerator=kvm
  fi
  image=$("$lab_dir/build_image.sh" --server="$server") || die "no image to boot"
  exec {image_lock}<"$image"
  flock --shared "$image_lock" # so that no builder prunes it
  if [[ -n $disks ]]; then
    snapshot=off
    mkdir -p "$disks"
    for name in root mysql backups; do
      if [[ ! -e $disks/$name.img ]]; then
        cp --sparse=always --reflink=auto "$image/$name.img" "$disks/$name.img" ||
          die "cannot make $disks/$name.img"
      fi
    done
  fi
  local arguments
  mapfile -t arguments < <(
    for name in root mysql backups; do
      disk_arguments "$name" "${disks:-$image}/$name.img" "snapshot=$snapshot"
    done
    disk_arguments payload "$run_dir/payload" readonly=on
    disk_arguments results "$run_dir/results" snapshot=off
  )
  truncate --size=4G "$run_dir/results"
  TMPDIR=$run_dir start_bound machine_pid qemu-system-x86_64 \
    -no-user-config -nodefaults -display none -no-reboot -nic none \
    -machine q35 -accel "$accelerator" -cpu max -smp "$smp" -m 2048 \
    -rtc "base=$rtc" \
    -kernel "$image/vmlinuz" -initrd "$image/initrd.img" \
    -append 'root=/dev/vda rw console=ttyS0 loglevel=7 panic=-1 no_timer_check mitigations=off init_on_alloc=0' \
    -serial "file:${run_dir//,/,,}/console.log" \
    -device virtio-serial-pci \
    "${arguments[@]}" "$@" 2>"$run_dir/qemu.log"
}
