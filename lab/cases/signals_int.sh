#!/bin/bash
# SIGINT in each step: unlocked, nothing left behind, nothing half done is published.
# long
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/signal_trials.sh"
try_in_each_step INT
