#!/usr/bin/env bash
# Runs the end-to-end cases of lab/cases in the lab machine. See README.md.
set -euo pipefail

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'END'
Usage: lab/e2e.sh [--long] [--server=mysql] [--configure=KEY=VALUE] [--product=DIR] [--output=DIR] [CASE...]
       lab/e2e.sh --list

Runs the cases named, or all that are short, on real LVM and a real MariaDB or MySQL in throwaway
machines: one line "PASSED CASE (N s)" or "FAILED CASE (N s)" each, with the output of those that failed.

  --long         all cases: those that take minutes as well
  --server=mysql on MySQL, from Debian sid, instead of MariaDB
  --configure=KEY=VALUE
                 run all of them with this setting, but for cases about it; may be repeated
  --product=DIR  the installed product (default: made by scripts/install.sh)
  --output=DIR   keep each case's output there as CASE.txt
  --list         print the cases' names and what each is about
  --help

Exit codes: 0 all passed; 1 wrong usage; 2 a case failed; 125 the machine failed.
END
}

# The cases are the scripts that source lib.sh; their second line tells what they are about.
case_names() {
  local file
  for file in "$lab"/cases/*.sh; do
    ! grep -q '^source .*/lib\.sh"$' "$file" || basename "$file" .sh
  done
}

list_cases() {
  local name
  for name in $(case_names); do
    printf '%-18s %s\n' "$name" "$(sed -n '2s/^# //p' "$lab/cases/$name.sh")"
  done
}

# A case with a line "# lab:" gets a machine of its own, with the options of lab/run.sh that follow there.
wants_machine() {
  grep -q '^# lab:' "$lab/cases/$1.sh"
}

options_of() {
  sed -n 's/^# lab: *//p' "$lab/cases/$1.sh"
}

# Cases with a line "# long" take minutes.
short_cases() {
  local name
  for name in $(case_names); do
    grep -qx '# long' "$lab/cases/$name.sh" || echo "$name"
  done
}

server=mariadb
[[ " $* " != *' --server=mysql '* ]] || server=mysql
all=$(case_names)
default=$(short_cases)
product='' output=''
names=() configuration=()
for argument; do
  case $argument in
    --product=?*) product=${argument#*=} ;;
    --output=?*) output=${argument#*=} ;;
    --server=mariadb | --server=mysql) ;; # seen above
    --configure=[A-Z]*=*) configuration+=("${argument#*=}") ;;
    --long) default=$all ;;
    --list) list_cases && exit 0 ;;
    --help) usage && exit 0 ;;
    -*)
      echo "e2e.sh: unknown option '$argument'; see lab/e2e.sh --help" >&2
      exit 1
      ;;
    *)
      if [[ ! $argument =~ ^[a-z_]+$ ]] || ! grep -qxF -- "$argument" <<<"$all"; then
        echo "e2e.sh: no case '$argument'; see lab/e2e.sh --list" >&2
        exit 1
      fi
      names+=("$argument")
      ;;
  esac
done
((${#names[@]})) || mapfile -t names <<<"$default"

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
if [[ -z $product ]]; then
  product=$temporary/product
  "$lab/../scripts/install.sh" --destdir="$product" >/dev/null
fi
output=${output:-$temporary/output}
[[ ${#configuration[@]} == 0 ]] || printf '%s\n' "${configuration[@]}" >"$temporary/configuration"
"$lab/build_image.sh" --server="$server" >/dev/null

# run_machine OPTIONS CASE...
run_machine() {
  local options=$1
  shift
  [[ ! -e $temporary/configuration ]] || options+=" --with=$temporary/configuration"
  # shellcheck disable=SC2086  # options are words
  "$lab/run.sh" --server="$server" --product="$product" --with="$lab/../README.md" --output="$output" --timeout=2400 $options \
    "$lab/cases/run_cases.sh" "$@" &
  wait "$!"
}

# A machine for each case that wants its own; the others share two, which run side by side.
halves=('' '')
machines=()
i=0
for name in "${names[@]}"; do
  if wants_machine "$name"; then
    machines+=("$name")
  else
    halves[i++ % 2]+=" $name"
  fi
done

# A signal is handed on to the machine that runs: none outlives this command.
# shellcheck disable=SC2317  # called by traps
end_jobs() {
  local pids
  pids=$(jobs -p)
  # shellcheck disable=SC2086  # numbers
  [[ -z $pids ]] || kill $pids 2>/dev/null || true
  wait
}

run_half() {
  local status=0 name
  trap 'end_jobs; exit 2' TERM INT HUP
  # shellcheck disable=SC2086  # names are words
  [[ -z $1 ]] || run_machine '' $1 || status=$?
  shift
  for name; do
    run_machine "$(options_of "$name")" "$name" || status=$?
  done
  return "$status"
}

status=0
trap 'exit 2' TERM INT HUP
trap 'end_jobs; rm -rf "$temporary"' EXIT
run_half "${halves[0]}" &
first=$!
run_half "${halves[1]}" "${machines[@]}" &
second=$!
wait "$first" || status=$?
wait "$second" || status=$?
((status != 1)) || status=2
exit "$status"
