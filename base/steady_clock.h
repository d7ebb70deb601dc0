// A clock that nobody can set.

#ifndef MYSQL_BACKUP_BASE_STEADY_CLOCK_H_
#define MYSQL_BACKUP_BASE_STEADY_CLOCK_H_

#include "absl/time/time.h"

namespace mysql_backup {

// The time since boot (CLOCK_BOOTTIME), told from the Unix epoch on, so that it can be compared and
// subtracted like any time. For deadlines and durations: a host's clock may be stepped while a
// server is locked. Not for people, nor for files.
absl::Time SteadyNow();

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_STEADY_CLOCK_H_
