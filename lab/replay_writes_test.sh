#!/usr/bin/env bash
# replay_writes and plan_power_cuts as programs: a log made by hand.

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

replay_writes=$PWD/lab/replay_writes
plan_power_cuts=$PWD/lab/plan_power_cuts
log=$test_dir/log image=$test_dir/image

# number VALUE BYTES: little-endian.
number() {
  local i
  for ((i = 0; i < $2; i++)); do printf '%b' "\\x$(printf '%02x' $(($1 >> 8 * i & 255)))"; done
}

# entry PLACE SECTORS FLAGS [TEXT]: one sector of the log.
entry() {
  {
    number "$1" 8 && number "$2" 8 && number "$3" 8 && number ${#4} 8 && printf %s "$4"
    head -c 512 /dev/zero
  } | head -c 512
}

{
  { number 0x6a736677736872 8 && number 1 8 && number 4 8 && number 512 4 && head -c 512 /dev/zero; } | head -c 512
  entry 0 0 8 made
  entry 8 1 0 ''
  head -c 512 /dev/zero | tr '\0' x
  entry 0 0 1 ''
  entry 16 1 0 ''
  head -c 512 /dev/zero | tr '\0' y
} >"$log"
listed='0 mark 0 0 made
1 write 4096 512
2 flush 0 0
3 write 8192 512
end 4'

for tool in "$replay_writes" "$plan_power_cuts"; do
  run "$tool" --help
  expect_exit 0
  run "$tool" --log=relative
  expect_exit 1
  run "$tool" --log="$log" extra
  expect_exit 1
  run "$tool" --log="$test_dir/nothing"
  expect_exit 2
  expect_stderr 'cannot open .*nothing'
  run "$tool" --log="$0"
  expect_exit 2
  expect_stdout ''
  expect_stderr 'is no log of dm-log-writes'
done

run "$replay_writes" --log="$log"
expect_exit 0
expect_stdout "$listed"
expect_no_stderr

truncate -s 16K "$image"
on_image() { tr -d '\0' <"$image" | tr -s xy; }
run "$replay_writes" --log="$log" --image="$image" --end=4 --seed=0
expect_exit 0
expect_stdout ''
expect 'what is durable is missing, or what is not is there' test "$(on_image)" = x
run "$replay_writes" --log="$log" --image="$image" --begin=2 --end=4
expect_exit 0
expect 'the last write is missing' test "$(on_image)" = xy

run "$replay_writes" --log="$log" --image="$image" --end=4 --seed=some
expect_exit 1
expect_stderr "neither 'all' nor a number"
run "$replay_writes" --log="$log" --image="$image" --end=5
expect_exit 1
expect_stderr 'the log has 4 entries'
run "$replay_writes" --log="$log" --image="$image" --begin=3 --end=4 --seed=0
expect_exit 1
expect_stderr 'too late'
run "$replay_writes" --log="$log" --image="$test_dir/nothing" --end=4
expect_exit 2

run "$plan_power_cuts" --log="$log" --subsets=0
expect_exit 0
expect_stdout '0 2 0
2 3 all
2 4 all
2 4 0
end 4 2'
run "$plan_power_cuts" --log="$log" --subsets=9 --no_cache
expect_exit 0
expect_stdout '0 2 all
2 3 all
2 4 all
end 3 3'
run "$plan_power_cuts" --log="$log" --begin_mark=unmade
expect_exit 2
expect_stderr "no mark 'unmade'"
