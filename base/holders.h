// Who keeps a filesystem from being unmounted, or a block device from being removed.

#ifndef MYSQL_BACKUP_BASE_HOLDERS_H_
#define MYSQL_BACKUP_BASE_HOLDERS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace mysql_backup {

// Returns one description of each holder of the block device `device` (its st_rdev), in words for
// an error message, on one line:
//
//   process 1234 (rsync)                    has the device open, or a file, a directory or a
//                                           mapping on the filesystem mounted from it
//   mount /mnt/x                            in this mount namespace
//   mount /mnt/x in the mount namespace of process 99 (foo)
//   block device dm-3                       lies on top of it
//
// Root sees all of them; what ends or cannot be read meanwhile is passed over. A holder inside the
// kernel (swap, a loop device) is not found.
std::vector<std::string> FindHolders(dev_t device);

// Returns a description, as above, of each process whose working directory is the one with that
// device and inode: of a server, that is its data directory.
std::vector<std::string> FindProcessesIn(dev_t device, ino_t directory);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_HOLDERS_H_
