#!/bin/bash
# The three tools' contract where there is no device-mapper: wrong usage, and an lvm program that
# fails in ways that the real one cannot be made to. The real one is met in the lab.

source base/shell_test.sh
tools=$PWD/snapshot

for tool in snapshot_create snapshot_check snapshot_remove; do
  run "$tools/$tool" --help
  expect_exit 0
  expect_no_stderr
  expect "the exit codes are not in --help" grep -q '75\|4\|3' "$test_dir/stdout"
  run "$tools/$tool" --bogus=1
  expect_exit 1
  expect_stdout ''
  expect_stderr "bogus"
  run "$tools/$tool" extra
  expect_exit 1
  expect_stderr "unexpected argument 'extra'"
  for bad in --vg= --vg=-x --lv='a b' --snapshot=$'a\nb' --snapshot=lv_mysql_data --lvm=lvm; do
    run "$tools/$tool" "$bad"
    expect_exit 1
    expect_stdout ''
    expect_stderr "^[^ ]+ ERROR $tool: "
  done
  run "$tools/$tool" --lvm=/nonexistent/lvm
  expect_exit 2
  expect_stderr 'cannot run /nonexistent/lvm.*No such file.*is its package installed'
done
for size in '' 0 1X 1.5G -1; do
  run "$tools/snapshot_create" --size="$size"
  expect_exit 1
  expect_stderr "--size='.*' must be"
done
for prepared in '' none; do
  run "$tools/snapshot_create" --prepared="$prepared"
  expect_exit 1
  expect_stderr "--prepared='$prepared' must be what --prepare printed"
done
run "$tools/snapshot_create" --prepare --prepared=cow
expect_exit 1
run "$tools/snapshot_remove" --deadline=0
expect_exit 1

# A stand-in with a state of its own: $state holds what lvs is to print, calls are recorded.
state=$test_dir/state
calls=$test_dir/calls
cat >"$test_dir/lvm" <<END
#!/bin/sh
echo "\$*" >>"$calls"
case \$1 in
  lvs) cat "$state" ;;
  vgs) echo "  4294967296|4194304" ;;
  lvcreate) . "$test_dir/on_create" ;;
  lvconvert) . "$test_dir/on_convert" ;;
  lvremove) . "$test_dir/on_remove" ;;
esac
END
chmod +x "$test_dir/lvm"
# The device-mapper's, which knows in addition which tables are live.
cat >"$test_dir/dmsetup" <<END
#!/bin/sh
echo "dmsetup \$*" >>"$calls"
case "\$*" in
  table) . "$test_dir/on_table" ;;
  'info -c --noheadings --separator | -o name,uuid') cat "$test_dir/devices" ;;
  'info -c --noheadings --separator | -o name,suspended,tables_loaded') cat "$test_dir/states" ;;
  deps*) echo "1 dependencies  : (\$(cat "$test_dir/lies_on"))" ;;
  info*) grep -q "^\${6}|" "$test_dir/devices" ;;
  clear* | resume*) sed -i "s/^\$2|.*/\$2|Active|Live/" "$test_dir/states" ;;
  remove*) . "$test_dir/on_dm_remove" ;;
esac
END
chmod +x "$test_dir/dmsetup"
origin='lv_mysql_data||owi-aos---||1258291200||/dev/vg_mysql/lv_mysql_data|254|0||'
good='mysql_snapshot|lv_mysql_data|swi-aos---|mysql_lvm_backup|1073741824|0.00|/dev/vg_mysql/mysql_snapshot|254|3||'
cow='mysql_snapshot||-wi-------|mysql_lvm_backup|1073741824||/dev/vg_mysql/mysql_snapshot|-1|-1||'
given() { # [LINE...]: what lvs is to print
  printf '  %s\n' "$@" >"$state"
  : >"$calls"
}
becomes() { # LINE: what lvs is to print of the snapshot from now on
  printf '%s\n' "grep -v mysql_snapshot '$state' >'$state.new'" "echo '  $1' >>'$state.new'" \
    "mv '$state.new' '$state'"
}
becomes "$cow" >"$test_dir/on_create"
becomes "$good" >"$test_dir/on_convert"
printf '%s\n' "grep -v mysql_snapshot '$state' >'$state.new'" "mv '$state.new' '$state'" \
  >"$test_dir/on_remove"
lvm=--lvm=$test_dir/lvm
dmsetup=--dmsetup=$test_dir/dmsetup
: >"$test_dir/devices"
: >"$test_dir/states"
echo "echo 'No devices found'" >"$test_dir/on_table"
create=("$tools/snapshot_create" "$lvm" "$dmsetup")

# --- it works
given "$origin"
run "${create[@]}"
expect_exit 0
expect_stdout /dev/vg_mysql/mysql_snapshot
expect_stderr 'created vg_mysql/mysql_snapshot, a snapshot of lv_mysql_data with 1024 MiB of COW space'
changes() { grep -vE '^(lvs|vgs|dmsetup) ' "$calls"; }
expect "LVM's commands: $(cat "$calls")" test "$(changes)" = "\
lvcreate --yes --zero y --wipesignatures y --name mysql_snapshot --size 1073741824b --addtag mysql_lvm_backup vg_mysql
lvchange --activate n vg_mysql/mysql_snapshot
lvconvert --yes --type snapshot --zero n vg_mysql/lv_mysql_data vg_mysql/mysql_snapshot"

# --- the same in two steps, the second of which is one LVM command
given "$origin"
run "${create[@]}" --prepare
expect_exit 0
expect_stdout cow
expect "LVM's commands: $(cat "$calls")" test "$(changes | cut -d ' ' -f 1 | paste -sd ' ')" = 'lvcreate lvchange'
: >"$calls"
run "${create[@]}" --prepared=cow
expect_exit 0
expect_stdout /dev/vg_mysql/mysql_snapshot
expect "LVM's commands: $(cat "$calls")" test "$(cut -d ' ' -f 1 "$calls")" = lvconvert

# --- the kernel has it before that command ends
echo "echo 'vg_mysql-mysql_snapshot: 0 9 snapshot 254:1 254:2 P 8'; echo 'vg_mysql-lv_mysql_data: 0 9 snapshot-origin 254:1'" \
  >"$test_dir/tables"
echo "[ ! -e '$test_dir/taken' ] || . '$test_dir/tables'" >"$test_dir/on_table"
cp "$test_dir/on_convert" "$test_dir/working"
echo "touch '$test_dir/taken'; while [ -e '$test_dir/taken' ]; do sleep 0.05; done" >>"$test_dir/on_convert"
given "$origin" "$cow"
"${create[@]}" --prepared=cow >"$test_dir/stdout" 2>"$test_dir/stderr" &
maker=$!
run "$tools/snapshot_await" "$dmsetup" --pid="$maker"
expect_exit 0
expect_stdout ''
expect "snapshot_create has ended" kill -0 "$maker"
rm "$test_dir/taken"
wait "$maker"
mv "$test_dir/working" "$test_dir/on_convert"
# A process that ends without: of one that is gone already, or ends meanwhile.
for maker in "$maker" ''; do
  [[ -n $maker ]] || {
    sleep 0.3 &
    maker=$!
  }
  run timeout 20 "$tools/snapshot_await" "$dmsetup" --pid="$maker"
  expect_exit 3
  expect_stderr "process $maker has ended, and the device-mapper has no snapshot vg_mysql/mysql_snapshot"
done
run "$tools/snapshot_await" "$dmsetup" --pid=0
expect_exit 1
sleep 100 &
maker=$!
run "$tools/snapshot_await" --dmsetup=/nonexistent/dmsetup --pid="$maker"
expect_exit 2
given "$origin"
"$tools/snapshot_await" "$dmsetup" --pid="$maker" 2>"$test_dir/stderr" &
pid=$!
while ! grep -q 'dmsetup table' "$calls"; do sleep 0.05; done
kill -TERM "$pid"
test_exit=0
wait "$pid" || test_exit=$?
expect_exit 2
kill "$maker"
# One that is there beforehand would be taken for the new one.
cp "$test_dir/tables" "$test_dir/on_table"
given "$origin"
run "${create[@]}" --prepare
expect_exit 2
expect_stderr 'the kernel has a device of the snapshot vg_mysql/mysql_snapshot of which LVM does not know'
expect "something was made: $(cat "$calls")" test -z "$(changes)"
echo "echo 'No devices found'" >"$test_dir/on_table"

# --- no room: nothing is made
given "$origin"
sed -i.room 's/4294967296|/1069547520|/' "$test_dir/lvm"
run "${create[@]}" --prepare
expect_exit 2
expect_stdout ''
expect_stderr 'volume group vg_mysql has 1020 MiB free, and the snapshot needs 1024 MiB'
expect "something was made: $(cat "$calls")" test -z "$(changes)"
mv "$test_dir/lvm.room" "$test_dir/lvm"

# --- a leftover is removed first
given "$origin" "$good"
run "${create[@]}"
expect_exit 0
expect_stderr 'WARNING .*removing the snapshot vg_mysql/mysql_snapshot that an earlier run left'
expect "the order of commands" test \
  "$(changes | cut -d ' ' -f 1 | paste -sd ' ')" = 'lvremove lvcreate lvchange lvconvert'

# --- a foreign volume of the name is refused and untouched
given "$origin" 'mysql_snapshot||-wi-a-----||4194304||/dev/vg_mysql/mysql_snapshot|254|3||'
for tool in snapshot_create snapshot_remove; do
  run "$tools/$tool" "$lvm" "$dmsetup"
  expect_exit 2
  expect_stderr 'is no snapshot of lv_mysql_data: it is left untouched'
done
expect "a foreign volume was touched" test -z "$(grep -E 'lvcreate|lvremove' "$calls")"

# --- a command fails half way: what it made is removed again
for half_way in create:--prepare convert:--prepared=cow; do
  command=${half_way%%:*}
  cp "$test_dir/on_$command" "$test_dir/working"
  printf '%s\n' "echo 'no luck' >&2" 'exit 5' >>"$test_dir/on_$command"
  given "$origin" "$cow"
  run "${create[@]}" "${half_way#*:}"
  expect_exit 2
  expect_stdout ''
  expect_stderr "ERROR .*lv$command failed: exit code 5: no luck"
  expect "a half made snapshot is left" test -z "$(grep mysql_snapshot "$state")"
  mv "$test_dir/working" "$test_dir/on_$command"
done

# --- lvconvert says that all is well, and there is no snapshot
echo "exit 0" >"$test_dir/on_convert"
given "$origin"
run "${create[@]}"
expect_exit 2
expect_stdout ''
expect "the COW volume is left" test -z "$(grep mysql_snapshot "$state")"

# --- it is overflowed as soon as it is there: not ours to use, and removed again
becomes "${good/swi-aos---/swi-Ios---}" >"$test_dir/on_convert"
given "$origin"
run "${create[@]}"
expect_exit 2
expect_stdout ''
expect_stderr 'is not valid'
expect "a snapshot that is not valid is left" test -z "$(grep mysql_snapshot "$state")"

# --- garbled output is no snapshot
given 'lv_mysql_data|garbage'
run "$tools/snapshot_check" "$lvm"
expect_exit 2
expect_stderr 'lvs printed a line of an unknown form'

# --- check
given "$origin" "$good"
run "$tools/snapshot_check" "$lvm"
expect_exit 0
expect_stdout 'used_percent=0.00 size_bytes=1073741824 attributes=swi-aos--- device=/dev/vg_mysql/mysql_snapshot'
given "$origin" "${good/swi-aos---/swi-Ios---}"
run "$tools/snapshot_check" "$lvm"
expect_exit 3
expect_stdout ''
expect_stderr 'is not valid: it has overflowed.*swi-Ios---.*SNAPSHOT_SIZE'
for unknown in "${good/swi-aos---/swi-Xos---}" "${good/0.00/}"; do
  given "$origin" "$unknown"
  run "$tools/snapshot_check" "$lvm"
  expect_exit 3
done
given "$origin" "${good/0.00/100.00}"
run "$tools/snapshot_check" "$lvm"
expect_exit 3
given "$origin"
run "$tools/snapshot_check" "$lvm"
expect_exit 3
expect_stderr 'there is no snapshot'
given "$origin" "${good/lv_mysql_data/lv_other}"
run "$tools/snapshot_check" "$lvm"
expect_exit 3
expect_stdout ''
expect_stderr 'there is no snapshot .* of lv_mysql_data'

# --- a thin origin: its snapshot has no size, and its pool is what is looked at
thin_origin='lv_mysql_data||Vwi-aotz--||1258291200|40.00|/dev/vg_mysql/lv_mysql_data|254|5|pool|'
thin_pool='pool||twi-aotz--||4294967296|50.00||254|4||11.50'
thin='mysql_snapshot|lv_mysql_data|Vwi-a-tz--|mysql_lvm_backup|1258291200|40.00|/dev/vg_mysql/mysql_snapshot|254|6|pool|'
echo "echo '$thin' >>'$state'" >"$test_dir/on_create"
given "$thin_origin" "$thin_pool"
run "${create[@]}" --prepare
expect_exit 0
expect_stdout thin
expect "something was made: $(cat "$calls")" test -z "$(changes)"
run "${create[@]}" --prepared=thin
expect_exit 0
expect_stdout /dev/vg_mysql/mysql_snapshot
given "$thin_origin" "$thin_pool"
run "${create[@]}"
expect_exit 0
expect_stdout /dev/vg_mysql/mysql_snapshot
expect_stderr 'created vg_mysql/mysql_snapshot, a snapshot of lv_mysql_data in the thin pool pool'
grep -qx 'lvcreate --yes --snapshot --setactivationskip n --name mysql_snapshot --addtag mysql_lvm_backup vg_mysql/lv_mysql_data' \
  "$calls" || fail "lvcreate: $(cat "$calls")"
run "$tools/snapshot_check" "$lvm"
expect_exit 0
expect_stdout 'used_percent=50.00 size_bytes=4294967296 attributes=Vwi-a-tz-- device=/dev/vg_mysql/mysql_snapshot pool=pool metadata_percent=11.50'
for bad in "${thin_pool/twi-aotz--/twi-aotzD-}" "${thin_pool/50.00/100.00}" "${thin_pool/11.50/100.00}"; do
  given "$thin_origin" "$bad" "$thin"
  run "$tools/snapshot_check" "$lvm"
  expect_exit 3
  expect_stdout ''
  expect_stderr 'is not valid: its thin pool is full or has failed .*lvextend'
done
given "$thin_origin" "${thin_pool/50.00/90.00}"
run "${create[@]}" --prepare
expect_exit 2
expect_stderr 'the thin pool vg_mysql/pool has 409 MiB free, and what is written .* may need 1024 MiB: extend the pool'
given "$thin_origin" "${thin_pool/11.50/85.00}"
run "${create[@]}" --prepare
expect_exit 2
expect_stderr 'metadata of the thin pool vg_mysql/pool are 85 % full.*lvextend --poolmetadatasize'
given "$thin_origin"
run "${create[@]}" --prepare
expect_exit 2
expect_stderr 'LVM tells nothing of vg_mysql/pool'

# --- remove: nothing there; busy once, then gone; busy to the end
given "$origin"
run "$tools/snapshot_remove" "$lvm"
expect_exit 0
given "$origin" "$good"
cat >"$test_dir/on_remove" <<END
if test -e "$test_dir/tried"; then
  grep -v mysql_snapshot "$state" >"$state.new"
  mv "$state.new" "$state"
else
  touch "$test_dir/tried"
  echo "  Logical volume vg_mysql/mysql_snapshot in use." >&2
  exit 5
fi
END
run "$tools/snapshot_remove" "$lvm"
expect_exit 0
expect_stderr 'WARNING .*trying again.*in use'
expect_stderr 'INFO .*removed vg_mysql/mysql_snapshot'
given "$origin" "$good"
echo 'echo "  Logical volume vg_mysql/mysql_snapshot in use." >&2; exit 5' >"$test_dir/on_remove"
run "$tools/snapshot_remove" "$lvm" --deadline=1
expect_exit 4
expect_stderr 'cannot remove the snapshot vg_mysql/mysql_snapshot: .*in use'

# --- remove: still there, although LVM says that it is gone
given "$origin" "$good"
echo 'exit 0' >"$test_dir/on_remove"
run "$tools/snapshot_remove" "$lvm" --deadline=1
expect_exit 4
expect_stderr 'cannot remove the snapshot vg_mysql/mysql_snapshot: lvremove succeeded, and lvs does not show'

# --- remove: gone, although LVM says that it failed
given "$origin" "$good"
printf '%s\n' "grep -v mysql_snapshot '$state' >'$state.new'" "mv '$state.new' '$state'" \
  'echo "  no answer from udev" >&2; exit 5' >"$test_dir/on_remove"
run "$tools/snapshot_remove" "$lvm"
expect_exit 0
expect_stderr 'WARNING .*removed vg_mysql/mysql_snapshot, although .*no answer from udev; does udev answer'

# --- TERM while LVM is at work: it is let finish, and then undone
printf '%s\n' "grep -v mysql_snapshot '$state' >'$state.new'" "mv '$state.new' '$state'" \
  >"$test_dir/on_remove"
for at_work in create:--prepare convert:--prepared=cow; do
  { echo "sleep 1" && becomes "$good" && echo "touch '$test_dir/finished'"; } >"$test_dir/on_${at_work%%:*}"
  rm -f "$test_dir/finished"
  given "$origin"
  "${create[@]}" "${at_work#*:}" >"$test_dir/stdout" 2>"$test_dir/stderr" &
  pid=$!
  while ! grep -q "lv${at_work%%:*}" "$calls"; do sleep 0.05; done
  kill -TERM "$pid"
  test_exit=0
  wait "$pid" || test_exit=$?
  expect_exit 2
  expect_stderr 'interrupted by SIGTERM'
  expect "LVM was cut short" test -e "$test_dir/finished"
  expect "the snapshot is left behind" test -z "$(grep mysql_snapshot "$state")"
done

# --- what a killed LVM command left in the kernel: removed once no volume has a use for it
devices() { # [NAME...]
  printf '%s|LVM-uuid\n' vg_mysql-lv_mysql_data "$@" >"$test_dir/devices"
}
echo "sed -i \"/^\$3|/d\" '$test_dir/devices'" >"$test_dir/on_dm_remove"
echo 'vg_mysql-lv_mysql_data|Active|Live' >"$test_dir/states"
echo vda2 >"$test_dir/lies_on"
given "$origin"
devices
run "$tools/snapshot_remove" "$lvm" "$dmsetup"
expect_exit 0
expect_no_stderr
expect "something was done: $(cat "$calls")" not grep -qE 'lvchange|dmsetup remove' "$calls"
given "$origin"
devices vg_mysql-lv_mysql_data-real vg_mysql-mysql_snapshot-cow vg_mysql-theirs-cow
run "$tools/snapshot_remove" "$lvm" "$dmsetup"
expect_exit 0
expect_stderr 'WARNING snapshot_remove: an LVM command was killed half way'
expect_stderr 'removed the device vg_mysql-mysql_snapshot-cow'
expect "the origin was not refreshed" grep -qx 'lvchange --refresh vg_mysql/lv_mysql_data' "$calls"
expect "left: $(cat "$test_dir/devices")" test "$(cut -d '|' -f 1 "$test_dir/devices" | tr '\n' ' ')" = \
  'vg_mysql-lv_mysql_data vg_mysql-theirs-cow '
# One that is open stays, and is named.
echo 'echo "Device or resource busy" >&2; exit 1' >"$test_dir/on_dm_remove"
given "$origin"
devices vg_mysql-mysql_snapshot
run "$tools/snapshot_remove" "$lvm" "$dmsetup"
expect_exit 4
expect_stderr 'cannot remove the device vg_mysql-mysql_snapshot .*busy.*dmsetup ls --tree'
run "$tools/snapshot_remove" "$lvm" --dmsetup=/nonexistent/dmsetup
expect_exit 0

# --- an origin that such a command left suspended is woken, before LVM can make it worse
lock=--lvm_locks=$test_dir/locks
mkdir "$test_dir/locks"
devices
for state_of_origin in 'Suspended|Both' 'Active|Both' 'Suspended|Live'; do
  echo "vg_mysql-lv_mysql_data|$state_of_origin" >"$test_dir/states"
  given "$origin"
  run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
  expect_exit 0
  expect_stderr 'WARNING snapshot_remove: an LVM command was killed half way: vg_mysql-lv_mysql_data '
  wanted='dmsetup resume vg_mysql-lv_mysql_data'
  [[ $state_of_origin != *Both ]] || wanted="dmsetup clear vg_mysql-lv_mysql_data $wanted"
  expect "what was done: $(cat "$calls")" test "$(grep -E '^(dmsetup (clear|resume)|lvs)' "$calls" | sed '/^lvs/q' |
    grep -v '^lvs' | tr '\n' ' ')" = "$wanted "
done
# The thin pool comes first.
echo vg_mysql-pool-tpool >"$test_dir/lies_on"
printf '%s\n' 'vg_mysql-lv_mysql_data|Suspended|Live' 'vg_mysql-pool-tpool|Suspended|Both' \
  'vg_mysql-other|Suspended|Both' >"$test_dir/states"
given "$thin_origin" "$thin_pool"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
expect_exit 0
expect "what was done: $(cat "$calls")" test "$(grep -E '^dmsetup (clear|resume)' "$calls" | tr '\n' ' ')" = \
  'dmsetup clear vg_mysql-pool-tpool dmsetup resume vg_mysql-pool-tpool dmsetup resume vg_mysql-lv_mysql_data '
echo vda2 >"$test_dir/lies_on"
# So does the hidden layer, without which nothing gets through the origin.
printf '%s\n' 'vg_mysql-lv_mysql_data|Active|Both' 'vg_mysql-lv_mysql_data-real|Suspended|Live' >"$test_dir/states"
given "$origin"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
expect_exit 0
expect "what was done: $(cat "$calls")" test "$(grep -E '^dmsetup (clear|resume)' "$calls" | tr '\n' ' ')" = \
  'dmsetup resume vg_mysql-lv_mysql_data-real dmsetup clear vg_mysql-lv_mysql_data dmsetup resume vg_mysql-lv_mysql_data '
# And after LVM's own work: here lvremove leaves it so, and says nothing of it.
echo 'vg_mysql-lv_mysql_data|Active|Live' >"$test_dir/states"
printf '%s\n' "grep -v mysql_snapshot '$state' >'$state.new'" "mv '$state.new' '$state'" \
  "echo 'vg_mysql-lv_mysql_data|Suspended|Live' >'$test_dir/states'" >"$test_dir/on_remove"
given "$origin" "$good"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
expect_exit 0
expect "the origin is left suspended" grep -qx 'vg_mysql-lv_mysql_data|Active|Live' "$test_dir/states"
# One that cannot be woken is told.
given "$origin" "$good"
sed -i.working 's/^  clear\* | resume\*).*/  resume*) echo "no luck" >\&2; exit 1 ;;/' "$test_dir/dmsetup"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
expect_exit 4
expect_stderr "ERROR .*the server's disk may be suspended.*no luck.*dmsetup resume"
mv "$test_dir/dmsetup.working" "$test_dir/dmsetup"
# Also when it could not be removed.
printf '%s\n' "echo 'vg_mysql-lv_mysql_data|Suspended|Live' >'$test_dir/states'" 'echo "  no luck" >&2; exit 5' \
  >"$test_dir/on_remove"
given "$origin" "$good"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock" --deadline=1
expect_exit 4
expect "the origin is left suspended" grep -qx 'vg_mysql-lv_mysql_data|Active|Live' "$test_dir/states"
# Not while an LVM command may be at it: here somebody has LVM's lock.
echo 'vg_mysql-lv_mysql_data|Suspended|Both' >"$test_dir/states"
given "$origin"
run flock "$test_dir/locks/V_vg_mysql" "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
expect_exit 0
expect_stderr 'WARNING .*cannot be had: an LVM command is at work'
expect "it was touched" not grep -qE '^dmsetup (clear|resume)' "$calls"
