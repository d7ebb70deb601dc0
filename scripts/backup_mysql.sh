#!/bin/bash -p
# Takes one consistent copy of a live MySQL or MariaDB server whose data lies on an LVM volume.
# This script only puts the steps in order; each of them is a program in bin/ with a --help.
# shellcheck disable=SC2317  # the functions are called through step

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
here=$(readlink -f -- "$0") || {
  echo "${0##*/}: readlink failed, so the programs cannot be found; run it again" >&2
  exit 2
}
here=${here%/*}
# shellcheck source=scripts/lib/steps.sh
source "$here/lib/steps.sh" || exit 2

usage() {
  cat <<END
Usage: backup_mysql.sh [--config=FILE]

Flushes and locks the server, makes an LVM snapshot of its volume, copies the data from the
snapshot to BACKUP_ROOT/backup_YYYYMMDD_HHMMSS, removes the snapshot, releases the lock, and keeps
the newest KEEP backups.

  --config=FILE   configuration (default: /etc/mysql-backup.conf, which may be missing)
  --help          print this and exit

Every step is logged to LOG_FILE (default: /var/log/mysql_backup.log), and on a terminal as well.

Exit codes:
  0   a new backup is published, and nothing is left behind
  1   wrong usage
  2   failed, and nothing is left behind; the last line of the log tells whether a backup was
      published before that
  3   the snapshot overflowed or the lock was lost: no backup was published
  4   something is left behind, named in the log; the next run will try to remove it
  75  busy: another run is under way, or a long statement is in the way of the lock
END
}

config=
for argument; do
  case $argument in
    --config=?*) config=${argument#--config=} ;;
    --help)
      usage
      exit 0
      ;;
    *)
      echo "backup_mysql.sh: unknown argument '$argument'; see backup_mysql.sh --help" >&2
      exit 1
      ;;
  esac
done

require_root
load_config "$config"
open_log

now_ms
run_began=$REPLY
printf -v partial '.backup_%(%Y%m%d_%H%M%S)T.partial' -1
printf -v started '%(%Y-%m-%dT%H:%M:%S%z)T' -1
started=${started:0:-2}:${started: -2} # RFC 3339

locked_at= # since when, in milliseconds
locked_ms= # for how long
holder_ended_at=
released= # not empty once the lock has been let go, and proven to have been held until then
mounted=  # this and the next two: not empty while there may be something to undo
snapshotted=
half_done= # half a copy, or half a deletion of an old backup
published= # file with the path of the new backup
exit_code=0

# record LINE: what is known of the backup, for the log and the backup's manifest.
record() {
  log INFO "$1"
  keep_record "$1"
}

keep_record() {
  printf '%s\n' "$1" >>"$run_dir/records" && return
  echo "cannot write to $run_dir/records, which the manifest needs: make room there (df $run_dir)" >>"$reason"
  return 2
}

# --- the steps ------------------------------------------------------------------------------------

# All that can fail before the lock is tried, and the leftovers of a run that was killed.
preflight() {
  one_run /run/mysql-backup || return
  published=$run_dir/published
  : >"$published"
  : >"$run_dir/records"
  keep_record "run started=$started lock_scope=$LOCK_SCOPE" || return
  tool unmount_snapshot --mount_point="$MOUNT_POINT" --device="/dev/$VG/$SNAPSHOT" || return
  tool snapshot_remove --vg="$VG" --lv="$LV" --snapshot="$SNAPSHOT" || return
  tool remove_leftovers --root="$BACKUP_ROOT" >/dev/null || return
  tool check_datadir --datadir="$DATADIR" --device="/dev/$VG/$LV" --socket="$SOCKET" \
    --defaults_file="$DEFAULTS_FILE" >"$run_dir/datadir" || return
  IFS='= ' read -r _ bytes _ files _ subdirectory <"$run_dir/datadir"
  tool check_room --root="$BACKUP_ROOT" --bytes="$bytes" --files="$files" \
    --origin="/dev/$VG/$LV" --reuse="$REUSE" || return 2
  snapshotted=yes
  tool snapshot_create --prepare --vg="$VG" --lv="$LV" --snapshot="$SNAPSHOT" \
    --size="$SNAPSHOT_SIZE" >"$run_dir/prepared" || return
  [[ -d $BACKUP_ROOT ]] || install -d -m 0700 -- "$BACKUP_ROOT" 2>>"$reason" || return 2
}

# The holder lives beside the run. Its first record says that the lock is held; it goes when the
# run does, since nobody but the run has the fifo open for writing.
quiesce() {
  local fifo=$run_dir/lock.fifo
  rm -f -- "$fifo"
  : >"$run_dir/lock.reason"
  # An unnamed pipe for its answers, so that it is a job like any other. Of its own it gets the
  # writing end only: should the run die before the holder can know, its first record finds no reader.
  exec 5<> <(:) 7</dev/fd/5
  "$bin/fsfreeze_lock" --reason_file="$run_dir/lock.reason" --fifo="$fifo" --socket="$SOCKET" \
    --defaults_file="$DEFAULTS_FILE" --datadir="$DATADIR" --lock_wait="$LOCK_WAIT" \
    --max_hold="$LOCK_MAX_HOLD" \
    >/dev/fd/5 5>&- 6<&- 7<&- 9>&- &
  holder=$!
  exec 5>&-
  # Longer than it waits for the server in all of its attempts, should it be stopped.
  if ! read -r -t 3600 -u 7 position; then
    tell_holder_to_go || return
    return 2
  fi
  # For reading as well: should the holder have gone, opening cannot block, nor writing fail.
  exec 8<>"$fifo"
  now_ms
  locked_at=$REPLY
  record "$position"
}

# One LVM command, with the lock held until the kernel has the snapshot: what LVM goes on with needs
# no lock. Where that cannot be seen, the end of the command is waited for.
snapshot() {
  local maker watcher status why=$run_dir/snapshot.reason
  : >"$why"
  first_line "$run_dir/prepared"
  "$bin/snapshot_create" --reason_file="$why" --prepared="$REPLY" --vg="$VG" --lv="$LV" \
    --snapshot="$SNAPSHOT" >/dev/null 6<&- 7<&- 8>&- 9>&- &
  maker=$!
  if [[ $LOCK_SCOPE == snapshot ]]; then
    "$bin/snapshot_await" --vg="$VG" --lv="$LV" --snapshot="$SNAPSHOT" --pid="$maker" \
      6<&- 7<&- 8>&- 9>&- &
    watcher=$!
    await "$watcher" "$maker"
    status=$?
    if [[ $REPLY == "$watcher" ]]; then
      ((status != 0)) || step release release || return
      await "$maker"
      status=$?
    fi
  else
    await "$maker"
    status=$?
  fi
  # By no program, which could be stopped, and with it the run.
  first_line "$why"
  [[ -z $REPLY ]] || echo "$REPLY" >>"$reason"
  return "$status"
}

mount_it() {
  mounted=yes
  tool mount_snapshot --device="/dev/$VG/$SNAPSHOT" --mount_point="$MOUNT_POINT"
}

# Not by tool, for its stdin: of the run's descriptors only that, stdout and stderr get through the
# watch, and the terminal for the bar is 3.
copy() {
  local priority=()
  [[ $COPY_PRIORITY == normal ]] || priority=(/usr/bin/ionice -c idle /usr/bin/nice -n 19)
  # Whatever fails to reach the disk from here on is told to who has this open; see publish.
  exec 6<"$BACKUP_ROOT" || return 2
  half_done=yes
  "$bin/snapshot_watch" --reason_file="$reason" --vg="$VG" --lv="$LV" --snapshot="$SNAPSHOT" \
    --max_size="$SNAPSHOT_MAX_SIZE" -- \
    "${priority[@]}" "$bin/sync_tree" --reason_file="$reason" --source="$MOUNT_POINT${subdirectory:+/$subdirectory}" \
    --destination="$BACKUP_ROOT/$partial" --keep_failed --reuse="$REUSE" --jobs="${COPY_JOBS:-0}" --rate="$COPY_RATE" --progress_fd=0 \
    <&3 >"$run_dir/copied" 6<&- 7<&- 8>&- 9>&- &
  await "$!"
}

# The copy is worth something only if the snapshot was valid to the end, and the lock was held.
check() {
  tool snapshot_check --vg="$VG" --lv="$LV" --snapshot="$SNAPSHOT" >"$run_dir/snapshot" || return
  first_line "$run_dir/snapshot"
  record "snapshot $REPLY" || return
  [[ $LOCK_SCOPE == backup ]] || return 0
  local answer
  echo check >&8
  read -r -t 60 -u 7 answer || {
    tell_holder_to_go || return
    return 3
  }
  log INFO "$answer"
}

unmount() {
  tool unmount_snapshot --mount_point="$MOUNT_POINT" --device="/dev/$VG/$SNAPSHOT" && mounted=
}

cleanup() {
  tool snapshot_remove --vg="$VG" --lv="$LV" --snapshot="$SNAPSHOT" && snapshotted=
}

# The holder proves before it lets go that it held the lock all the time; see its exit code.
release() {
  local answer=
  if [[ -z $holder ]]; then
    echo 'the read lock was lost before it was to be released' >"$reason"
    return 3
  fi
  echo release >&8
  read -r -t 60 -u 7 answer
  locked_ms=${answer##*held_ms=}
  tell_holder_to_go || return
  released=yes
  [[ -z $answer ]] || record "$answer"
}

publish() {
  first_line "$run_dir/copied"
  record "copied $REPLY" || return
  tool publish_backup --root="$BACKUP_ROOT" --partial="$partial" --records="$run_dir/records" \
    --witness_fd=5 5<&6 >"$published" || return
  half_done=
  exec 6<&-
}

retention() {
  half_done=yes
  "$bin/list_backups" --reason_file="$reason" --root="$BACKUP_ROOT" --format=names 9>&- |
    "$bin/plan_retention" --reason_file="$reason" --keep="$KEEP" 9>&- |
    "$bin/expire_backups" --reason_file="$reason" --root="$BACKUP_ROOT" >/dev/null 9>&- &
  reap "$!" && half_done=
}

discard() {
  tool remove_leftovers --root="$BACKUP_ROOT" >/dev/null && half_done=
}

# --- the lock's holder ----------------------------------------------------------------------------

wait_for_holder() {
  reap "$holder"
  local status=$?
  if ((status > 128)); then
    echo "the lock's holder was ended by SIG$(kill -l "$status")" >>"$run_dir/lock.reason"
    # A lock that it had is lost.
    status=2
    [[ -z $locked_at ]] || status=3
  fi
  holder=
  exec 7<&- 8>&-
  rm -f -- "$run_dir/lock.fifo" # which it removes itself, unless it was killed
  # It may have failed steps ago; this is where it comes out.
  cat "$run_dir/lock.reason" >>"$reason"
  if [[ -z $locked_ms && -n $locked_at ]]; then
    # What is ended because of that may have taken its time.
    [[ -n $holder_ended_at ]] || {
      now_ms
      holder_ended_at=$REPLY
    }
    locked_ms=$((holder_ended_at - locked_at))
  fi
  return "$status"
}

# While a tool was at work. A holder that ends before it is told to is never a success.
holder_ended() {
  : >"$reason"
  wait_for_holder && return 3
}

# The end of the fifo's last writer makes it go, and its end shows on the pipe of its answers. One
# that is stopped or hangs is killed: the server lets go of the lock with the connection.
tell_holder_to_go() {
  local status=0
  exec 8>&-
  while ((status == 0)); do
    read -r -t 20 -u 7 _
    status=$?
  done
  ((status < 128)) || kill -KILL "$holder"
  wait_for_holder
}

# --- putting them in order ------------------------------------------------------------------------

# Keeps the exit code of what failed first; something left behind outweighs it.
note() {
  (($1 == 0)) && return
  ((exit_code == 0 || $1 == 4)) && exit_code=$1
}

run() {
  step preflight preflight || return
  step quiesce quiesce || return
  step snapshot snapshot || return
  if [[ $LOCK_SCOPE == snapshot && -z $released ]]; then
    step release release || return
  fi
  step mount mount_it || return
  step rsync copy || return
  step check check || return

  # The copy is proven. What cannot be removed now is no reason to lose it.
  step unmount unmount && step cleanup cleanup
  if [[ $LOCK_SCOPE == backup ]]; then
    step release release || return
  fi
  step publish publish || return
  step retention retention
}

# However the run ends: first the server, then our own things, then the last line.
finish() {
  local status=$?
  trap '' TERM INT HUP
  trap - EXIT
  note "$status"
  [[ -z $holder ]] || step release abandon_lock
  end_tools
  [[ -z $mounted ]] || step unmount unmount
  [[ -z $snapshotted || -n $mounted ]] || step cleanup cleanup
  [[ -z $half_done ]] || step discard discard
  [[ -z $mounted$snapshotted$half_done ]] || note 4
  [[ -z $log_failed ]] || note 2
  contract_code "$exit_code"
  exit_code=$REPLY
  now_ms
  seconds $((REPLY - run_began))
  local summary="duration $REPLY, locked ${locked_ms:-0} ms"
  # publish_backup names it before it is there, and may have been killed between.
  local name=
  [[ -z $published ]] || read -r name <"$published"
  if [[ -n $name && -d $name ]]; then
    first_line "$run_dir/copied"
    summary+=", $REPLY, backup $name"
  fi
  if ((exit_code == 0)); then
    log INFO "end: OK ($summary)"
  else
    log ERROR "end: FAILED (exit code $exit_code, $summary)"
  fi
  close_log
  exit "$exit_code"
}

# In a run that has failed already: whatever the holder has to say, the lock is gone afterwards.
abandon_lock() {
  kill -TERM "$holder" 2>/dev/null
  tell_holder_to_go
  return 0
}

at_the_end finish

log INFO "start: $VG/$LV to $BACKUP_ROOT (lock scope $LOCK_SCOPE, keep $KEEP)"
run
exit
