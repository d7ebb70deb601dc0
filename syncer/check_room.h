// Whether a copy will find room, to be asked before the server is locked.

#ifndef MYSQL_BACKUP_SYNCER_CHECK_ROOM_H_
#define MYSQL_BACKUP_SYNCER_CHECK_ROOM_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mysql_backup {

// What a filesystem has to give. Inodes are meaningless where it does not count them (btrfs).
struct Room {
  uint64_t bytes = 0;
  uint64_t inodes = 0;
  uint64_t block_bytes = 0;
  bool counts_inodes = false;
  dev_t device = 0;  // of the filesystem
};

// Returns the room of the filesystem on which `root` lies or, where it does not exist yet, on which
// it would be made.
//
// Blocks and inodes kept back for root do not count, although root could use them: they are what
// lets the other services of the host go on when a disk is full.
absl::StatusOr<Room> FindRoom(const std::string& root);

// NoError (exit code 3) when the filesystem with the room lies on the block device `origin`: the
// backups would be lost together with the data, and each copy would fill the snapshot that it is
// made from. An error where there is no such device.
absl::Status CheckNotOn(const Room& room, const std::string& origin);

// Returns OK when `files` files of `bytes` bytes altogether fit into `room`, otherwise an error
// with ExitCode::kNo that gives both figures and `where`, a path, and to which the caller adds the
// remedy. A last block for each file, 1 % and 16 MiB are added to the bytes, and 1 % and 1000 to
// the files, for directories, extents and what else grows meanwhile.
absl::Status CheckRoom(const Room& room, uint64_t bytes, uint64_t files, const std::string& where);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_CHECK_ROOM_H_
