#!/bin/bash
# Runs inside the lab machine and measures there; see lock.sh. Stdout: records for lock.awk, a line
# "RATE KIND MILLISECONDS WRITES_A_SECOND" each.

set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

readonly runs=$1
readonly origin=vg_mysql/lv_mysql_data
readonly felt=/root/felt

prepare() {
  mariadb -e 'CREATE DATABASE bench; CREATE TABLE bench.t (id SERIAL, padding CHAR(100)) ENGINE=InnoDB'
  # What is compared is the making of the snapshot: there is no copy, and the run fails for that.
  printf '%s\n' LOCK_SCOPE=snapshot KEEP=1 >/etc/mysql-backup.conf
  printf '%s\n' '#!/bin/sh' 'exit 2' >/app/bin/sync_tree
  sed -e 's/^user=.*/user=root/' -e 's/^socket=.*/socket=\/run\/mysqld\/mysqld.sock/' \
    -e 's/^vgname=.*/vgname=vg_mysql/' -e 's/^lvname=.*/lvname=lv_mysql_data/' \
    -e 's/^lvsize=.*/lvsize=1G/' -e 's/^backuptype=.*/backuptype=none/' \
    -e 's/^quiet=.*/quiet=1/' -e 's/^skip_mycnf=.*/skip_mycnf=1/' \
    /etc/mylvmbackup.conf >/root/mylvmbackup.conf
}

# What a writer does: it asks for one row after the other, at most so many a second. In the end it
# tells its longest gap between two acknowledged ones, and how many there were. In the background, where
# what is killed is perl itself.
write_rows() { # RATE
  exec perl -e '
    use strict; use DBI; use Time::HiRes qw(time sleep);
    my $db = DBI->connect("DBI:mysql:bench;mysql_socket=/run/mysqld/mysqld.sock", "root", "", {RaiseError => 1});
    my $insert = $db->prepare("INSERT INTO t (padding) VALUES (\"x\")");
    my ($began, $gap, $count, $over) = (time, 0, 0, 0);
    $SIG{TERM} = sub { $over = 1 };
    $insert->execute();
    my $next = my $before = time;
    until ($over) {
      $insert->execute();
      my $now = time;
      $gap = $now - $before if $now - $before > $gap;
      $before = $now;
      $count++;
      $next += 1 / $ARGV[0];
      $next = $now if $next < $now;
      sleep($next - $now) if $next > $now;
    }
    printf "%d %d\n", 1000 * $gap, $count / ($before - $began)' "$1" >"$felt"
}

nothing() { sleep 8; }
ours() {
  : >/var/log/mysql_backup.log
  /app/backup_mysql.sh </dev/null >/dev/null 2>&1 || (($? == 2))
  grep -q 'rsync: FAILED' /var/log/mysql_backup.log
}
mylvmbackup_() {
  mylvmbackup --configfile=/root/mylvmbackup.conf --action=backup </dev/null >/root/words 2>&1
  grep -q 'successfully removed' /root/words
}

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
    kill "$writer"
    exit 2
  }
  sleep 1
  kill "$writer"
  wait "$writer" || exit 2
  echo "$1 $2 $(cat "$felt")"
}

kinds=(nothing bare ours mylvmbackup_)
prepare
for ((i = 0; i <= runs; i++)); do
  for rate in 50 500; do
    # Each round begins with another one, so that none always comes behind the same.
    kinds=("${kinds[@]:1}" "${kinds[0]}")
    for kind in "${kinds[@]}"; do
      result=$(one "$rate" "$kind")
      # The first round warms up.
      ((i == 0)) || echo "$result"
    done
  done
done
