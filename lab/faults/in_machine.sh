#!/bin/bash
# Runs a suite in the lab machine. Usage: in_machine.sh SCRIPT ARGUMENT...
source /lab/cases/lib.sh
exec "/lab/faults/$1" "${@:2}"
