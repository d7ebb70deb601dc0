#include "retention/backup_facts.h"

#include <utility>

#include "base/directory.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {
absl::StatusOr<BackupFacts> CollectFacts(int root, const std::string& name) {
  BackupFacts facts;
  facts.name = name;
  ASSIGN_OR_RETURN(const UniqueFd backup, OpenDirectoryAt(root, name));
  absl::StatusOr<Manifest> records = ReadManifestRecords(backup.get(), name);
  if (records.ok()) {
    facts.manifest_state = ManifestState::kWhole;
    facts.records = *std::move(records);
    facts.verdict = ReadVerdict(backup.get(), name, facts.records);
  } else if (absl::IsDataLoss(records.status())) {
    facts.manifest_state = ManifestState::kDamaged;
  } else if (!absl::IsNotFound(records.status())) {
    return records.status();
  }
  ASSIGN_OR_RETURN(facts.disk, MeasureTree(backup.get(), name));
  return facts;
}

}  // namespace mysql_backup
