#!/bin/bash
# The machine loses its power in mid-run, and starts again. Usage: reboot.sh before POINT, which does not
# come back from where it is reached; then, on the same disks, reboot.sh after POINT, which prints the
# trial's line.
moment=$1 point=$2
set --
# shellcheck disable=SC2034  # lib.sh's
[[ $moment == before ]] || KEEP_BACKUPS=yes
source /lab/cases/lib.sh
source /lab/faults/trial.sh
facts=/root/reboot

# The content: what a disk has lost, no change time tells.
content() { # NAME
  (cd "$root/$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
}

before() {
  local name
  configure_trial
  start_ledger
  settle
  rm -rf "$facts"
  mkdir "$facts"
  for name in $(published); do echo "$name $(content "$name")"; done >"$facts/backups"
  acknowledged >"$facts/since"
  cat >/tmp/hook <<END
#!/bin/sh
# The disks have what was written to them, and nothing of what was still to be.
cp $ledger/issued $ledger/acknowledged $facts/
sync $facts/* $facts
echo b >/proc/sysrq-trigger
sleep 60
END
  chmod 755 /tmp/hook
  sync "$facts"/* "$facts"
  run_at "$point" --run=/tmp/hook
  echo "UNREACHED reboot/power_off@$point"
}

# What the server had acknowledged it still has, in the engine that promises so.
check_server() {
  local lost
  lost=$(sql 'SELECT n FROM shop.lab_ledger_innodb' | awk 'FILENAME == "-" { has[$1]; next } !($1 in has)' - "$facts/acknowledged" | wc -l)
  [[ $lost == 0 ]] || problem "(a) the server has lost $lost acknowledged writes"
}

after() {
  local name sum left
  problems=()
  # A first boot that ended otherwise proves nothing.
  [[ -s $facts/acknowledged ]] || problem 'the first boot did not come to where the power is cut'
  left=$(
    lvs --noheadings -o lv_name vg_mysql | grep -o 'mysql_snapshot.*'
    find "$root" -mindepth 1 -maxdepth 1 -name '.*' -printf '%f\n'
  )
  check_writable
  check_server
  configure_trial
  ledger=$facts
  while read -r name sum; do
    fingerprint[$name]=
    [[ ! -d $root/$name ]] || [[ $(content "$name") == "$sum" ]] || problem "(b) $name was changed"
    [[ ! -d $root/$name ]] || fingerprint[$name]=$(take_fingerprint "$name")
  done <"$facts/backups"
  check_backups "$(<"$facts/since")"
  local published=${#new[@]}
  # MyISAM promises nothing of what is not on the disk yet: a writer that begins anew.
  ledger=/tmp/ledger
  start_ledger
  sleep 0.5
  next_run
  report "reboot/power_off@$point" "published $published, left ${left//$'\n'/ }"
}

"$moment"
