#!/bin/bash
# The tools' contract where there is no device-mapper: wrong usage, and an lvm program that
# fails in ways that the real one cannot be made to. The real one is met in the lab.

source base/testing/shell.sh
source snapshot/stand_ins.sh
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
  # Not the machine's own, which may have no device-mapper.
  asks=("$dmsetup")
  [[ $tool != snapshot_check ]] || asks=()
  run "$tools/$tool" --lvm=/nonexistent/lvm "${asks[@]}"
  expect_exit 2
  expect_stderr 'cannot run /nonexistent/lvm.*No such file.*is its package installed'
done
run "$tools/snapshot_await" --help
expect_exit 0
run "$tools/snapshot_await" --pid=1 extra
expect_exit 1
expect_stderr "unexpected argument 'extra'"
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

create=("$tools/snapshot_create" "$lvm" "$dmsetup")

# --- it works
given "$origin"
run "${create[@]}"
expect_exit 0
expect_stdout /dev/vg_mysql/mysql_snapshot
expect_stderr 'INFO .*made vg_mysql/mysql_snapshot, 1024 MiB of COW space'
expect_stderr 'INFO .*created vg_mysql/mysql_snapshot, a snapshot of lv_mysql_data'
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
start "${create[@]}" --prepared=cow
maker=$started
run "$tools/snapshot_await" "$dmsetup" --pid="$maker"
expect_exit 0
expect_stdout ''
expect "snapshot_create has ended" kill -0 "$maker"
rm "$test_dir/taken"
finish
expect_exit 0
mv "$test_dir/working" "$test_dir/on_convert"
# A process that ends without: of one that is gone already, or ends meanwhile.
for maker in "$maker" ''; do
  [[ -n $maker ]] || {
    sleep 0.3 &
    maker=$!
  }
  run timeout 20 "$tools/snapshot_await" "$dmsetup" --pid="$maker"
  expect_exit 3
  expect_stderr "process $maker has ended, and the kernel has no snapshot vg_mysql/mysql_snapshot: see the lines of snapshot_create above"
done
run "$tools/snapshot_await" "$dmsetup"
expect_exit 1
expect_stderr '--pid is needed'
run "$tools/snapshot_await" "$dmsetup" --pid=0
expect_exit 1
expect_stderr '--pid=0 is not 1 or more'
sleep 100 &
maker=$!
run "$tools/snapshot_await" --dmsetup=/nonexistent/dmsetup --pid="$maker"
expect_exit 2
given "$origin"
start "$tools/snapshot_await" "$dmsetup" --pid="$maker"
wait_for grep -q 'dmsetup table' "$calls"
kill -TERM "$started"
finish
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
expect_stderr 'INFO .*the snapshot goes into the thin pool vg_mysql/pool'
expect_stderr 'INFO .*created vg_mysql/mysql_snapshot, a snapshot of lv_mysql_data'
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
run "$tools/snapshot_remove" "$lvm" "$dmsetup"
expect_exit 0
given "$origin" "$good"
cat >"$test_dir/on_remove" <<END
if test -e "$test_dir/tried"; then
  $(becomes)
else
  touch "$test_dir/tried"
  echo "  Logical volume vg_mysql/mysql_snapshot in use." >&2
  exit 5
fi
END
run "$tools/snapshot_remove" "$lvm" "$dmsetup"
expect_exit 0
expect_stderr 'WARNING .*trying again.*in use'
expect_stderr 'INFO .*removed vg_mysql/mysql_snapshot'
given "$origin" "$good"
echo 'echo "  Logical volume vg_mysql/mysql_snapshot in use." >&2; exit 5' >"$test_dir/on_remove"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" --deadline=1
expect_exit 4
expect_stderr 'cannot remove the snapshot vg_mysql/mysql_snapshot: .*in use'

# --- remove: still there, although LVM says that it is gone
given "$origin" "$good"
echo 'exit 0' >"$test_dir/on_remove"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" --deadline=1
expect_exit 4
expect_stderr 'cannot remove the snapshot vg_mysql/mysql_snapshot: lvremove succeeded, and lvs does not show'

# --- remove: gone, although LVM says that it failed
given "$origin" "$good"
{ becomes && echo 'echo "  no answer from udev" >&2; exit 5'; } >"$test_dir/on_remove"
run "$tools/snapshot_remove" "$lvm" "$dmsetup"
expect_exit 0
expect_stderr 'WARNING .*removed vg_mysql/mysql_snapshot, although .*no answer from udev; does udev answer'

# --- TERM while LVM is at work: it is let finish, and then undone
becomes >"$test_dir/on_remove"
for at_work in create:--prepare convert:--prepared=cow; do
  { echo "sleep 1" && becomes "$good" && echo "touch '$test_dir/finished'"; } >"$test_dir/on_${at_work%%:*}"
  rm -f "$test_dir/finished"
  given "$origin"
  start "${create[@]}" "${at_work#*:}"
  wait_for grep -q "lv${at_work%%:*}" "$calls"
  kill -TERM "$started"
  finish
  expect_exit 2
  expect_stderr 'interrupted by SIGTERM'
  expect "LVM was cut short" test -e "$test_dir/finished"
  expect "the snapshot is left behind" test -z "$(grep mysql_snapshot "$state")"
done
