#!/usr/bin/env bash
# Tests the lab itself, natively, in five boots of the real machine, two of them cut short.
set -euo pipefail

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work_dir=$(mktemp -d)
background_pid=
passed=0
failed=0

cleanup() {
  if [[ -n $background_pid ]]; then
    kill -TERM "$background_pid" 2>/dev/null || true
  fi
  rm -rf "$work_dir"
}
trap cleanup EXIT

# Usage: check NAME COMMAND...
check() {
  local name=$1
  shift
  if "$@"; then
    echo "ok: $name"
    passed=$((passed + 1))
  else
    echo "FAILED: $name"
    failed=$((failed + 1))
  fi
}

# Writes a script for the machine from stdin, and prints its path.
guest_script() {
  local path=$work_dir/$1
  {
    echo '#!/bin/bash'
    echo 'set -eux'
    cat
  } >"$path"
  echo "$path"
}

# Runs the lab; its exit code in $status, its streams in out and err.
run_lab() {
  status=0
  "$lab_dir/run.sh" "$@" >"$work_dir/out" 2>"$work_dir/err" || status=$?
}

# On failure also shows what was said, which is else nowhere to be seen.
status_is() {
  ((status == $1)) || {
    sed 's/^/  > /' "$work_dir/out" "$work_dir/err"
    echo "exit code $status instead of $1"
    return 1
  }
}

out_has() {
  grep -qxF -- "$1" "$work_dir/out"
}

err_has() {
  grep -q -- "$1" "$work_dir/err"
}

output_is() {
  [[ $(cat "$work_dir/output/$1") == "$2" ]]
}

# Prints the id of the qemu that is a child of the given process.
qemu_of() {
  local child children=()
  read -ra children <"/proc/$1/task/$1/children" || true
  for child in "${children[@]}"; do
    if grep -q '^qemu-system' "/proc/$child/comm" 2>/dev/null; then
      echo "$child"
    fi
  done
}

# Starts the lab in the background; its pid in $background_pid, qemu's in $qemu_pid.
start_lab() {
  "$lab_dir/run.sh" "$@" >"$work_dir/out" 2>"$work_dir/err" &
  background_pid=$!
  qemu_pid=
  local _
  for _ in {1..300}; do
    qemu_pid=$(qemu_of "$background_pid")
    [[ -z $qemu_pid ]] || return 0
    sleep 0.1
  done
  echo "no qemu was started"
  return 1
}

# A killed process may take a moment to go.
is_gone() {
  local _
  for _ in {1..100}; do
    [[ -e /proc/$1 ]] || return 0
    sleep 0.1
  done
  return 1
}

test_wrong_usage() {
  run_lab "$work_dir/no such script"
  check "a missing script is wrong usage" status_is 1
  run_lab --timeout=soon "${BASH_SOURCE[0]}"
  check "a bad flag is wrong usage" status_is 1
  check "and names itself" err_has 'timeout=soon'
}

test_first_boot() {
  local script
  mkdir -p "$work_dir/product/app"
  echo 'echo "from the product"' >"$work_dir/product/app/tool"
  chmod 0755 "$work_dir/product/app" "$work_dir/product/app/tool"
  chmod 0700 "$work_dir/product"
  script=$(
    guest_script first.sh <<'END'
echo "arguments: $1, $2"
echo "words" >&2
/bin/sh /app/tool
stat --format='root %a %U, app %U' / /app | paste -sd' '
echo "interfaces: $(ls /sys/class/net)"
echo "clock: $(date +%FT%H)"
echo "data: $(findmnt --noheadings --output SOURCE /var/lib/mysql)"
echo "views: $(mariadb --skip-column-names --batch --execute='SELECT COUNT(*) FROM shop.order_totals')"
mariadb --execute='CREATE DATABASE kept'
lvcreate --snapshot --size 1G --name mysql_snapshot vg_mysql/lv_mysql_data
mount -o ro /dev/vg_mysql/mysql_snapshot /mnt
ls /mnt/shop/ledger.ibd
umount /mnt
lvremove --yes vg_mysql/mysql_snapshot
mkdir -p '/lab/output/a folder'
echo "a result" >'/lab/output/a folder/result'
exit 7
END
  )
  run_lab --disks="$work_dir/disks" --output="$work_dir/output" --rtc=2026-01-15T01:30:00 \
    --product="$work_dir/product" "$script" 'one word' "it's"
  check "the script's exit code comes back" status_is 7
  check "arguments arrive whole" out_has "arguments: one word, it's"
  check "stderr arrives on stderr" err_has '^words$'
  check "the product is there" out_has 'from the product'
  check "root's mode is untouched, the product is root's" \
    out_has 'root 755 root, app root root 755 root, app root'
  check "there is no network interface but lo" out_has 'interfaces: lo'
  check "the clock is as asked" out_has 'clock: 2026-01-15T01'
  check "the data are on the volume" out_has 'data: /dev/mapper/vg_mysql-lv_mysql_data'
  check "MariaDB answers" out_has 'views: 10000'
  check "an LVM snapshot can be mounted" out_has '/mnt/shop/ledger.ibd'
  check "chosen files come back" output_is 'a folder/result' 'a result'
}

test_second_boot() {
  local script
  script=$(
    guest_script second.sh <<'END'
mariadb --execute='USE kept'
! test -e /lab/output/*
END
  )
  run_lab --disks="$work_dir/disks" "$script"
  check "kept disks go on from where they were; success is 0" status_is 0
  rm -rf "$work_dir/disks"
}

test_panic() {
  local script
  script=$(
    guest_script panic.sh <<'END'
echo c >/proc/sysrq-trigger
END
  )
  run_lab "$script"
  check "a crash of the machine is 125" status_is 125
  check "and shows the console" err_has 'Kernel panic'
}

test_timeout() {
  local script
  script=$(guest_script sleep.sh <<<'sleep 1000')
  status=0
  start_lab --timeout=5 "$script"
  wait "$background_pid" || status=$?
  check "a timeout is 124" status_is 124
  check "and leaves no machine" is_gone "$qemu_pid"
  check "and shows the console" err_has '| .*Linux version\|systemd'
}

test_killed() {
  local script
  script=$(guest_script sleep.sh <<<'sleep 1000')
  start_lab "$script"
  kill -KILL "$background_pid"
  wait "$background_pid" 2>/dev/null || true
  check "a killed command leaves no machine" is_gone "$qemu_pid"
}

main() {
  "$lab_dir/build_image.sh" >/dev/null
  test_wrong_usage
  test_first_boot
  test_second_boot
  test_panic
  test_timeout
  test_killed
  echo "$passed passed, $failed failed, 0 skipped"
  ((failed == 0))
}

main
