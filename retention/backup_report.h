// Telling of backups: to people in tables and lines, to programs in JSON.

#ifndef MYSQL_BACKUP_RETENTION_BACKUP_REPORT_H_
#define MYSQL_BACKUP_RETENTION_BACKUP_REPORT_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "retention/backup_facts.h"

namespace mysql_backup {

// A table, a line a backup, with a headline; or a sentence where there is none. `now` and `zone`,
// that of the names, make the ages.
std::string BackupTable(const std::vector<BackupFacts>& backups, absl::Time now,
                        absl::TimeZone zone);

// All that is known of one, a line a fact: "server: MariaDB 10.11.6-MariaDB".
std::string BackupLines(const BackupFacts& backup, absl::Time now, absl::TimeZone zone);

// A JSON array with an object a backup, in lines; what is not known is null. `root` makes the
// paths.
std::string BackupsJson(const std::vector<BackupFacts>& backups, const std::string& root,
                        absl::Time now, absl::TimeZone zone);

// The same of one: an object.
std::string BackupJson(const BackupFacts& backup, const std::string& root, absl::Time now,
                       absl::TimeZone zone);

// A duration in its largest unit, rounded down: "59 s", "3 min", "23 h", "12 d"; "0 s" for less.
std::string Age(absl::Duration age);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RETENTION_BACKUP_REPORT_H_
