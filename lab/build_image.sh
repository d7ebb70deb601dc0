#!/usr/bin/env bash
# Builds the lab machine's image, unless it is there already, and prints its
# directory. See README.md. Usage: build_image.sh [--server=mysql]
set -euo pipefail

# shellcheck source=machine.sh
source "$(dirname "${BASH_SOURCE[0]}")/machine.sh"

server=mariadb
suite=bookworm # sid for MySQL, which Debian has nowhere else
readonly volume_group=vg_mysql volume=lv_mysql_data volume_size=1200M
# Where LVM puts a new volume group's first extent.
readonly first_extent=1048576

# Units that only cost time in a machine that lives for a minute.
readonly masked_units=(
  e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer
  getty.target getty@tty1.service serial-getty@ttyS0.service
  systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service
  systemd-random-seed.service systemd-rfkill.socket systemd-update-utmp.service
  systemd-update-utmp-runlevel.service systemd-journal-flush.service
  sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount
  modprobe@drm.service modprobe@configfs.service modprobe@fuse.service
)

build_dir= # the root file system, and the disks while they are made
loop_device=

# What cannot be installed beside MySQL, or is MariaDB's, since it wants MariaDB's client library.
package_names() {
  local for_server=(-e 's/#.*//')
  [[ $server == mariadb ]] || for_server+=(-e 's/^mariadb-server$/mysql-server/' -e '/^\(sysbench\|mylvmbackup\|mariadb-backup\)$/d')
  sed "${for_server[@]}" "$lab_dir/packages.txt" | xargs
}

# All that the image is made of: the files here and the packages' versions.
image_key() {
  local names
  read -ra names < <(package_names)
  {
    echo "$server"
    cd "$lab_dir"
    find build_image.sh packages.txt sample_database.sql guest -type f -print0 |
      LC_ALL=C sort --zero-terminated | xargs -0 sha256sum
    find guest -type f -perm /111 | LC_ALL=C sort
    apt-cache policy -- "${names[@]}" | grep -E '^[^ ]|Candidate:'
  } | sha256sum | cut --delimiter=' ' --fields=1
}

# The host's own Debian sources for this release, whatever else it has.
debian_sources() {
  # shellcheck disable=SC2016 # the fields are apt's
  [[ $suite != sid ]] ||
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
    sed -nE '/security/!s|(.*)|deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \1 sid main|p' |
      head -n 1
  # shellcheck disable=SC2016 # the fields are apt's
  apt-get indextargets --format '$(CODENAME) $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' |
    sed -nE "s|^${suite}[^ ]* |deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] |p"
}

# Runs a command in the root file system; nothing that it starts outlives it.
in_root() {
  # shellcheck disable=SC2016 # expanded inside
  unshare --mount --pid --fork --kill-child bash -c '
    mount --bind /dev "$1/dev" && mount -t proc proc "$1/proc" &&
      mount -t tmpfs tmpfs "$1/run" && mount -t tmpfs tmpfs "$1/tmp" &&
      exec chroot "$@"' bash "$build_dir/root" \
    env -i LC_ALL=C.UTF-8 HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

install_packages() {
  local include
  include=$(package_names)
  debian_sources >"$build_dir/sources.list"
  [[ -s $build_dir/sources.list ]] ||
    die "apt knows no Debian $suite source here: try apt-get update"
  apt-config dump Acquire >"$build_dir/apt.conf"
  # shellcheck disable=SC2016 # expanded by mmdebstrap
  mmdebstrap --mode=root --variant=essential --include="${include// /,}" \
    --aptopt="$build_dir/apt.conf" --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --essential-hook="cp -r '$lab_dir/guest/.' \"\$1/\"" \
    "$suite" "$build_dir/root" "$build_dir/sources.list" >"$build_dir/log" 2>&1 || {
    tail -n 20 "$build_dir/log" >&2
    die "mmdebstrap failed"
  }
}

configure_root() {
  local key=$1 root=$build_dir/root unit pair
  for unit in "${masked_units[@]}"; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  in_root systemctl --quiet enable lab-agent.service
  in_root systemctl --quiet set-default multi-user.target
  mkdir -p "$root/backups" "$root/lab"
  # The cases call the server and its programs by MariaDB's names.
  if [[ $server == mysql ]]; then
    ln -s /usr/lib/systemd/system/mysql.service "$root/etc/systemd/system/mariadb.service"
    for pair in mariadb:mysql mariadb-check:mysqlcheck mariadb-dump:mysqldump; do
      ln -s "${pair#*:}" "$root/usr/bin/${pair%:*}"
    done
  fi
  # Else each boot would be a first boot, with all its chores.
  echo "${key:0:32}" >"$root/etc/machine-id"
  # systemd lifts an older clock to its own build date, unless told otherwise;
  # --rtc must be free to ask for any day.
  touch --date=2020-01-01 "$root/usr/lib/clock-epoch"
  # The sources are the host's business.
  rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d" "$root/etc/apt/apt.conf.d"
  touch "$root/etc/.updated" "$root/var/.updated"
}

# The package's own fresh data directory, with the sample data loaded here,
# where it takes seconds.
load_sample_data() {
  if [[ $server == mysql ]]; then
    load_into_mysql
    return
  fi
  install -m 0644 "$lab_dir/sample_database.sql" "$build_dir/root/root/sample_database.sql"
  # shellcheck disable=SC2016 # expanded inside
  in_root bash -euc '
    install -d -o mysql -g mysql /run/mysqld
    exec >&2
    mariadbd --user=mysql --skip-networking --innodb-flush-log-at-trx-commit=0 2>/tmp/log &
    for _ in {1..300}; do
      mariadb-admin --silent ping >/dev/null 2>&1 && break
      sleep 0.1
    done
    mariadb </root/sample_database.sql || { tail -n 20 /tmp/log >&2; exit 1; }
    mariadb-upgrade --silent >/tmp/log 2>&1 || { tail -n 20 /tmp/log >&2; exit 1; }
    mariadb --execute="SET GLOBAL innodb_fast_shutdown = 0; SHUTDOWN"
    wait $!' || die "cannot load the sample data"
}

# MySQL has neither tables of numbers, nor MD5(), nor Aria.
load_into_mysql() {
  {
    echo 'SET cte_max_recursion_depth = 100000; CREATE DATABASE numbers;'
    echo 'CREATE TABLE numbers.numbers AS WITH RECURSIVE s (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM s WHERE seq < 100000) SELECT seq FROM s;'
    sed -E 's/MD5\(([^)]*)\)/LEFT(SHA2(\1, 256), 32)/g; s/ENGINE=Aria( TRANSACTIONAL=1)?/ENGINE=MyISAM/; s/seq_1_to_([0-9]+) ([a-z])\b/(SELECT seq FROM numbers.numbers WHERE seq <= \1) \2/g; s/seq_1_to_([0-9]+)/(SELECT seq FROM numbers.numbers WHERE seq <= \1) numbers/g' \
      "$lab_dir/sample_database.sql"
    echo 'DROP DATABASE numbers;'
  } >"$build_dir/root/root/sample_database.sql"
  # shellcheck disable=SC2016 # expanded inside
  in_root bash -euc '
    install -d -o mysql -g mysql /run/mysqld
    exec >&2
    mysqld --user=mysql --skip-networking --mysqlx=OFF --skip-log-bin 2>/tmp/log >/tmp/log &
    for _ in {1..300}; do
      mysqladmin --silent ping >/dev/null 2>&1 && break
      sleep 0.1
    done
    mysql </root/sample_database.sql || { tail -n 20 /tmp/log /var/log/mysql/error.log >&2; exit 1; }
    mysql --execute="SET GLOBAL innodb_fast_shutdown = 0; SHUTDOWN"
    wait $!' || die "cannot load the sample data"
}

# A file system in an image file, without the lazy work that its first mount
# would leave to a kernel thread. Usage: make_ext4 IMAGE SIZE OPTION...
make_ext4() {
  local image=$1 size=$2
  shift 2
  mke2fs -q -t ext4 -E "lazy_itable_init=0,lazy_journal_init=0${extended:+,$extended}" \
    "$@" "$image" "$size" >>"$build_dir/log" 2>&1 || {
    tail -n 5 "$build_dir/log" >&2
    die "mke2fs failed on $image"
  }
}

# LVM writes its metadata without any device-mapper here: activation is the
# guest's business.
make_mysql_disk() {
  local root=$build_dir/root image=$build_dir/mysql.img extended owner
  truncate --size=4G "$image"
  loop_device=$(losetup --find --show "$image")
  # shellcheck disable=SC2016 # expanded inside
  in_root sh -ec '
    device=$1 group=$2 volume=$3 size=$4
    set -- --quiet --driverloaded n --devices "$device"
    lvm pvcreate "$@" "$device"
    lvm vgcreate "$@" "$group" "$device"
    lvm lvcreate "$@" --activate n --zero n --wipesignatures n \
      --name "$volume" --size "$size" "$group"
    ' sh "$loop_device" "$volume_group" "$volume" "$volume_size" >>"$build_dir/log" 2>&1 || {
    tail -n 5 "$build_dir/log" >&2
    die "cannot make the volume group"
  }
  losetup --detach "$loop_device"
  loop_device=
  owner=$(stat --format=%u:%g "$root/var/lib/mysql")
  extended=offset=$first_extent,root_owner=$owner
  make_ext4 "$image" "$volume_size" -L mysql -d "$root/var/lib/mysql"
  find "$root/var/lib/mysql" -mindepth 1 -delete
}

make_other_disks() {
  local root=$build_dir/root extended=''
  make_ext4 "$build_dir/backups.img" 4G -L backups
  cp "$root"/boot/vmlinuz-* "$build_dir/vmlinuz"
  cp "$root"/boot/initrd.img-* "$build_dir/initrd.img"
  rm -f "$root"/boot/* "$root"/{vmlinuz,initrd.img}{,.old}
  make_ext4 "$build_dir/root.img" 2560M -L root -d "$root"
}

close_build() {
  if [[ -n $loop_device ]]; then
    losetup --detach "$loop_device" || true
  fi
  rm -rf "$build_dir"
}

# Keeps this image and the two used last before it, of the other server or
# older; never one in use.
prune() {
  local key=$1 directory
  find "$cache_dir" -mindepth 1 -maxdepth 1 -type d -regextype posix-extended \
    -regex '.*/[0-9a-f]{64}' ! -name "$key" -printf '%T@ %p\n' | sort -rn | tail -n +3 |
    while read -r _ directory; do
      flock --nonblock "$directory" rm -rf "$directory" || true
    done
  # What a builder that was killed left; we hold the builders' lock.
  rm -rf "$cache_dir"/build.??????
}

build() {
  local key=$1 guard
  ((EUID == 0)) || die "only root can build the image"
  mkdir -p "$cache_dir"
  exec {guard}>"$cache_dir/build.lock"
  flock "$guard"
  if [[ -d $cache_dir/$key ]]; then
    return # by another builder, while we waited
  fi
  prune "$key"
  say "building the machine's image with $server (about a minute)"
  build_dir=$(mktemp -d "$cache_dir/build.XXXXXX")
  trap close_build EXIT
  trap 'exit 130' INT TERM HUP
  install_packages
  configure_root "$key"
  load_sample_data
  make_mysql_disk
  make_other_disks
  mkdir "$build_dir/image"
  mv "$build_dir"/{vmlinuz,initrd.img,root.img,mysql.img,backups.img} "$build_dir/image/"
  mv --no-target-directory "$build_dir/image" "$cache_dir/$key"
  say "image built in $SECONDS s"
}

main() {
  local key
  case $* in
    '' | --server=mariadb) ;;
    --server=mysql) server=mysql suite=sid ;;
    *)
      echo "Usage: lab/build_image.sh [--server=mysql] (prints the image's directory)" >&2
      [[ $1 == --help ]] && exit 0
      exit 1
      ;;
  esac
  key=$(image_key)
  if [[ ! -d $cache_dir/$key ]]; then
    build "$key"
  fi
  touch "$cache_dir/$key" # last used
  echo "$cache_dir/$key"
}

main "$@"
