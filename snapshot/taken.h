// Seeing a snapshot in the kernel, which has it before the LVM command that makes it ends: what LVM
// does after that, waiting for udev above all, needs no lock of the server.

#ifndef MYSQL_BACKUP_SNAPSHOT_TAKEN_H_
#define MYSQL_BACKUP_SNAPSHOT_TAKEN_H_

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "snapshot/snapshot.h"

namespace mysql_backup {

// Whether the snapshot is there according to `tables`, the live tables of all devices as `dmsetup
// table` prints them: a classic one of what the origin's own table says it lies on, or a thin one.
// LVM loads the table of a snapshot while the origin is suspended, so that there is no write that
// is in the one and not seen by the other; a thin one gets its table after it has been made.
bool IsTaken(absl::string_view tables, const SnapshotOptions& options);

// Looks once. Internal when dmsetup cannot tell.
absl::StatusOr<bool> IsTakenNow(const SnapshotOptions& options);

// Waits for that, for as long as the process `maker` lives. NoError (3) when it ended and there is
// no snapshot; Cancelled by a signal; Internal when dmsetup cannot tell.
absl::Status AwaitTaken(const SnapshotOptions& options, pid_t maker);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SNAPSHOT_TAKEN_H_
