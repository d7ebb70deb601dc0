// What lies in a data directory, and whether all of it lies there.

#ifndef MYSQL_BACKUP_QUIESCE_SURVEY_H_
#define MYSQL_BACKUP_QUIESCE_SURVEY_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mysql_backup {

struct Survey {
  uint64_t bytes = 0;  // as allocated on the disk, so that holes do not count
  uint64_t files = 0;  // entries of every kind: each needs an inode at the destination
};

// Walks `datadir`, which must be a directory on the filesystem of `device`, without following
// symbolic links. FailedPrecondition naming the entry when part of the data would not be in a
// snapshot of the device: a link out of the directory (a schema or a table moved elsewhere), an
// InnoDB link file (.isl, DATA DIRECTORY), or another filesystem mounted inside. What the server
// removes while the walk is under way is no error.
absl::StatusOr<Survey> SurveyDatadir(const std::string& datadir, dev_t device);

// FailedPrecondition naming `what` and the place unless `path` exists and lies on `device` and
// below `datadir`, whatever links lead there.
absl::Status CheckInside(const std::string& what, const std::string& path,
                         const std::string& datadir, dev_t device);

// Returns the device number of a block device; symbolic links, as in /dev/VG/LV, are followed.
absl::StatusOr<dev_t> BlockDeviceNumber(const std::string& path);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_QUIESCE_SURVEY_H_
