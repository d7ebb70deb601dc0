#!/bin/bash
# Takes each guard out of the product in turn, and shows which test fails for it.

set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C

usage() {
  cat <<'END'
Usage: scripts/mutations.sh [--jobs=N] [NAME...]
       scripts/mutations.sh --list | --check

Tries the mutations of mutations/ (see its README.md), all of them or those named: each is applied to
a copy of the tree, and its test must fail. A test that passes without the guard proves nothing of it.
All of them take an hour or more.

  --jobs=N  how many are tried at once (default 1), each in a tree of its own
  --list    only print the name of each, its test, and the guard
  --check   only see that each still applies to the tree as it is: quick

Stdout: a line for each mutation as it ends, and one for all of them:
  CAUGHT NAME (TEST, SECONDS s): what the test said
  SURVIVED NAME (TEST, SECONDS s)
  BROKEN NAME: it does not apply or compile, or its test could not be run, or fails without it
  mutations=N caught=N survived=N broken=N
Exit codes: 0 all of them were caught (--check: apply), 1 wrong usage, 2 some were not, or failed.
END
}

die() {
  local -r code=$1
  shift
  printf 'mutations.sh: %s\n' "$@" >&2
  exit "$code"
}

# --- the list -------------------------------------------------------------------------------------

names=()
declare -A guard_of file_of test_of old_of new_of
text_of='' text_read='' # the file that mutate has read last, and what is in it

# read_list FILE: adds its mutations to the arrays above.
read_list() {
  local line number=0 name=
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    if [[ $line =~ ^\[([a-z0-9_]+)\]$ ]]; then
      name=${BASH_REMATCH[1]}
      [[ -z ${guard_of[$name]+there} ]] || die 2 "$1:$number: there are two mutations $name"
      names+=("$name")
      guard_of[$name]='' file_of[$name]='' test_of[$name]='' old_of[$name]='' new_of[$name]=''
      continue
    fi
    [[ -n $name || -z $line || $line == '#'* ]] || die 2 "$1:$number: a line before the first [name]"
    case $line in
      '' | '#'*) ;;
      'guard: '?*) guard_of[$name]=${line#*: } ;;
      'file: '?*) file_of[$name]=${line#*: } ;;
      'test: //'?*) test_of[$name]=${line#*: } ;;
      ' '*)
        old_of[$name]+=${line:1}$'\n'
        new_of[$name]+=${line:1}$'\n'
        ;;
      '-'*) old_of[$name]+=${line:1}$'\n' ;;
      '+'*) new_of[$name]+=${line:1}$'\n' ;;
      *) die 2 "$1:$number: a line of an unknown form: $line" ;;
    esac
  done <"$1"
}

read_lists() {
  local file name
  for file in mutations/*.txt; do
    read_list "$file"
  done
  for name in "${names[@]}"; do
    [[ -n ${guard_of[$name]} && -n ${file_of[$name]} && -n ${test_of[$name]} ]] ||
      die 2 "mutation $name lacks its guard, its file or its test"
    [[ -n ${old_of[$name]} && ${old_of[$name]} != "${new_of[$name]}" ]] ||
      die 2 "mutation $name changes nothing"
  done
}

# mutate NAME TREE: the mutated text of its file in the tree, in REPLY. On failure the reason is there.
mutate() {
  local -r file=$2/${file_of[$1]} old=$'\n'${old_of[$1]}
  local text rest
  if [[ ! -f $file ]]; then
    REPLY="there is no ${file_of[$1]}"
    return 1
  fi
  # Many mutations are of the same file, and the check of all of them is to be quick.
  if [[ $file != "$text_of" ]]; then
    text_of=$file
    text_read=$'\n'$(<"$file")$'\n'
  fi
  text=$text_read
  rest=${text#*"$old"}
  if [[ $rest == "$text" ]]; then
    REPLY="the old text is not in ${file_of[$1]}"
    return 1
  fi
  if [[ $'\n'$rest == *"$old"* ]]; then
    REPLY="the old text is in ${file_of[$1]} more than once"
    return 1
  fi
  REPLY=${text%"$old$rest"}$'\n'${new_of[$1]}$rest
  REPLY=${REPLY#$'\n'}
}

list() {
  local name
  for name in "$@"; do
    printf '%s (%s)\n  %s\n' "$name" "${test_of[$name]}" "${guard_of[$name]}"
  done
}

check() {
  local name status=0
  for name in "$@"; do
    mutate "$name" . && continue
    printf 'BROKEN %s: %s\n' "$name" "$REPLY"
    status=2
  done
  return "$status"
}

# --- trying them ----------------------------------------------------------------------------------

# copy_tree TREE: what git knows here, and what is not yet added, as it is now.
copy_tree() {
  local file
  mkdir -- "$1"
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do
      # A deleted file is still listed.
      [[ ! -e $file && ! -L $file ]] || printf '%s\0' "$file"
    done | tar --create --null --files-from=- | tar --extract --directory="$1" ||
    die 2 "cannot copy the tree to $1"
}

# test_in TREE LOG TEST...: runs them there. The exit code is Bazel's: 1 not built, 3 a test failed.
test_in() {
  local -r tree=$1 log=$2
  shift 2
  # A mutation often leaves something unused, which is no reason not to compile.
  (cd "$tree" && exec bazel --output_base="$tree.bazel" test --disk_cache="$scratch/cache" --copt=-w \
    --cache_test_results=no --test_timeout=60,150,300,600 --test_output=errors --noshow_progress -- "$@") >"$log" 2>&1 &
  wait "$!" # a signal is heeded at once
}

# The line of a test's log that says why it failed, in REPLY.
reason_in() {
  REPLY=$(grep -m 1 -aE '^FAILED: |: Failure$|^TIMEOUT' "$1") || REPLY=
  # With GoogleTest it is the name of the test that says most.
  [[ $REPLY != *': Failure' ]] ||
    REPLY=$(grep -m 1 -aoE '^\[  FAILED  \] [A-Za-z0-9_./]+' "$1")
  [[ -n $REPLY ]] || REPLY=$(grep -m 1 -aoE '^(FAIL|TIMEOUT): //[^ ]+' "$1")
  # One that hangs says most by where.
  [[ $REPLY != TIMEOUT* ]] ||
    REPLY="TIMEOUT $(grep -aE '^\[ RUN      \] ' "$1" | tail -n 1)"
}

# try NAME TREE: tries one and prints how that went.
try() {
  local -r name=$1 tree=$2 log=$2.log
  local -r file=$tree/${file_of[$1]}
  local status verdict
  local -r began=$SECONDS
  if printf '%s\n' "${failing[@]}" | grep -qxF -- "${test_of[$name]}"; then
    printf 'BROKEN %s: %s fails without it\n' "$name" "${test_of[$name]}"
    return
  fi
  if ! mutate "$name" "$tree"; then
    printf 'BROKEN %s: %s\n' "$name" "$REPLY"
    return
  fi
  cp -- "$file" "$tree.saved"
  printf '%s' "$REPLY" >"$file"
  if [[ $file == *.sh ]] && ! bash -n "$file" 2>"$log"; then
    status=1
  else
    test_in "$tree" "$log" "${test_of[$name]}"
    status=$?
  fi
  # Not moved: the mode stays.
  cat -- "$tree.saved" >"$file"
  verdict="$name (${test_of[$name]}, $((SECONDS - began)) s)"
  case $status in
    0) printf 'SURVIVED %s\n' "$verdict" ;;
    3)
      reason_in "$log"
      printf 'CAUGHT %s: %s\n' "$verdict" "$REPLY"
      ;;
    *)
      printf 'BROKEN %s: it does not compile, or the test could not be run:\n' "$name"
      grep -m 5 -aE 'error|ERROR' "$log" | sed 's/^/  /'
      ;;
  esac
}

# work TREE NAME...: tries those that no other worker has taken.
work() {
  local -r tree=$1
  local name
  shift
  for name in "$@"; do
    mkdir "$scratch/taken.$name" 2>/dev/null || continue
    try "$name" "$tree"
  done
}

try_all() {
  local -a tests
  local name worker
  mapfile -t tests < <(for name in "$@"; do printf '%s\n' "${test_of[$name]}"; done | sort -u)
  copy_tree "$scratch/0"
  # Whoever fails already catches nothing.
  test_in "$scratch/0" "$scratch/0.log" "${tests[@]}" || (($? == 3)) ||
    die 2 'without any mutation the tests cannot be built:' "$(grep -aE -m 5 'error|ERROR' "$scratch/0.log")"
  mapfile -t failing < <(sed -nE 's,^(//[^ ]+) +(FAILED|TIMEOUT|NO STATUS).*,\1,p' "$scratch/0.log")
  # Not of the tree here, which may have changed since the tests passed.
  for ((worker = 1; worker < jobs; worker++)); do
    cp -a -- "$scratch/0" "$scratch/$worker" || exit 2
  done
  for ((worker = 0; worker < jobs; worker++)); do
    work "$scratch/$worker" "$@" </dev/null | tee -a "$scratch/results" &
  done
  wait
}

# Bazel's servers end with the trees that they serve, and with them whoever waits for an answer.
clean_up() {
  local base pid
  local -a workers
  trap '' TERM INT HUP
  mapfile -t workers < <(jobs -p)
  ((${#workers[@]} == 0)) || kill "${workers[@]}" 2>/dev/null
  for base in "$scratch"/*.bazel; do
    [[ -e $base/server/server.pid.txt ]] || continue
    pid=$(<"$base/server/server.pid.txt")
    kill "$pid" 2>/dev/null
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    chmod -R u+w -- "$base"
  done
  rm -rf -- "$scratch"
}

main() {
  local argument action=try name
  local -a chosen=()
  for argument in "$@"; do
    case $argument in
      --help | -h)
        usage
        exit 0
        ;;
      --jobs=*)
        [[ ${argument#*=} =~ ^[1-9][0-9]{0,2}$ ]] || die 1 '--jobs takes a number from 1 on'
        jobs=${argument#*=}
        ;;
      --list) action=list ;;
      --check) action=check ;;
      -*) die 1 "unknown argument '$argument'; see scripts/mutations.sh --help" ;;
      *) chosen+=("$argument") ;;
    esac
  done
  cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 2
  read_lists
  for name in "${chosen[@]}"; do
    [[ -n ${guard_of[$name]-} ]] || die 1 "there is no mutation $name; see scripts/mutations.sh --list"
  done
  ((${#chosen[@]} > 0)) || chosen=("${names[@]}")
  if [[ $action != try ]]; then
    "$action" "${chosen[@]}"
    return
  fi

  scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/mutations.XXXXXX") || exit 2
  trap clean_up EXIT
  trap 'exit 2' TERM INT HUP
  : >"$scratch/results"
  try_all "${chosen[@]}"
  local caught survived
  caught=$(grep -c '^CAUGHT ' "$scratch/results")
  survived=$(grep -c '^SURVIVED ' "$scratch/results")
  # Whatever has no verdict is broken.
  printf 'mutations=%d caught=%d survived=%d broken=%d\n' "${#chosen[@]}" "$caught" "$survived" \
    $((${#chosen[@]} - caught - survived))
  ((caught == ${#chosen[@]})) || return 2
}

jobs=1
failing=() # tests that fail without any mutation
scratch=
main "$@"
