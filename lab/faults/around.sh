#!/bin/bash
# What is around a run: its log, locale, environment and umask; secrets, descriptors, planted links.
# Usage: see options.sh.
# shellcheck disable=SC2317  # the trials are called by their names
source /lab/cases/lib.sh
source /lab/faults/trial.sh
source /lab/faults/options.sh

# run_by COMMAND...: as `backup`, by way of COMMAND.
run_by() {
  local since
  since=$(acknowledged)
  : >"$log_file"
  status=0
  "$@" /app/backup_mysql.sh </dev/null >/tmp/stdout 2>/tmp/stderr || status=$?
  check_writable
  check_backups "$since"
}
expect_run() { # CODE COMMAND...
  run_by "${@:2}"
  check_verdict "$1"
}
expect_published() {
  ((${#new[@]} == 1)) || problem "${#new[@]} backups were published"
}

# A log that cannot be written costs no backup, and is told at the end.
log_missing() {
  configure_trial LOG_FILE=/no/such/directory/log
  expect_run 2 env
  expect_published
  grep -q 'cannot write to the log /no/such/directory/log' /tmp/stderr || problem 'the log is not named'
  grep -qE "end: FAILED \(exit code 2.*backup $root/${new[0]-}\)" /tmp/stderr || problem 'the end is not told on stderr'
}
log_full() {
  mkdir -p /srv/full
  mount -t tmpfs -o size=4k none /srv/full
  head -c 8192 /dev/zero >/srv/full/log 2>/dev/null
  configure_trial LOG_FILE=/srv/full/log
  expect_run 2 env
  expect_published
  grep -qE "end: FAILED \(exit code 2.*backup $root/${new[0]-}\)" /tmp/stderr || problem 'the end is not told on stderr'
  umount /srv/full
}
log_immutable() {
  touch /backups/log
  chattr +i /backups/log
  configure_trial LOG_FILE=/backups/log
  expect_run 2 env
  expect_published
  chattr -i /backups/log
  rm /backups/log
}
# Full from the middle of a run on.
log_full_later() {
  mkdir -p /srv/full
  mount -t tmpfs -o size=8k none /srv/full
  configure_trial LOG_FILE=/srv/full/log
  printf '#!/bin/sh\nhead -c 8192 /dev/zero >/srv/full/rest\ntruncate -s 4096 /srv/full/log\n' >/tmp/hook
  chmod 755 /tmp/hook
  expect_run 2 /lab/fault_point --at=sync_tree/exec:rsync/1 --run=/tmp/hook --
  expect_published
  grep -qE "end: FAILED \(exit code 2.*backup $root/${new[0]-}\)" /tmp/stderr || problem 'the end is not told on stderr'
  umount /srv/full
}
# Rotated in mid-run, by the file that is installed: the run goes on in the file that it has open.
log_rotated() {
  cat >/tmp/hook <<'END'
#!/bin/sh
exec logrotate --force --state /tmp/logrotate.state /etc/logrotate.d/mysql-backup >/tmp/hook.log 2>&1
END
  chmod 755 /tmp/hook
  run_by /lab/fault_point --at=sync_tree/exec:rsync/1 --run=/tmp/hook --
  expect_published
  compgen -G "$log_file.*" >/dev/null || problem 'the log was not rotated'
  cat "$log_file".* >>"$log_file"
  check_verdict 0
  rm -f "$log_file".*
}

locale_german() {
  local german=(env LOCPATH=/tmp/locale LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8)
  mkdir /tmp/locale
  localedef --inputfile=de_DE --charmap=UTF-8 /tmp/locale/de_DE.UTF-8
  [[ $("${german[@]}" /usr/bin/printf %.1f 1,5) == 1,5 ]] || problem 'there is no German locale'
  expect_run 0 "${german[@]}"
  expect_published
  rm -r /tmp/locale
}
environment_empty() {
  expect_run 0 env -i
  expect_published
}
# What a caller's environment could do to a shell, to a linker and to the client's library.
environment_hostile() {
  rm -f /tmp/hostile
  printf '#!/bin/sh\ntouch /tmp/hostile\n' >/tmp/lvm
  chmod 755 /tmp/lvm
  cp /tmp/lvm /tmp/rsync
  cp /tmp/lvm /tmp/readlink
  expect_run 0 env PATH=/tmp:/usr/sbin:/usr/bin:/sbin:/bin IFS=abc CDPATH=/tmp RSYNC_RSH=/tmp/lvm RSYNC_OLD_ARGS=1 \
    LVM_SYSTEM_DIR=/tmp MYSQL_UNIX_PORT=/tmp/none MYSQL_HOST=nowhere MARIADB_HOST=nowhere TMPDIR=/nonexistent \
    LD_LIBRARY_PATH=/tmp BASH_ENV=/tmp/lvm 'BASH_FUNC_flock%%=() { touch /tmp/hostile; }'
  expect_published
  [[ ! -e /tmp/hostile ]] || problem 'something of the environment was run'
}
umask_000() {
  rm -rf /run/mysql-backup
  # shellcheck disable=SC2016  # expanded inside
  expect_run 0 bash -c 'umask 000; exec "$@"' bash
  expect_published
  local open
  open=$(find /run/mysql-backup "$root/${new[0]-}/backup.manifest" -perm /077 -o ! -user root)
  [[ -z $open ]] || problem "others may use $open"
}
directory_gone() {
  mkdir /tmp/gone
  # shellcheck disable=SC2016  # expanded inside
  expect_run 0 bash -c 'cd /tmp/gone && rmdir /tmp/gone; exec "$@"' bash
  expect_published
}
descriptors_many() {
  # shellcheck disable=SC2016  # expanded inside
  expect_run 0 bash -c 'for fd in {10..200}; do eval "exec $fd</etc/passwd"; done; exec "$@"' bash
  expect_published
}
descriptors_none() {
  # shellcheck disable=SC2016  # expanded inside
  expect_run 0 bash -c 'exec "$@" <&- >&- 2>&-' bash
  expect_published
}

# A password in an option file is seen in no process, and in no log. The watcher must see one that is
# planted for it, or it would prove nothing.
secrets() {
  local secret=correct-horse-battery seen
  sql "CREATE USER lab_backup@localhost IDENTIFIED BY '$secret'; GRANT RELOAD, PROCESS, REPLICATION CLIENT ON *.* TO lab_backup@localhost"
  printf '[client]\nuser=lab_backup\npassword=%s\n' "$secret" >/root/backup.cnf
  chmod 600 /root/backup.cnf
  configure_trial DEFAULTS_FILE=/root/backup.cnf
  cat >/tmp/watcher <<'END'
#!/bin/bash
# Every process, again and again: what others can read of it.
while [[ ! -e /tmp/watcher.stop ]]; do
  for process in /proc/[0-9]*; do
    [[ $process != "/proc/$$" ]] || continue
    { cat "$process/cmdline" "$process/environ" "$process/comm" | tr '\0' ' '; echo; } 2>/dev/null
  done >>/tmp/watcher.seen
  echo >>/tmp/watcher.rounds
done
END
  chmod 755 /tmp/watcher
  rm -f /tmp/watcher.*
  /tmp/watcher &
  local watcher=$!
  (exec -a "planted-$secret" sleep 0.5)
  expect_run 0 env
  touch /tmp/watcher.stop
  wait "$watcher"
  expect_published
  seen=$(grep -c -- "$secret" /tmp/watcher.seen)
  ((seen > 0)) || problem 'the watcher is blind'
  ! grep -v "planted-$secret" /tmp/watcher.seen | grep -q -- "$secret" || problem 'the password was seen in a process'
  ! grep -q -- "$secret" "$log_file" /tmp/stdout /tmp/stderr || problem 'the password is in the log'
  ! grep -rq -- "$secret" /run/mysql-backup "$root"/*/backup.manifest || problem 'the password was kept'
  grep -q '/app/bin/fsfreeze_lock' /tmp/watcher.seen || problem 'the watcher did not see the run'
  sql 'DROP USER lab_backup@localhost'
}

# What runs beside the script, or outlives it, has nothing of its own: no lock file, no fifo, not the
# backup root but for the witness of publish_backup.
inherited_by_tools() {
  local tool kept
  for tool in /app/bin/*; do
    wrap "${tool##*/}" <<'END'
#!/bin/bash
ls -l /proc/$$/fd | sed "s|^|${0##*/}: |" >>/tmp/inherited
exec "$0.real" "$@"
END
  done
  : >/tmp/inherited
  expect_run 0 env
  expect_published
  for tool in /app/bin/*.real; do mv "$tool" "${tool%.real}"; done
  undo=("${undo[0]}")
  [[ $(cut -d : -f 1 /tmp/inherited | sort -u | wc -l) -ge 15 ]] || problem 'the tools were not seen'
  kept=$(grep -E -- '-> (/run/mysql-backup/lock(|\.fifo)|/backups/mysql)$' /tmp/inherited |
    grep -v '^publish_backup: .* 5 -> /backups/mysql$')
  [[ -z $kept ]] || problem "inherited: $(head -n 3 <<<"$kept")"
}
# A child that outlives the run, daemon or not, must not keep tomorrow's from starting.
inherited() {
  mv /usr/bin/rsync /usr/bin/rsync.real
  cat >/usr/bin/rsync <<'END'
#!/bin/bash
# Not in the snapshot's directory: that it would hold.
(cd / && exec setsid sleep 1000) &
echo $! >>/tmp/outliving
ls -l /proc/self/fd >/tmp/inherited
exec /usr/bin/rsync.real "$@"
END
  chmod 755 /usr/bin/rsync
  rm -f /tmp/outliving
  expect_run 0 env
  expect_published
  mv /usr/bin/rsync.real /usr/bin/rsync
  ! grep -qE '/run/mysql-backup|lock|fifo|/backups' /tmp/inherited || problem "rsync inherits $(grep -E 'run|lock|backups' /tmp/inherited)"
  expect_run 0 env
  expect_published
  xargs kill </tmp/outliving
}
second_run() {
  cat >/tmp/hook <<'END'
#!/bin/sh
/app/backup_mysql.sh </dev/null >/tmp/second.out 2>&1
echo $? >/tmp/second.code
END
  chmod 755 /tmp/hook
  expect_run 0 /lab/fault_point --at=sync_tree/exec:rsync/1 --run=/tmp/hook --
  expect_published
  [[ $(</tmp/second.code) == 75 ]] || problem "the second run ended with $(</tmp/second.code)"
}
# The datadir belongs to the server's user, who may plant links in it. The run is refused; where they
# come after that has been looked at, they are copied, and not what they lead to.
planted_links() {
  echo 'only root may read this' >/root/precious
  chmod 600 /root/precious
  cat >/tmp/hook <<'END'
#!/bin/sh
ln -s /root/precious /var/lib/mysql/planted
ln -s /root /var/lib/mysql/shop/planted
chown -h mysql:mysql /var/lib/mysql/planted /var/lib/mysql/shop/planted
END
  chmod 755 /tmp/hook
  expect_run 0 /lab/fault_point --at=backup_mysql.sh/exec:snapshot_create/2 --run=/tmp/hook --
  expect_published
  [[ $(readlink "$root/${new[0]-}/shop/planted") == /root ]] || problem 'the link is not in the backup'
  expect_run 2 env
  grep -q 'preflight: FAILED .*leads to lies at /root' "$log_file" || problem 'the link is not refused'
  ! grep -rqs 'only root may read this' "$root" || problem 'what a link leads to is in a backup'
  rm /var/lib/mysql/planted /var/lib/mysql/shop/planted
}
# In the place of the copy or of the backup itself.
planted_in_root() {
  mkdir -p /srv/outside
  echo precious >/srv/outside/file
  ln -s /srv/outside "$root/backup_20990101_000000"
  ln -s /srv/outside "$root/.backup_20200101_000000.partial"
  ln -s /srv/outside "$root/.backup_20200101_000001.deleting"
  run_by env
  expect_published
  grep -qx precious /srv/outside/file || problem 'a link in the backup root was followed'
  rm -f "$root/backup_20990101_000000" "$root"/.backup_*
  check_verdict 0
}
odd_names() {
  local odd=/var/lib/mysql/shop/$'a\nb' source copy
  touch "$odd" /var/lib/mysql/shop/-rf "/var/lib/mysql/shop/ü *?[x]"
  expect_run 0 env
  expect_published
  for source in "$odd" /var/lib/mysql/shop/-rf "/var/lib/mysql/shop/ü *?[x]"; do
    copy=$root/${new[0]-}/shop/${source##*/}
    [[ -f $copy ]] || problem "not in the backup: $(printf '%q' "$source")"
  done
  rm -f -- "$odd" /var/lib/mysql/shop/-rf "/var/lib/mysql/shop/ü *?[x]"
}

begin_trials
index=0
for name in log_missing log_full log_full_later log_immutable log_rotated locale_german environment_empty \
  environment_hostile umask_000 directory_gone descriptors_many descriptors_none secrets inherited inherited_by_tools \
  second_run planted_links planted_in_root odd_names; do
  chosen $((index++)) "$name@run" || continue
  problems=()
  "$name"
  first=$status
  configure_trial
  next_run
  report "$suite/$name@run" "exit code $first"
done
exit 0 # the trials speak for themselves
