// Directories by descriptor: listing, walking and removing them without ever following a link.

#ifndef MYSQL_BACKUP_BASE_DIRECTORY_H_
#define MYSQL_BACKUP_BASE_DIRECTORY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace mysql_backup {

// Opens a directory for reading. A symbolic link as the last part of the path is an error (ELOOP
// or ENOTDIR), as is anything else that is not a directory.
absl::StatusOr<UniqueFd> OpenDirectory(const std::string& path);
absl::StatusOr<UniqueFd> OpenDirectoryAt(int parent, const std::string& name);

// Returns the names in a directory, sorted by byte value, without "." and "..".
absl::StatusOr<std::vector<std::string>> ListDirectory(int directory);

// What a name leads to; a symbolic link is kOther.
enum class Entry { kNothing, kDirectory, kOther };
absl::StatusOr<Entry> LookUp(int parent, const std::string& name);

// What a signal that asks this process to end does to a removal: kStop leaves the rest, with
// Cancelled; kFinish is for undoing one's own work before ending.
enum class OnInterrupt { kStop, kFinish };

// Removes `name` below `parent` with all that it contains: symbolic links are removed, never
// followed, and anything mounted inside, bind mounts too, is an error and not descended into (Linux
// 5.6 or later is needed). A name that is not there is OK.
absl::Status RemoveTreeAt(int parent, const std::string& name,
                          OnInterrupt on_interrupt = OnInterrupt::kStop);

// Renames within one directory. AlreadyExists when `to` is there; it is never overwritten.
absl::Status RenameNoReplace(int directory, const std::string& from, const std::string& to);

// Writes a directory's own entries (creations, renames, removals) to the disk.
absl::Status SyncDirectory(int directory, const std::string& path);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_DIRECTORY_H_
