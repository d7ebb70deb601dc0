// How a copy shares files with the previous backup.

#ifndef MYSQL_BACKUP_SYNCER_REUSE_H_
#define MYSQL_BACKUP_SYNCER_REUSE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mysql_backup {

enum class Reuse {
  kNone,
  kHardlink,  // unchanged files are further names of its files
  kReflink,   // all files begin as clones of its files, and blocks that differ are written
};

// Returns what the value of --reuse stands for; UsageError for what is none.
absl::StatusOr<Reuse> ReuseFromFlag(absl::string_view value);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_REUSE_H_
