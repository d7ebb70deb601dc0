// The names below the backup root, in one place.
//
//   backup_YYYYMMDD_HHMMSS             a published backup; nothing else ever bears such a name
//   .backup_YYYYMMDD_HHMMSS.partial    a copy that is being made, or that a crash left
//   .backup_YYYYMMDD_HHMMSS.deleting   a backup that is being removed, or that a crash left so
//
// The time is the local time at which the run started. Names of one form sort by time.

#ifndef MYSQL_BACKUP_BASE_BACKUP_NAME_H_
#define MYSQL_BACKUP_BASE_BACKUP_NAME_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/types/optional.h"

namespace mysql_backup {

// Each returns the name for a time.
std::string BackupName(absl::CivilSecond time);
std::string PartialName(absl::CivilSecond time);
std::string DeletingName(absl::CivilSecond time);

// Each returns the time in a name of exactly its form, or nullopt: other lengths, other
// characters, and days and times that no calendar has (20260230, 240000, second 60) are refused.
absl::optional<absl::CivilSecond> ParseBackupName(absl::string_view name);
absl::optional<absl::CivilSecond> ParsePartialName(absl::string_view name);
absl::optional<absl::CivilSecond> ParseDeletingName(absl::string_view name);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_BACKUP_NAME_H_
