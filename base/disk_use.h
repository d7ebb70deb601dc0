// How large a tree is, and what it takes on the disk.

#ifndef MYSQL_BACKUP_BASE_DISK_USE_H_
#define MYSQL_BACKUP_BASE_DISK_USE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace mysql_backup {

struct DiskUse {
  uint64_t files = 0;   // regular files, each name of a hard link
  uint64_t bytes = 0;   // their lengths
  uint64_t blocks = 0;  // bytes on the disk, each file once
  uint64_t shared = 0;  // of these, bytes of files that also have a name outside of the tree
};

// Looks at everything below the directory open at `directory`; `path` is for errors. Cancelled
// after a signal.
absl::StatusOr<DiskUse> MeasureTree(int directory, const std::string& path);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_DISK_USE_H_
