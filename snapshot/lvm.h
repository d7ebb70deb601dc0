// Running LVM's commands and reading their reports.

#ifndef MYSQL_BACKUP_SNAPSHOT_LVM_H_
#define MYSQL_BACKUP_SNAPSHOT_LVM_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace mysql_backup {

// How a snapshot made by these tools is known again.
inline constexpr absl::string_view kTag = "mysql_lvm_backup";

// One logical volume, as lvs reports it.
struct LogicalVolume {
  std::string name;
  std::string origin;      // of a snapshot; empty otherwise
  std::string attributes;  // lv_attr, ten letters: see lvs(8)
  std::vector<std::string> tags;
  uint64_t size_bytes = 0;
  absl::optional<double> data_percent;  // of a snapshot's COW space; nullopt where LVM told none
  std::string path;                     // /dev/VG/NAME
  dev_t device = 0;                     // 0 while not active
  std::string pool;                     // of a thin volume; empty otherwise
  absl::optional<double> metadata_percent;  // of a thin pool

  bool IsSnapshotOf(absl::string_view lv) const { return !origin.empty() && origin == lv; }
  bool IsThin() const { return !pool.empty(); }
  bool IsOurs() const;  // has kTag

  // Whether LVM vouches for a classic snapshot: it is one (first letter s) and active (fifth letter
  // a; I and S say that it has overflowed, X that LVM could not tell), and its COW space is known
  // not to be full.
  bool IsValidSnapshot() const;

  // Whether LVM says that a classic snapshot has overflowed. Where it cannot tell, a snapshot is
  // neither valid nor lost.
  bool IsLostSnapshot() const;

  // The same of a thin snapshot (first letter V), but for its pool.
  bool IsValidThinSnapshot() const;
  bool IsLostThinSnapshot() const;

  // Whether LVM says of a thin pool (first letter t) that it is well, with room for data and
  // metadata; or that it has failed (ninth letter F), is out of data space (D) or of metadata (M).
  bool IsValidPool() const;
  bool IsLostPool() const;
};

// Parses what `lvs` prints for kLvsFields with separator '|'. InvalidArgument naming the line.
absl::StatusOr<std::vector<LogicalVolume>> ParseLvs(absl::string_view report);

// What is unallocated of a volume group, and the size of its extents.
struct GroupRoom {
  uint64_t free_bytes = 0;
  uint64_t extent_bytes = 0;
};

// Parses what `vgs` prints for kVgsFields, in bytes. InvalidArgument with what it printed.
absl::StatusOr<GroupRoom> ParseGroupRoom(absl::string_view report);

// LVM's commands for one volume group. Each waits at most `deadline`. A signal that asks this
// process to end does not cut them short.
class Lvm {
 public:
  Lvm(std::string program, std::string vg, absl::Duration deadline)
      : program_(std::move(program)), vg_(std::move(vg)), deadline_(deadline) {}

  // The same for reports that are not worth waiting for: List and FreeRoom end early, Cancelled,
  // when `stop_fd` polls readable or a signal comes. What changes something never does.
  Lvm(std::string program, std::string vg, absl::Duration deadline, int stop_fd)
      : program_(std::move(program)), vg_(std::move(vg)), deadline_(deadline), stop_fd_(stop_fd) {}

  // The logical volumes of the group. Internal, with LVM's words, where there is no such group.
  absl::StatusOr<std::vector<LogicalVolume>> List() const;

  absl::StatusOr<GroupRoom> FreeRoom() const;

  // lvcreate of a volume with our tag that can become a snapshot's COW space: of whole extents, its
  // beginning wiped, and not active, so that nothing of that is left to be done to it.
  absl::Status CreateCowVolume(const std::string& name, uint64_t size_bytes) const;

  // lvconvert of such a volume to a snapshot of the origin.
  absl::Status ConvertToSnapshot(const std::string& origin, const std::string& name) const;

  // lvcreate of a thin volume's snapshot, with our tag: it takes its space from the pool.
  absl::Status CreateThinSnapshot(const std::string& origin, const std::string& name) const;

  // lvextend of a snapshot's COW space.
  absl::Status Extend(const std::string& name, uint64_t size_bytes) const;

  // Gives a volume's devices the tables that the metadata say, and resumes them.
  absl::Status Refresh(const std::string& name) const;

  // One lvremove, without a question. An error, with LVM's words, when the volume is in use.
  absl::Status Remove(const std::string& name) const;

  const std::string& vg() const { return vg_; }

 private:
  absl::StatusOr<std::string> Report(absl::string_view command, absl::string_view fields) const;
  absl::Status Change(std::vector<std::string> arguments) const;

  std::string program_;  // /usr/sbin/lvm
  std::string vg_;
  absl::Duration deadline_;
  int stop_fd_ = -1;
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SNAPSHOT_LVM_H_
