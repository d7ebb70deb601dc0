// Watching a snapshot while a command reads from it.

#ifndef MYSQL_BACKUP_SNAPSHOT_WATCH_H_
#define MYSQL_BACKUP_SNAPSHOT_WATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "snapshot/snapshot.h"

namespace mysql_backup {

struct WatchOptions {
  SnapshotOptions snapshot;
  uint64_t max_bytes = 0;                            // extend it up to this; 0: never
  absl::Duration interval = absl::Seconds(5);        // from one look to the next
  absl::Duration look_deadline = absl::Seconds(30);  // for one report of LVM's
  std::vector<std::string> command;                  // argv; the program by its absolute path
};

// Runs the command with this process's stdin, stdout and stderr, and looks at the snapshot at its
// start and every `interval` until its end. Usage is logged at each tenth passed; from 70 % on, or
// when it would overflow within six intervals, the snapshot is extended, and where that is not
// possible a warning says why, once for each reason. When it is lost the command gets SIGTERM, and
// SIGKILL a minute later. A look that fails is a warning and no more.
//
// The Status carries the command's exit code when that is not 0, kNo when the snapshot was lost
// before the command had succeeded, but kLeftBehind when that is what the command ended with.
absl::Status RunWatched(const WatchOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SNAPSHOT_WATCH_H_
