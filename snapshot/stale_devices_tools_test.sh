#!/bin/bash
# What LVM commands that were killed half way leave in the kernel, and snapshot_remove's healing of it.

source base/testing/shell.sh
source snapshot/stand_ins.sh
tools=$PWD/snapshot

# --- devices are removed once no volume has a use for them
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
{ becomes && echo "echo 'vg_mysql-lv_mysql_data|Suspended|Live' >'$test_dir/states'"; } >"$test_dir/on_remove"
given "$origin" "$good"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
expect_exit 0
expect "the origin is left suspended" grep -qx 'vg_mysql-lv_mysql_data|Active|Live' "$test_dir/states"
# One that cannot be woken is told.
given "$origin" "$good"
sed -i.working 's/^  clear\* | resume\*).*/  resume*) echo "no luck" >\&2; exit 1 ;;/' "$test_dir/dmsetup"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
expect_exit 4
expect_stderr "ERROR .*no luck.*the server's disk may be suspended.*dmsetup resume"
# Nor one that a run has found so.
echo 'vg_mysql-lv_mysql_data|Suspended|Live' >"$test_dir/states"
given "$origin"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
expect_exit 4
expect_stderr "ERROR .*no luck.*the server's disk may be suspended.*dmsetup resume"
mv "$test_dir/dmsetup.working" "$test_dir/dmsetup"
# Also when it could not be removed.
printf '%s\n' "echo 'vg_mysql-lv_mysql_data|Suspended|Live' >'$test_dir/states'" 'echo "  no luck" >&2; exit 5' \
  >"$test_dir/on_remove"
given "$origin" "$good"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock" --deadline=1
expect_exit 4
expect "the origin is left suspended" grep -qx 'vg_mysql-lv_mysql_data|Active|Live' "$test_dir/states"
# Where dmsetup cannot tell, LVM is asked for nothing.
cannot_tell() { # WORDS
  given "$origin"
  run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
  expect_exit 2
  expect_stderr "ERROR .*$1.*the server's disk may be suspended.*dmsetup resume"
  expect "it was touched" not grep -qE '^dmsetup (clear|resume)|^lv' "$calls"
}
echo 'vg_mysql-lv_mysql_data|Suspended|Bo' >"$test_dir/states"
cannot_tell 'dmsetup printed a line of an unknown form: vg_mysql-lv_mysql_data.Suspended.Bo'
echo 'vg_mysql-lv_mysql_data|Suspended|Live' >"$test_dir/states"
sed -i.working 's/^  deps\*).*/  deps*) echo "no luck" >\&2; exit 1 ;;/' "$test_dir/dmsetup"
cannot_tell 'no luck'
mv "$test_dir/dmsetup.working" "$test_dir/dmsetup"
sed -i.working "s/^  'info .*tables_loaded'.*/  *tables_loaded) echo 'Device does not exist.' >\&2; exit 1 ;;/" "$test_dir/dmsetup"
cannot_tell 'Device does not exist'
# A device of somebody else's, which goes while they are listed, is no reason.
sed "s#^  'info .*tables_loaded'.*#  *tables_loaded) [ -e '$test_dir/gone' ] || { : >'$test_dir/gone'; exit 1; }; cat '$test_dir/states' ;;#" \
  "$test_dir/dmsetup.working" >"$test_dir/dmsetup"
given "$origin"
run "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
expect_exit 0
expect "the origin is left suspended" grep -qx 'vg_mysql-lv_mysql_data|Active|Live' "$test_dir/states"
mv "$test_dir/dmsetup.working" "$test_dir/dmsetup"
# Not while an LVM command may be at it: here somebody has LVM's lock.
echo 'vg_mysql-lv_mysql_data|Suspended|Both' >"$test_dir/states"
given "$origin"
run flock "$test_dir/locks/V_vg_mysql" "$tools/snapshot_remove" "$lvm" "$dmsetup" "$lock"
expect_exit 0
expect_stderr 'WARNING .*cannot be had: an LVM command is at work'
expect "it was touched" not grep -qE '^dmsetup (clear|resume)' "$calls"
