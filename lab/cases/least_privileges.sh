#!/bin/bash
# An account with the privileges that README names is enough; one that is lacking is named.
# long
source "$(dirname "$0")/lib.sh"

sql "CREATE USER lab_backup@localhost IDENTIFIED BY 'correct horse'"
on_exit sql 'DROP USER lab_backup@localhost'
(umask 077 && printf '[client]\nuser=lab_backup\npassword="correct horse"\n' >/root/lab_backup.cnf)
on_exit rm -f /root/lab_backup.cnf
configure DEFAULTS_FILE=/root/lab_backup.cnf

# README's list.
privileges=(RELOAD PROCESS 'BINLOG MONITOR' 'SLAVE MONITOR')
[[ $server == mariadb ]] || privileges=(RELOAD PROCESS 'REPLICATION CLIENT')
for lacking in none "${privileges[@]}"; do
  sql 'REVOKE ALL PRIVILEGES, GRANT OPTION FROM lab_backup@localhost'
  for privilege in "${privileges[@]}"; do
    [[ $privilege == "$lacking" ]] || sql "GRANT $privilege ON *.* TO lab_backup@localhost"
  done
  : >"$log_file"
  before=$(published 2>/dev/null | wc -l)
  backup
  if [[ $lacking == none ]]; then
    expect_status 0
    expect_not_in_log WARNING
  elif [[ $lacking == 'SLAVE MONITOR' ]]; then
    expect_status 0
    expect_log 'WARNING .*grant SLAVE MONITOR'
  else
    expect_status 2
    expect_log "FAILED .*$lacking"
    [[ $(published | wc -l) == "$before" ]] || fail "a backup was published without $lacking"
  fi
  expect_clean
  echo "without $lacking: $(grep -E 'FAILED|end: OK' "$log_file" | head -n 1)"
done
