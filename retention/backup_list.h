// The list of backups that the retention tools hand to each other: one name a line, oldest first,
// and a last line that counts them, so that a crash upstream is not taken for the end of the list.
//
//   backup_20261121_020000
//   backup_20261122_020000
//   end 2

#ifndef MYSQL_BACKUP_RETENTION_BACKUP_LIST_H_
#define MYSQL_BACKUP_RETENTION_BACKUP_LIST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mysql_backup {

// Returns the list as text. The names must be names of backups, ascending.
std::string FormatBackupList(const std::vector<std::string>& names);

// Returns the names of a complete list. InvalidArgument, naming the line, unless every line is a
// backup's name, each is newer than the one before it, and the last line counts them.
absl::StatusOr<std::vector<std::string>> ParseBackupList(absl::string_view text);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RETENTION_BACKUP_LIST_H_
