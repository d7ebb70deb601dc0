// The values of the flags that the tools share, checked.

#ifndef MYSQL_BACKUP_SNAPSHOT_SNAPSHOT_FLAGS_H_
#define MYSQL_BACKUP_SNAPSHOT_SNAPSHOT_FLAGS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "snapshot/snapshot.h"

namespace mysql_backup {

struct SnapshotFlags {
  std::string vg;
  std::string lv;
  std::string snapshot;
  std::string lvm;
};

// UsageError naming the flag and its value when one is not a name that LVM allows, when the
// snapshot would bear the origin's name, or when --lvm is no absolute path.
absl::StatusOr<SnapshotOptions> SnapshotOptionsFromFlags(const SnapshotFlags& flags);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SNAPSHOT_SNAPSHOT_FLAGS_H_
