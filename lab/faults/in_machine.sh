#!/bin/bash
# Runs a suite in the lab machine. Usage: in_machine.sh SCRIPT ARGUMENT...
# Its redo log is cut down first: a copy of a hundred megabytes takes its time under emulation.
mariadb -e 'SET GLOBAL innodb_log_file_size = 16 * 1024 * 1024'
exec "/lab/faults/$1" "${@:2}"
