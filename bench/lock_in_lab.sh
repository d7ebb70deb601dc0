#!/bin/bash
# Runs inside the lab machine and measures there; see lock.sh. Stdout: records for lock.awk, a line
# "RATE KIND MILLISECONDS" each.

set -euo pipefail
export LC_ALL=C

readonly runs=$1
readonly origin=vg_mysql/lv_mysql_data
readonly acknowledged=/root/acknowledged

prepare() {
  mariadb -e 'CREATE DATABASE bench; CREATE TABLE bench.t (id SERIAL, padding CHAR(100)) ENGINE=InnoDB'
  # What is compared is the making of the snapshot; the copy is to disturb the writer least.
  printf '%s\n' LOCK_SCOPE=snapshot KEEP=1 COPY_PRIORITY=low >/etc/mysql-backup.conf
  sed -e 's/^user=.*/user=root/' -e 's/^socket=.*/socket=\/run\/mysqld\/mysqld.sock/' \
    -e 's/^vgname=.*/vgname=vg_mysql/' -e 's/^lvname=.*/lvname=lv_mysql_data/' \
    -e 's/^lvsize=.*/lvsize=1G/' -e 's/^backuptype=.*/backuptype=none/' \
    -e 's/^log_method=.*/log_method=none/' -e 's/^quiet=.*/quiet=1/' \
    /etc/mylvmbackup.conf >/root/mylvmbackup.conf
}

# What a writer does: it asks for one row after the other, at most so many a second, and notes when each
# was acknowledged.
write_rows() { # RATE
  perl -e '
    use strict; use DBI; use Time::HiRes qw(time sleep);
    my $db = DBI->connect("DBI:mysql:bench;mysql_socket=/run/mysqld/mysqld.sock", "root", "", {RaiseError => 1});
    my $insert = $db->prepare("INSERT INTO t (padding) VALUES (\"x\")");
    my $next = time;
    while (1) {
      $insert->execute();
      my $now = time;
      printf "%d\n", 1000 * $now;
      $next += 1 / $ARGV[0];
      $next = $now if $next < $now;
      sleep($next - $now) if $next > $now;
    }' "$1" >"$acknowledged"
}

nothing() { sleep 8; }
ours() { /app/backup_mysql.sh </dev/null >/dev/null 2>&1; }
mylvmbackup_() { mylvmbackup --configfile=/root/mylvmbackup.conf --action=backup </dev/null >/root/words 2>&1; }

# In one session, which runs the program itself.
bare() {
  mariadb <<END
FLUSH TABLES WITH READ LOCK;
\! lvcreate --quiet --snapshot --size=1G --name=bare $origin >/dev/null
UNLOCK TABLES;
END
  lvremove --quiet --yes vg_mysql/bare >/dev/null
}

one() { # RATE KIND
  sync
  write_rows "$1" &
  local writer=$!
  sleep 2
  "$2" || {
    cat /root/words /var/log/mysql_backup.log >&2 || true
    exit 2
  }
  sleep 1
  kill "$writer"
  wait "$writer" 2>/dev/null || true
  awk -v what="$1 $2" 'NR > 1 && $1 - last > gap { gap = $1 - last } { last = $1 } END { print what, gap, NR }' "$acknowledged"
}

prepare
for ((i = 0; i <= runs; i++)); do
  for rate in 50 500; do
    for kind in nothing bare ours mylvmbackup_; do
      result=$(one "$rate" "$kind")
      # The first round warms up.
      ((i == 0)) || echo "$result"
    done
  done
done
