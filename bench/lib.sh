# What the scripts here have in common; to be sourced.
# shellcheck shell=bash
# shellcheck disable=SC2034  # the variables are for the scripts that source this

set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C

bench=$(dirname -- "$(readlink -f -- "$0")")
readonly bench

die() {
  local -r code=$1
  shift
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit "$code"
}

# need_room MIB: refuses to fill the filesystem that the data are made on.
need_room() {
  local free
  free=$(df --output=avail --block-size=1M "${TMPDIR:-/tmp}" | tail -n 1)
  ((free >= $1 + 4096)) ||
    die 2 "it needs $1 MiB and 4 GiB of reserve below ${TMPDIR:-/tmp}, and $((free)) MiB are free: set TMPDIR"
}

# need_inodes N
need_inodes() {
  local free
  free=$(df --output=iavail "${TMPDIR:-/tmp}" | tail -n 1)
  # Some filesystems have no fixed number of them.
  [[ $free == - ]] || ((free == 0 || free >= $1)) ||
    die 2 "it needs $1 inodes below ${TMPDIR:-/tmp}, and $((free)) are free: set TMPDIR"
}

# make_filesystem TYPE SIZE IMAGE DIRECTORY: mounts a new one.
make_filesystem() {
  local options=()
  # Or ext4 writes them in the background, while something else is measured.
  [[ $1 != ext4 ]] || options=(-E 'lazy_itable_init=0,lazy_journal_init=0')
  truncate --size="$2" "$3"
  "mkfs.$1" -q "${options[@]}" "$3"
  mount -o loop "$3" "$4"
}

# in_turns ROUND NAME...: the names, each round beginning with another one, so that none always comes
# behind the same.
in_turns() {
  local -r first=$(($1 % ($# - 1)))
  shift
  echo "${@:first+1}" "${@:1:first}"
}

# describe: what was measured on, to be printed below a table.
describe() {
  printf '\nMeasured on %(%Y-%m-%d)T: %d processors (%s), %d GiB of memory, Linux %s, %s; %s.\n' -1 "$(nproc)" \
    "$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)" \
    "$(awk '$1 == "MemTotal:" { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" "$(uname -r)" \
    "$(rsync --version | awk 'NR == 1 { print $1, $3 }')" "$("$product/app/bin/sync_tree" --version | sed 's/^sync_tree/product/')"
}

# unmount DIRECTORY: for a trap, which goes on when it fails.
unmount() {
  ! mountpoint -q "$1" || umount "$1" || umount --lazy "$1" || true
}

# drop_caches: what is read next comes from the disk.
drop_caches() {
  sync
  echo 3 >/proc/sys/vm/drop_caches
}

# prepare DEFAULT_RUNS ARGUMENT...: sets runs, scratch (a directory that goes with the script) and
# product, which is built when none is given.
prepare() {
  local argument
  runs=$1 product=
  shift
  for argument; do
    case $argument in
      --help)
        usage
        exit 0
        ;;
      --product=?*) product=${argument#--product=} ;;
      --runs=*) runs=${argument#--runs=} ;;
      *) die 1 "unknown argument '$argument'; see ${0##*/} --help" ;;
    esac
  done
  [[ $runs =~ ^[1-9][0-9]{0,3}$ ]] || die 1 "--runs=$runs is not 1 to 9999"
  [[ -z $product || -x $product/app/backup_mysql.sh ]] ||
    die 1 "no product in $product: make one with scripts/install.sh --destdir=$product"
  ((EUID == 0)) || die 2 'not running as root: the tools and the lab machine need it; use sudo'
  [[ -x /usr/bin/time ]] || die 2 '/usr/bin/time is missing: run scripts/setup.sh'

  scratch=$(mktemp -d)
  trap 'rm -rf -- "$scratch"' EXIT
  if [[ -z $product ]]; then
    product=$scratch/product
    "$bench/../scripts/install.sh" --destdir="$product" >"$scratch/installed" ||
      die 2 'the product could not be built (see above)'
  fi
}
