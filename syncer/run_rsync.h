// One rsync from beginning to end: progress, entries, totals, and what its failure means.

#ifndef MYSQL_BACKUP_SYNCER_RUN_RSYNC_H_
#define MYSQL_BACKUP_SYNCER_RUN_RSYNC_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "syncer/rsync.h"

namespace mysql_backup {

struct RunRsyncOptions {
  std::vector<std::string> argv;  // as RsyncArguments() makes them
  int source = -1;                // descriptor of the directory that is copied, not owned
  std::string source_path;        // for errors
  int stdin_fd = -1;              // what it reads, not owned; -1 is /dev/null
  int progress_fd = 2;            // this and the next: see ProgressReporter
  absl::Duration progress_interval = absl::Seconds(60);
  RsyncOutput::OnEntry on_entry;
};

// Makes this process a subreaper, which RunRsync() relies on; to be called once before it.
absl::Status BecomeSubreaper();

// Runs it, and returns what the tree holds. There is no deadline: how long a copy takes depends on
// the data alone; a signal for this process ends it. None of its processes is left afterwards.
absl::StatusOr<TreeTotals> RunRsync(const RunRsyncOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_RUN_RSYNC_H_
