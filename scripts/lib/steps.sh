# What backup_mysql.sh, verify_restore.sh and restore_mysql.sh have in common: the log, the configuration, one run at
# a time, and running a step. To be sourced.
#
# Descriptors: 3 is the terminal or whatever stderr was; 6 the backup root, since before the copy; 7
# and 8 the answers of the lock's holder and its fifo; 9 the lock file of the run. Tools get none of
# the last four: a child that outlived the run would hold them open.
# shellcheck shell=bash
# shellcheck disable=SC2034  # some variables are for the scripts that source this
# shellcheck disable=SC2154  # here, the directory of the script, is the script's

set -uo pipefail
export LC_ALL=C
umask 077
# A reader that has gone is an error of the writing command, and no reason to die.
trap '' PIPE

# A standard descriptor that is closed would be the next file that is opened.
for fd in 0 1 2; do
  [[ -e /proc/$$/fd/$fd ]] || eval "exec $fd<>/dev/null"
done

script_name=${0##*/}
bin=$here/bin
log_failed=
reason=/dev/null # where a tool says why it failed; see one_run
holder=          # process id of the lock's holder while it lives; see tool

# log LEVEL MESSAGE: one line, in the form that the tools write. Never fails, and never ends a run:
# the server may be locked.
log() {
  local time
  printf -v time '%(%Y-%m-%dT%H:%M:%S%z)T' -1
  printf '%s %s %s: %s\n' "${time:0:-2}:${time: -2}" "$1" "$script_name" "$2" >&2 && return
  log_failed=yes
  printf '%s %s %s: %s\n' "${time:0:-2}:${time: -2}" "$1" "$script_name" "$2" >&3
  return 0
}

# Milliseconds since boot, in REPLY, to a hundredth of a second: the clock may be set during a run.
now_ms() {
  read -r REPLY _ </proc/uptime
  REPLY=$((10#${REPLY/./} * 10))
}

# seconds MS: as "12.345 s", in REPLY.
seconds() {
  printf -v REPLY '%d.%03d s' $(($1 / 1000)) $(($1 % 1000))
}

# first_line FILE: in REPLY. Not $(<FILE): bash 5.2 loses a signal that comes while it reads that.
first_line() {
  IFS= read -r REPLY <"$1"
}

# contract_code CODE: as the code of a run, in REPLY. A tool that was killed, or could not be started,
# has none of its own.
contract_code() {
  case $1 in
    0 | 1 | 2 | 3 | 4 | 75) REPLY=$1 ;;
    *) REPLY=2 ;;
  esac
}

require_root() {
  ((EUID == 0)) && return
  echo "$script_name: not running as root: LVM, mounts and the data directory need it; use sudo" >&2
  exit 2
}

# load_config FILE: sets a variable for each key of the configuration. FILE may be empty.
load_config() {
  local text key value
  text=$("$bin/read_config" ${1:+"--config=$(realpath -m -- "$1")"}) || {
    local status=$?
    ((status < 126)) ||
      echo "$script_name: read_config could not be run, or was killed; run it by hand: $bin/read_config" >&2
    contract_code "$status"
    exit "$REPLY"
  }
  cd /
  while IFS='=' read -r key value; do
    printf -v "$key" '%s' "$value"
  done <<<"$text"
}

# From here on stderr is LOG_FILE, and the terminal as well where there is one.
open_log() {
  exec 3>&2
  if ! { : >>"$LOG_FILE"; } 2>/dev/null; then
    log_failed=yes
    log ERROR "cannot write to the log $LOG_FILE: going on with stderr"
  elif [[ -t 2 ]]; then
    # Ignoring signals, so that a Ctrl-C does not cost the last lines.
    exec 2> >(exec tee --ignore-interrupts --append -- "$LOG_FILE" >&3 3>&-)
    tee_pid=$!
  else
    exec 2>>"$LOG_FILE"
  fi
}

# Lets the last lines reach the terminal before the prompt does.
close_log() {
  exec 2>&3
  [[ -z ${tee_pid-} ]] || wait "$tee_pid"
}

# one_run DIRECTORY: makes the directory of the run's own files and sees to it that nobody else
# uses it. The kernel gives the lock up with this process, whatever becomes of it.
one_run() {
  run_dir=$1
  [[ -d $run_dir ]] || install -d -m 0700 -- "$run_dir" || return 2
  exec 9>>"$run_dir/lock" || return 2
  flock --nonblock 9
  case $? in
    0) ;;
    1)
      log ERROR "another run is under way: it holds $run_dir/lock (see lslocks)"
      return 75
      ;;
    *)
      log ERROR "cannot lock $run_dir/lock, so another run cannot be ruled out; is util-linux installed?"
      return 2
      ;;
  esac
  reason=$run_dir/reason
  : >"$reason"
}

# at_the_end FUNCTION: it is called however the script ends. A signal ends it at once, with exit code
# 2; a second one close behind must not end what FUNCTION does.
at_the_end() {
  local signal
  # shellcheck disable=SC2064  # the names are to be filled in now
  for signal in TERM INT HUP; do
    trap "trap '' TERM INT HUP; log ERROR 'interrupted by SIG$signal'; exit 2" "$signal"
  done
  # shellcheck disable=SC2064
  trap "$1" EXIT
}

# tool NAME [ARG...]: runs one of our programs. In the background, because bash acts on a signal
# only between foreground commands, and a copy takes long.
tool() {
  "$bin/$1" "--reason_file=$reason" "${@:2}" 6<&- 7<&- 8>&- 9>&- &
  await "$!"
}

# await PID...: waits for the first of these jobs that ends, returns its exit code, and sets REPLY to
# its PID. What is still there when the lock's holder ends has nothing to work for any more, and may
# be stopped or hang: it is ended, and holder_ended tells the exit code.
await() {
  local status job ended=
  # wait -n does not see a job that a signal ended while another was waited for.
  for job; do
    kill -0 "$job" 2>/dev/null && continue
    REPLY=$job
    reap "$job"
    return $? # by itself, it would mean the status before the trap that this may run in
  done
  if [[ -z $holder ]]; then
    REPLY=$1
    reap "$1"
    return $?
  fi
  # A holder that ended before this may be no job any more.
  if kill -0 "$holder" 2>/dev/null; then
    reap -n -p ended "$@" "$holder"
    status=$?
    REPLY=${ended-}
    [[ ${ended-} == "$holder" ]] || return "$status"
  fi
  now_ms
  # shellcheck disable=SC2034  # the script's
  holder_ended_at=$REPLY
  end_tools
  holder_ended
}

# wait, without the shell's own words about a signal that ended the job.
reap() {
  wait "$@" 2>/dev/null
}

# Ends the programs that a signal caught us waiting for, also one that is stopped.
end_tools() {
  local first_of_each children child
  mapfile -t first_of_each <<<"$(jobs -p)"
  [[ -n ${first_of_each[0]} ]] || return
  # bash names, and signals, no more of a pipeline than its first program, which may be gone.
  mapfile -t -d ' ' children <"/proc/$$/task/$$/children" || children=("${first_of_each[@]}")
  for child in "${children[@]}"; do
    [[ $child != "${tee_pid-}" ]] || continue
    kill -TERM "$child" 2>/dev/null
    kill -CONT "$child" 2>/dev/null
  done
  reap "${first_of_each[@]}"
}

# step NAME FUNCTION [ARG...]: runs it between two log lines and returns its exit code.
step() {
  local name=$1 began elapsed status why
  shift
  now_ms
  began=$REPLY
  : >"$reason"
  log INFO "$name: started"
  "$@"
  status=$?
  now_ms
  seconds $((REPLY - began))
  elapsed=$REPLY
  if ((status == 0)); then
    log INFO "$name: OK ($elapsed)"
  else
    why=$(tr '\n' ' ' <"$reason")
    [[ -n $why ]] || ((status < 128)) || why="ended by SIG$(kill -l "$status")"
    log ERROR "$name: FAILED ($elapsed, exit code $status): ${why:-see the lines above}"
  fi
  return "$status"
}

# find_backup NAME|latest: sets backup to its path.
find_backup() {
  local name=$1
  tool list_backups --root="$BACKUP_ROOT" --format=names >"$run_dir/backups" || return
  local names count known
  mapfile -t names <"$run_dir/backups"
  # Oldest first; the last line tells how many there are.
  count=${names[-1]#end }
  unset 'names[-1]'
  if ((count == 0)); then
    echo "there is no backup in $BACKUP_ROOT" >"$reason"
    return 3
  fi
  [[ $name != latest ]] || name=${names[-1]}
  for known in "${names[@]}"; do [[ $known != "$name" ]] || backup=$BACKUP_ROOT/$name; done
  if [[ -z $backup ]]; then
    echo "there is no backup '$name' in $BACKUP_ROOT; see list_backups" >"$reason"
    return 3
  fi
  log INFO "one of $count: $backup"
}
