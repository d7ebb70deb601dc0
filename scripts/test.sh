#!/bin/bash
# Installs what is missing and runs every test. Its last line counts them.

set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C

usage() {
  cat <<'END'
Usage: scripts/test.sh [SUITE...]

Installs what is missing (scripts/setup.sh) and runs the suites, all of them by default:

  style  format and lint of C++ and shell (scripts/presubmit.sh format lint tidy)
  unit   all Bazel tests: libraries, and the built tools with a private server and loop devices
  asan   the C++ tests again under AddressSanitizer and UBSan
  fuzz   every parser under libFuzzer, five seconds each (longer: scripts/fuzz.sh)
  lab    the lab machine itself
  e2e    the whole backup and its verification on real LVM, in the lab machine (more: lab/e2e.sh --long)
  combinations  backup, verification and restore on MariaDB and MySQL, ext4 and XFS, classic and thin
         volumes, four of eight (all: lab/combinations.sh --long); MySQL is Debian sid's, and skipped
         where that cannot be installed
  faults a selection of the faults of lab/faults.sh, one at a time
  power  what the disk of the backups may hold after a power cut, 60 states a filesystem

Stdout: the results as they come, and at the end what failed, a line each; the last line is
"N passed, N failed, N skipped".
Exit codes: 0 nothing failed, 1 wrong usage, 2 something failed.
END
}

passed=0 failed=0 skipped=0
failures='' # a line each

# count PATTERN TEXT: how many lines match.
count() {
  grep -cE -- "$1" <<<"$2"
}

section() {
  printf '\n=== %s\n' "$1"
}

# Runs a command, shows its output as it comes and keeps it in REPLY; returns its exit code.
watch() {
  local file status
  file=$(mktemp)
  "$@" 2>&1 | tee "$file"
  status=${PIPESTATUS[0]}
  REPLY=$(<"$file")
  rm -f "$file"
  return "$status"
}

# tally STATUS PASSED FAILED SKIPPED: a suite that failed without counting a failure, or that ran
# nothing, is a failure itself.
tally() {
  local status=$1 count=$3
  (((status == 0 && $2 + $4 > 0) || count > 0)) || count=1
  ((passed += $2, failed += count, skipped += $4))
  ((count == 0)) || failures+=$(
    grep -E '^FAILED|^(//|fuzz|format|lint|tidy).* (FAILED|TIMEOUT|FLAKY|NO STATUS)' <<<"$REPLY" ||
      echo "$suite: ended with exit code $status"
  )$'\n'
}

suite_style() {
  watch scripts/presubmit.sh format lint tidy
  tally $? "$(count '^(format|lint|tidy) +OK' "$REPLY")" "$(count '^(format|lint|tidy) +FAILED' "$REPLY")" 0
}

# Targets that could not be built, or were not run, have failed.
tally_bazel() {
  tally "$1" "$(count '^//.* PASSED' "$REPLY")" "$(count '^//.* (FAILED|TIMEOUT|FLAKY|NO STATUS)' "$REPLY")" \
    "$(count '^//.* SKIPPED' "$REPLY")"
}

suite_unit() {
  watch bazel test --keep_going --cache_test_results=no --test_summary=short //...
  tally_bazel $?
}

suite_asan() {
  local targets
  mapfile -t targets < <(bazel query 'kind(cc_test, //...)' 2>/dev/null)
  watch bazel test --keep_going --config=asan --test_summary=short "${targets[@]}"
  tally_bazel $?
}

suite_fuzz() {
  watch scripts/fuzz.sh
  tally $? "$(count '^fuzz .* PASSED$' "$REPLY")" "$(count '^fuzz .* FAILED$' "$REPLY")" 0
}

suite_lab() {
  watch lab/lab_test.sh
  local status=$? counts
  counts=$(grep -oE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' <<<"$REPLY" | tail -n 1 | tr -dc '0-9 ')
  # shellcheck disable=SC2086  # three words
  tally "$status" ${counts:-0 0 0}
}

suite_e2e() {
  watch lab/e2e.sh
  tally $? "$(count '^PASSED ' "$REPLY")" "$(count '^FAILED ' "$REPLY")" 0
}

suite_combinations() {
  watch lab/combinations.sh
  tally $? "$(count '^PASSED ' "$REPLY")" "$(count '^FAILED ' "$REPLY")" "$(count '^SKIPPED ' "$REPLY")"
}

suite_power() {
  watch lab/power_cut.sh ext4 ext4_nojournal
  tally $? "$(count '^power_cut [a-z0-9_]+ states=([0-9]+) survived=\1 ' "$REPLY")" \
    "$(count '^FAILED ' "$REPLY")" 0
}

suite_faults() {
  watch lab/faults.sh --quick
  tally $? "$(count '^[a-z]+ trials=([0-9]+) survived=\1 ' "$REPLY")" "$(count '^FAILED ' "$REPLY")" 0
}

readonly ALL_SUITES=(style unit asan fuzz lab e2e combinations faults power)
suites=()
for argument; do
  case $argument in
    --help)
      usage
      exit 0
      ;;
    style | unit | asan | fuzz | lab | e2e | combinations | faults | power) suites+=("$argument") ;;
    *)
      echo "test.sh: no suite '$argument'; see scripts/test.sh --help" >&2
      exit 1
      ;;
  esac
done
((${#suites[@]})) || suites=("${ALL_SUITES[@]}")

cd "$(dirname "$0")/.." || exit 2
scripts/setup.sh || exit 2
for suite in "${suites[@]}"; do
  section "$suite"
  began=$SECONDS
  "suite_$suite"
  printf '%s: %d s\n' "$suite" $((SECONDS - began))
done

[[ -z $failures ]] || printf '\nFailed:\n%s' "$failures"
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0)) || exit 2
