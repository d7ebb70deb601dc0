# Stand-ins for lvm and dmsetup with a state of their own: what neither can be made to do with a real
# volume. For the shell tests of the tools here; to be sourced after base/testing/shell.sh.
#
#   given [LINE...]       what lvs is to print; the calls so far are forgotten
#   becomes [LINE]        prints a script in which lvs prints LINE of the snapshot from now on, or nothing
#   changes               prints LVM's commands so far that change something
#   $test_dir/on_create, on_convert, on_remove, on_dm_remove, on_table
#                         what lvcreate, lvconvert, lvremove, dmsetup remove, and dmsetup table do
# shellcheck shell=bash
# shellcheck disable=SC2034  # the tests' own
# shellcheck disable=SC2154  # test_dir is base/testing/shell.sh's

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
chmod +x "$test_dir/lvm" "$test_dir/dmsetup"

origin='lv_mysql_data||owi-aos---||1258291200||/dev/vg_mysql/lv_mysql_data|254|0||'
good='mysql_snapshot|lv_mysql_data|swi-aos---|mysql_lvm_backup|1073741824|0.00|/dev/vg_mysql/mysql_snapshot|254|3||'
cow='mysql_snapshot||-wi-------|mysql_lvm_backup|1073741824||/dev/vg_mysql/mysql_snapshot|-1|-1||'
thin_origin='lv_mysql_data||Vwi-aotz--||1258291200|40.00|/dev/vg_mysql/lv_mysql_data|254|5|pool|'
thin_pool='pool||twi-aotz--||4294967296|50.00||254|4||11.50'

given() {
  printf '  %s\n' "$@" >"$state"
  : >"$calls"
}
becomes() {
  echo "sed -i /mysql_snapshot/d '$state'"
  [[ $# == 0 ]] || echo "echo '  $1' >>'$state'"
}
changes() { grep -vE '^(lvs|vgs|dmsetup) ' "$calls"; }
becomes "$cow" >"$test_dir/on_create"
becomes "$good" >"$test_dir/on_convert"
becomes >"$test_dir/on_remove"
lvm=--lvm=$test_dir/lvm
dmsetup=--dmsetup=$test_dir/dmsetup
: >"$test_dir/devices"
: >"$test_dir/states"
echo "echo 'No devices found'" >"$test_dir/on_table"
