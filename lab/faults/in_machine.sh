#!/bin/bash
# Runs a suite in the lab machine. Usage: in_machine.sh SCRIPT ARGUMENT...
# Its redo log is cut down first: a copy of a hundred megabytes takes its time under emulation.
source /lab/cases/lib.sh
small_redo_log
exec "/lab/faults/$1" "${@:2}"
