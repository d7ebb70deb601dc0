// What the tools do with a snapshot of one volume.

#ifndef MYSQL_BACKUP_SNAPSHOT_SNAPSHOT_H_
#define MYSQL_BACKUP_SNAPSHOT_SNAPSHOT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "snapshot/lvm.h"

namespace mysql_backup {

struct SnapshotOptions {
  std::string lvm = "/usr/sbin/lvm";
  std::string dmsetup = "/usr/sbin/dmsetup";
  std::string lvm_locks = "/run/lock/lvm";  // LVM's global/locking_dir
  std::string vg;
  std::string origin;                                   // the logical volume with the data
  std::string name;                                     // of the snapshot
  absl::Duration command_deadline = absl::Minutes(2);   // for one LVM command
  absl::Duration removal_deadline = absl::Seconds(60);  // for all tries to remove a busy snapshot
};

// Returns the snapshots that a run may remove: those of the origin that have our tag or bear the
// configured name, and a volume with both that is to become one (PrepareSnapshot).
// FailedPrecondition when the configured name belongs to a volume that is no snapshot of the
// origin: it is somebody else's, and stays as it is. NotFound without the origin.
absl::StatusOr<std::vector<LogicalVolume>> FindRemovable(const std::vector<LogicalVolume>& volumes,
                                                         const SnapshotOptions& options);

// A COW space of this many bytes or more can never overflow, whatever is written to the origin.
uint64_t UsefulBytes(uint64_t origin_bytes, uint64_t extent_bytes);

// The COW space that is made where `size_bytes` are asked for: whole extents, and no more than the
// origin can ever fill.
uint64_t CowBytes(uint64_t size_bytes, uint64_t origin_bytes, uint64_t extent_bytes);

// Whether the group has room for a COW space of `cow_bytes`. FailedPrecondition with the numbers.
absl::Status CheckRoom(const GroupRoom& room, uint64_t cow_bytes, const std::string& vg);

// The same of a thin pool, whose room a thin snapshot shares with its origin: `size_bytes` must be
// free, and a fifth of the metadata.
absl::Status CheckPoolRoom(const LogicalVolume& pool, uint64_t size_bytes, uint64_t origin_bytes,
                           const std::string& vg);

// A snapshot that is good, and the volume that holds what is written while it lives: for a classic
// one itself, with its COW space; for a thin one its pool.
struct ValidSnapshot {
  LogicalVolume volume;
  LogicalVolume space;
};

// What is ready for TakeSnapshot: a volume of the snapshot's name that becomes its COW space, or
// for a thin origin nothing, since its snapshot takes its space from the pool.
enum class Preparation { kCowVolume, kThin };

// Does all that can be done of a snapshot before the server is locked: removes what an earlier run
// left, sees that there is room in the group or in the thin pool, and makes the COW volume.
// FailedPrecondition without room. What was interrupted or failed is undone; LeftBehind (4) when
// that fails.
absl::StatusOr<Preparation> PrepareSnapshot(const SnapshotOptions& options, uint64_t size_bytes);

// Makes the snapshot by one LVM command, and looks at nothing: that is for CheckSnapshot, without
// the lock. Undone as above.
absl::Status TakeSnapshot(const SnapshotOptions& options, Preparation preparation);

// Both, and returns the snapshot after checking what LVM made. Undone as above.
absl::StatusOr<ValidSnapshot> CreateSnapshot(const SnapshotOptions& options, uint64_t size_bytes);

// Returns the snapshot among the volumes. With exit code 3, DataLoss when it is not there, has
// overflowed or its pool is full, and Unknown when LVM cannot tell.
absl::StatusOr<ValidSnapshot> FindValidSnapshot(const std::vector<LogicalVolume>& volumes,
                                                const SnapshotOptions& options);

// Returns the snapshot as it is now, with the errors of FindValidSnapshot.
absl::StatusOr<ValidSnapshot> CheckSnapshot(const SnapshotOptions& options);

// Removes all that FindRemovable names, trying again while a volume is in use, and the devices that
// a killed LVM command left (stale_devices.h). LeftBehind (4), naming the volume and whatever holds
// it, when one is still there at the deadline. None: OK.
absl::Status RemoveSnapshots(const SnapshotOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SNAPSHOT_SNAPSHOT_H_
