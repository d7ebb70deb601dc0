// What is mounted where, as the kernel tells it in /proc/PID/mountinfo (proc(5)).

#ifndef MYSQL_BACKUP_BASE_MOUNT_INFO_H_
#define MYSQL_BACKUP_BASE_MOUNT_INFO_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace mysql_backup {

// One mount: one line of mountinfo, its octal escapes undone.
struct Mount {
  int id = 0;
  dev_t device = 0;                  // of the filesystem; of a block device where it lies on one
  std::string root;                  // what of the filesystem is mounted: "/" unless a bind mount
  std::string mount_point;           // absolute
  std::vector<std::string> options;  // of this mount: "ro", "nosuid", ...
  std::string type;                  // "ext4"
  std::string source;                // "/dev/mapper/vg-lv"
};

// Returns the mounts in the order of the text. InvalidArgument naming a line of another form.
absl::StatusOr<std::vector<Mount>> ParseMountInfo(absl::string_view text);

// Reads and parses a mountinfo file: "/proc/self/mountinfo" or another process's.
absl::StatusOr<std::vector<Mount>> ReadMountInfo(const std::string& path);

// Returns the uppermost mount at exactly `directory`, nullopt where it is an ordinary directory or
// does not exist. A symbolic link as its last part is an error.
absl::StatusOr<absl::optional<Mount>> MountAt(const std::string& directory);

// Whether `mount` has an option such as "ro".
bool HasOption(const Mount& mount, absl::string_view option);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_MOUNT_INFO_H_
