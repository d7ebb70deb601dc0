// One rsync from beginning to end: what it copied, and what its failure means.

#ifndef MYSQL_BACKUP_SYNCER_RUN_RSYNC_H_
#define MYSQL_BACKUP_SYNCER_RUN_RSYNC_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "syncer/rsync.h"

namespace mysql_backup {

struct RunRsyncOptions {
  std::vector<std::string> argv;  // as FilesArguments() and DirectoriesArguments() make them
  int source = -1;                // descriptor of the directory that is copied, not owned
  std::string source_path;        // for errors
  int stdin_fd = -1;              // what it reads, not owned; -1 is /dev/null
  int stop_fd = -1;               // see SubprocessOptions
  bool may_reuse = false;         // whether a file may be one of an earlier copy
  // Both are called while RunRsync() is at work.
  RsyncOutput::OnEntry on_entry;
  std::function<void(int64_t bytes)> on_progress;  // so many have been copied
};

// Makes this process a subreaper, which RunRsync() relies on; to be called once before it.
absl::Status BecomeSubreaper();

// Runs it. There is no deadline: how long a copy takes depends on the data alone; a signal for this
// process ends it, and `stop_fd` does, with Cancelled. None of its processes is left afterwards.
// May be called by several threads at a time.
absl::Status RunRsync(const RunRsyncOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_RUN_RSYNC_H_
