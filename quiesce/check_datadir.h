// The proof that a snapshot of one volume holds all of a server's data.

#ifndef MYSQL_BACKUP_QUIESCE_CHECK_DATADIR_H_
#define MYSQL_BACKUP_QUIESCE_CHECK_DATADIR_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "base/mysql_session.h"
#include "quiesce/survey.h"

namespace mysql_backup {

struct CheckDatadirOptions {
  MysqlOptions mysql;
  std::string datadir;
  std::string device;  // the volume's block device, /dev/VG/LV
};

struct DatadirReport {
  Survey survey;
  std::string subdirectory;  // of the data directory in the volume's filesystem; empty for its root
};

// Asks the server where it keeps its files, and looks at each of them and at all of the data
// directory. FailedPrecondition naming the variable or the entry, and its path, when anything lies
// elsewhere, or when the server's data directory is not `datadir` at all.
absl::StatusOr<DatadirReport> CheckDatadir(const CheckDatadirOptions& options);

// Returns the path of `directory` (absolute, without links) within the filesystem of `device`, as
// a snapshot of the volume would show it; empty for the filesystem's root.
absl::StatusOr<std::string> PathInFilesystem(const std::string& directory, dev_t device);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_QUIESCE_CHECK_DATADIR_H_
