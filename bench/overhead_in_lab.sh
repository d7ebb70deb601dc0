#!/bin/bash
# Runs inside the lab machine and measures there; see overhead.sh. Stdout: records for overhead.awk.
#
# Each round takes three copies: one by backup_mysql.sh, one by hand, and one by backup_mysql.sh with
# wrappers in the place of the external programs. A wrapper appends what its program took to the
# log, where it stands between the lines of the step that called it.

set -euo pipefail
export LC_ALL=C

readonly runs=$1
readonly log=/var/log/mysql_backup.log
readonly origin=vg_mysql/lv_mysql_data
readonly mount_point=/mnt/by_hand
readonly programs=(/usr/sbin/lvm /usr/bin/rsync /usr/bin/mount /usr/sbin/blkid)
readonly real=/root/real wrappers=/root/wrappers tools=/root/tools

micro() {
  REPLY=${EPOCHREALTIME/./}
}

# The environment of what runs here may be empty: builtins and absolute paths only.
write_wrapper() { # PROGRAM
  cat >"$wrappers/${1##*/}" <<END
#!/bin/bash
began=\${EPOCHREALTIME/[.,]/}
$1 "\$@"
status=\$?
ended=\${EPOCHREALTIME/[.,]/}
# udev runs pvscan on its own account.
[[ \${1-} == pvscan ]] || echo "wrapped ${1##*/} \$((ended - began))" >>$log
exit \$status
END
  chmod 755 "$wrappers/${1##*/}"
}

prepare() {
  local program
  mkdir -p "$real" "$wrappers" "$mount_point"
  for program in "${programs[@]}"; do
    cp -p "$program" "$real/"
    write_wrapper "$real/${program##*/}"
  done
  # As on a host where it has been at work for a while: each run removes an old copy.
  # One rsync, since the wrappers' times are added up.
  printf '%s\n' KEEP=1 COPY_JOBS=1 >/etc/mysql-backup.conf
}

# Puts the programs of a directory in their places; what is running keeps its old text.
use() { # real|wrappers
  local program
  for program in "${programs[@]}"; do
    install -m 755 "$1/${program##*/}" "$program"
  done
}

# What an earlier copy left to be written must not burden the next.
backup() {
  local began
  sync
  : >"$log"
  micro
  began=$REPLY
  /app/backup_mysql.sh </dev/null 2>/root/stderr || {
    cat /root/stderr "$log" >&2
    exit 2
  }
  micro
  took=$((REPLY - began))
}

record() { # KIND
  echo "$1 $took"
  cat "$log"
}

# say SQL: sends it to the server, and waits until it has been carried out.
say() {
  echo "$1; SELECT 'done';" >&"${SERVER[1]}"
  local answer
  read -r -t 60 answer <&"${SERVER[0]}"
  [[ $answer == 'done' ]] || {
    echo "the server answered '$answer' to: $1" >&2
    exit 2
  }
}

by_hand() {
  local began locked unlocked
  sync
  micro
  began=$REPLY
  coproc SERVER { exec mariadb --batch --skip-column-names --unbuffered; }
  local pid=$SERVER_PID
  say 'FLUSH TABLES WITH READ LOCK'
  micro
  locked=$REPLY
  lvm lvcreate --quiet --snapshot --size=1G --name=by_hand "$origin" >/dev/null
  mount -t ext4 -o ro /dev/vg_mysql/by_hand "$mount_point"
  rsync -aHAXS "$mount_point/" /backups/by_hand
  umount "$mount_point"
  lvm lvremove --quiet --yes vg_mysql/by_hand >/dev/null
  micro
  unlocked=$REPLY
  say 'UNLOCK TABLES'
  micro
  echo "by_hand $((REPLY - began)) $((unlocked - locked))"
  echo quit >&"${SERVER[1]}"
  wait "$pid"
  rm -rf /backups/by_hand
}

# What a wrapper adds to a call beyond what it logs.
wrapper_cost() {
  local i began program logged
  write_wrapper /bin/true
  for i in {1..21}; do
    : >"$log"
    micro
    began=$REPLY
    "$wrappers/true"
    micro
    read -r _ program logged <"$log"
    echo "cost $((REPLY - began - logged))"
  done
}

# Each tool below /usr/bin/time. Its figures are in kibibytes.
peak_memory() {
  local tool
  cp -pr /app/bin "$tools"
  for tool in "$tools"/*; do
    install -m 755 /dev/stdin "/app/bin/${tool##*/}" <<END
#!/bin/bash
exec /lab/time --quiet --append --output=/root/peaks --format='peak ${tool##*/} %M' $tool "\$@"
END
  done
  backup
  /app/verify_restore.sh </dev/null >/root/verified 2>&1 || {
    cat /root/verified "$log" >&2
    exit 2
  }
  grep '^peak ' /root/peaks
}

prepare
backup # warms up, and leaves a copy for the next to remove
echo "data $(du -sm /var/lib/mysql | cut -f1)"
for ((i = 0; i < runs; i++)); do
  backup
  record plain
  by_hand
  use "$wrappers"
  backup
  record wrapped_run
  use "$real"
done
wrapper_cost
peak_memory
