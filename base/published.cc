#include "base/published.h"

#include "base/backup_name.h"
#include "base/directory.h"
#include "base/status.h"

namespace mysql_backup {

absl::StatusOr<std::vector<std::string>> ListPublished(int root) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(root));
  std::vector<std::string> published;
  for (const std::string& name : names) {
    if (!ParseBackupName(name).has_value()) continue;
    ASSIGN_OR_RETURN(const Entry entry, LookUp(root, name));
    if (entry == Entry::kDirectory) published.push_back(name);
  }
  return published;
}

}  // namespace mysql_backup
