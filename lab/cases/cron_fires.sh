#!/bin/bash
# Cron runs it at two o'clock by the machine's clock. (The machine's clock is the line below's.)
# lab: --rtc=2026-01-15T01:59:20
source "$(dirname "$0")/lib.sh"
[[ $(stat -c '%U:%G %a' /etc/cron.d/mysql-backup) == 'root:root 644' ]] || fail 'cron would ignore the file'
systemctl is-active --quiet cron || systemctl start cron
[[ $(date +%H:%M) == 01:59 || $(date +%H:%M) == 02:00 ]] || fail "it is $(date +%T) here"
for ((i = 0; i < 240; i++)); do
  grep -q 'backup_mysql.sh: end: ' "$log_file" && break
  sleep 1
done
expect_log 'end: OK'
[[ $(published) =~ ^backup_20260115_0200[0-9][0-9]$ ]] || fail "published: $(published)"
# Lines come once, although cron appends to the same file.
expect 'lines are doubled' test "$(grep -c 'backup_mysql.sh: start: ' "$log_file")" = 1
expect_clean
