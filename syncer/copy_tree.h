// Copying a tree with several rsyncs side by side.

#ifndef MYSQL_BACKUP_SYNCER_COPY_TREE_H_
#define MYSQL_BACKUP_SYNCER_COPY_TREE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "syncer/partition.h"
#include "syncer/rsync.h"

namespace mysql_backup {

// How a copy is made, whatever is copied.
struct CopyOptions {
  std::string rsync = "/usr/bin/rsync";
  int jobs = 0;         // rsyncs side by side, at most; 0: DefaultJobs()
  int64_t rate = 0;     // bytes a second, all of them together; 0: any
  int progress_fd = 2;  // this and the next: see ProgressReporter
  absl::Duration progress_interval = absl::Seconds(60);
};

// Two for each processor, eight at most: an rsync waits half of its time, and beyond that it is the
// disks that are waited for.
int DefaultJobs();

struct Tree {
  int directory = -1;  // its top, not owned
  std::string path;    // of the top
};

// Copies all that is in `source` into `destination`, which belongs to the caller alone and is empty
// or nearly so: directories are made, with no rights for others yet, and files and links are copied
// whole. What IsLeftOut() or `leave_out` says of a name at the top is left out. Hands on every
// entry, one at a time. Returns what has been copied, which is all that the source has.
absl::StatusOr<TreeTotals> CopyContents(
    const CopyOptions& options, const Tree& source, const Tree& destination,
    const std::function<bool(const std::string& name)>& leave_out,
    const RsyncOutput::OnEntry& on_entry);

// To be called afterwards: gives the directories, the top as well, their owners, modes, times, ACLs
// and attributes, which writing into them would have changed.
absl::Status CopyDirectoryAttributes(const CopyOptions& options, const Tree& source,
                                     const Tree& destination);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_COPY_TREE_H_
