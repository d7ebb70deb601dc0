#include "snapshot/snapshot.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/exit_code.h"
#include "base/holders.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_clock.h"
#include "snapshot/stale_devices.h"
#include "snapshot/taken.h"
#include "snapshot/usage.h"

namespace mysql_backup {
namespace {

// Percent of a thin pool's metadata from which no snapshot is made. What is written while it lives
// takes more of them, and the kernel keeps the last tenth of a small pool for itself.
constexpr double kMetadataFull = 80;

Lvm LvmFor(const SnapshotOptions& options) {
  return Lvm(options.lvm, options.vg, options.command_deadline);
}

std::string FullName(const SnapshotOptions& options, const std::string& lv) {
  return absl::StrCat(options.vg, "/", lv);
}

const LogicalVolume* FindVolume(const std::vector<LogicalVolume>& volumes,
                                const std::string& name) {
  const auto found = std::find_if(volumes.begin(), volumes.end(),
                                  [&](const LogicalVolume& lv) { return lv.name == name; });
  return found == volumes.end() ? nullptr : &*found;
}

// The origin of a run, and its pool where it is thin.
struct Origin {
  const LogicalVolume* volume = nullptr;
  const LogicalVolume* pool = nullptr;  // null for a classic volume
};

// Among volumes that FindRemovable has seen, so that the origin is there.
absl::StatusOr<Origin> FindOrigin(const std::vector<LogicalVolume>& volumes,
                                  const SnapshotOptions& options) {
  Origin origin;
  origin.volume = FindVolume(volumes, options.origin);
  if (!origin.volume->IsThin()) return origin;
  origin.pool = FindVolume(volumes, origin.volume->pool);
  if (origin.pool == nullptr) {
    return absl::NotFoundError(absl::StrCat("LVM tells nothing of ",
                                            FullName(options, origin.volume->pool),
                                            ", the thin pool of ", options.origin, " (lvs)"));
  }
  return origin;
}

absl::Status StillThere(const SnapshotOptions& options, const LogicalVolume& volume,
                        const absl::Status& reason) {
  const std::vector<std::string> holders =
      volume.device == 0 ? std::vector<std::string>() : FindHolders(volume.device);
  return LeftBehindError(absl::StrCat(
      "cannot remove the snapshot ", FullName(options, volume.name), ": ", reason.message(),
      holders.empty() ? "; no holder was found (udev may be at work: udevadm settle)"
                      : absl::StrCat("; held by ", absl::StrJoin(holders, ", ")),
      "; when it is free, remove it with snapshot_remove, or let the next run do it"));
}

// Whether lvs, which must know the origin, does not know the volume.
bool IsGone(const Lvm& lvm, const SnapshotOptions& options, const std::string& name) {
  const auto volumes = lvm.List();
  return volumes.ok() && FindVolume(*volumes, options.origin) != nullptr &&
         FindVolume(*volumes, name) == nullptr;
}

// One volume, until it is gone or the deadline has come. A signal does not stop it: this is what a
// run does to clean up, and it is bounded.
absl::Status RemoveOne(const Lvm& lvm, const SnapshotOptions& options,
                       const LogicalVolume& volume) {
  const absl::Time deadline = SteadyNow() + options.removal_deadline;
  for (absl::Duration pause = absl::Milliseconds(200);;
       pause = std::min(2 * pause, absl::Seconds(5))) {
    absl::Status removed = lvm.Remove(volume.name);
    // What lvremove says is not the point: it can fail after the fact, while waiting for udev.
    if (IsGone(lvm, options, volume.name)) {
      if (removed.ok()) {
        LOG(INFO) << "removed " << FullName(options, volume.name);
      } else {
        LOG(WARNING) << "removed " << FullName(options, volume.name) << ", although "
                     << OneLine(removed.message()) << "; does udev answer (udevadm settle)?";
      }
      return absl::OkStatus();
    }
    removed.Update(absl::InternalError("lvremove succeeded, and lvs does not show that it has"));
    if (SteadyNow() + pause >= deadline) return StillThere(options, volume, removed);
    LOG(WARNING) << "trying again: " << OneLine(removed.message());
    absl::SleepFor(pause);
  }
}

absl::Status RemoveAll(const Lvm& lvm, const SnapshotOptions& options,
                       const std::vector<LogicalVolume>& volumes) {
  absl::Status status;
  for (const LogicalVolume& volume : volumes) status.Update(RemoveOne(lvm, options, volume));
  return status;
}

// After a creation that failed or was interrupted: it may have got as far as making the volume.
absl::Status Undo(const SnapshotOptions& options, const absl::Status& reason) {
  const absl::Status removed = RemoveSnapshots(options);
  if (removed.ok()) return reason;
  return LeftBehindError(absl::StrCat(reason.message(), "; and then ", removed.message()));
}

absl::Status CannotTell(const std::string& snapshot, const std::string& seen) {
  return WithExitCode(
      absl::UnknownError(absl::StrCat("LVM cannot tell whether the snapshot ", snapshot,
                                      " is valid", seen, "; see lvs and the kernel's log")),
      ExitCode::kNo);
}

// A thin snapshot cannot overflow; but its pool can fail, or be full, and then nothing that is read
// from the volumes in it can be vouched for.
absl::StatusOr<ValidSnapshot> CheckThinSnapshot(const std::vector<LogicalVolume>& volumes,
                                                const LogicalVolume& snapshot,
                                                const SnapshotOptions& options) {
  const std::string name = FullName(options, snapshot.name);
  const LogicalVolume* pool = FindVolume(volumes, snapshot.pool);
  if (pool == nullptr) return CannotTell(name, ": it tells nothing of its thin pool");
  const std::string seen = absl::StrCat(
      " (lv_attr ", snapshot.attributes, "; ", FullName(options, pool->name), ": ",
      pool->data_percent.value_or(-1), " % of the data and ", pool->metadata_percent.value_or(-1),
      " % of the metadata used, lv_attr ", pool->attributes, ")");
  if (snapshot.IsLostThinSnapshot() || pool->IsLostPool()) {
    return NoError(absl::StrCat(
        "the snapshot ", name, " is not valid: its thin pool is full or has failed", seen,
        "; whatever was copied from it is no backup; extend the pool (lvextend), or let dmeventd "
        "do it (thin_pool_autoextend_threshold in lvm.conf)"));
  }
  if (!snapshot.IsValidThinSnapshot() || !pool->IsValidPool()) return CannotTell(name, seen);
  return ValidSnapshot{snapshot, *pool};
}

}  // namespace

absl::StatusOr<std::vector<LogicalVolume>> FindRemovable(const std::vector<LogicalVolume>& volumes,
                                                         const SnapshotOptions& options) {
  if (FindVolume(volumes, options.origin) == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no logical volume ",
                                            FullName(options, options.origin),
                                            ": check VG and LV (lvs)"));
  }
  std::vector<LogicalVolume> removable;
  for (const LogicalVolume& volume : volumes) {
    const bool has_our_name = volume.name == options.name;
    const bool half_made = has_our_name && volume.origin.empty() && volume.IsOurs();
    if (has_our_name && !half_made && !volume.IsSnapshotOf(options.origin)) {
      return absl::FailedPreconditionError(
          absl::StrCat(FullName(options, volume.name), " exists and is no snapshot of ",
                       options.origin, ": it is left untouched; choose another name for SNAPSHOT"));
    }
    if (half_made || (volume.IsSnapshotOf(options.origin) && (has_our_name || volume.IsOurs()))) {
      removable.push_back(volume);
    }
  }
  return removable;
}

// The origin's size and the COW space's own metadata (0.4 % with the smallest chunks, and an
// extent). LVM makes none that is larger.
uint64_t UsefulBytes(uint64_t origin_bytes, uint64_t extent_bytes) {
  return origin_bytes + origin_bytes / 200 + extent_bytes;
}

uint64_t CowBytes(uint64_t size_bytes, uint64_t origin_bytes, uint64_t extent_bytes) {
  const uint64_t wanted = std::min(size_bytes, UsefulBytes(origin_bytes, extent_bytes));
  return (wanted + extent_bytes - 1) / extent_bytes * extent_bytes;
}

absl::Status CheckRoom(const GroupRoom& room, uint64_t cow_bytes, const std::string& vg) {
  if (room.free_bytes >= cow_bytes) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("volume group ", vg, " has ", Mebibytes(room.free_bytes),
                   " free, and the snapshot needs ", Mebibytes(cow_bytes),
                   ": add a physical volume (vgextend), or choose a smaller SNAPSHOT_SIZE"));
}

absl::Status CheckPoolRoom(const LogicalVolume& pool, uint64_t size_bytes, uint64_t origin_bytes,
                           const std::string& vg) {
  const std::string name = absl::StrCat(vg, "/", pool.name);
  if (!pool.IsValidPool()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the thin pool ", name, " has failed or needs repair (lv_attr ",
                     pool.attributes, "): see lvs and the kernel's log"));
  }
  if (*pool.metadata_percent >= kMetadataFull) {
    return absl::FailedPreconditionError(
        absl::StrCat("the metadata of the thin pool ", name, " are ", *pool.metadata_percent,
                     " % full, and a snapshot is made below ", kMetadataFull,
                     " %: extend them (lvextend --poolmetadatasize +SIZE ", name, ")"));
  }
  const uint64_t needed = std::min(size_bytes, origin_bytes);
  const Usage usage = UsageOf(pool, absl::UnixEpoch());
  const uint64_t free_bytes = usage.size_bytes - usage.used_bytes;
  if (free_bytes >= needed) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the thin pool ", name, " has ", Mebibytes(free_bytes),
      " free, and what is written during a backup may need ", Mebibytes(needed),
      ": extend the pool (lvextend --size +SIZE ", name, "), or choose a smaller SNAPSHOT_SIZE"));
}

absl::StatusOr<Preparation> PrepareSnapshot(const SnapshotOptions& options, uint64_t size_bytes) {
  const Lvm lvm = LvmFor(options);
  ASSIGN_OR_RETURN(std::vector<LogicalVolume> volumes, lvm.List());
  ASSIGN_OR_RETURN(const std::vector<LogicalVolume> leftovers, FindRemovable(volumes, options));
  for (const LogicalVolume& leftover : leftovers) {
    LOG(WARNING) << "removing the snapshot " << FullName(options, leftover.name)
                 << " that an earlier run left";
  }
  RETURN_IF_ERROR(RemoveAll(lvm, options, leftovers));
  if (!leftovers.empty()) {
    ASSIGN_OR_RETURN(volumes, lvm.List());  // a pool has more room now
  }
  ASSIGN_OR_RETURN(const Origin origin, FindOrigin(volumes, options));
  // AwaitTaken would take it for the new one, and the server be unlocked before that is made.
  ASSIGN_OR_RETURN(const bool is_taken, IsTakenNow(options));
  if (is_taken) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the kernel has a device of the snapshot ", FullName(options, options.name),
        " of which LVM does not know: see `dmsetup ls --tree`, remove it with snapshot_remove"));
  }
  if (origin.pool != nullptr) {
    RETURN_IF_ERROR(CheckPoolRoom(*origin.pool, size_bytes, origin.volume->size_bytes, options.vg));
    LOG(INFO) << "the snapshot goes into the thin pool " << FullName(options, origin.pool->name);
    return Preparation::kThin;
  }
  ASSIGN_OR_RETURN(const GroupRoom room, lvm.FreeRoom());
  const uint64_t cow_bytes = CowBytes(size_bytes, origin.volume->size_bytes, room.extent_bytes);
  RETURN_IF_ERROR(CheckRoom(room, cow_bytes, options.vg));
  absl::Status prepared = lvm.CreateCowVolume(options.name, cow_bytes);
  prepared.Update(CheckInterrupt());
  if (!prepared.ok()) return Undo(options, prepared);
  LOG(INFO) << "made " << FullName(options, options.name) << ", " << Mebibytes(cow_bytes)
            << " of COW space";
  return Preparation::kCowVolume;
}

absl::Status TakeSnapshot(const SnapshotOptions& options, Preparation preparation) {
  const Lvm lvm = LvmFor(options);
  absl::Status taken = preparation == Preparation::kThin
                           ? lvm.CreateThinSnapshot(options.origin, options.name)
                           : lvm.ConvertToSnapshot(options.origin, options.name);
  taken.Update(CheckInterrupt());
  if (!taken.ok()) return Undo(options, taken);
  LOG(INFO) << "created " << FullName(options, options.name) << ", a snapshot of "
            << options.origin;
  return absl::OkStatus();
}

absl::StatusOr<ValidSnapshot> CreateSnapshot(const SnapshotOptions& options, uint64_t size_bytes) {
  ASSIGN_OR_RETURN(const Preparation preparation, PrepareSnapshot(options, size_bytes));
  RETURN_IF_ERROR(TakeSnapshot(options, preparation));
  auto snapshot = CheckSnapshot(options);
  if (!snapshot.ok()) {
    return Undo(options, WithExitCode(snapshot.status(), ExitCode::kFailed));
  }
  return snapshot;
}

absl::StatusOr<ValidSnapshot> FindValidSnapshot(const std::vector<LogicalVolume>& volumes,
                                                const SnapshotOptions& options) {
  const std::string name = FullName(options, options.name);
  const LogicalVolume* snapshot = FindVolume(volumes, options.name);
  if (snapshot == nullptr || !snapshot->IsSnapshotOf(options.origin)) {
    return NoError(absl::StrCat("there is no snapshot ", name, " of ", options.origin,
                                ": whatever was copied from it is no backup"));
  }
  if (snapshot->IsThin()) return CheckThinSnapshot(volumes, *snapshot, options);
  const std::string seen = absl::StrCat(" (", snapshot->data_percent.value_or(-1),
                                        " % used, lv_attr ", snapshot->attributes, ")");
  if (snapshot->IsLostSnapshot()) {
    return NoError(absl::StrCat(
        "the snapshot ", name,
        " is not valid: it has overflowed, or its COW space cannot be written", seen,
        "; whatever was copied from it is no backup; unless the kernel's log tells of a bad disk, "
        "choose a larger SNAPSHOT_SIZE, let it grow up to a SNAPSHOT_MAX_SIZE, or choose a quieter "
        "hour"));
  }
  if (!snapshot->IsValidSnapshot()) return CannotTell(name, seen);
  return ValidSnapshot{*snapshot, *snapshot};
}

absl::StatusOr<ValidSnapshot> CheckSnapshot(const SnapshotOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<LogicalVolume> volumes, LvmFor(options).List());
  return FindValidSnapshot(volumes, options);
}

absl::Status RemoveSnapshots(const SnapshotOptions& options) {
  const Lvm lvm = LvmFor(options);
  RETURN_IF_ERROR(WakeOrigin(options));
  ASSIGN_OR_RETURN(const std::vector<LogicalVolume> volumes, lvm.List());
  ASSIGN_OR_RETURN(const std::vector<LogicalVolume> removable, FindRemovable(volumes, options));
  absl::Status removed = RemoveAll(lvm, options, removable);
  if (removed.ok()) {
    std::vector<LogicalVolume> left;
    for (const LogicalVolume& volume : volumes) {
      if (FindVolume(removable, volume.name) == nullptr) left.push_back(volume);
    }
    removed = RemoveStaleDevices(left, options);
  }
  // Whatever became of that, the server is to have its disk: LVM's commands may have failed between
  // suspending and resuming.
  const absl::Status woken = WakeOrigin(options);
  if (woken.ok()) return removed;
  return LeftBehindError(
      absl::StrCat(woken.message(), removed.ok() ? "" : "; and ", removed.message()));
}

}  // namespace mysql_backup
