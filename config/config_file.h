// The configuration file on the disk: whether its content may be trusted.

#ifndef MYSQL_BACKUP_CONFIG_CONFIG_FILE_H_
#define MYSQL_BACKUP_CONFIG_CONFIG_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace mysql_backup {

// Returns the content of a regular file that belongs to root and that nobody else can write to. A
// symbolic link is followed: what is checked is what has been opened. `may_be_missing`: a path
// where nothing is gives "" (a dangling link is something). Errors: NotFound, PermissionDenied for
// the wrong owner or mode (with the remedy), FailedPrecondition for what is no regular file,
// ResourceExhausted beyond 64 KiB, otherwise the system's reason.
absl::StatusOr<std::string> ReadConfigFile(const std::string& path, bool may_be_missing);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_CONFIG_CONFIG_FILE_H_
