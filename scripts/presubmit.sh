#!/bin/bash
# Everything that must hold before a change is committed: format, lint, build, unit tests.

set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C

readonly ALL_STAGES=(format lint tidy build test asan)

usage() {
  cat <<'END'
Usage: scripts/presubmit.sh [--fix] [--changed[=COMMIT]] [STAGE...]

Runs the stages (all but the last by default) and prints one line for each: OK or FAILED, and the time.
What a failed stage said follows its line.

  format  clang-format and shfmt
  lint    shellcheck, and whether every mutation still applies (mutations/README.md)
  tidy    clang-tidy
  build   everything, warnings are errors
  test    all tests of bazel
  asan    the C++ tests again under AddressSanitizer and UBSan (not those tagged noasan)
  analyze clang's static analyzer over the tests, which tidy leaves out there: only when it is named

  --fix               bring the files into format instead of complaining
  --changed[=COMMIT]  format, lint and tidy look only at files that differ from COMMIT (HEAD)

Exit codes: 0 every stage OK, 1 wrong usage, 2 a stage failed or a program is missing.
END
}

die() {
  local -r code=$1
  shift
  printf 'presubmit.sh: %s\n' "$@" >&2
  exit "$code"
}

# Fills the global arrays cc_files, test_files and other_files (which are the same), cxx_files (with
# headers) and shell_files. Files that git ignores do not count; files not yet added do.
list_files() {
  if [[ -z $changed_since ]]; then
    git ls-files -z --cached --others --exclude-standard >"$scratch/listed"
  else
    git diff -z --name-only --relative "$changed_since" -- >"$scratch/listed"
    git ls-files -z --others --exclude-standard >>"$scratch/listed"
  fi
  sort -zu "$scratch/listed" >"$scratch/sorted"

  local file first_line
  local -a headers=()
  while IFS= read -r -d '' file; do
    # A deleted file is still listed; a link is checked where it leads to.
    [[ -f $file && ! -L $file ]] || continue
    case $file in
      *.cc) cc_files+=("$file") ;;
      *.h) headers+=("$file") ;;
      *.sh) shell_files+=("$file") ;;
      *)
        # Programs such as .ci/run are known by their first line.
        [[ ${file##*/} != *.* ]] || continue
        IFS= read -r first_line <"$file" || continue
        [[ ! $first_line =~ ^#!.*[/\ ](ba|da)?sh($|\ ) ]] || shell_files+=("$file")
        ;;
    esac
  done <"$scratch/sorted"
  cxx_files=("${cc_files[@]}" "${headers[@]}")

  # clang-tidy sees a header only through a source file that includes it.
  if [[ -n $changed_since ]] && ((${#headers[@]} > 0)); then
    printf '#include "%s"\n' "${headers[@]}" >"$scratch/includes"
    git grep -z --untracked -lF -f "$scratch/includes" -- '*.cc' >"$scratch/including" || true
    printf '%s\0' "${cc_files[@]}" >>"$scratch/including"
    mapfile -t -d '' cc_files < <(sort -zu "$scratch/including" | grep -zv '^$')
  fi
  for file in "${cc_files[@]}"; do
    if [[ $file == *_test.cc ]]; then test_files+=("$file"); else other_files+=("$file"); fi
  done
}

stage_format() {
  local status=0
  if [[ $fix == yes ]]; then
    ((${#cxx_files[@]} == 0)) || clang-format -i -- "${cxx_files[@]}" || status=1
    # Without flags, so that .editorconfig decides, as in an editor.
    ((${#shell_files[@]} == 0)) || shfmt -w -- "${shell_files[@]}" || status=1
    return "$status"
  fi
  ((${#cxx_files[@]} == 0)) || clang-format --dry-run -Werror -- "${cxx_files[@]}" || status=1
  ((${#shell_files[@]} == 0)) || shfmt -d -- "${shell_files[@]}" || status=1
  ((status == 0)) || echo "To mend it: scripts/presubmit.sh --fix format"
  return "$status"
}

stage_lint() {
  ((${#shell_files[@]} == 0)) || shellcheck -x -- "${shell_files[@]}"
  scripts/mutations.sh --check
}

stage_tidy() {
  # The analyzer takes most of the time in tests, where it walks through googletest's macros. Their
  # paths are really walked, under AddressSanitizer; see analyze.
  local status=0
  tidy --checks= "${other_files[@]}" || status=1
  tidy --checks='-clang-analyzer-*' "${test_files[@]}" || status=1
  return "$status"
}

stage_analyze() {
  tidy --checks='-*,clang-analyzer-*' "${test_files[@]}"
}

# tidy OPTION FILE...
tidy() {
  (($# > 1)) || return 0
  # All third-party headers are the system's, so Bazel is not needed to find them. The definition is
  # the one that third_party/system_libraries.bzl gives to users of glog.
  printf '%s\0' "${@:2}" |
    xargs -0 -P "$(nproc)" -I '{}' \
      clang-tidy --quiet "$1" '{}' -- -std=c++17 -I. -DGLOG_CUSTOM_PREFIX_SUPPORT \
      2> >(grep -vE '^[0-9]+ warnings? generated|^Suppressed|^Use -header-filter' >&2)
}

stage_build() {
  bazel build --keep_going //...
}

stage_test() {
  bazel test --keep_going --build_tests_only //...
}

stage_asan() {
  bazel test --config=asan --keep_going --build_tests_only --test_lang_filters=cc //...
}

# Runs one stage with its words kept aside, and says how it went.
run_stage() {
  local -r name=$1
  local verdict=OK
  local -r begin=${EPOCHREALTIME/./}
  # Not as a condition: bash would switch off errexit in the whole of the stage.
  set +e
  (
    set -e
    "stage_$name"
  ) >"$scratch/$name.log" 2>&1
  local -r status=$?
  set -e
  ((status == 0)) || verdict=FAILED
  local -r tenths=$(((${EPOCHREALTIME/./} - begin) / 100000))
  printf '%-8s %-6s %4d.%d s\n' "$name" "$verdict" $((tenths / 10)) $((tenths % 10))
  [[ $verdict == OK ]] && return
  failed+=("$name")
  sed 's/^/  /' "$scratch/$name.log"
}

main() {
  local argument
  local -a stages=()
  for argument in "$@"; do
    case $argument in
      --help | -h)
        usage
        exit 0
        ;;
      --fix) fix=yes ;;
      --changed) changed_since=HEAD ;;
      --changed=?*) changed_since=${argument#--changed=} ;;
      format | lint | tidy | build | test | asan | analyze) stages+=("$argument") ;;
      *) die 1 "unknown argument '$argument'; see scripts/presubmit.sh --help" ;;
    esac
  done
  ((${#stages[@]} > 0)) || stages=("${ALL_STAGES[@]}")

  local program
  for program in bazel clang-format clang-tidy git shellcheck shfmt; do
    command -v "$program" >/dev/null || die 2 "$program is missing: run scripts/setup.sh --for=test"
  done
  cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
  if [[ -n $changed_since ]]; then
    git rev-parse --quiet --verify "$changed_since^{commit}" >/dev/null ||
      die 1 "--changed: '$changed_since' is no commit here"
  fi
  list_files

  local stage
  for stage in "${stages[@]}"; do
    run_stage "$stage"
  done
  ((${#failed[@]} == 0)) || die 2 "failed: ${failed[*]}"
}

fix=no
changed_since=
cc_files=()
test_files=() # these two: the .cc files again
other_files=()
cxx_files=()
shell_files=()
failed=()
scratch=$(mktemp -d)
readonly scratch
trap 'rm -rf -- "$scratch"' EXIT
main "$@"
