#!/usr/bin/env bash
# Cuts the power at every moment of three runs that matters, and looks at what is on the disk of the
# backups then. See README.md.

# In a mount namespace of its own, which takes mounts and images with it even when this is killed.
[[ -n ${POWER_CUT_OWN_MOUNTS:-} ]] ||
  POWER_CUT_OWN_MOUNTS=yes exec unshare --mount --propagation private "${BASH_SOURCE[0]}" "$@"

set -euo pipefail
export LC_ALL=C
lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'END'
Usage: lab/power_cut.sh [OPTION...] [FILESYSTEM...]

Records in the lab machine what runs of the product write to the disk of the backups, and makes of
that what this disk may have held when the power failed: behind each flush, each write past the cache
and each step of the run, with all, nothing or a random part of what had not been flushed. Each state
is mounted, which replays the journal; then every published backup must be whole, those that had been
published and were not yet to go must be there, and remove_leftovers and list_backups must put the
rest right.

FILESYSTEM is ext4, ext4_nojournal (checked by e2fsck before it is mounted) or xfs; without any, all.

  --whole        every such moment (default: a random selection of 60)
  --states=N     a random selection of N
  --subsets=N    so many random parts between a flush and the next (4), ten times as many random
                 moments where there are no flushes
  --seed=N       of the random choices (1)
  --only=END:SEED  one state alone, as a failure names it
  --product=DIR  the installed product (default: made by scripts/install.sh)
  --record=DIR   keep what is recorded there, and use what is there already
  --help

Stdout: a line for each state that fails, with the command that repeats it; then, for each filesystem,
  power_cut FILESYSTEM states=N survived=N boundaries=N seed=N
Exit codes: 0 all survived; 1 wrong usage; 2 some did not, or nothing could be tried.
END
}

wrong_usage() {
  echo "power_cut.sh: $1; see lab/power_cut.sh --help" >&2
  exit 1
}

product='' record='' states=60 subsets=4 seed=1 only=''
filesystems=()
parse_options() {
  local argument
  for argument; do
    case $argument in
      --whole) states=0 ;;
      --states=?*) states=${argument#*=} ;;
      --subsets=?*) subsets=${argument#*=} ;;
      --seed=?*) seed=${argument#*=} ;;
      --only=?*) only=${argument#*=} ;;
      --product=?*) product=${argument#*=} ;;
      --record=?*) record=${argument#*=} ;;
      --help) usage && exit 0 ;;
      ext4 | ext4_nojournal | xfs) filesystems+=("$argument") ;;
      *) wrong_usage "unknown argument '$argument'" ;;
    esac
  done
  [[ $states$subsets$seed =~ ^[0-9]+$ ]] || wrong_usage '--states, --subsets and --seed are numbers'
  [[ -z $only || $only =~ ^[0-9]+:(all|[0-9]+)$ ]] || wrong_usage "--only=$only is not END:SEED"
  [[ -z $only || ${#filesystems[@]} == 1 ]] || wrong_usage '--only needs one FILESYSTEM'
  ((${#filesystems[@]})) || filesystems=(ext4 ext4_nojournal xfs)
}

build() {
  (
    cd "$lab/.."
    bazel build --config=release //lab:replay_writes //lab:plan_power_cuts >&2
    bazel info --config=release bazel-bin 2>/dev/null
  )
}

# Sets `log` and `lists` to a filesystem's record, which is made if need be.
open_record() {
  local filesystem=$1
  lists=$record/$filesystem
  log=$lists/log
  [[ -e $log ]] || "$lab/run.sh" --product="$product" --output="$lists" --timeout=900 \
    "$lab/cases/record_writes.sh" "$filesystem" >&2
}

# The names that must be there when the power fails before entry $1.
due_before() {
  awk -v end="$1" '
    $2 == "mark" && $1 < end && sub(/^published=/, "", $5) { due[$5] }
    $2 == "mark" && $1 < end && sub(/^expiring=/, "", $5) { delete due[$5] }
    END { for (name in due) print name }' "$work/entries" | sort
}

# What a person or the system does at the next boot.
mount_state() {
  case $1 in
    ext4_nojournal)
      # 1 and 2: it found something and mended it.
      e2fsck -fy "$state" >"$work/words" 2>&1 || (($? <= 2)) || return 1
      mount -t ext4 -o loop,noatime "$state" "$disk"
      ;;
    ext4) mount -t ext4 -o loop,noatime "$state" "$disk" ;;
    xfs) mount -t xfs -o loop,noatime,nouuid "$state" "$disk" ;;
  esac 2>>"$work/words"
}

list() {
  "$product/app/bin/list_backups" --root="$disk/mysql" 2>>"$work/words"
}

# check_tree END: what is wrong with what is mounted, in REPLY; nothing if nothing is.
check_tree() {
  local listed name due
  REPLY='list_backups failed'
  listed=$(list) || return
  REPLY='remove_leftovers failed'
  "$product/app/bin/remove_leftovers" --root="$disk/mysql" >>"$work/words" 2>&1 || return
  REPLY='remove_leftovers changed the list of backups'
  [[ $(list) == "$listed" ]] || return
  REPLY=$(find "$disk/mysql" -mindepth 1 -maxdepth 1 ! -name 'backup_*' -printf '%f is left\n')
  [[ -z $REPLY ]] || return
  for due in $(due_before "$1"); do
    REPLY="$due was published, and is lost"
    grep -qxF -- "$due" <<<"$listed" || return
  done
  while read -r name; do
    [[ $name == backup_* ]] || continue
    REPLY="$name was never published"
    [[ -e $lists/$name.list ]] || return
    REPLY="$name is not whole"
    (cd "$disk/mysql/$name" && "$lab/cases/fingerprint.sh" && sha256sum backup.manifest) >"$work/seen" 2>>"$work/words" || return
    cmp -s "$lists/$name.list" "$work/seen" || return
  done <<<"$listed"
  REPLY=
}

# make_state DURABLE END SEED: `base` is brought to entry DURABLE, `state` to the whole.
make_state() {
  if (($1 > base_at)); then
    "$replay" --log="$log" --image="$base" --begin="$base_at" --end="$1" || return
    base_at=$1
  fi
  cp --sparse=always -- "$base" "$state" &&
    "$replay" --log="$log" --image="$state" --begin="$1" --end="$2" --seed="$3"
}

# try_state FILESYSTEM DURABLE END SEED: says so if the state does not survive.
try_state() {
  local filesystem=$1 durable=$2 end=$3 part=$4
  : >"$work/words"
  REPLY='it cannot be made'
  if make_state "$durable" "$end" "$part" 2>>"$work/words"; then
    REPLY='it cannot be mounted'
    if mount_state "$filesystem"; then
      check_tree "$end" || true
      umount "$disk" || REPLY='it cannot be unmounted'
    fi
  fi
  [[ -n $REPLY ]] || return 0
  echo "FAILED $filesystem $end:$part: $REPLY: lab/power_cut.sh --record=$record --only=$end:$part $filesystem"
  sed 's/^/    /' "$work/words" | tail -n 5
  return 1
}

walk() {
  local filesystem=$1 durable end part tried=0 survived=0 boundaries=0
  base=$work/base state=$work/state base_at=0
  local no_cache='' random_ones=$subsets
  # Few marks and no flushes; and what counts is when, since nothing is in flight.
  [[ $filesystem != ext4_nojournal ]] || no_cache=yes random_ones=$((subsets * 10))
  rm -f -- "$base"
  truncate -s "$(cat "$lists/size")" "$base"
  "$replay" --log="$log" >"$work/entries"
  "$plan" --log="$log" ${no_cache:+--no_cache} --states="$states" --subsets="$random_ones" --seed="$seed" >"$work/plan"
  if [[ -n $only ]]; then
    # Any moment will do, in the plan or not.
    durable=$(awk -v end="${only%:*}" '$1 < end && $2 ~ /flush/ { last = $1 } END { print last + 0 }' "$work/entries")
    echo "$durable ${only/:/ }" >"$work/plan"
  fi
  while read -r durable end part; do
    [[ $durable != end ]] || break
    ((++tried))
    [[ $part != all ]] || ((++boundaries))
    ! try_state "$filesystem" "$durable" "$end" "$part" || ((++survived))
  done <"$work/plan"
  echo "power_cut $filesystem states=$tried survived=$survived boundaries=$boundaries seed=$seed"
  ((tried > 0 && survived == tried))
}

parse_options "$@"
((EUID == 0)) || wrong_usage 'loop devices and mounts need root'
work=$(mktemp -d)
trap 'umount --lazy "$work/"* "$work" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 2' TERM INT HUP
kept=$record
mount -t tmpfs -o size=4G power_cut "$work"
disk=$work/disk
mkdir "$disk"
if [[ -z $product ]]; then
  product=$work/product
  "$lab/../scripts/install.sh" --destdir="$product" >/dev/null
fi
record=$(realpath -m -- "${kept:-$work/record}")
tools=$(build)
replay=$tools/lab/replay_writes plan=$tools/lab/plan_power_cuts
status=0
for filesystem in "${filesystems[@]}"; do
  open_record "$filesystem" || exit 2
  walk "$filesystem" || status=2
done
exit "$status"
