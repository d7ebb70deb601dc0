// Stopping every process of a run at each of its points, by seccomp's user notification: the kernel
// holds the caller until it is told what to do with the call. Nothing else of the run changes: no
// tracer that signals go through, no library that is loaded into it.

#ifndef MYSQL_BACKUP_LAB_FAULTS_SUPERVISOR_H_
#define MYSQL_BACKUP_LAB_FAULTS_SUPERVISOR_H_

#include <sys/types.h>

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace mysql_backup {

// One process held at a point.
struct HeldCall {
  pid_t caller = 0;
  pid_t tool = 0;     // the nearest process of ours, the caller itself or above it; 0: none
  std::string point;  // see point.h
  std::string path;   // the path that the call is about, or empty
};

// Installs the filter for the calling process and all its descendants and returns the descriptor
// that notifications come from. Needs CAP_SYS_ADMIN. From here on a call that is a point waits for
// Supervise() in another process.
absl::StatusOr<UniqueFd> InstallPointFilter();

// Answers notifications until no process with the filter is left. `at_point` returns 0 to let the
// call go on, or the errno with which it is to fail. `script` is the process that has the filter's
// first exec; programs in `tools` (a directory) are ours.
absl::Status Supervise(const UniqueFd& notifications, pid_t script, const std::string& tools,
                       const std::function<int(const HeldCall&)>& at_point);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_LAB_FAULTS_SUPERVISOR_H_
