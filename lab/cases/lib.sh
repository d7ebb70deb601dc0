# For the end-to-end cases, which run inside the lab machine as root with the product installed; to
# be sourced. Sourcing it brings the machine back to where a case may begin: no backups, no
# configuration, an empty log, the server up, and without the 120 MB table, which has no part in most
# cases. BIG_TABLE=yes or KEEP_BACKUPS=yes, set before, keeps what it says.
#
# A case ends with exit code 0 if all held; a failed expectation prints what was seen and ends it.
# shellcheck shell=bash

set -uo pipefail

log_file=/var/log/mysql_backup.log
root=/backups/mysql
# Which server this is. The unit and the client's programs bear MariaDB's names in any case.
server=mysql server_program=mysqld aria=MyISAM
# shellcheck disable=SC2034  # the cases'
[[ ! -x /usr/sbin/mariadbd ]] || server=mariadb server_program=mariadbd aria=Aria
export snapshot=/dev/vg_mysql/mysql_snapshot
undo=()
# The command lines of what a run starts, and of the scripts that stand in for that.
started_by_run='^(/bin/(ba)?sh )?(/app/bin/|/usr/bin/(rsync|mount) |/usr/sbin/(lvm|blkid|dmsetup) )'

# on_exit COMMAND...: undone in reverse order when the case ends, however it ends.
on_exit() {
  undo+=("$(printf '%q ' "$@")")
}

end_case() {
  local status=$? i
  for ((i = ${#undo[@]} - 1; i >= 0; i--)); do
    eval "${undo[i]}"
  done
  exit "$status"
}
trap end_case EXIT

fail() {
  printf 'FAILED: %s\n' "$*"
  printf -- '--- %s:\n' "$log_file"
  tail -n 60 "$log_file"
  printf -- '--- volumes, mounts, backups:\n'
  lvs
  findmnt --list --noheadings --types ext4,overlay,fuse
  ls -la "$root"
  exit 1
}

expect() { # WORDS COMMAND...
  local words=$1
  shift
  "$@" || fail "$words: $*"
}

sql() {
  mariadb --batch --skip-column-names -e "$1"
}

# shellcheck disable=SC2120  # without arguments: the defaults
# What the cases of this machine are all to run with, they do, unless they want something else.
configure() { # [KEY=value...]
  local line
  {
    [[ $# == 0 ]] || printf '%s\n' "$@"
    [[ ! -e /lab/configuration ]] || while read -r line; do
      [[ " $*" == *" ${line%%=*}="* ]] || echo "$line"
    done </lab/configuration
  } >/etc/mysql-backup.conf
  chmod 600 /etc/mysql-backup.conf
}

backup() {
  status=0
  /app/backup_mysql.sh </dev/null 2>/tmp/stderr || status=$?
}

expect_status() {
  [[ $status == "$1" ]] || fail "exit code $status, expected $1: $(tail -n 5 /tmp/stderr)"
}

expect_log() { # PATTERN
  grep -qE -- "$1" "$log_file" || fail "not in the log: $1"
}

expect_not_in_log() {
  ! grep -qE -- "$1" "$log_file" || fail "in the log: $1"
}

published() {
  find "$root" -maxdepth 1 -type d -name 'backup_*' -printf '%f\n' | sort
}

newest() {
  published | tail -n 1
}

# Within 5 s.
takes_writes() {
  timeout 5 mariadb -e 'DROP TABLE IF EXISTS shop.lab_probe; CREATE TABLE shop.lab_probe (a INT); DROP TABLE shop.lab_probe'
}

# Nothing is left of a run, and the server takes writes.
expect_clean() {
  local volumes devices
  volumes=$(lvs --noheadings -o lv_name,lv_tags vg_mysql)
  [[ $volumes == *lv_mysql_data* ]] || fail 'lvs cannot tell what is left'
  [[ $volumes != *mysql_snapshot* && $volumes != *mysql_lvm_backup* ]] ||
    fail "a snapshot, or what was to be one, is left: $volumes"
  devices=$(dmsetup info -c --noheadings -o name,suspended)
  [[ $devices != *mysql_snapshot* && $devices != *Suspended* ]] ||
    fail "a device of a snapshot is left, or one is suspended: $devices"
  ! mountpoint -q /mnt/mysql_snapshot || fail 'the snapshot is still mounted'
  [[ -z $(find "$root" -maxdepth 1 -name '.*' ! -path "$root" 2>/dev/null) ]] ||
    fail "hidden entries are left in $root"
  [[ ! -e /run/mysql-backup/lock.fifo ]] || fail 'the fifo is left'
  ! pgrep -f "$started_by_run" >/dev/null || fail "a process is left: $(pgrep -af "$started_by_run")"
  takes_writes || fail 'the server does not take a write within 5 s'
}

# query_backup NAME STATEMENT: asks a scratch server that has recovered the backup.
query_backup() {
  local mount_point=/run/lab-verify
  /app/bin/mount_backup --backup="$root/$1" --mount_point="$mount_point" || return
  /app/bin/scratch_server --datadir="$mount_point" --scratch="$root/.verify" \
    --socket=/run/lab-verify.sock -- \
    /usr/bin/mariadb --no-defaults --socket=/run/lab-verify.sock --batch --skip-column-names -e "$2"
  local result=$?
  /app/bin/unmount_snapshot --mount_point="$mount_point" || return
  return "$result"
}

# wrap TOOL <<SCRIPT: puts a script in the place of one of our tools, which is then TOOL.real.
wrap() {
  mv "/app/bin/$1" "/app/bin/$1.real"
  cat >"/app/bin/$1"
  chmod 755 "/app/bin/$1"
  on_exit mv "/app/bin/$1.real" "/app/bin/$1"
}

# Makes a copy take a while, for as long as the case runs.
with_bulk() {
  on_exit rm -f /var/lib/mysql/lab_bulk
  dd if=/dev/urandom of=/var/lib/mysql/lab_bulk bs=1M count=100 status=none
}

# Makes a copy slow, for as long as the case runs: RATE is rsync's --bwlimit.
with_slow_copy() { # RATE
  printf '#!/bin/sh\nexec /usr/bin/rsync --bwlimit=%s "$@"\n' "$1" >/tmp/slow_rsync
  chmod 755 /tmp/slow_rsync
  wrap sync_tree <<'END'
#!/bin/bash
exec /app/bin/sync_tree.real --rsync=/tmp/slow_rsync "$@"
END
}

# write_origin MB [AT]: writes so much to the volume with the data, to the disk, from AT MB on in a
# file that is never part of a backup's proof. What is written for the first time in a snapshot's
# life fills it by as much.
write_origin() {
  dd if=/dev/zero of=/var/lib/mysql/lab_noise bs=1M count="$1" seek="${2-0}" oflag=direct \
    conv=notrunc status=none
}

# lvm_settings LINE...: of the activation section, for as long as the case runs, or the next ones.
lvm_settings() {
  printf 'activation {\n%s\n}\n' "$(printf '  %s\n' "$@")" >/etc/lvm/lvmlocal.conf
}

# Leaves so many free MB in the volume group.
leave_room() { # MB
  local free
  free=$(vgs --noheadings --nosuffix --units m -o vg_free vg_mysql)
  lvcreate --quiet --yes --name lab_filler --size "$((${free%.*} - $1))M" vg_mysql >/dev/null
}

# Seconds that a step took, by the log, in REPLY.
seconds_of() { # STEP
  REPLY=$(sed -nE "s/.* $1: (OK|FAILED) \(([0-9]+)\..*/\2/p" "$log_file" | tail -n 1)
}

# run_until PATTERN: a run in the background, until the log has this.
run_until() {
  : >"$log_file"
  /app/backup_mysql.sh </dev/null 2>/tmp/stderr &
  run=$!
  in_log "$1"
}
end_run() {
  status=0
  wait "$run" || status=$?
}

# in_log PATTERN: waits until it is in the log.
in_log() {
  local i
  for ((i = 0; i < 600; i++)); do
    grep -qE -- "$1" "$log_file" && return
    sleep 0.1
  done
  fail "not in the log after a minute: $1"
}

# It would run a backup of its own at two o'clock. The container has none.
systemctl stop cron 2>/dev/null
systemctl is-active --quiet mariadb || systemctl start mariadb
[[ ${BIG_TABLE-} == yes ]] || sql 'DROP TABLE IF EXISTS shop.ledger'
[[ ${KEEP_BACKUPS-} == yes ]] || rm -rf "$root"
# shellcheck disable=SC2119
configure
: >"$log_file"
