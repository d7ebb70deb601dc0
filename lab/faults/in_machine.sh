#!/bin/bash
# Runs a suite in the lab machine, after what lib.sh does at the start of any case. Usage:
# in_machine.sh SCRIPT ARGUMENT...
source /lab/cases/lib.sh
exec "/lab/faults/$1" "${@:2}"
