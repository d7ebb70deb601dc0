// Copying a tree with several rsyncs side by side.

#ifndef MYSQL_BACKUP_SYNCER_COPY_TREE_H_
#define MYSQL_BACKUP_SYNCER_COPY_TREE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/manifest.h"
#include "syncer/partition.h"
#include "syncer/previous_backup.h"
#include "syncer/reuse.h"

namespace mysql_backup {

// How a copy is made, whatever is copied.
struct CopyOptions {
  std::string rsync = "/usr/bin/rsync";
  int jobs = 0;         // rsyncs side by side, at most; 0: DefaultJobs(), or one with a `rate`
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

struct CopyTask {
  Tree source;
  Tree destination;  // belongs to the caller alone, and is empty or nearly so
  // What is left out at the top besides what IsLeftOut() says.
  std::function<bool(const std::string& name)> leave_out = [](const std::string&) { return false; };
  std::function<void(ManifestEntry entry)> on_entry;  // gets every entry, one at a time
  Reuse reuse = Reuse::kNone;
  const PreviousBackup* previous = nullptr;  // not owned; needed unless `reuse` is kNone
};

// Copies all that is in the source: directories are made, with no rights for others yet, files and
// links are copied whole, but for what is shared with the previous backup. Where the filesystem
// cannot clone, a warning says so. Returns what the source has, all of which is in
// the destination then.
absl::StatusOr<TreeTotals> CopyContents(const CopyOptions& options, const CopyTask& task);

// To be called afterwards: gives the directories, the top as well, their owners, modes, times, ACLs
// and attributes, which writing into them would have changed.
absl::Status CopyDirectoryAttributes(const CopyOptions& options, const Tree& source,
                                     const Tree& destination);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_COPY_TREE_H_
