// Giving a finished copy its published name, once all of it is on disk.

#ifndef MYSQL_BACKUP_SYNCER_PUBLISH_BACKUP_H_
#define MYSQL_BACKUP_SYNCER_PUBLISH_BACKUP_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

namespace mysql_backup {

// Returns the time to publish a copy under that was begun at `begun`: that time or, when one of the
// `published` names is as new or newer (a clock set back, the end of summer time, two runs in one
// second), one second after the newest, so that retention always sees the newest copy as such.
absl::CivilSecond PublishTime(absl::CivilSecond begun, const std::vector<std::string>& published);

struct PublishOptions {
  std::string root;     // the backup root
  std::string partial;  // the copy's name in it, a partial's
  std::string records;  // what the run knows, for the manifest (base/manifest.h): lines

  // A descriptor of `root` that was opened before the copy began, not owned, or -1. The kernel
  // tells of a write that failed only those who had opened the filesystem before, and of the others
  // only the first who asks: without a witness, a loss that some other program's sync was told of
  // goes unnoticed.
  int witness = -1;

  // Told the name before the copy gets it, so that whoever finds this process killed knows where to
  // look; an error of its is one of the publication.
  std::function<absl::Status(const std::string& name)> announce;
};

// Completes the copy's manifest, writes the copy to disk, renames it, writes the renaming to disk
// as well, and returns the published name. Nothing is ever replaced.
//
// An error before the renaming leaves everything but the manifest as it was. When only the last
// step failed, the error carries ExitCode::kLeftBehind and names the backup.
absl::StatusOr<std::string> PublishBackup(const PublishOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_PUBLISH_BACKUP_H_
