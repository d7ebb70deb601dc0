# One trial after another: a run in which something goes wrong, and the six checks. To be sourced, in
# the container or in the lab machine, after lib.sh.
#
#   (a) every published backup is what its manifest says and recovers on a scratch server, no table
#       is missing and every one is good, nothing is missing that the server had acknowledged before
#       the run began, or before the newest write that is there, and nothing is there that was never
#       written
#   (b) older backups are byte-identical, and none is gone but by retention
#   (c) the server takes writes again within 5 s
#   (d) after the next run no snapshot, mount, fifo, partial copy or process is left
#   (e) exit code and log say the same, and the truth
#   (f) the next run succeeds unattended
#
# A line a trial on stdout: "OK SUITE/FAULT@POINT ..." or "FAILED SUITE/FAULT@POINT ...: REASON", and
# "UNREACHED ..." for a point that this run did not come to.
# shellcheck shell=bash
# shellcheck disable=SC2154  # root, log_file and status are lib.sh's

faults=/lab/faults
ledger=/tmp/ledger
points=/tmp/points # of a run in which all goes well
tables=/tmp/tables # that every backup has
keep=2
declare -A fingerprint=() # of each published backup
problems=()

problem() {
  problems+=("$*")
}

# --- the ledger -----------------------------------------------------------------------------------

start_ledger() {
  sql 'DROP TABLE IF EXISTS shop.lab_ledger_innodb; CREATE TABLE shop.lab_ledger_innodb (n INT PRIMARY KEY) ENGINE=InnoDB;
       DROP TABLE IF EXISTS shop.lab_ledger_myisam; CREATE TABLE shop.lab_ledger_myisam (n INT PRIMARY KEY) ENGINE=MyISAM;
       DROP TABLE IF EXISTS shop.lab_writable; CREATE TABLE shop.lab_writable (a INT PRIMARY KEY) ENGINE=InnoDB'
  rm -rf "$ledger"
  mkdir "$ledger"
  : >"$ledger/acknowledged"
  "$faults/ledger.sh" "$ledger" &
  ledger_pid=$!
  on_exit stop_ledger
}

stop_ledger() {
  touch "$ledger/stop"
  wait "$ledger_pid"
}

acknowledged() {
  local n
  n=$(tail -n 1 "$ledger/acknowledged")
  n=${n% *}
  echo "${n:-0}"
}

# longest_gap ROUND: what a writer has waited for at most since then, in milliseconds.
longest_gap() {
  awk -v since="$1" '$1 >= since { if (last && $2 - last > gap) gap = $2 - last; last = $2 }
    END { printf "%d\n", 1000 * gap }' "$ledger/acknowledged"
}

# --- the checks -----------------------------------------------------------------------------------

# (a) check_backup NAME ACKNOWLEDGED: the highest round that it must contain.
check_backup() {
  local mount_point=/run/lab-inspect found=/tmp/inspected missing
  rm -rf "$found"
  mkdir "$found"
  /app/bin/check_manifest --backup="$root/$1" >/tmp/inspect.log 2>&1 ||
    problem "(a) $1 is not what its manifest says: $(head -n 1 /tmp/inspect.log)"
  if ! { /app/bin/mount_backup --backup="$root/$1" --mount_point="$mount_point" &&
    /app/bin/scratch_server --datadir="$mount_point" --scratch="$root/.verify" \
      --socket=/run/lab-inspect.sock -- "$faults/inspect_backup.sh" /run/lab-inspect.sock "$found"; } \
    2>/tmp/inspect.log; then
    problem "(a) $1 does not recover: $(tail -n 2 /tmp/inspect.log)"
  fi
  /app/bin/unmount_snapshot --mount_point="$mount_point" 2>>/tmp/inspect.log ||
    problem "(a) $1 cannot be unmounted"
  [[ -e $found/myisam ]] || return
  missing=$(comm -23 "$tables" "$found/tables")
  [[ -z $missing ]] || problem "(a) $1 has not the tables: ${missing//$'\n'/, }"
  # A round that was never acknowledged may be there or not. Between the two tables lies one lock, so
  # at most the second write of the last round is missing, and of rounds that a crash cut short. It is
  # one moment of the server's: what had been acknowledged before the newest round is there as well.
  missing=$(awk -v last="$2" '
    FILENAME ~ /issued$/ { issued[$1] }
    FILENAME ~ /innodb$/ { innodb[$1] }
    FILENAME ~ /myisam$/ { myisam[$1] }
    FILENAME ~ /(innodb|myisam)$/ {
      if ($1 > newest) newest = $1
      if (!($1 in issued)) foreign = foreign " " $1
    }
    FILENAME ~ /acknowledged$/ {
      if (($1 <= last || $1 < newest) && !($1 in innodb && $1 in myisam)) lost = lost " " $1
      if (($1 in innodb) != ($1 in myisam)) torn++
    }
    END {
      if (lost != "") print "lost:" lost
      if (foreign != "") print "never written:" foreign
      if (torn > 1) print torn " acknowledged rounds are torn"
    }' "$ledger/issued" "$found/innodb" "$found/myisam" "$ledger/acknowledged")
  [[ -z $missing ]] || problem "(a) $1: $missing"
}

# No file can be written to, given away or replaced without a new change time or inode: this tells as
# much as checksums would, at no cost. Of the backup's own directory, a verification changes an
# attribute, and with that the change time.
take_fingerprint() { # NAME
  {
    find "$root/$1" -maxdepth 0 -printf '%i|%T@|%s|%m|%U:%G\n'
    # The change time tells of everything, a further name (REUSE=hardlink) among it.
    if grep -q '^REUSE=hardlink' /etc/mysql-backup.conf; then
      find "$root/$1" -mindepth 1 -printf '%P|%i|%T@|%s|%m|%U:%G\n' | sort
      find "$root/$1" -type f -print0 | sort -z | xargs -0 sha256sum
    else
      find "$root/$1" -mindepth 1 -printf '%P|%i|%C@|%s|%m|%U:%G\n' | sort
    fi
  } | sha256sum
}

# (b), and what is new: check_backups ACKNOWLEDGED. Sets `new` to the names that were published.
check_backups() {
  local name before=("${!fingerprint[@]}") now
  new=()
  mapfile -t now < <(published)
  for name in "${now[@]}"; do
    if [[ ! -v fingerprint[$name] ]]; then
      new+=("$name")
      check_backup "$name" "$1"
      fingerprint[$name]=$(take_fingerprint "$name")
    elif [[ $(take_fingerprint "$name") != "${fingerprint[$name]}" ]]; then
      problem "(b) $name was changed"
    fi
  done
  for name in "${before[@]}"; do
    [[ ! -d $root/$name ]] || continue
    unset "fingerprint[$name]"
    # Only retention may do so: there are enough that are newer.
    (($(published | awk -v name="$name" '$0 > name' | wc -l) >= keep)) || problem "(b) $name is lost"
  done
  ((${#new[@]} <= 1)) || problem "(b) more than one backup was published: ${new[*]}"
}

# (c)
check_writable() {
  timeout 5 mariadb -e 'REPLACE INTO shop.lab_writable VALUES (1)' 2>/tmp/probe ||
    problem "(c) the server takes no write within 5 s: $(tail -n 1 /tmp/probe)"
}

# (d)
check_clean() {
  local seen
  # shellcheck disable=SC2119
  seen=$(expect_clean 2>&1) || problem "$1 $(head -n 1 <<<"$seen")"
}

# (e) check_verdict CODES: the run's own word against what is there.
check_verdict() {
  local end codes="|${1/killed/137|143|130|129}|"
  [[ $1 != any ]] || codes='|0|2|3|4|75|'
  # A signal that is answered: not yet where there is no log, and perhaps too late for anything else
  # when the backup is published.
  if [[ $1 == answered ]]; then
    codes='|2|3|'
    grep -q 'start: ' "$log_file" || codes+='143|130|129|'
    ! grep -q 'publish: OK' "$log_file" || codes+='0|'
  fi
  end=$(grep 'backup_mysql.sh: end: ' "$log_file" | tail -n 1)
  [[ $codes == *"|$status|"* ]] || problem "exit code $status, expected $1"
  case $status in
    0) [[ $end == *': end: OK ('* ]] || problem "(e) exit code 0, but the log: $end" ;;
    2 | 3 | 4 | 75)
      # Before there is a log, the reason is told on stderr.
      [[ $end == *": end: FAILED (exit code $status,"* ]] || [[ ! -s $log_file && -s /tmp/stderr ]] ||
        problem "(e) exit code $status, but the log: $end"
      ;;
    129 | 130 | 137 | 143) [[ -z $end ]] || problem "(e) killed, but the log: $end" ;;
    *) problem "(e) exit code $status" ;;
  esac
  if ((${#new[@]})); then
    [[ -z $end || $end == *"backup $root/${new[0]})" ]] || problem "(e) ${new[0]} was published, but the log: $end"
    ((status != 3)) || problem "(e) exit code 3, and ${new[0]} was published"
  else
    ((status != 0)) || problem '(e) exit code 0, and nothing was published'
    [[ $end != *"backup $root/"* ]] || problem "(e) nothing was published, but the log: $end"
  fi
  # Nothing is left behind, it says.
  case $status in
    0 | 2 | 3) check_clean "(e) exit code $status, but" ;;
  esac
}

script_of_run='^/bin/bash (-p )?/app/'
processes_of_run() {
  pgrep -f "$script_of_run|$started_by_run"
}

# What outlives the run for a moment, such as a tool that cleans up, belongs to it.
wait_for_processes() {
  local i
  for ((i = 0; i < 200; i++)); do
    processes_of_run >/dev/null || return 0
    sleep 0.05
  done
  problem "(d) processes are left after 10 s: $(pgrep -af "$started_by_run" | head -n 3)"
}

# --- a trial --------------------------------------------------------------------------------------

# run_at POINT [FLAG...]: a run under fault_point, its exit code in `status`.
run_at() {
  rm -f /tmp/hook.done /tmp/run.over
  : >"$log_file"
  status=0
  # What runs in the background may be deaf to SIGINT and SIGHUP; cron's children are not. A run that
  # hangs is given up: its trial then fails by what is left of it.
  env --default-signal=INT,HUP timeout --signal=KILL 300 \
    /lab/fault_point --log=/tmp/reached --at="$1" "${@:2}" -- \
    /app/backup_mysql.sh </dev/null >/tmp/stdout 2>/tmp/stderr || status=$?
  touch /tmp/run.over
}

was_reached() { # POINT
  awk -F '\t' -v point="$1" '$1 == point { reached = 1 } END { exit !reached }' /tmp/reached
}

# The flags of fault_point for the column "what" of table.txt.
flags_for() { # KIND ARGUMENT...
  case $1 in
    signal) hook="send_signal $2 $3" ;;
    hook) hook=$2 ;;
    error)
      flags=("--error=$2")
      return
      ;;
    errors)
      flags=("--error=$2" --again)
      return
      ;;
  esac
  printf '#!/bin/sh\nexec %s/hooks.sh %s\n' "$faults" "$hook" >/tmp/hook
  chmod 755 /tmp/hook
  flags=(--run=/tmp/hook)
}

# A process of the run that was stopped stays so; the limits are given the time to do their work, and
# then somebody wakes it. Beside the run, so that what is found is kept in a file, `late`: that the
# server was still locked, or that the run went on waiting for a tool when the lock was gone.
resume_stopped() { # WHO POINT
  local i
  until [[ -e /tmp/hook.done || -e /tmp/run.over ]]; do sleep 0.05; done
  [[ -e /tmp/hook.done ]] || return
  local locked=no
  timeout 1 mariadb -e 'REPLACE INTO shop.lab_writable VALUES (1)' 2>/dev/null || locked=yes
  # With that second, 5 s of LOCK_MAX_HOLD=4.
  timeout 8 mariadb -e 'REPLACE INTO shop.lab_writable VALUES (1)' 2>/tmp/late ||
    echo '(c) the server takes no write 5 s after LOCK_MAX_HOLD' >>/tmp/late
  # LVM is given its own time, of minutes: what it does is better done than cut short.
  if [[ $locked == yes && $1 == @(tool|caller) && $2 != *lvm/* ]]; then
    for ((i = 0; i < 300; i++)); do
      [[ ! -e /tmp/run.over ]] || break
      sleep 0.1
    done
    [[ -e /tmp/run.over ]] || echo '(d) the run still waits for what was stopped, 30 s after the lock' >>/tmp/late
  fi
  # Most are in the script's process group.
  # shellcheck disable=SC2046  # numbers
  kill -CONT -- "-$(</tmp/hook.done)" $(processes_of_run) 2>/dev/null
}

# Whether the hook has done what it was to do; it may outlive the run that it ended by a moment.
check_provoked() {
  local i
  for ((i = 0; i < 100; i++)); do
    [[ ! -e /tmp/hook.done ]] || return 0
    sleep 0.05
  done
  problem "not provoked: $(tail -n 1 /tmp/hook.log)"
}

# trial SUITE FAULT POINT CODES WHAT...
trial() {
  local id=$1/$2@$3 point=$3 codes=$4 since resumer=
  shift 4
  local began=$SECONDS
  problems=() flags=() hook=
  flags_for "$@"
  since=$(acknowledged)
  if [[ $2 == STOP || $hook == stop_holder ]]; then
    configure_trial LOCK_MAX_HOLD=4
    rm -f /tmp/hook.done /tmp/run.over /tmp/late
    resume_stopped "${3-}" "$point" &
    resumer=$!
  fi
  run_at "$point" "${flags[@]}"
  if [[ -n $resumer ]]; then
    wait "$resumer"
    [[ ! -s /tmp/late ]] || problem "$(tail -n 1 /tmp/late)"
    configure_trial
  fi
  if ! was_reached "$point"; then
    check_backups "$since"
    ((status == 0)) || problem "exit code $status before the point was reached: $(grep FAILED "$log_file" | head -n 1)"
    if ((${#problems[@]})); then report "$id" 'not reached'; else echo "UNREACHED $id"; fi
    return
  fi
  [[ -z $hook ]] || check_provoked
  systemctl is-active --quiet mariadb || systemctl start mariadb
  # A run that does not need the server is done before the hook wakes it.
  while pgrep --runstates T "$server_program" >/dev/null; do sleep 0.1; done
  [[ -n $resumer ]] || check_writable
  wait_for_processes
  check_backups "$since"
  check_verdict "$codes"
  local first=$status
  next_run
  report "$id" "exit code $first, $((SECONDS - began)) s"
}

# The next run, with checks (b), (d) and (f); a failing one is followed by a clean slate.
next_run() {
  local since
  since=$(acknowledged)
  : >"$log_file"
  backup
  ((status == 0)) || problem "(f) the next run failed with exit code $status: $(grep -E 'FAILED' "$log_file" | head -n 1)"
  check_backups "$since"
  ((${#new[@]} == 1)) || problem "(f) the next run published ${#new[@]} backups"
  check_clean '(d) after the next run'
  ! processes_of_run >/dev/null || problem "(d) after the next run: $(pgrep -af "$script_of_run|$started_by_run" | head -n 1)"
  # Or nothing could be missing.
  (($(acknowledged) > since)) || problem 'the ledger stands still'
}

report() { # ID WORDS
  local reason
  if ((!${#problems[@]})); then
    echo "OK $1: $2"
    return
  fi
  printf -v reason '%s; ' "${problems[@]}"
  echo "FAILED $1: $2: ${reason%; }"
  clean_slate
}

# After a failed trial, so that it does not fail the next one as well.
clean_slate() {
  local pid
  cp "$log_file" "/lab/output/failed.$(date +%s%N).log"
  for pid in $(processes_of_run); do kill -KILL "$pid" 2>/dev/null; done
  [[ ! -s /tmp/hook.done ]] || kill -KILL -- "-$(</tmp/hook.done)" 2>/dev/null
  sleep 0.5
  systemctl is-active --quiet mariadb || systemctl start mariadb
  /app/bin/unmount_snapshot --mount_point=/mnt/mysql_snapshot 2>/dev/null
  /app/bin/snapshot_remove 2>/dev/null
  /app/bin/remove_leftovers --root="$root" >/dev/null 2>&1
  settle
}

# To where a trial begins: `keep` good backups, so that a run also expires one.
settle() {
  local i
  for ((i = 0; i < keep; i++)); do
    backup
    expect_status 0
  done
  problems=()
  fingerprint=()
  check_backups 0
  problems=()
}

configure_trial() { # [KEY=value...]
  configure KEEP=$keep LOCK_WAIT=1 SNAPSHOT_SIZE=64M "$@"
}

begin_trials() {
  configure_trial
  start_ledger
  sql "SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' AND table_name NOT LIKE 'lab\\_%'" |
    sort >"$tables"
  [[ -s $tables ]] || fail 'no tables'
  # So that a copy has one to set.
  setfattr --name=user.lab --value=kept /var/lib/mysql/ibdata1 || fail 'no attributes'
  sleep 0.5
  settle
  run_at ''
  expect_status 0
  check_backups 0
  cut -f 1 /tmp/reached | sort -uV >"$points"
}

# Of the points of one kind, which may be hundreds, the first two, one in the middle, and the last.
# What a stand-in for LVM does inside is no point of a run.
chosen_points() { # PATTERN
  local not_ours='^$'
  [[ ! -d /run/stand-in ]] || not_ours='^snapshot_[a-z]+:'
  # Before its first exec there is no run.
  not_ours+='|/exec:backup_mysql.sh/'
  grep -E -- "$1" "$points" | grep -vE "$not_ours" | awk -F / '
    { kind = $0; sub(/\/[0-9]+$/, "", kind); n[kind]++; line[NR] = $0; at[NR] = n[kind]; of[NR] = kind }
    END {
      for (i = 1; i <= NR; i++) {
        count = n[of[i]]
        if (count <= 4 || at[i] <= 2 || at[i] == int(count / 2) || at[i] == count) print line[i]
      }
    }'
}

# The trials of a suite of table.txt: "FAULT POINT CODES WHAT..." a line.
trials_of() { # SUITE
  local suite fault pattern what codes point words
  while read -r suite fault pattern what; do
    [[ $suite == "$1" ]] || continue
    codes=${what##* }
    what=${what% *}
    read -ra words <<<"$what"
    [[ -n $(chosen_points "$pattern") ]] || {
      echo "no point of this run matches '$pattern', at which table.txt has $fault" >&2
      return 2
    }
    while read -r point; do
      # A fault in a tool needs one.
      [[ ${words[2]-} != tool && ${words[2]-} != both || $point != backup_mysql.sh* ]] || continue
      # With LOCK_SCOPE=snapshot, what becomes of the server once the snapshot is there is no matter.
      if [[ $suite == lock && $point != *:snapshot_create/* && $point != *:snapshot_await/* && $point != fsfreeze_lock/* ]] &&
        grep -q '^LOCK_SCOPE=snapshot' /etc/mysql-backup.conf; then
        echo "$fault $point 0 ${words[*]}"
      else
        echo "$fault $point $codes ${words[*]}"
      fi
    done < <(chosen_points "$pattern")
  done <"$faults/table.txt"
}
