#!/bin/bash
# The verification itself killed at each of its points, or with a server that cannot be relied on: it
# changes no backup, never calls one good without having seen it recover, and the next verification
# and the next run put everything right. Usage: see options.sh.
source /lab/cases/lib.sh
source /lab/faults/trial.sh
source /lab/faults/options.sh

verify() {
  status=0
  "$@" /app/verify_restore.sh </dev/null >/tmp/stdout 2>/tmp/stderr || status=$?
}

# check_verification CODES
check_verification() {
  local said
  said=$(tail -n 1 /tmp/stdout)
  local codes="|${1/killed/137|143|130|129}|"
  # The backup is good: whatever happens to its verification, it is not called bad.
  [[ $1 != any ]] || codes='|0|2|4|75|'
  [[ $codes == *"|$status|"* ]] || problem "exit code $status, expected $1"
  case $status in
    0) [[ $said == "good backup="* ]] || problem "(e) exit code 0, but it said: $said" ;;
    # The verdict stands, whatever could not be removed after it.
    4) [[ $said == "good backup="* || $said == "unknown backup="* ]] || problem "(e) exit code 4, but it said: $said" ;;
    2 | 75) [[ $said == "unknown backup="* || ! -s /tmp/stdout ]] || problem "(e) exit code $status, but it said: $said" ;;
    3) [[ $said == "bad backup="* ]] || problem "(e) exit code 3, but it said: $said" ;;
    129 | 130 | 137 | 143) [[ $said != *" backup="* ]] || problem "(e) killed, but it said: $said" ;;
    *) problem "(e) exit code $status" ;;
  esac
}

wait_for_verification() {
  local i
  for ((i = 0; i < 400; i++)); do
    ! pgrep -f '^/app/bin/|/verify_restore.sh|--datadir=/tmp' >/dev/null || {
      sleep 0.05
      continue
    }
    return
  done
  problem "(d) processes are left after 20 s: $(pgrep -af '^/app/bin/|/verify_restore.sh' | head -n 2)"
}

healed() {
  verify env
  [[ $status == 0 ]] || problem "(f) the next verification ended with exit code $status: $(grep FAILED "$log_file" | tail -n 1)"
  ! mountpoint -q /run/mysql-backup-verify/backup || problem '(d) the backup is still mounted'
  [[ ! -e $root/.verify ]] || problem '(d) the scratch directory is left'
  check_writable
  check_backups "$(acknowledged)"
}

trial_at() { # FAULT POINT CODES KIND ARGUMENT...
  problems=() flags=() hook=
  flags_for "${@:4}"
  : >"$log_file"
  rm -f /tmp/hook.done
  verify env --default-signal=INT,HUP timeout --signal=KILL 300 /lab/fault_point --log=/tmp/reached --at="$2" "${flags[@]}" --
  if ! was_reached "$2"; then
    echo "UNREACHED $suite/$1@$2"
    return
  fi
  local first=$status
  wait_for_verification
  [[ -z $hook ]] || check_provoked
  check_verification "$3"
  /app/bin/show_backup --root="$root" latest | grep -q '^verified: good, ' ||
    problem "(e) the verdict is now: $(/app/bin/show_backup --root="$root" latest | grep '^verified')"
  healed
  report "$suite/$1@$2" "exit code $first"
}

# The server's program replaced by a script that does this in its Nth call, of the two of a
# verification: to recover, and to check. Its /tmp is the scratch directory, one for both.
trial_with_server() { # FAULT N COMMAND...
  local program=/usr/sbin/$server_program real=/usr/sbin/$server_program.real
  problems=()
  mv "$program" "$real"
  # It is also asked for its version, outside of that.
  cat >"$program" <<END
#!/bin/bash
if [[ " \$* " != *' --version '* ]]; then
  echo >>/tmp/server.calls
  mapfile -t calls </tmp/server.calls
  ((\${#calls[@]} != $2)) || { $3; }
fi
exec $real "\$@"
END
  chmod 755 "$program"
  : >"$log_file"
  verify env
  mv "$real" "$program"
  local first=$status
  ((status != 0)) || problem "it calls a backup good whose server did: $3"
  # It cannot be told from a bad backup.
  check_verification '2|3|4'
  healed
  report "$suite/$1@server$2" "exit code $first"
}

begin_trials
verify env
verify env /lab/fault_point --log=/tmp/reached --
expect_status 0
cut -f 1 /tmp/reached | grep -v '/exec:verify_restore.sh/' | grep -vE ':(mariadbd|mysqld|setpriv)/|^check_database/connect' >"$points"
index=0
while read -r fault pattern codes kind first second; do
  while read -r point; do
    [[ $second != tool || $point != verify_restore.sh* ]] || continue
    chosen $((index++)) "$fault@$point" || continue
    right=$codes
    # Without these nothing has been seen.
    [[ $fault != no_program || $point != */exec:@(check_manifest|mount_backup|scratch_server|check_database)/* ]] || right='2|4'
    trial_at "$fault" "$point" "$right" "$kind" "$first" "$second"
  done < <(chosen_points "$pattern")
done <<'END'
kill_script  .                                  killed          signal KILL script
kill_tool    .                                  any             signal KILL tool
kill_group   .                                  killed          signal KILL group
term         .                                  0|2|4|killed    signal TERM script
int          .                                  0|2|4|killed    signal INT script
no_program   /exec:                             any             error ENOENT
failing      /(mount|umount|move_mount|mount_setattr|setns|unshare|mkdir|link|flock|fsetxattr)/  any  error EIO
full         /(mkdir|link)/                     any             errors ENOSPC
END
for n in 1 2; do
  while read -r fault command; do
    chosen $((index++)) "$fault@server$n" || continue
    trial_with_server "$fault" "$n" "$command"
  done <<'END'
exits_0    exit 0
exits_1    exit 1
crashes    kill -SEGV $$
killed     kill -KILL $$
END
done
exit 0 # the trials speak for themselves
