# The trials of the cases signals_term, signals_int and signals_hup; to be sourced after lib.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # status and the like are lib.sh's

# try_in_each_step SIGNAL: a run for each step, which gets the signal in it; then one that gets none.
try_in_each_step() {
  local step
  without_big_table
  wrap_tools
  for step in preflight quiesce snapshot mount rsync check unmount cleanup release publish retention; do
    trial "$step" "$1"
    echo "SIG$1 in $step: exit code $status"
  done
  : >/tmp/signal
  backup
  expect_status 0
  expect_clean
}

# Each tool is wrapped: once, in the step that /tmp/signal names, it signals the run first.
wrap_tools() {
  local tool
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
exec "$0.real" "$@"
END
  done
}

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
