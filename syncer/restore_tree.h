// Copying a backup into the data directory of a server, and proving the copy on the way.

#ifndef MYSQL_BACKUP_SYNCER_RESTORE_TREE_H_
#define MYSQL_BACKUP_SYNCER_RESTORE_TREE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "syncer/copy_tree.h"

namespace mysql_backup {

struct RestoreTreeOptions {
  std::string backup;          // a published backup, or a copy of one
  std::string target;          // see PrepareTarget
  bool keep_identity = false;  // restore auto.cnf, a MySQL server's UUID, too
  bool unfinished = false;     // more is to be done: put all into kRestoringName in the target, and
                               // leave that marked and closed
  bool dry_run = false;        // check all that can be checked beforehand, and change nothing
  CopyOptions copy;
};

struct RestoredTree {
  int64_t bytes = 0;
  int64_t files = 0;
  bool proven = false;  // each file was compared with the manifest; false where there is none
};

// UsageError unless the paths are plain and neither of them lies within the other.
absl::Status CheckRestoreTreeOptions(const RestoreTreeOptions& options);

// Copies the backup into the target: owners, modes, times, links, ACLs and attributes. Left out are
// the manifest, process ids of servers long gone, and a MySQL server's identity unless it is to be
// kept. What rsync has read is compared with the manifest. On an error the target stays, shows that
// it is unfinished (kUnfinishedName), and can be given again.
//
// NoError when the backup is not what its manifest says, FailedPrecondition when the target will
// not do, ResourceExhausted when there is no room for it: nothing was changed then.
absl::StatusOr<RestoredTree> RestoreTree(const RestoreTreeOptions& options);

// Moves what `unfinished` put aside to the target's top, and opens that. On an error it stays
// closed and marked, unless only the mark's removal is not on the disk yet.
absl::Status CompleteRestore(const RestoreTreeOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_RESTORE_TREE_H_
