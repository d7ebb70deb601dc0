// The flags that all tools have in common which copy a tree: --rsync, --jobs, --rate,
// --progress_fd,
// --progress_every.

#ifndef MYSQL_BACKUP_SYNCER_COPY_FLAGS_H_
#define MYSQL_BACKUP_SYNCER_COPY_FLAGS_H_

#include "absl/status/statusor.h"
#include "syncer/copy_tree.h"

namespace mysql_backup {

// UsageError naming the flag whose value is not one that it can have.
absl::StatusOr<CopyOptions> CopyOptionsFromFlags();

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_COPY_FLAGS_H_
