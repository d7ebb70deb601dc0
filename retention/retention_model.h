// What retention must do, told a second time and as plainly as possible, for the tests to compare
// with. It shares no code with the product and works on names and verdicts alone.

#ifndef MYSQL_BACKUP_RETENTION_RETENTION_MODEL_H_
#define MYSQL_BACKUP_RETENTION_RETENTION_MODEL_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/types/optional.h"

namespace mysql_backup {

// A backup root.
struct ModelRoot {
  std::map<std::string, bool> entries;  // by name: whether it is a directory
  std::set<std::string> locked;         // directories that a verification uses
  std::set<std::string> good;           // directories that one has found to be good
  std::set<std::string> bad;

  bool IsDirectory(const std::string& name) const;
  bool IsOther(const std::string& name) const;
};

// What has to happen to it.
struct ModelOutcome {
  bool refused = false;               // nothing is touched, exit code 2
  std::set<std::string> gone;         // entries of the root that are not there afterwards
  std::vector<std::string> reported;  // on stdout, as removed
  std::vector<std::string> left;      // exit code 4 unless empty
};

bool ModelIsBackupName(const std::string& name);
std::string ModelDeletingName(const std::string& name);

// The published backups, oldest first, and those of them that have to go.
std::vector<std::string> ModelPublished(const ModelRoot& root);
std::vector<std::string> ModelPlan(std::vector<std::string> published, size_t keep);

// The names in a list, or nullopt for one that is to be refused.
absl::optional<std::vector<std::string>> ModelList(const std::string& text);

ModelOutcome ModelExpire(const ModelRoot& root, const std::vector<std::string>& names);
ModelOutcome ModelRemoveLeftovers(const ModelRoot& root);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RETENTION_RETENTION_MODEL_H_
