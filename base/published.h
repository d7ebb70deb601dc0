// The published backups in a backup root.

#ifndef MYSQL_BACKUP_BASE_PUBLISHED_H_
#define MYSQL_BACKUP_BASE_PUBLISHED_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace mysql_backup {

// Returns the names of the published backups in the directory `root`, oldest first: directories
// with exactly a backup's name (backup_name.h). Whatever else is there is not ours and not
// mentioned, a file or a link of such a name neither.
absl::StatusOr<std::vector<std::string>> ListPublished(int root);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_PUBLISHED_H_
