#!/bin/bash
# Inside the namespaces of container.sh: makes the machine, starts the server, runs the script.
# Usage: enter.sh ROOT FILESYSTEM SCRATCH PRODUCT COMMAND [ARGUMENT...]
set -euo pipefail
export LC_ALL=C.UTF-8 HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

lower=$1 filesystem=$2 scratch=$3 product=$4
shift 4

die() {
  printf 'container: %s\n' "$*" >&2
  exit 125
}

# The new root: that of a machine, this one's or another, with all writes kept apart. pivot_root and not chroot, since
# scratch_server enters and leaves mount namespaces.
mount -t tmpfs -o mode=755 none /mnt
mkdir /mnt/upper /mnt/work /mnt/root
root=/mnt/root
mount -t overlay -o lowerdir="$lower",upperdir=/mnt/upper,workdir=/mnt/work none "$root"
for tree in proc sys; do mount --rbind "/$tree" "$root/$tree"; done
for tree in run tmp dev; do mount -t tmpfs -o mode=755 none "$root/$tree"; done
chmod 1777 "$root/tmp"
mkdir -p "$root/images" "$root/lab" "$root/dev/pts" "$root/dev/shm" "$root/dev/vg_mysql"
mount --bind "$scratch/images" "$root/images"
mount --bind "$scratch/lab" "$root/lab"
mkdir "$root/lab/output"
mount --bind "$scratch/output" "$root/lab/output"
mount -t devpts -o newinstance,ptmxmode=0666 none "$root/dev/pts"
mount -t tmpfs -o mode=1777 none "$root/dev/shm"
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 loop-control:10:237; do
  IFS=: read -r name major minor <<<"$node"
  mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done
for ((i = 0; i < 256; i++)); do mknod -m 660 "$root/dev/loop$i" b 7 "$i"; done
ln -s /proc/self/fd "$root/dev/fd"
ln -s pts/ptmx "$root/dev/ptmx"
cp -a "$product/." "$root/"
install -m 755 "$root/lab/container/lvm" "$root/usr/sbin/lvm"
install -m 755 "$root/lab/container/dmsetup" "$root/usr/sbin/dmsetup"
install -m 755 "$root/lab/container/systemctl" "$root/usr/local/sbin/systemctl"
install -m 755 "$root/lab/container/lvm" "$root/usr/local/sbin/lvs"
cd "$root"
pivot_root . mnt
cd /
umount -l /mnt

grep -q '^mysql:' /etc/passwd || useradd --system --user-group --no-create-home mysql
rm -rf /var/lib/mysql /backups /var/log/mysql_backup.log
mkdir -p /var/lib/mysql /backups /run/mysqld
chown mysql:mysql /run/mysqld

make_volume() { # IMAGE SIZE MOUNT_POINT OPTION...: prints its device; options are mke2fs's
  local device
  truncate -s "$2" "$1"
  if [[ $filesystem == xfs ]]; then
    mkfs.xfs -q "$1"
  else
    mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 "${@:4}" "$1"
  fi
  device=$(losetup --find --show "$1")
  mount "$device" "$3"
  echo "$device"
}
# The cases call the server's programs by MariaDB's names.
data_size=160M
[[ $filesystem == ext4 ]] || data_size=400M # XFS makes none below 300 MB
if [[ ! -x /usr/sbin/mariadbd ]]; then
  data_size=400M
  for pair in mariadb:mysql mariadb-check:mysqlcheck mariadb-dump:mysqldump; do
    ln -s "${pair#*:}" "/usr/bin/${pair%:*}"
  done
fi
# Without a large journal, a snapshot is copied in no time.
data=$(make_volume /images/lv_mysql_data "$data_size" /var/lib/mysql -J size=4) || die 'no volume for the data'
make_volume /images/backups 1200M /backups -N 20000 >/dev/null || die 'no volume for the backups'
[[ $filesystem == xfs ]] || rmdir /var/lib/mysql/lost+found
chown mysql:mysql /var/lib/mysql
chmod 755 /var/lib/mysql
mkdir -p /run/stand-in
echo "$data" >/run/stand-in/lv_mysql_data
ln -s "$data" /dev/vg_mysql/lv_mysql_data

if [[ -x /usr/sbin/mariadbd ]]; then
  mariadb-install-db --no-defaults --user=mysql --datadir=/var/lib/mysql --skip-test-db --force \
    --auth-root-authentication-method=socket --innodb-log-file-size=4M --skip-name-resolve \
    >/tmp/install.log 2>&1 || die "mariadb-install-db: $(tail -n 3 /tmp/install.log)"
else
  mysqld --no-defaults --initialize-insecure --user=mysql --datadir=/var/lib/mysql \
    --innodb-redo-log-capacity=8M >/tmp/install.log 2>&1 || die "mysqld: $(tail -n 3 /tmp/install.log)"
fi
systemctl start mariadb || die "the server does not start: $(tail -n 5 /run/mysqld/error.log)"
# MySQL has no Aria.
aria=MyISAM
[[ ! -x /usr/sbin/mariadbd ]] || aria=Aria
sed "s/=Aria/=$aria/" /lab/container/sample.sql | mariadb --batch || die 'cannot load the sample data'

status=0
"$@" || status=$?
systemctl stop mariadb
exit "$status"
