#!/bin/bash
# fault_point on a small script of its own: what it counts, and what it can do at a point.

source base/testing/shell.sh
fault_point=$PWD/lab/faults/fault_point

mkdir "$test_dir/bin"
# A program of ours, and the others are none.
cp /usr/bin/mkdir "$test_dir/bin/maker"
cp /usr/bin/bash "$test_dir/bin/starter"
cat >"$test_dir/script" <<'END'
#!/bin/bash
cd "${0%/*}" || exit
echo kept >file
bin/maker directory || exit 10
/usr/bin/mv file moved || exit 11
/usr/bin/rmdir directory
bin/starter -c '/usr/bin/true; exit 0' || exit 12
echo ended
exit 7
END
chmod +x "$test_dir/script"
at() { # [FLAG...]
  rm -rf "$test_dir"/{directory,file,moved}
  run "$fault_point" --tools="$test_dir/bin" --log="$test_dir/log" "$@" -- "$test_dir/script"
}

run "$fault_point" --help
expect_exit 0
expect_no_stderr
for bad in --bogus --error=EWHAT; do
  run "$fault_point" "$bad" -- /bin/true
  expect_exit 1
done
run "$fault_point"
expect_exit 1
expect_stderr 'no command given'
run "$fault_point" -- /nonexistent/command
expect_exit 127

# Nothing happens: the command is as without it, and its points are told.
at
expect_exit 7
expect_stdout ended
expect_no_stderr
expect "points: $(cat "$test_dir/log")" diff <(cut -f 1 "$test_dir/log") - <<'END'
script/exec:script/1
script/exec:maker/1
maker/mkdir/1
script/exec:mv/1
script:mv/rename/1
script/exec:rmdir/1
script:rmdir/unlink/1
script/exec:starter/1
starter/exec:true/1
END
expect "the path is not told" grep -qx $'maker/mkdir/1\tdirectory' "$test_dir/log"

# One call fails; with --again, the later ones of its kind do, too.
at --at=script:mv/rename/1 --error=EIO
expect_exit 11
expect_stderr 'Input/output error'
expect "the file is gone" test -e "$test_dir/file"
at --at=script/exec:mv/1 --error=ENOENT
expect_exit 11
at --at=no/such/point --error=EIO
expect_exit 7

# A hook knows who is who, and finds the caller held: what it does comes before the call.
hook() { # WHO: kills it
  # shellcheck disable=SC2016  # expanded by the hook
  printf '#!/bin/bash\necho "$FAULT_CALLER/$FAULT_TOOL/$FAULT_SCRIPT" >%q\nkill -KILL "$%s"\n' \
    "$test_dir/who" "$1" >"$test_dir/hook"
  chmod +x "$test_dir/hook"
}
hook FAULT_TOOL
at --at=maker/mkdir/1 --run="$test_dir/hook"
expect_exit 10
expect "the tool was killed too late" not test -e "$test_dir/directory"
IFS=/ read -r caller tool script <"$test_dir/who"
expect "the caller, $caller, is the tool, $tool" test "$caller" = "$tool"
# What a tool has forked is not the tool, though it still runs the same program.
hook FAULT_TOOL
at --at=starter/exec:true/1 --run="$test_dir/hook"
expect_exit 12
IFS=/ read -r caller tool script <"$test_dir/who"
expect "the tool's child, $caller, is taken for the tool" test "$caller" != "$tool"
hook FAULT_SCRIPT
at --at=script:mv/rename/1 --run="$test_dir/hook"
expect_exit 137
IFS=/ read -r caller tool script <"$test_dir/who"
expect "$tool is a tool" test -z "$tool"
expect "the script is the caller" test "$caller" != "$script"
