// The exit codes that every tool of this repository keeps, and how an absl::Status carries one.
//
// An absl::StatusCode says what kind of thing went wrong; the exit code says what the caller has to
// do about it. The two do not map onto each other (EBUSY on unmounting is "something is left
// behind", EBUSY on a lock file is "try again later"), so the exit code travels as a payload of the
// Status and is set where the decision is made.

#ifndef MYSQL_BACKUP_BASE_EXIT_CODE_H_
#define MYSQL_BACKUP_BASE_EXIT_CODE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace mysql_backup {

enum class ExitCode {
  kDone = 0,
  kUsage = 1,       // wrong flags or arguments (gflags uses 1 as well)
  kFailed = 2,      // failed, and nothing is left behind
  kNo = 3,          // the tool did its work and the answer is no
  kLeftBehind = 4,  // failed, and something is left behind that stderr names
  kBusy = 75,       // try again later: EX_TEMPFAIL of sysexits.h
};

// Each returns a non-OK Status that ends a tool with the exit code of its name.
absl::Status UsageError(absl::string_view message);
absl::Status NoError(absl::string_view message);
absl::Status LeftBehindError(absl::string_view message);
absl::Status BusyError(absl::string_view message);

// Returns `status` with its exit code replaced. OK stays OK.
absl::Status WithExitCode(absl::Status status, ExitCode code);

// Returns the exit code that `status` carries: kDone for OK, kFailed where none was set.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_EXIT_CODE_H_
