#!/bin/bash
# Feeds invented inputs to the parsers: libFuzzer with AddressSanitizer and UBSan.

set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C

usage() {
  cat <<'END_OF_USAGE'
Usage: scripts/fuzz.sh [--seconds=N] [--jobs=N] [--seed=N] [--keep] [TARGET...]
       scripts/fuzz.sh --list
       scripts/fuzz.sh --repeat=FILE TARGET

Builds the fuzz targets (fuzz/README.md) with clang and runs each of them, or those named, beginning
with the inputs that are kept in fuzz/corpus.

  --seconds=N    how long each target runs (default 5; an hour is 3600)
  --jobs=N       how many run at once (default: one a core)
  --seed=N       where chance begins (default 1, so that a run can be repeated; 0: the clock)
  --keep         put the inputs that reached new code into fuzz/corpus
  --list         only print the names of the targets
  --repeat=FILE  run one target on one input, such as a reproducer

Stdout: a line for each target, as it ends:
  fuzz TARGET runs=N seconds=N crashes=0 PASSED
  fuzz TARGET runs=N seconds=N crashes=1 FAILED
After a crash follow what was said, the file of the input that did it, and the command that repeats
it; the target is not run on.
Exit codes: 0 nothing was found, 1 wrong usage, 2 something was found, or failed.
END_OF_USAGE
}

die() {
  local -r code=$1
  shift
  printf 'fuzz.sh: %s\n' "$@" >&2
  exit "$code"
}

# config/parse_config for //config:parse_config_fuzz, one a line.
list_targets() {
  bazel query 'attr(tags, "\bfuzz\b", kind(cc_binary, //...))' 2>"$scratch/query" |
    sed -nE 's|^//(.*):(.*)_fuzz$|\1/\2|p' | sort
  [[ ${PIPESTATUS[0]} == 0 ]] || die 2 "Bazel cannot list the targets:" "$(<"$scratch/query")"
}

# Builds the targets and sets the global `binaries` to where they are.
build() {
  local -a labels
  mapfile -t labels < <(printf '%s\n' "$@" | sed -E 's|^(.*)/(.*)$|//\1:\2_fuzz|')
  bazel build --config=fuzz "${labels[@]}" >"$scratch/build" 2>&1 ||
    die 2 "the fuzz targets cannot be built (clang comes with scripts/setup.sh --for=test):" \
      "$(<"$scratch/build")"
  binaries=$(bazel info --config=fuzz bazel-bin 2>/dev/null) || die 2 "bazel info failed"
}

# run TARGET ARGUMENT...: runs the fuzzer.
run() {
  local -r target=$1
  shift
  # What was freed is kept for a while to catch its use; by default that takes a quarter GiB.
  ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:allow_addr2line=1:quarantine_size_mb=16 \
    UBSAN_OPTIONS=print_stacktrace=1:allow_addr2line=1 \
    "$binaries/${target}_fuzz" -timeout=10 -max_len=5000 -print_final_stats=1 "$@" </dev/null
}

# Adds to the kept corpus what is new in the directory. Counters of loops do not count as new: the
# corpus would grow without end.
keep() {
  local -r target=$1 new=$2
  run "$target" -merge=1 -use_counters=0 "fuzz/corpus/${target}_fuzz" "$new" >"$new.log" 2>&1 ||
    printf 'fuzz.sh: %s: cannot keep the new inputs:\n%s\n' "$target" "$(tail -n 5 "$new.log")" >&2
}

# fuzz TARGET: runs it for its time and prints how that went.
fuzz() {
  local -r target=$1
  local -r work=$scratch/${target//\//.}
  local -a arguments=("-max_total_time=$seconds" "-seed=$seed" "-artifact_prefix=$work.")
  local -r dictionary=fuzz/dictionary/${target}_fuzz
  [[ ! -e $dictionary ]] || arguments+=("-dict=$dictionary")
  mkdir "$work"
  local verdict=PASSED crashes=0 runs
  local -r begin=$SECONDS
  run "$target" "${arguments[@]}" "$work" "fuzz/corpus/${target}_fuzz" >"$work.log" 2>&1 ||
    verdict=FAILED crashes=1
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work.log")
  printf 'fuzz %s runs=%s seconds=%d crashes=%d %s\n' \
    "$target" "${runs:-0}" $((SECONDS - begin)) "$crashes" "$verdict"
  if [[ $verdict == PASSED ]]; then
    [[ $keep == no ]] || keep "$target" "$work"
    return 0
  fi
  explain "$target" "$work"
  return 1
}

# The scratch directory goes, so the reproducer is put elsewhere.
explain() {
  local -r target=$1 work=$2
  # Of the stack our own part.
  sed -nE 's|/proc/self/cwd/||; T other; s/^ */  /p; d; :other
    /Check failed|ERROR:|runtime error:|^SUMMARY:|^fuzz[.]sh/ s/^/  /p' "$work.log"
  local file reproducer
  for file in "$work".{crash,leak,timeout,oom}-*; do
    [[ -f $file ]] || continue
    reproducer=${TMPDIR:-/tmp}/fuzz.${file##*/}
    cp -- "$file" "$reproducer"
    printf '  reproducer: %s\n  repeat: scripts/fuzz.sh --repeat=%q %s\n' "$reproducer" "$reproducer" "$target"
  done
}

run_all() {
  local target status=0 running=0
  for target in "$@"; do
    if ((running == jobs)); then
      wait -n || status=2
      ((running -= 1))
    fi
    # A file, so that what two targets print is not mixed.
    (
      fuzz "$target" >"$scratch/said.${target//\//.}"
      code=$?
      cat "$scratch/said.${target//\//.}"
      exit "$code"
    ) &
    ((running += 1))
  done
  while ((running > 0)); do
    wait -n || status=2
    ((running -= 1))
  done
  return "$status"
}

main() {
  local argument list=no repeat=
  local -a targets=() known
  for argument in "$@"; do
    case $argument in
      --help | -h)
        usage
        exit 0
        ;;
      --seconds=* | --jobs=*)
        [[ ${argument#*=} =~ ^[1-9][0-9]{0,5}$ ]] || die 1 "${argument%%=*} takes a number from 1 on"
        if [[ $argument == --seconds=* ]]; then seconds=${argument#*=}; else jobs=${argument#*=}; fi
        ;;
      --seed=*)
        [[ ${argument#*=} =~ ^(0|[1-9][0-9]{0,8})$ ]] || die 1 "--seed takes a number"
        seed=${argument#*=}
        ;;
      --keep) keep=yes ;;
      --list) list=yes ;;
      --repeat=?*) repeat=$(realpath -- "${argument#*=}") ;;
      -*) die 1 "unknown argument '$argument'; see scripts/fuzz.sh --help" ;;
      *) targets+=("$argument") ;;
    esac
  done
  [[ -z $repeat || ${#targets[@]} == 1 ]] || die 1 "--repeat needs one target"
  [[ -z $repeat || -r $repeat ]] || die 1 "cannot read $repeat"

  cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 2
  mapfile -t known < <(list_targets)
  ((${#known[@]} > 0)) || die 2 "there are no targets"
  if [[ $list == yes ]]; then
    printf '%s\n' "${known[@]}"
    return
  fi
  for argument in "${targets[@]}"; do
    printf '%s\n' "${known[@]}" | grep -qxF -- "$argument" ||
      die 1 "there is no target '$argument'; see scripts/fuzz.sh --list"
  done
  ((${#targets[@]} > 0)) || targets=("${known[@]}")

  build "${targets[@]}"
  if [[ -n $repeat ]]; then
    run "${targets[0]}" "$repeat" || die 2 "${targets[0]} fails with $repeat"
    return
  fi
  run_all "${targets[@]}"
}

seconds=5
jobs=$(nproc)
seed=1
keep=no
binaries=
scratch=$(mktemp -d)
readonly scratch
trap 'rm -rf -- "$scratch"' EXIT
main "$@"
