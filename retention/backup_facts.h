// What is known of a published backup: from its name, its manifest, its files, and the verdict that
// a verification has kept with it.

#ifndef MYSQL_BACKUP_RETENTION_BACKUP_FACTS_H_
#define MYSQL_BACKUP_RETENTION_BACKUP_FACTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/disk_use.h"
#include "base/manifest.h"
#include "base/verdict.h"

namespace mysql_backup {

enum class ManifestState { kWhole, kNone, kDamaged };

struct BackupFacts {
  std::string name;
  ManifestState manifest_state = ManifestState::kNone;
  Manifest records;  // without the entries
  absl::StatusOr<absl::optional<Verdict>> verdict = absl::optional<Verdict>();
  DiskUse disk;
};

// Returns what is known of the backup `name` in the directory open at `root`. That the manifest is
// whole means here that it has its last line. NotFound where the backup is gone.
absl::StatusOr<BackupFacts> CollectFacts(int root, const std::string& name);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RETENTION_BACKUP_FACTS_H_
