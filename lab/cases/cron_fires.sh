#!/bin/bash
# Cron runs it at two o'clock by the machine's clock. (On a machine of its own, for its clock.)
# lab:
source "$(dirname "$0")/lib.sh"
[[ $(stat -c '%U:%G %a' /etc/cron.d/mysql-backup) == 'root:root 644' ]] || fail 'cron would ignore the file'
date --set='tomorrow 01:59:50' >/dev/null
systemctl start cron
for ((i = 0; i < 240; i++)); do
  grep -q 'backup_mysql.sh: end: ' "$log_file" && break
  sleep 1
done
expect_log 'end: OK'
[[ $(published) =~ ^backup_$(date +%Y%m%d)_0200[0-9][0-9]$ ]] || fail "published: $(published)"
# Lines come once, although cron appends to the same file.
expect 'lines are doubled' test "$(grep -c 'backup_mysql.sh: start: ' "$log_file")" = 1
expect_clean
