#!/bin/bash -p
# Proves that a backup restores: compares every file with the manifest, lets a scratch server recover
# the data, and checks every table.
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
Usage: verify_restore.sh [--config=FILE] [--backup=NAME|latest] [--database=NAME]
                         [--without-manifest]

Mounts a backup read-only, compares every file in it with its manifest, lets a throwaway server of
the right kind recover it on a writable overlay, and checks every table. The backup's files are not
changed; the verdict is kept with it, for list_backups to show.

  --config=FILE       configuration (default: /etc/mysql-backup.conf, which may be missing)
  --backup=NAME       the backup, as list_backups names it (default: latest)
  --database=NAME     check the tables of this database only (default: all); no verdict is kept
  --without-manifest  for a backup that was made before there were manifests: check all else, which
                      cannot tell whether a table is missing altogether; no verdict is kept
  --help              print this and exit

Stdout: "ok entries=N bytes=N bad=0" of the manifest, or what is missing, added or changed; one line
a database, "ok tables=N views=N routines=N events=N rows=N bad=0 database=NAME" or "bad ..."; and a last line
"good backup=PATH", "bad backup=PATH" or "unknown backup=PATH". Every step is logged to LOG_FILE
(default: /var/log/mysql_backup.log), and on a terminal as well.

Exit codes:
  0   the backup restores
  1   wrong usage
  2   this host cannot tell, or the backup has no manifest: the log says what is missing
  3   the backup does not restore, it lacks the database, or there is no such backup
  4   something is left behind, named in the log; the next verification will try to remove it
  75  busy: another verification is under way, or the backup is being removed
END
}

config=
wanted=latest
database=
without_manifest=
for argument; do
  case $argument in
    --config=?*) config=${argument#--config=} ;;
    --backup=?*) wanted=${argument#--backup=} ;;
    --database=?*) database=${argument#--database=} ;;
    --without-manifest) without_manifest=yes ;;
    --help)
      usage
      exit 0
      ;;
    *)
      echo "verify_restore.sh: unknown argument '$argument'; see verify_restore.sh --help" >&2
      exit 1
      ;;
  esac
done

require_root
load_config "$config"
open_log

now_ms
run_began=$REPLY
backup=  # its path
records= # file with what was found
mounted= # not empty while there may be something to undo

preflight() {
  one_run /run/mysql-backup-verify || return
  mount_point=$run_dir/backup
  tool unmount_snapshot --mount_point="$mount_point" || return
  find_backup "$wanted" || return
  records=$run_dir/records
  : >"$records"
}

mount_it() {
  mounted=yes
  tool mount_backup --backup="$backup" --mount_point="$mount_point"
}

manifest() {
  tool check_manifest --backup="$mount_point" >"$records" && return
  local status=$?
  ((status != 2)) || echo '(see also --without-manifest)' >>"$reason"
  return "$status"
}

verify() {
  tool scratch_server --datadir="$mount_point" --scratch="$BACKUP_ROOT/.verify" \
    --socket="$run_dir/mysqld.sock" --options_file="$SERVER_OPTIONS_FILE" -- \
    "$bin/check_database" --reason_file="$reason" --socket="$run_dir/mysqld.sock" \
    --database="$database" >>"$records"
}

verdict() {
  tool keep_verdict --backup="$backup" --verdict="$1" \
    --seconds="$(((REPLY - run_began) / 1000))"
}

unmount() {
  tool unmount_snapshot --mount_point="$mount_point" && mounted=
}

run() {
  step preflight preflight || return
  step mount mount_it || return
  if [[ -z $without_manifest ]]; then
    step manifest manifest || return
  else
    log WARNING 'manifest: not compared: a table that is missing altogether cannot be found'
  fi
  step verify verify
}

# However it ends: our own things first, then the last line and the verdict.
finish() {
  local exit_code=$? verdict=unknown
  trap '' TERM INT HUP
  trap - EXIT
  end_tools
  case $exit_code in
    0) verdict=good ;;
    3) [[ -z $records ]] || verdict=bad ;; # otherwise there is no such backup
  esac
  contract_code "$exit_code"
  exit_code=$REPLY
  [[ -z $log_failed || $exit_code != 0 ]] || exit_code=2
  [[ -z $mounted ]] || step unmount unmount || exit_code=4
  # What is found of one database says too little of the backup.
  if [[ -z $database && ($verdict == bad || $verdict == good && -z $without_manifest) ]]; then
    step verdict verdict "$verdict"
  fi

  now_ms
  seconds $((REPLY - run_began))
  if ((exit_code == 0)); then
    log INFO "end: OK ($verdict, duration $REPLY, backup $backup)"
  else
    log ERROR "end: FAILED (exit code $exit_code, $verdict, duration $REPLY, backup ${backup:-none})"
  fi
  close_log
  [[ -z $records ]] || cat "$records"
  echo "$verdict backup=${backup:-none}"
  exit "$exit_code"
}

at_the_end finish

log INFO "start: verification of $wanted in $BACKUP_ROOT (database ${database:-all})"
run
exit
