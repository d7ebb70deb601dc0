#!/usr/bin/env bash
# shellcheck disable=SC2034  # arrays are used by their names
# check_manifest: a thousand damaged copies, all found, and two hundred that are not, none accused.
# Real copies by sync_tree and publish_backup. Needs root for owners and loop mounts.

[[ -n ${own_mounts:-} ]] || own_mounts=yes exec unshare --mount "$0" "$@"

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

check_manifest=$PWD/verifier/check_manifest
tools=$PWD/syncer
root=$test_dir/root
source_tree=$test_dir/source
damaged=${DAMAGED_COPIES:-1000}
undamaged=${UNDAMAGED_COPIES:-200}
RANDOM=${SEED:-1}

run "$check_manifest" --help
expect_exit 0
expect_no_stderr
for argument in '' --backup=relative --no_such_flag; do
  run "$check_manifest" ${argument:+"$argument"}
  expect_exit 1
  expect_stdout ''
done

# --- a backup of something like a small datadir --------------------------------------------------
mkdir -p "$root" "$source_tree"/{mysql,shop,'#innodb_redo','odd name%',empty}
for file in ibdata1 aria_log_control mysql/user.MAD shop/orders.ibd shop/customers.ibd \
  '#innodb_redo/#ib_redo0' $'odd name%/t\n.ibd'; do
  head -c $((RANDOM % 20000 + 5000)) /dev/urandom >"$source_tree/$file"
done
: >"$source_tree/shop/nothing.ibd"
truncate -s 1M "$source_tree/shop/sparse.ibd"
cp "$source_tree/shop/orders.ibd" "$source_tree/shop/twin.ibd"
truncate -s "$(stat -c %s "$source_tree/shop/twin.ibd")" "$source_tree/shop/zeros.ibd"
ln -s orders.ibd "$source_tree/shop/link"
ln "$source_tree/ibdata1" "$source_tree/shop/hard"
"$tools/sync_tree" --source="$source_tree" --destination="$root/.backup_20261123_020000.partial" >/dev/null
"$tools/publish_backup" --root="$root" --partial=.backup_20261123_020000.partial >/dev/null
backup=$root/backup_20261123_020000

run "$check_manifest" --backup="$backup"
expect_exit 0
expect_no_stderr
entries=$(find "$backup" -mindepth 1 ! -name backup.manifest -printf x | wc -c)
bytes=$(find "$backup" -type f ! -name backup.manifest -printf '%s\n' | awk '{ n += $1 } END { print n }')
expect_stdout "ok entries=$entries bytes=$bytes bad=0"

# --- no manifest, or a damaged one ----------------------------------------------------------------
copy=$test_dir/copy
take_copy() { rm -rf "$copy" && cp -a "$backup" "$copy"; }
take_copy
rm "$copy/backup.manifest"
run "$check_manifest" --backup="$copy"
expect_exit 2
expect_stdout ''
expect_stderr 'cannot open .*/backup.manifest: No such file or directory; the backup was made before'
take_copy
truncate -s -1 "$copy/backup.manifest"
run "$check_manifest" --backup="$copy"
expect_exit 3
expect_stderr 'backup.manifest is damaged'
run "$check_manifest" --backup="$test_dir/nothing"
expect_exit 2
expect_stderr 'cannot open directory'

# It keeps retention away, and is kept away by it.
exec 8<"$backup"
flock --exclusive 8
run "$check_manifest" --backup="$backup"
expect_exit 75
expect_stderr 'is being removed'
exec 8<&-

# --- what each kind of damage is told as ----------------------------------------------------------
mapfile -d '' -t files < <(cd "$backup" && find . -type f -size +0 ! -name backup.manifest -printf '%P\0' | sort -z)
mapfile -d '' -t names < <(cd "$backup" && find . -mindepth 1 ! -name backup.manifest -printf '%P\0' | sort -z)
# pick ARRAY: one of its elements, in REPLY.
pick() {
  local -n of=$1
  REPLY=${of[RANDOM % ${#of[@]}]}
}
encode() { printf '%s' "$1" | perl -0777 -pe 's/[\x00-\x20%\x7f]/sprintf "%%%02X", ord $&/ge'; }

# damage KIND: in the copy; what has to be found is in `found`, one of its lines.
damage() {
  local other at
  pick files
  local file=$copy/$REPLY
  found="changed $(encode "$REPLY")"
  case $1 in
    bit)
      at=$((RANDOM * 32768 + RANDOM))
      at=$((at % $(stat -c %s "$file")))
      perl -e 'open my $f, "+<", $ARGV[0] or die; seek $f, $ARGV[1], 0; read $f, my $c, 1;
        seek $f, $ARGV[1], 0; print $f chr(ord($c) ^ (1 << $ARGV[2]))' "$file" "$at" $((RANDOM % 8))
      ;;
    truncated) truncate -s $((RANDOM % $(stat -c %s "$file"))) "$file" ;;
    longer) printf '\0' >>"$file" ;;
    missing)
      pick names
      found="missing $(encode "$REPLY")"
      rm -r "${copy:?}/$REPLY"
      ;;
    added)
      other=shop/new$RANDOM
      found="added $other"
      case $((RANDOM % 4)) in
        0) : >"$copy/$other" ;;
        1) mkdir "$copy/$other" ;;
        2) ln -s x "$copy/$other" ;;
        3) mkfifo "$copy/$other" ;;
      esac
      ;;
    swapped)
      # With one of another content; of the same length as well, where there is one.
      until pick files && ! cmp -s "$file" "$copy/$REPLY"; do :; done
      mv "$file" "$test_dir/aside" && mv "$copy/$REPLY" "$file" && mv "$test_dir/aside" "$copy/$REPLY"
      ;;
    kind)
      pick names
      found="changed $(encode "$REPLY")"
      rm -r "${copy:?}/$REPLY"
      if [[ -d $backup/$REPLY && ! -L $backup/$REPLY ]]; then : >"$copy/$REPLY"; else mkdir "$copy/$REPLY"; fi
      ;;
    link)
      found='changed shop/link'
      ln -sfn elsewhere "$copy/shop/link"
      ;;
    zeroed)
      until pick files && ! cmp -s "$backup/$REPLY" /dev/zero -n "$(stat -c %s "$backup/$REPLY")"; do :; done
      found="changed $(encode "$REPLY")"
      at=$(stat -c %s "$copy/$REPLY")
      truncate -s 0 "$copy/$REPLY" && truncate -s "$at" "$copy/$REPLY"
      ;;
  esac
}

kinds=(bit truncated longer missing added swapped kind link zeroed)
for ((i = 0; i < damaged; i++)); do
  take_copy
  # Hard links would carry the damage to a second name, which is found as well; see above.
  pick kinds
  kind=$REPLY
  damage "$kind"
  run "$check_manifest" --backup="$copy"
  [[ $test_exit == 3 ]] || fail "copy $i of seed ${SEED:-1}: $kind ($found) was not found"
  grep -qxF -- "$found" "$test_dir/stdout" || fail "copy $i of seed ${SEED:-1}: $kind was not told as '$found'"
done

for ((i = 0; i < undamaged; i++)); do
  # Other times, owners, modes and another place are no damage.
  rm -rf "$copy"
  cp -r --preserve=links "$backup" "$copy"
  pick names
  touch -h "$copy/$REPLY"
  run "$check_manifest" --backup="$copy"
  [[ $test_exit == 0 ]] || fail "copy $i of seed ${SEED:-1}, which is not damaged, was accused"
done
echo "check_manifest damaged=$damaged found=$damaged undamaged=$undamaged accused=0"
