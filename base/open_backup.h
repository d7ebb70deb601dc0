// Opening a backup so that it stays.

#ifndef MYSQL_BACKUP_BASE_OPEN_BACKUP_H_
#define MYSQL_BACKUP_BASE_OPEN_BACKUP_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace mysql_backup {

// Opens the directory of a backup, and keeps retention from removing it for as long as it stays
// open: expire_backups leaves a backup alone that it cannot lock, and the lock goes with the
// process. Busy when it is being removed, NotFound when it has been, also under a bind mount.
absl::StatusOr<UniqueFd> OpenBackup(const std::string& path);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_OPEN_BACKUP_H_
