// How the tools that remove end: by saying what is gone.

#ifndef MYSQL_BACKUP_RETENTION_REMOVAL_REPORT_H_
#define MYSQL_BACKUP_RETENTION_REMOVAL_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace mysql_backup {

// Writes the names to stdout, one a line, and returns `status`, how the removal ended. LeftBehind
// with what went wrong in both when the names cannot be written: they are gone all the same.
absl::Status ReportRemoved(const std::vector<std::string>& removed, const absl::Status& status);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RETENTION_REMOVAL_REPORT_H_
