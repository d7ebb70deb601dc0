#!/bin/bash
# What is done to the machine while a run is held at a point. Usage: hooks.sh NAME, with FAULT_CALLER,
# FAULT_TOOL and FAULT_SCRIPT set by fault_point.
exec </dev/null >>/tmp/hook.log 2>&1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The process ids that WHO stands for; a process group is given as its negative number.
targets() {
  case $1 in
    script) echo "$FAULT_SCRIPT" ;;
    tool) echo "$FAULT_TOOL" ;;
    both) echo "$FAULT_TOOL $FAULT_SCRIPT" ;;
    group) echo "-$FAULT_SCRIPT" ;;
    caller) echo "$FAULT_CALLER" ;;
  esac
}

send_signal() { # SIG WHO
  # shellcheck disable=SC2046  # numbers
  kill -"$1" -- $(targets "$2")
}

holder() {
  pgrep -x fsfreeze_lock
}

kill_session() {
  local id
  id=$(grep -oE 'locked connection_id=[0-9]+' /var/log/mysql_backup.log | tail -n 1)
  mariadb -e "KILL ${id##*=}"
}
restart_server() { systemctl restart mariadb; }
stop_server() { systemctl stop mariadb; }
kill_server() { systemctl kill --signal=KILL mariadb; }
# It answers nobody for a while.
freeze_server() {
  systemctl kill --signal=STOP mariadb
  (sleep 8 && systemctl kill --signal=CONT mariadb) &
}
kill_holder() { kill -KILL "$(holder)"; }
stop_holder() { kill -STOP "$(holder)"; }

"$@" || exit
echo "$FAULT_SCRIPT" >/tmp/hook.done
