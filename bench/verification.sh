#!/bin/bash
# Prints what a verification takes, and how much it copies, on ext4 and on XFS with reflinks.

# shellcheck source=bench/lib.sh
source "$(dirname -- "$(readlink -f -- "$0")")/lib.sh"

usage() {
  cat <<'END'
Usage: bench/verification.sh [--product=DIR] [--runs=N] [--cold=N]

Verifies a backup that is mostly cold: InnoDB tables of 64 MiB that nobody wrote to since a clean
shutdown, one that was being written to when its server was killed, and a MyISAM table of 16 MiB. On
ext4 and then on XFS, in loop devices on this machine: the comparison with the manifest; recovery and
the check of every table; and, for comparison, `cp -a` of the backup, which a verification on a copy
would begin with. Each begins with the page cache dropped. Copied is by how much the filesystem was
fuller at the end of the check than before. Prints a Markdown table.

  --product=DIR  what scripts/install.sh --destdir=DIR made (default: built for this)
  --runs=N       rounds (5)
  --cold=N       cold tables (15, with which the backup has 1.2 GiB; 300 make it 20, and need three
                 times that below TMPDIR)

Exit codes: 0 printed, 1 wrong usage, 2 failed. No figure is judged.
END
}

readonly PARTIAL=.backup_20260110_020000.partial
server_pid=

sql() {
  mariadb --no-defaults --socket="$scratch/server.sock" --user=root --batch --skip-column-names --execute="$1"
}

start_server() {
  local i
  mariadbd --no-defaults --user=daemon --datadir="$scratch/data" --socket="$scratch/server.sock" --pid-file="$scratch/pid" \
    --log-error="$scratch/error.log" --skip-networking --innodb-log-file-size=96M --innodb-flush-log-at-trx-commit=0 \
    >/dev/null 2>&1 &
  server_pid=$!
  for ((i = 0; i < 300; i++)); do
    ! sql 'SELECT 1' >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  die 2 "mariadbd does not start: $(tail -n 3 "$scratch/error.log")"
}

make_data() {
  local i
  chmod 755 "$scratch"
  install -d -o daemon "$scratch/data"
  mariadb-install-db --no-defaults --user=daemon --datadir="$scratch/data" --skip-test-db --force \
    --auth-root-authentication-method=normal >"$scratch/install.log" 2>&1 || die 2 "mariadb-install-db: $(<"$scratch/install.log")"
  chmod 777 "$scratch" # for the socket
  start_server
  sql 'CREATE DATABASE shop; USE shop; CREATE TABLE table0 (id INT PRIMARY KEY, entry VARCHAR(1100) CHARACTER SET ascii) ENGINE=InnoDB;
    INSERT INTO table0 SELECT seq, REPEAT(MD5(seq), 32) FROM seq_1_to_50000;
    CREATE TABLE shop.plain ENGINE=MyISAM AS SELECT * FROM shop.table0 LIMIT 16000'
  for ((i = 1; i <= cold; i++)); do
    sql "CREATE TABLE shop.table$i LIKE shop.table0; INSERT INTO shop.table$i SELECT * FROM shop.table0"
  done
  sql 'SET GLOBAL innodb_fast_shutdown = 0; SHUTDOWN'
  wait "$server_pid"
  start_server
  sql 'UPDATE shop.table0 SET entry = REVERSE(entry); FLUSH TABLES; FLUSH ENGINE LOGS'
  kill -KILL "$server_pid"
  wait "$server_pid" 2>/dev/null || true
  server_pid=
}

# shellcheck disable=SC2317  # called by a trap
clean_up() {
  [[ -z $server_pid ]] || kill -KILL "$server_pid" 2>/dev/null || true
  unmount "$scratch/root"
  rm -rf -- "$scratch"
}

make_backup() { # FILESYSTEM
  make_filesystem "$1" "$((2 * size_mib + 4096))M" "$scratch/image" "$root"
  "$tools/sync_tree" --source="$scratch/data" --destination="$root/$PARTIAL" >/dev/null || die 2 "no copy on $1"
  "$tools/publish_backup" --root="$root" --partial="$PARTIAL" >/dev/null || die 2 "no backup on $1"
}

# timed NAME COMMAND...: adds the milliseconds to the sample of that name.
timed() {
  local name=$1 began=$EPOCHREALTIME ended
  "${@:2}" >"$scratch/words" 2>&1 || die 2 "${*:2} failed: $(<"$scratch/words")"
  ended=$EPOCHREALTIME
  samples[$name]+=" $(((${ended/./} - ${began/./}) / 1000))"
}

used_kib() {
  df --output=used "$1" | tail -n 1
}

one_round() { # NAME
  local before after
  local -r backup=$root/backup_20260110_020000
  drop_caches
  timed "$1.manifest" "$tools/check_manifest" --backup="$backup"
  drop_caches
  before=$(used_kib "$root")
  # shellcheck disable=SC2016  # expanded by that shell
  timed "$1.check" "$tools/scratch_server" --datadir="$backup" --scratch="$root/.verify" --user=daemon --socket="$scratch/scratch.sock" -- \
    /bin/sh -ec '"$1" --socket="$2" && sync --file-system "$3" && df --output=used "$3" | tail -n 1 >"$4"' sh \
    "$tools/check_database" "$scratch/scratch.sock" "$root" "$scratch/after"
  after=$(<"$scratch/after")
  samples[$1.copied]+=" $(((after - before) / 1024))"
  drop_caches
  # shellcheck disable=SC2016  # expanded by that shell
  timed "$1.cp" /bin/sh -ec 'cp -a --reflink=never "$1" "$2"; sync --file-system "$2"' sh "$backup" "$root/copy"
  rm -rf "$root/copy"
}

main() {
  local i filesystem argument arguments=()
  cold=15
  for argument; do
    case $argument in
      --cold=*) cold=${argument#--cold=} ;;
      *) arguments+=("$argument") ;;
    esac
  done
  [[ $cold =~ ^[1-9][0-9]{0,3}$ ]] || die 1 "--cold=$cold is not 1 to 9999"
  prepare 5 "${arguments[@]}"
  trap clean_up EXIT
  tools=$product/app/bin
  root=$scratch/root
  declare -gA samples=()
  need_room $((3 * (cold + 10) * 66 + 4096))
  make_data
  size_mib=$(du -sm "$scratch/data" | cut -f 1)
  mkdir "$root"
  for filesystem in ext4 xfs; do
    make_backup "$filesystem"
    one_round warm_up
    for ((i = 0; i < runs; i++)); do one_round "$filesystem"; done
    umount "$root"
    rm "$scratch/image"
  done
  for filesystem in ext4 xfs; do
    printf '%s|%s|%s|%s|%s\n' "$filesystem" "${samples[$filesystem.manifest]}" "${samples[$filesystem.check]}" \
      "${samples[$filesystem.copied]}" "${samples[$filesystem.cp]}"
  done | awk -F '|' -v runs="$runs" -v size="$size_mib" -f "$bench/statistics.awk" -f "$bench/verification.awk"
  describe
}

main "$@"
