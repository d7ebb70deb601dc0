// Copying a datadir from a mounted snapshot, all of it or nothing.

#ifndef MYSQL_BACKUP_SYNCER_SYNC_TREE_H_
#define MYSQL_BACKUP_SYNCER_SYNC_TREE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "syncer/copy_tree.h"
#include "syncer/partition.h"
#include "syncer/reuse.h"

namespace mysql_backup {

struct SyncTreeOptions {
  std::string source;          // the datadir in the mounted snapshot
  std::string destination;     // <backup root>/.backup_YYYYMMDD_HHMMSS.partial, not there yet
  Reuse reuse = Reuse::kNone;  // of the newest good backup beside the destination
  bool keep_failed = false;    // do not remove a copy that failed
  CopyOptions copy;
};

// UsageError unless both paths are plain, the destination's last part is a partial's name (no copy
// can ever be written under a published name), and the destination is not within the source.
absl::Status CheckSyncTreeOptions(const SyncTreeOptions& options);

// Copies the source into the destination, which it makes, and returns what the copy holds. The
// copy is not yet on disk for sure: that is publish_backup's work.
//
// The source is held open from before its first check until after the last: were the snapshot
// unmounted meanwhile (dmeventd does so to a broken one), rsync would still read it, and not the
// empty mount point. On an error, on a signal as well, the destination is removed again, unless it
// is to be kept; where that fails, the error carries ExitCode::kLeftBehind.
absl::StatusOr<TreeTotals> SyncTree(const SyncTreeOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_SYNC_TREE_H_
