#include "base/open_backup.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/status.h"

namespace mysql_backup {

absl::StatusOr<UniqueFd> OpenBackup(const std::string& path) {
  ASSIGN_OR_RETURN(UniqueFd backup, OpenDirectory(path));
  if (flock(backup.get(), LOCK_SH | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoError(absl::StrCat("lock ", path));
    return BusyError(absl::StrCat(path, " is being removed: take another backup"));
  }
  struct stat status = {};
  if (fstat(backup.get(), &status) != 0) return ErrnoError(absl::StrCat("look at ", path));
  // Through a bind mount, a directory is still there after its removal, and empty.
  if (status.st_nlink == 0) {
    return absl::NotFoundError(absl::StrCat(path, " has been removed: take another backup"));
  }
  return backup;
}

}  // namespace mysql_backup
