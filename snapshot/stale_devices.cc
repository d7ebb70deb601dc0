#include "snapshot/stale_devices.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/status.h"
#include "base/subprocess.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(30);

// A listing fails when any device of the host goes between its being listed and being looked at.
constexpr int kListTries = 5;

constexpr int kLockTries = 50;
constexpr absl::Duration kLockPause = absl::Milliseconds(200);

absl::StatusOr<std::string> RunDmsetup(const SnapshotOptions& options,
                                       std::vector<std::string> arguments) {
  SubprocessOptions dmsetup;
  dmsetup.argv = std::move(arguments);
  dmsetup.argv.insert(dmsetup.argv.begin(), options.dmsetup);
  dmsetup.deadline = kDeadline;
  dmsetup.finish_when_interrupted = true;
  ASSIGN_OR_RETURN(const SubprocessResult result, RunSubprocessOk(std::move(dmsetup)));
  return result.stdout_text;
}

bool HasSnapshots(const std::vector<LogicalVolume>& volumes, const std::string& origin) {
  return std::any_of(volumes.begin(), volumes.end(),
                     [&](const LogicalVolume& volume) { return volume.IsSnapshotOf(origin); });
}

// LVM's own lock on a group: its commands take turns by it. A report holds it for a moment only.
// Nullopt when it cannot be had.
absl::optional<UniqueFd> LockGroup(const SnapshotOptions& options) {
  const std::string path = absl::StrCat(options.lvm_locks, "/V_", options.vg);
  UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  for (int i = 0; file.ok() && i < kLockTries; ++i) {
    if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
    absl::SleepFor(kLockPause);
  }
  return absl::nullopt;
}

absl::StatusOr<std::string> ListDevices(const SnapshotOptions& options,
                                        const std::string& columns) {
  for (int i = 1;; ++i) {
    auto report =
        RunDmsetup(options, {"info", "-c", "--noheadings", "--separator", "|", "-o", columns});
    if (!absl::IsInternal(report.status()) || i == kListTries) return report;
  }
}

absl::StatusOr<std::vector<DeviceState>> ListStates(const SnapshotOptions& options) {
  ASSIGN_OR_RETURN(const std::string report, ListDevices(options, "name,suspended,tables_loaded"));
  return ParseDeviceStates(report);
}

absl::Status BadLine(absl::string_view line) {
  return absl::InvalidArgumentError(
      absl::StrCat("dmsetup printed a line of an unknown form: ", OneLine(line)));
}

// Whether a device is in the first of two states; nullopt for a word that is neither. What dmsetup
// left half said must not pass for the harmless one.
absl::optional<bool> IsFirst(absl::string_view word, absl::string_view first,
                             std::initializer_list<absl::string_view> others) {
  if (word == first) return true;
  if (std::find(others.begin(), others.end(), word) != others.end()) return false;
  return absl::nullopt;
}

// The devices through which the origin's data goes, from the bottom up: what is above one that is
// suspended cannot be suspended and resumed itself. `devices` are all of the host.
absl::StatusOr<std::vector<std::string>> LayersOfOrigin(const SnapshotOptions& options,
                                                        const std::vector<DeviceState>& devices) {
  const std::string origin = DeviceName(options.vg, options.origin);
  std::vector<std::string> layers = {absl::StrCat(origin, "-real"), origin};
  // One that is not active lies on nothing.
  if (std::any_of(devices.begin(), devices.end(),
                  [&](const DeviceState& device) { return device.name == origin; })) {
    ASSIGN_OR_RETURN(const std::string report,
                     RunDmsetup(options, {"deps", "-o", "devname", origin}));
    ASSIGN_OR_RETURN(std::string pool, ParsePoolDevice(report));
    if (!pool.empty()) layers.insert(layers.begin(), std::move(pool));
  }
  return layers;
}

absl::Status MayBeSuspended(const SnapshotOptions& options, const absl::Status& reason) {
  return Annotate(
      reason, absl::StrCat("; the server's disk may be suspended, and nothing be written: see "
                           "`dmsetup info -c`, then run `dmsetup resume` on what is suspended of ",
                           options.vg, "/", options.origin));
}

absl::Status WakeDevice(const SnapshotOptions& options, const DeviceState& device) {
  LOG(WARNING) << "an LVM command was killed half way: " << device.name
               << (device.suspended ? " is suspended" : " has a second table")
               << "; giving it back the table that it had";
  if (device.second_table) RETURN_IF_ERROR(RunDmsetup(options, {"clear", device.name}).status());
  return RunDmsetup(options, {"resume", device.name}).status();
}

}  // namespace

absl::StatusOr<std::string> ParsePoolDevice(absl::string_view report) {
  const absl::string_view line = absl::StripTrailingAsciiWhitespace(report);
  const std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  constexpr size_t kBefore = 3;  // "N dependencies :"
  if (words.size() < kBefore || words[1] != "dependencies" || words[2] != ":" ||
      words[0] != absl::StrCat(words.size() - kBefore)) {
    return BadLine(report);
  }
  std::vector<absl::string_view> names(words.begin() + kBefore, words.end());
  for (absl::string_view& name : names) {
    if (!absl::ConsumePrefix(&name, "(") || !absl::ConsumeSuffix(&name, ")")) {
      return BadLine(report);
    }
  }
  constexpr absl::string_view kLayer = "-tpool";
  // A hyphen within a name would be doubled.
  const bool is_thin = names.size() == 1 && absl::EndsWith(names[0], kLayer) &&
                       !absl::EndsWith(absl::StripSuffix(names[0], kLayer), "-");
  return is_thin ? std::string(names[0]) : "";
}

absl::StatusOr<std::vector<DeviceState>> ParseDeviceStates(absl::string_view report) {
  std::vector<DeviceState> devices;
  for (const absl::string_view line : absl::StrSplit(report, '\n', absl::SkipWhitespace())) {
    if (line == "No devices found") continue;
    const std::vector<std::string> fields = absl::StrSplit(line, '|');
    if (fields.size() != 3 || fields[0].empty()) return BadLine(line);
    const auto suspended = IsFirst(fields[1], "Suspended", {"Active"});
    const auto second_table = IsFirst(fields[2], "Both", {"None", "Live", "Inactive"});
    if (!suspended.has_value() || !second_table.has_value()) return BadLine(line);
    devices.push_back({fields[0], *suspended, *second_table});
  }
  return devices;
}

std::vector<DeviceState> FindSleeping(const std::vector<DeviceState>& devices,
                                      const std::vector<std::string>& layers) {
  std::vector<DeviceState> sleeping;
  for (const std::string& layer : layers) {
    for (const DeviceState& device : devices) {
      if (device.name == layer && (device.suspended || device.second_table)) {
        sleeping.push_back(device);
      }
    }
  }
  return sleeping;
}

absl::Status WakeOrigin(const SnapshotOptions& options) {
  const auto seen = ListStates(options);
  // There is no such program.
  if (absl::IsNotFound(seen.status())) return absl::OkStatus();
  if (!seen.ok()) return MayBeSuspended(options, seen.status());
  const auto layers = LayersOfOrigin(options, *seen);
  if (!layers.ok()) return MayBeSuspended(options, layers.status());
  const std::vector<DeviceState> suspects = FindSleeping(*seen, *layers);
  if (suspects.empty()) return absl::OkStatus();
  const absl::optional<UniqueFd> lock = LockGroup(options);
  if (!lock.has_value()) {
    LOG(WARNING) << suspects[0].name
                 << " is suspended, or about to get another table, and LVM's lock in "
                 << options.lvm_locks << " cannot be had: an LVM command is at work on "
                 << options.vg << " (ps -C lvm)";
    return absl::OkStatus();
  }
  // What was seen before may have been that command's work.
  const auto now = ListStates(options);
  if (!now.ok()) return MayBeSuspended(options, now.status());
  for (const DeviceState& device : FindSleeping(*now, *layers)) {
    const absl::Status woken = WakeDevice(options, device);
    if (!woken.ok()) return LeftBehindError(MayBeSuspended(options, woken).message());
  }
  return absl::OkStatus();
}

std::string DeviceName(absl::string_view vg, absl::string_view lv) {
  return absl::StrCat(absl::StrReplaceAll(vg, {{"-", "--"}}), "-",
                      absl::StrReplaceAll(lv, {{"-", "--"}}));
}

absl::StatusOr<std::vector<std::string>> ParseDeviceNames(absl::string_view report) {
  std::vector<std::string> names;
  for (const absl::string_view line : absl::StrSplit(report, '\n', absl::SkipWhitespace())) {
    if (line == "No devices found") continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(line, '|');
    if (fields.size() != 2 || fields[0].empty()) return BadLine(line);
    if (absl::StartsWith(fields[1], "LVM-")) names.emplace_back(fields[0]);
  }
  return names;
}

std::vector<std::string> FindStaleDevices(const std::vector<std::string>& devices,
                                          const std::vector<LogicalVolume>& volumes,
                                          const SnapshotOptions& options) {
  std::vector<std::string> suspects;
  const bool is_known =
      std::any_of(volumes.begin(), volumes.end(),
                  [&](const LogicalVolume& volume) { return volume.name == options.name; });
  if (!is_known) {
    const std::string snapshot = DeviceName(options.vg, options.name);
    suspects = {snapshot, absl::StrCat(snapshot, "-cow")};
  }
  if (!HasSnapshots(volumes, options.origin)) {
    suspects.push_back(absl::StrCat(DeviceName(options.vg, options.origin), "-real"));
  }
  std::vector<std::string> stale;
  for (std::string& suspect : suspects) {
    if (std::find(devices.begin(), devices.end(), suspect) != devices.end()) {
      stale.push_back(std::move(suspect));
    }
  }
  return stale;
}

absl::Status RemoveStaleDevices(const std::vector<LogicalVolume>& volumes,
                                const SnapshotOptions& options) {
  const auto report = ListDevices(options, "name,uuid");
  if (!report.ok()) {
    // LVM itself knows of nothing: that is no reason to fail.
    LOG(WARNING) << "cannot look for what a killed LVM command may have left in the kernel: "
                 << OneLine(report.status().message());
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> devices, ParseDeviceNames(*report));
  const std::vector<std::string> stale = FindStaleDevices(devices, volumes, options);
  if (stale.empty()) return absl::OkStatus();
  // The origin may be suspended, or go through its hidden layer: this gives it back the table that
  // LVM's metadata say it has.
  LOG(WARNING) << "an LVM command was killed half way: removing what it left in the kernel";
  const absl::Status refreshed =
      Lvm(options.lvm, options.vg, options.command_deadline).Refresh(options.origin);
  if (!refreshed.ok()) LOG(WARNING) << OneLine(refreshed.message());
  for (const std::string& device : stale) {
    // The refresh may have taken it along.
    const auto removed = RunDmsetup(options, {"remove", "--retry", device});
    const auto still = RunDmsetup(options, {"info", "-c", "--noheadings", "-o", "name", device});
    if (removed.ok() || !still.ok()) {
      LOG(INFO) << "removed the device " << device;
      continue;
    }
    // LVM may have a use for the origin's layer that is not told here, and then it is open.
    if (absl::EndsWith(device, "-real")) {
      LOG(WARNING) << device << " stays: " << OneLine(removed.status().message());
      continue;
    }
    return LeftBehindError(absl::StrCat(
        "cannot remove the device ", device, " that a killed LVM command left: ",
        removed.status().message(), "; see who has it open (dmsetup ls --tree), then run `",
        options.dmsetup, " remove ", device, "`, or let the next run do it"));
  }
  return absl::OkStatus();
}

}  // namespace mysql_backup
