#!/bin/bash -p
# Restores a backup into an empty data directory and, if asked to, brings it forward to a later moment
# by the server's binary logs. It starts and stops nothing, and says what comes next.
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
Usage: restore_mysql.sh --target=DIR [--backup=NAME|latest] [--config=FILE]
                        [--until=MOMENT --binlogs=DIR]

Copies a backup into an empty directory and compares every file with the backup's manifest on the
way. No server is started or stopped; at the end it says what to do next.

  --target=DIR     the data directory to make: empty, or not there yet, and no server's. What an
                   interrupted restore has left there is removed
  --backup=NAME    the backup, as list_backups names it (default: latest)
  --config=FILE    configuration (default: /etc/mysql-backup.conf, which may be missing)
  --until=MOMENT   replay what the server did after the backup, up to
                     'YYYY-MM-DD HH:MM:SS'  local time: nothing from that second on
                     FILE:POSITION          of a binary log: nothing from there on
                     GTID                   up to and with this transaction; of other domains
                                            (MariaDB) all, of other servers (MySQL) nothing
  --binlogs=DIR    the directory with the server's binary logs, from the backup's on
  --help           print this and exit

The server's identity (MySQL's auto.cnf) is restored only into the configured DATADIR, where it
replaces the server that had it. Every step is logged to LOG_FILE (default:
/var/log/mysql_backup.log), and on a terminal as well.

Stdout: "restored target=DIR backup=PATH", then the next commands.

Exit codes:
  0   restored
  1   wrong usage
  2   failed: the target will not do, something is missing, or there is no room; nothing was changed
  3   the backup is damaged, or there is no such backup: use another one. A target that was begun is
      left unfinished
  4   failed, and the target is left unfinished, as RESTORE_UNFINISHED in it says; restoring again
      begins anew
  75  busy: another restore is under way, or the backup is being removed
END
}

config=
wanted=latest
target=
until=
binlogs=
for argument; do
  case $argument in
    --config=?*) config=${argument#--config=} ;;
    --backup=?*) wanted=${argument#--backup=} ;;
    --target=?*) target=${argument#--target=} ;;
    --until=?*) until=${argument#--until=} ;;
    --binlogs=?*) binlogs=${argument#--binlogs=} ;;
    --help)
      usage
      exit 0
      ;;
    *)
      echo "restore_mysql.sh: unknown argument '$argument'; see restore_mysql.sh --help" >&2
      exit 1
      ;;
  esac
done
if [[ -z $target ]]; then
  echo 'restore_mysql.sh: --target=DIR is needed; see restore_mysql.sh --help' >&2
  exit 1
fi
if [[ -n $until && -z $binlogs || -z $until && -n $binlogs ]]; then
  echo 'restore_mysql.sh: --until and --binlogs are needed together; see restore_mysql.sh --help' >&2
  exit 1
fi
target=$(realpath -m -- "$target")
[[ -z $binlogs ]] || binlogs=$(realpath -m -- "$binlogs")

require_root
load_config "$config"
open_log

now_ms
run_began=$REPLY
backup=     # its path
begun=      # not empty once the target may be unfinished
identity=() # what is restored of the server's identity
[[ $target != "$(realpath -m -- "$DATADIR")" ]] || identity=(--keep_identity)

# All that can fail before the target is touched.
preflight() {
  one_run /run/mysql-backup-restore || return
  find_backup "$wanted" || return
  tool restore_tree --dry_run --backup="$backup" --target="$target" "${identity[@]}" >/dev/null || return
  [[ -z $until ]] || tool replay_binlogs --dry_run --backup="$backup" --binlogs="$binlogs" --until="$until"
}

restore() {
  begun=yes
  "$bin/restore_tree" --reason_file="$reason" --backup="$backup" --target="$target" \
    "${identity[@]}" ${until:+--unfinished} --jobs="${COPY_JOBS:-0}" --progress_fd=0 <&3 >"$run_dir/restored" 9>&- &
  await "$!" || return
  first_line "$run_dir/restored"
  log INFO "restored: $REPLY"
}

# On a throwaway server that listens on a socket only.
replay() {
  tool scratch_server --in_place --datadir="$target/.restoring" --scratch="$target/.verify" \
    --socket="$run_dir/mysqld.sock" --options_file="$SERVER_OPTIONS_FILE" -- \
    "$bin/replay_binlogs" --reason_file="$reason" --socket="$run_dir/mysqld.sock" \
    --backup="$backup" --binlogs="$binlogs" --until="$until"
}

complete() {
  tool restore_tree --complete --backup="$backup" --target="$target"
}

run() {
  step preflight preflight || return
  step restore restore || return
  [[ -z $until ]] && return
  step replay replay || return
  step complete complete
}

next_commands() {
  local quoted quoted_datadir server=mysqld client=mysql service=mysql options=--no-defaults
  [[ -z $SERVER_OPTIONS_FILE ]] || printf -v options -- '--defaults-file=%q --loose-persisted-globals-load=OFF' "$SERVER_OPTIONS_FILE"
  [[ ! -e $target/aria_log_control ]] || server=mariadbd client=mariadb service=mariadb
  printf -v quoted '%q' "$target"
  printf -v quoted_datadir '%q' "$DATADIR"
  [[ ! -x /usr/sbin/restorecon ]] || printf '\nFirst, for SELinux:\n  restorecon -R %s\n' "$quoted"
  if ((${#identity[@]})); then
    printf '\nNext:\n'
  else
    cat <<END

To look at it, with a server beside the one that runs:
  $server $options --user=mysql --datadir=$quoted --socket=$quoted/restored.sock \\
    --pid-file=$quoted/restored.pid --skip-networking --skip-log-bin --event-scheduler=OFF \\
    --loose-skip-slave-start --loose-skip-replica-start &
  $client --socket=$quoted/restored.sock

To make it the data of the server of this host instead:
  systemctl stop $service
  # move what is in $quoted_datadir away; do not delete it yet
  $here/restore_mysql.sh --target=$quoted_datadir --backup=${backup##*/}${until:+ --until=$(printf '%q' "$until") --binlogs=$(printf '%q' "$binlogs")}
END
  fi
  cat <<END
  systemctl start $service
  $here/backup_mysql.sh   # at once: what was restored has no backup of its own yet
END
}

# However it ends: the last line, and what comes next.
finish() {
  local exit_code=$?
  trap '' TERM INT HUP
  trap - EXIT
  end_tools
  contract_code "$exit_code"
  exit_code=$REPLY
  [[ -z $log_failed || $exit_code != 0 ]] || exit_code=2
  ((exit_code != 2)) || [[ -z $begun || ! -e $target/RESTORE_UNFINISHED ]] || exit_code=4
  now_ms
  seconds $((REPLY - run_began))
  if ((exit_code == 0)); then
    log INFO "end: OK (duration $REPLY, backup $backup, target $target)"
  else
    log ERROR "end: FAILED (exit code $exit_code, duration $REPLY, backup ${backup:-none}, target $target)"
  fi
  close_log
  if ((exit_code == 0)); then
    echo "restored target=$target backup=$backup"
    next_commands
  fi
  exit "$exit_code"
}

at_the_end finish

log INFO "start: restore of $wanted in $BACKUP_ROOT to $target${until:+ until $until}"
run
exit
