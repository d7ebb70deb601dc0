#!/bin/bash
# Run by scratch_server beside a recovered backup: every table, and what the ledger has in it.
# Usage: inspect_backup.sh SOCKET DIRECTORY
set -e
/app/bin/check_database --socket="$1" >"$2/databases"
for engine in innodb myisam; do
  /usr/bin/mariadb --no-defaults --socket="$1" --batch --skip-column-names \
    -e "SELECT n FROM shop.lab_ledger_$engine ORDER BY n" >"$2/$engine"
done
