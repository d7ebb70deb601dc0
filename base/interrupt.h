// SIGTERM, SIGINT and SIGHUP as something that can be waited for, so that a tool ends by its own
// error path, with its own clean-up, instead of dying in the middle of a step.

#ifndef MYSQL_BACKUP_BASE_INTERRUPT_H_
#define MYSQL_BACKUP_BASE_INTERRUPT_H_

#include "absl/status/status.h"

namespace mysql_backup {

// Catches the three signals from now on, but for those that are ignored already, and asks the
// kernel for a SIGTERM when the parent process dies: a tool must not outlive the run that it
// belongs to. Also ignores SIGPIPE, so that writing to a reader that has gone is an error like any
// other.
void CatchInterrupts();

// Returns a descriptor that polls readable once one of the signals has come; -1 before
// CatchInterrupts(). It is never to be read or closed.
int InterruptFd();

// Returns OK, or CancelledError naming the signal that has come.
absl::Status CheckInterrupt();

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_INTERRUPT_H_
