#!/bin/bash
# The server is down, or goes down while it is locked.
source "$(dirname "$0")/lib.sh"

systemctl stop mariadb
backup
expect_status 2
expect_log 'preflight: FAILED .*is the server running'
expect_log 'end: FAILED \(exit code 2'
expect_not_in_log 'quiesce: started'
expect 'something was published' test -z "$(published)"
systemctl start mariadb
expect_clean

wrap sync_tree <<'END'
#!/bin/bash
systemctl restart mariadb
exec /app/bin/sync_tree.real "$@"
END
backup
expect_status 3
# Told by the check, or already while the copy was under way.
expect_log '(rsync|check): FAILED .*the read lock is lost'
expect 'a copy with a lost lock was published' test -z "$(published)"
# The run does not wait for the server, which may still be on its way.
timeout 120 bash -c 'until mariadb -e "DO 1" 2>/dev/null; do sleep 0.2; done' || fail 'the server does not come back'
expect_clean
