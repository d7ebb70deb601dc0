# The options of the suites' scripts; to be sourced after trial.sh, with the script's arguments:
#
#   SUITE [--part=I/N] [--every=K] [--from=N] [--only=FAULT@POINT]
#
# and then `chosen INDEX ID` tells whether a trial is to be run.
# shellcheck shell=bash

# shellcheck disable=SC2034  # for those that source this
suite=$1 part=0 parts=1 every=1 from=0 only=
shift
for argument; do
  case $argument in
    --part=*/*)
      part=${argument#--part=}
      parts=${part#*/} part=${part%/*}
      ;;
    --every=*) every=${argument#*=} ;;
    --from=*) from=${argument#*=} ;;
    --only=*) only=${argument#*=} ;;
  esac
done

chosen() {
  if [[ -n $only ]]; then
    [[ $2 == "$only" ]]
  else
    (($1 >= from && $1 % every == 0)) || return
    # By name, since each part counts the points for itself, and not always the same ones.
    local sum
    sum=$(cksum <<<"$2")
    ((${sum%% *} % parts == part))
  fi
}
