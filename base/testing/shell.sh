# For the shell tests of built tools; to be sourced.
#
#   run TOOL [ARG...]         runs it; its stdout, stderr and exit code are then what the rest looks at
#   start TOOL [ARG...]       the same in the background, as process $started, INT not ignored
#   wait_for COMMAND...       until that succeeds, while $started runs
#   heeds_term TOOL           whether $started is that tool, and no shell any more, and catches SIGTERM
#   finish                    waits until $started has ended
#   expect_exit CODE
#   expect_stdout TEXT        exactly this, without the last line feed
#   expect_stderr PATTERN     an extended regular expression that must match within some line
#   expect_no_stderr
#   expect WORDS COMMAND...   any command; WORDS say what its failure means
#   not COMMAND...            succeeds when the command fails; for expect
#   on_exit COMMAND...        undone in reverse order when the test ends, however it ends
#
# A failed expectation prints what was seen and ends the test at once.
# shellcheck shell=bash

set -euo pipefail

test_dir=$(mktemp -d "${TEST_TMPDIR:-/tmp}/shell_test.XXXXXX")
undo=()
test_exit=0

on_exit() {
  undo+=("$(printf '%q ' "$@")")
}

finish_test() {
  local status=$? i
  for ((i = ${#undo[@]} - 1; i >= 0; i--)); do
    eval "${undo[i]}" || status=1
  done
  rm -rf "$test_dir"
  exit "$status"
}
trap finish_test EXIT

fail() {
  printf 'FAILED: %s\n' "$1"
  if [[ -e $test_dir/stdout ]]; then
    printf -- '--- command: %s\n--- exit code: %s\n--- stdout:\n' "$test_command" "$test_exit"
    cat "$test_dir/stdout"
    printf -- '--- stderr:\n'
    cat "$test_dir/stderr"
  fi
  exit 1
}

# Never in a pipe or a substitution: the exit code of the tool under test would be lost.
run() {
  test_command=$(printf '%q ' "$@")
  test_exit=0
  "$@" >"$test_dir/stdout" 2>"$test_dir/stderr" || test_exit=$?
}

start() {
  test_command=$(printf '%q ' "$@")
  # A shell starts what runs in the background with INT ignored, which the tools respect, and without stdin.
  env --default-signal=INT "$@" <&0 >"$test_dir/stdout" 2>"$test_dir/stderr" &
  started=$!
}

# The test's own time limit is the deadline.
wait_for() {
  until "$@"; do
    kill -0 "$started" 2>/dev/null || fail "it has ended before: $*"
    sleep 0.05
  done
}

heeds_term() {
  [[ $(readlink "/proc/$started/exe") == */$1 ]] && grep -q 'SigCgt:.*[4-7c-f]...$' "/proc/$started/status"
}

finish() {
  test_exit=0
  wait "$started" || test_exit=$?
}

expect_exit() {
  [[ $test_exit == "$1" ]] || fail "expected exit code $1"
}

expect_stdout() {
  [[ $(cat "$test_dir/stdout") == "$1" ]] || fail "expected on stdout: $1"
}

expect_stderr() {
  grep -qE -- "$1" "$test_dir/stderr" || fail "expected on stderr: $1"
}

expect_no_stderr() {
  [[ ! -s $test_dir/stderr ]] || fail "expected nothing on stderr"
}

expect() {
  local words=$1
  shift
  "$@" || fail "$words"
}

not() {
  ! "$@"
}
