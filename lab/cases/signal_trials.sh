# The trials of the cases signals_term, signals_int and signals_hup; to be sourced after lib.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # status and the like are lib.sh's

# try_in_each_step SIGNAL: a run for each step, which gets the signal in it; then one that gets none.
try_in_each_step() {
  local step
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

# Each tool is wrapped: in the step that /tmp/signal names, the first one that starts is given some
# time to be at its work, and then the run gets the signal.
wrap_tools() {
  local tool
  for tool in check_datadir fsfreeze_lock snapshot_create mount_snapshot sync_tree snapshot_check \
    unmount_snapshot snapshot_remove publish_backup list_backups; do
    wrap "$tool" <<'END'
#!/bin/bash
if [[ -s /tmp/signal ]]; then
  read -r step signal delay </tmp/signal
  if [[ $(grep -oE 'backup_mysql.sh: [a-z]+: started' /var/log/mysql_backup.log | tail -n 1) == "backup_mysql.sh: $step: started" ]]; then
    : >/tmp/signal
    (
      sleep "$delay"
      kill -"$signal" "$(cat /tmp/run.pid)"
    ) >/dev/null 2>&1 7<&- 8>&- &
  fi
fi
exec "$0.real" "$@"
END
  done
}

# How long the step's first tool is at work when the signal comes, in seconds of this machine: in the
# middle of what it does, be it lvcreate, the copy, or waiting for the disk.
declare -A delays=([preflight]=0.3 [quiesce]=0.1 [snapshot]=0.8 [mount]=0.1 [rsync]=1 [check]=0.1
  [unmount]=0.1 [cleanup]=0.5 [publish]=0.2 [retention]=0.05)

trial() { # STEP SIGNAL
  : >"$log_file"
  rm -rf "$root"
  [[ $1 == release ]] || echo "$1 $2 ${delays[$1]}" >/tmp/signal
  # An interactive shell's child has INT at its default; one in the background has not.
  setsid env --default-signal=INT /app/backup_mysql.sh </dev/null 2>/tmp/stderr &
  local run=$!
  echo "$run" >/tmp/run.pid
  if [[ $1 == release ]]; then # no tool is started in it
    while ! grep -q 'release: started' "$log_file"; do sleep 0.01; done
    kill -"$2" "$run"
  fi
  status=0
  wait "$run" || status=$?
  [[ ! -s /tmp/signal ]] || fail "$1: the signal was never sent"
  if [[ $status == 0 ]]; then
    # It came when all was done.
    [[ $1 == release || $1 == publish || $1 == retention ]] || fail "SIG$2 in $1 was not heard"
    expect "published after SIG$2 in $1" test "$(published | wc -l)" = 1
  else
    expect_status 2
    expect_log "interrupted by SIG$2"
    expect_log 'end: FAILED \(exit code 2'
  fi
  case $1 in
    release | publish) expect "published after SIG$2 in $1" test "$(published | wc -l)" -le 1 ;;
    retention) expect "SIG$2 in $1 cost the backup" test "$(published | wc -l)" = 1 ;;
    *) expect "published after SIG$2 in $1" test -z "$(published)" ;;
  esac
  # What the last line says of a backup is true.
  if [[ -n $(published) ]]; then
    expect_log "end: .*backup $root/$(published)\)"
  else
    expect_not_in_log 'end: .*backup /'
  fi
  expect_clean
}
