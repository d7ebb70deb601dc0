#!/usr/bin/env bash
# plan_retention: the plan, and that a list which is not whole gives none.

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

plan_retention=$PWD/retention/plan_retention

# plan INPUT [ARG...]: runs the tool with INPUT, where \n is a line feed.
plan() {
  printf '%b' "$1" >"$test_dir/input"
  shift
  run "$plan_retention" "$@" <"$test_dir/input"
}

run "$plan_retention" --help
expect_exit 0
expect_no_stderr

for argument in --no_such_flag --keep=0 --keep=-1 --keep=seven --keep=99999999999 --keep= extra; do
  plan 'end 0\n' "$argument"
  expect_exit 1
  expect_stdout ''
done

plan 'end 0\n'
expect_exit 0
expect_stdout 'end 0'
expect_no_stderr

nine=
for day in 1 2 3 4 5 6 7 8 9; do
  nine+="backup_2026110${day}_020000\n"
done

plan "${nine}end 9\n"
expect_exit 0
expect_stdout 'backup_20261101_020000
backup_20261102_020000
end 2'
expect_no_stderr

plan "${nine}end 9\n" --keep=8
expect_exit 0
expect_stdout 'backup_20261101_020000
end 1'

plan "${nine}end 9\n" --keep=9
expect_exit 0
expect_stdout 'end 0'

for input in '' 'end 0' "$nine" "${nine}end 8\n" "${nine}end 9" "${nine}end 9\n\n" \
  'junk\nend 1\n' 'backup_20261102_020000\nbackup_20261101_020000\nend 2\n' \
  'backup_20261101_020000\nbackup_20261101_020000\nend 2\n'; do
  plan "$input" --keep=1
  expect_exit 2
  expect_stdout ''
  expect_stderr 'ERROR plan_retention: the list on standard input is not to be trusted'
done
