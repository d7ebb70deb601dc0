#!/bin/bash
# TERM, INT and HUP in each step: unlocked, nothing left behind, nothing half done is published.
source "$(dirname "$0")/lib.sh"
without_big_table

# Each tool is wrapped: once, in the step that /tmp/signal names, it signals the run first.
for tool in check_datadir fsfreeze_lock snapshot_create mount_snapshot sync_tree snapshot_check \
  unmount_snapshot snapshot_remove publish_backup list_backups; do
  wrap "$tool" <<'END'
#!/bin/bash
if [[ -s /tmp/signal ]]; then
  read -r step signal </tmp/signal
  if [[ $(grep -oE 'backup_mysql.sh: [a-z]+: started' /var/log/mysql_backup.log | tail -n 1) == "backup_mysql.sh: $step: started" ]]; then
    : >/tmp/signal
    kill -"$signal" "$(cat /tmp/run.pid)"
    sleep 0.3
  fi
fi
exec -a "${0##*/}" "$0.real" "$@"
END
done

trial() { # STEP SIGNAL
  : >"$log_file"
  rm -rf "$root"
  echo "$1 $2" >/tmp/signal
  # An interactive shell's child has INT at its default; one in the background has not.
  setsid env --default-signal=INT /app/backup_mysql.sh </dev/null 2>/tmp/stderr &
  local run=$!
  echo "$run" >/tmp/run.pid
  if [[ $1 == release ]]; then # no tool is started in it
    while ! grep -q 'release: started' "$log_file"; do sleep 0.01; done
    kill -"$2" "$run"
    : >/tmp/signal
  fi
  status=0
  wait "$run" || status=$?
  [[ ! -s /tmp/signal ]] || fail "$1: the signal was never sent"
  if [[ $1 != release || $status != 0 ]]; then
    expect_status 2
    expect_log "interrupted by SIG$2"
    expect_log 'end: FAILED \(exit code 2'
  fi
  if [[ $1 != publish && $1 != retention && $1 != release ]]; then
    expect "published after SIG$2 in $1" test -z "$(published)"
  fi
  expect_clean
}

for step in preflight quiesce snapshot mount rsync check unmount cleanup release publish retention; do
  for signal in TERM INT HUP; do
    trial "$step" "$signal"
    echo "SIG$signal in $step: exit code $status"
  done
done
: >/tmp/signal
backup
expect_status 0
expect_clean
