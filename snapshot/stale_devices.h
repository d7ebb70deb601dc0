// What an LVM command that was killed half way leaves in the kernel: an origin that is
// suspended, with every writer waiting, or about to get a table that leads nowhere; and devices of
// a snapshot that LVM's metadata does not know (any more), whose names the next one needs. LVM
// does not look for either.

#ifndef MYSQL_BACKUP_SNAPSHOT_STALE_DEVICES_H_
#define MYSQL_BACKUP_SNAPSHOT_STALE_DEVICES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "snapshot/lvm.h"
#include "snapshot/snapshot.h"

namespace mysql_backup {

// The name under which the device-mapper knows a volume: hyphens within the two names are doubled,
// and one is put between.
std::string DeviceName(absl::string_view vg, absl::string_view lv);

// Returns the names of LVM's devices (their UUID begins with "LVM-") in what
// `dmsetup info -c --noheadings --separator | -o name,uuid` prints. InvalidArgument naming the
// line.
absl::StatusOr<std::vector<std::string>> ParseDeviceNames(absl::string_view report);

// Returns the device of a thin pool from what `dmsetup deps -o devname` prints of a volume in it.
// Empty when the volume is not thin; InvalidArgument for what is of another form.
absl::StatusOr<std::string> ParsePoolDevice(absl::string_view report);

// What `dmsetup info -c --noheadings --separator | -o name,suspended,tables_loaded` tells of a
// device.
struct DeviceState {
  std::string name;
  bool suspended = false;
  bool second_table = false;
};

// InvalidArgument naming the line that is of another form, or has a word that dmsetup does not use.
absl::StatusOr<std::vector<DeviceState>> ParseDeviceStates(absl::string_view report);

// Returns those of the devices that are among the `layers`, in the order of these, and suspended or
// about to get another table.
std::vector<DeviceState> FindSleeping(const std::vector<DeviceState>& devices,
                                      const std::vector<std::string>& layers);

// Gives the server its disk back: where the origin, its hidden layer, or the thin pool that it is
// in is suspended or has a second table loaded, and no LVM command is at work on the group that
// could be about to see to it, that table is dropped and the device goes on with the one it had. To
// be called before any LVM command: LVM would make the second table the origin's, although what
// lies under it may not be there. An error when dmsetup fails, or tells nothing that can be
// read; none where there is no such program. LeftBehind (4) when a device cannot be woken.
absl::Status WakeOrigin(const SnapshotOptions& options);

// Returns those of `devices` that are nobody's, given all `volumes` of the group, in the order in
// which they can be removed: the snapshot's own and its COW space when there is no volume of its
// name, and the origin's hidden layer when it has no snapshot at all.
std::vector<std::string> FindStaleDevices(const std::vector<std::string>& devices,
                                          const std::vector<LogicalVolume>& volumes,
                                          const SnapshotOptions& options);

// Removes them. `volumes` are those that are left of the group. None: OK; and so, with a warning,
// where dmsetup cannot tell. LeftBehind (4) naming the device when one cannot be removed, which the
// device-mapper refuses while it is open.
absl::Status RemoveStaleDevices(const std::vector<LogicalVolume>& volumes,
                                const SnapshotOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SNAPSHOT_STALE_DEVICES_H_
