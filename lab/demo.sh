#!/bin/bash
# What scripts/quickstart.sh shows, inside the lab machine.

set -u

# show COMMAND...: what a person would type, and what it prints.
show() {
  printf '\n# %s\n' "$*"
  "$@"
}

mariadb -e 'CREATE OR REPLACE TABLE shop.demo (at DATETIME(6)) ENGINE=InnoDB'
(while :; do echo 'INSERT INTO shop.demo VALUES (NOW(6));' && sleep 0.1; done | exec mariadb) &
writer=$!

show lvs vg_mysql
show findmnt --noheadings /var/lib/mysql
printf '\n# /app/backup_mysql.sh\n'
/app/backup_mysql.sh
backed_up=$?
cat /var/log/mysql_backup.log
kill "$writer"
show ls -l /backups/mysql
show lvs vg_mysql

: >/var/log/mysql_backup.log
show /app/verify_restore.sh 2>/dev/null
verified=$?
show /app/bin/list_backups --root=/backups/mysql --format=table

if ((backed_up == 0 && verified == 0)); then
  printf '\nA live server was backed up, and the backup restores.\n'
else
  cat /var/log/mysql_backup.log
  printf '\nFAILED: backup_mysql.sh %d, verify_restore.sh %d\n' "$backed_up" "$verified"
  exit 2
fi
