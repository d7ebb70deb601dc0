// errno as absl::Status, and the two macros that hand an error to the caller.

#ifndef MYSQL_BACKUP_BASE_STATUS_H_
#define MYSQL_BACKUP_BASE_STATUS_H_

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mysql_backup {

// Returns the Status for a failed system call: "cannot <what>: <the system's reason>". Call it
// before anything else can change errno; `error_number` is for calls that return their error.
// DataLoss where a disk or a filesystem has lost what was to be read (EIO and the like).
absl::Status ErrnoError(absl::string_view what, int error_number = errno);

// Returns `status` with `addition`, a remedy or what it was about, put behind its message; code and
// payloads stay. OK stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view addition);

}  // namespace mysql_backup

#define RETURN_IF_ERROR(expression)                     \
  do {                                                  \
    absl::Status return_if_error_status = (expression); \
    if (!return_if_error_status.ok()) {                 \
      return return_if_error_status;                    \
    }                                                   \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_LINE_(MYSQL_BACKUP_CONCAT_(status_or_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_LINE_(variable, declaration, expression) \
  auto variable = (expression);                                   \
  if (!variable.ok()) {                                           \
    return std::move(variable).status();                          \
  }                                                               \
  declaration = *std::move(variable)
#define MYSQL_BACKUP_CONCAT_(a, b) MYSQL_BACKUP_CONCAT_INNER_(a, b)
#define MYSQL_BACKUP_CONCAT_INNER_(a, b) a##b

#endif  // MYSQL_BACKUP_BASE_STATUS_H_
