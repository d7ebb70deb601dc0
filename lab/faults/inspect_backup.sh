#!/bin/bash
# Run by scratch_server beside a recovered backup: every table, which there are, and what the ledger has
# in it.
# Usage: inspect_backup.sh SOCKET DIRECTORY
set -eo pipefail
/app/bin/check_database --socket="$1" >"$2/databases"
/usr/bin/mariadb --no-defaults --socket="$1" --batch --skip-column-names \
  -e "SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop'" | sort >"$2/tables"
for engine in innodb myisam; do
  /usr/bin/mariadb --no-defaults --socket="$1" --batch --skip-column-names \
    -e "SELECT n FROM shop.lab_ledger_$engine ORDER BY n" >"$2/$engine"
done
