#!/bin/bash
# Runs inside the lab machine and measures there; see transactions.sh. Stdout: records for
# transactions.awk and transactions.gnuplot, "KIND ROUND SECOND TRANSACTIONS" each, with the
# seconds counted from the backup's start, and "KIND ROUND took SECONDS" at its end.

set -euo pipefail
export LC_ALL=C

readonly runs=$1
readonly load_options=(oltp_read_write --db-driver=mysql --mysql-socket=/run/mysqld/mysqld.sock
  --mysql-user=root --mysql-db=bench --tables=4 --table-size=20000 --threads=2)
readonly before=20 # seconds, also after

prepare() {
  mariadb -e 'CREATE DATABASE bench'
  sysbench "${load_options[@]}" prepare >/dev/null
  sed -e 's/^user=.*/user=root/' -e 's/^socket=.*/socket=\/run\/mysqld\/mysqld.sock/' \
    -e 's/^vgname=.*/vgname=vg_mysql/' -e 's/^lvname=.*/lvname=lv_mysql_data/' \
    -e 's/^lvsize=.*/lvsize=1G/' -e 's/^backuptype=.*/backuptype=rsync/' \
    -e 's/^backupdir=.*/backupdir=\/backups\/mylvmbackup/' \
    -e 's/^quiet=.*/quiet=1/' -e 's/^skip_mycnf=.*/skip_mycnf=1/' \
    /etc/mylvmbackup.conf >/root/mylvmbackup.conf
  mkdir -p /backups/mylvmbackup
}

ours() { # [KEY=VALUE...]
  printf '%s\n' KEEP=1 "$@" >/etc/mysql-backup.conf
  : >/var/log/mysql_backup.log
  /app/backup_mysql.sh </dev/null
}
ours_backup() { ours LOCK_SCOPE=backup; }
ours_backup_rate() { ours LOCK_SCOPE=backup COPY_RATE=8M; }
ours_snapshot() { ours LOCK_SCOPE=snapshot; }
ours_snapshot_rate() { ours LOCK_SCOPE=snapshot COPY_RATE=8M; }
mylvmbackup_() { mylvmbackup --configfile=/root/mylvmbackup.conf --action=backup </dev/null; }
mariadb_backup() {
  mariabackup --backup --user=root --socket=/run/mysqld/mysqld.sock --target-dir=/backups/mariabackup </dev/null
}

one() { # KIND ROUND
  rm -rf /backups/mysql/backup_* /backups/mylvmbackup/* /backups/mariabackup
  sync
  echo 3 >/proc/sys/vm/drop_caches
  # Not in a function, so that it is sysbench itself which is killed.
  sysbench "${load_options[@]}" --time=3000 --report-interval=1 run >/root/sysbench &
  local load=$! began took
  sleep "$before"
  # As of sysbench's own clock, whose lines come a second apart.
  local second
  second=$(sed -nE 's/^\[ ([0-9]+)s \].*/\1/p' /root/sysbench | tail -n 1)
  [[ -n $second ]] || {
    cat /root/sysbench >&2
    exit 2
  }
  began=$EPOCHREALTIME
  "$1" >/root/words 2>&1 || {
    cat /root/words /var/log/mysql_backup.log >&2
    exit 2
  }
  # The others do not wait for the disk themselves.
  sync --file-system /backups
  took=$(((${EPOCHREALTIME/./} - ${began/./}) / 100000))
  [[ -n $(find /backups -name ibdata1 -size +1M) ]] || {
    echo "$1 has made no backup" >&2
    exit 2
  }
  sleep "$before"
  kill "$load" || {
    tail -n 5 /root/sysbench >&2
    exit 2
  }
  wait "$load" 2>/dev/null || true
  sed -nE 's/^\[ ([0-9]+)s \].* tps: ([0-9.]+) .*/\1 \2/p' /root/sysbench |
    awk -v kind="$1" -v round="$2" -v start="$second" '{ print kind, round, $1 - start, $2 }'
  echo "$1 $2 took $((took / 10)).$((took % 10))"
}

kinds=(ours_backup ours_backup_rate ours_snapshot ours_snapshot_rate mylvmbackup_ mariadb_backup)
prepare
for ((i = 0; i <= runs; i++)); do
  # Each round begins with another one, so that none always comes behind the same.
  kinds=("${kinds[@]:1}" "${kinds[0]}")
  for kind in "${kinds[@]}"; do
    # The first round warms up.
    one "$kind" "$i" >/root/records
    ((i == 0)) || cat /root/records
  done
done
