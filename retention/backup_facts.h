// What is known of a published backup: from its name, its manifest, its files, and the verdict that
// a verification has kept with it.

#ifndef MYSQL_BACKUP_RETENTION_BACKUP_FACTS_H_
#define MYSQL_BACKUP_RETENTION_BACKUP_FACTS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/manifest.h"
#include "base/verdict.h"

namespace mysql_backup {

struct DiskUse {
  uint64_t files = 0;   // regular files, each name of a hard link
  uint64_t bytes = 0;   // their lengths
  uint64_t blocks = 0;  // bytes on the disk, each file once
  uint64_t shared = 0;  // of these, bytes of files that also have a name outside of this backup
};

enum class ManifestState { kWhole, kNone, kDamaged };

struct BackupFacts {
  std::string name;
  ManifestState manifest_state = ManifestState::kNone;
  Manifest records;  // without the entries
  absl::optional<Verdict> verdict;
  DiskUse disk;
};

// Returns what is known of the backup `name` in the directory open at `root`. That the manifest is
// whole means here that it has its last line. NotFound where the backup is gone.
absl::StatusOr<BackupFacts> CollectFacts(int root, const std::string& name);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RETENTION_BACKUP_FACTS_H_
