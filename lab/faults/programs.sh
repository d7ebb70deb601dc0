#!/bin/bash
# Each external program of a run failing in each way, at each of its calls, once and from then on:
# the exit codes that its manual lists, a signal, no end, no output, half of it, rubbish instead.
# Usage: see options.sh. The program is replaced by a script that calls it, or not.
source /lab/cases/lib.sh
source /lab/faults/trial.sh
source /lab/faults/options.sh

# A line a program: path, exit codes, whether its output is read, and which of its calls hang in a
# trial, which takes as long as the product waits: two minutes for LVM, unless the lock's limit comes
# first.
readonly PROGRAMS='
/usr/bin/rsync     1,2,3,4,5,6,10,11,12,13,14,20,21,22,23,24,25,30,35   yes  all
/usr/bin/mount     1,2,4,8,16,32,64                                     no   1
/usr/sbin/blkid    2,4,8                                                yes  1
/usr/sbin/lvm      2,3,4,5                                              yes  all
/usr/sbin/dmsetup  1                                                    yes  1
/usr/bin/flock     1,66,69                                              no   none
'

# Stands in for PROGRAM: at call N, and at later ones with "on", it does WAY.
replace_program() { # PROGRAM N ONCE_OR_ON WAY
  real=$1.real program=$1
  [[ -e $real ]] || mv "$1" "$real"
  cat >"$1" <<END
#!/bin/bash
calls=1 # several may be called at once
until mkdir /tmp/program.calls/\$calls 2>/dev/null; do ((calls++)); done
if ((calls == $2)) || { ((calls > $2)) && [[ $3 == on ]]; }; then
  touch /tmp/program.hit
  case $4 in
    exit*) echo 'stand-in: failing as told' >&2; exit ${4#exit} ;;
    late*) $real "\$@"; exit ${4#late} ;;
    crash) kill -SEGV \$\$ ;;
    killed) kill -KILL \$\$ ;;
    hang) exec -a "$1" sleep 1000 ;;
    silent) $real "\$@" >/dev/null; exit ;;
    nothing) exit 0 ;;
    half) output=\$($real "\$@"); status=\$?; printf '%s' "\${output:0:\${#output}/2}"; exit \$status ;;
    garbled) $real "\$@" | tr 'a-z0-9|' '0-9a-z%'; exit \${PIPESTATUS[0]} ;;
    rubbish) $real "\$@" >/dev/null; head -c 100000 /dev/urandom; exit 0 ;;
    closed) exec >&- 2>&-; exec $real "\$@" ;;
  esac
fi
exec $real "\$@"
END
  chmod 755 "$1"
  rm -rf /tmp/program.calls /tmp/program.hit
  mkdir /tmp/program.calls
}

restore_program() {
  mv "$real" "$program"
}

# How often a run that ends well calls PROGRAM, in REPLY.
count_calls() {
  replace_program "$1" 0 once nothing
  backup
  restore_program
  expect_status 0
  check_backups 0
  REPLY=$(find /tmp/program.calls -mindepth 1 | wc -l)
}

try_program() { # ID PROGRAM N ONCE_OR_ON WAY
  local since first held codes=any began=$SECONDS
  # rsync's word is believed: no copy is good of which it says or shows that it failed.
  [[ $2 != */rsync || $5 != @(exit*|late*|crash|killed|hang) ]] || codes='2|3'
  problems=()
  since=$(acknowledged)
  # What hangs is ended by the limit on the lock, or by the program's own deadline.
  [[ $5 != hang ]] || configure_trial LOCK_MAX_HOLD=4
  replace_program "${@:2}"
  : >"$log_file"
  backup
  restore_program
  [[ $5 != hang ]] || configure_trial
  if [[ ! -e /tmp/program.hit ]]; then
    check_backups "$since"
    ((status == 0)) || problem "exit code $status before the call was reached"
    if ((${#problems[@]})); then report "$1" 'not reached'; else echo "UNREACHED $1"; fi
    return
  fi
  first=$status
  if [[ $5 == hang ]]; then
    held=$(longest_gap "$since")
    ((held < 9000)) || problem "(c) a writer waited for $held ms, with LOCK_MAX_HOLD=4"
  fi
  check_writable
  wait_for_processes
  check_backups "$since"
  check_verdict "$codes"
  next_run
  report "$1" "exit code $first, $((SECONDS - began)) s"
}

begin_trials
index=0
while read -r program codes is_read hangs; do
  [[ -n $program ]] || continue
  count_calls "$program"
  calls=$REPLY
  ways=(crash killed nothing)
  for code in ${codes//,/ }; do ways+=("exit$code"); done
  # Done, and yet a failure.
  ways+=("late${codes%%,*}")
  [[ $is_read == no ]] || ways+=(silent half garbled rubbish closed)
  for ((n = 1; n <= calls; n++)); do
    for way in "${ways[@]}" hang; do
      [[ $way != hang || $hangs == all || $hangs == "$n" ]] || continue
      for extent in once on; do
        [[ $extent == once || ($way != hang && $n -lt $calls) ]] || continue
        id=${program##*/}_${way}_$extent@$n
        chosen $((index++)) "$id" || continue
        try_program "$suite/$id" "$program" "$n" "$extent" "$way"
      done
    done
  done
done <<<"$PROGRAMS"
exit 0 # the trials speak for themselves
