#!/bin/bash
# Of two runs at once one is told to come back later, and the other does not notice.
source "$(dirname "$0")/lib.sh"
with_bulk

/app/backup_mysql.sh </dev/null 2>/tmp/first.stderr &
run=$!
in_log 'rsync: started'
backup
expect_status 75
expect_log 'another run is under way'
expect_log 'end: FAILED \(exit code 75'
wait "$run" || fail "the first run ended with exit code $?"
expect_log 'end: OK'
expect 'backups' test "$(published | wc -l)" = 1
expect_clean
