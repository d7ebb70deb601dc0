// dmsetup's answers: by them devices are resumed, and removed.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fuzz/fuzz_one.h"
#include "snapshot/stale_devices.h"

namespace mysql_backup {
namespace {

bool IsLineOf(absl::string_view text, const std::string& line) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

// What is called asleep is said to be so, and nothing that is, among the layers, is passed over.
void CheckStates(absl::string_view report) {
  const auto devices = ParseDeviceStates(report);
  if (!devices.ok()) return;
  std::vector<std::string> names;
  for (const DeviceState& device : *devices) {
    names.push_back(device.name);
    const absl::string_view state = device.suspended ? "|Suspended|" : "|Active|";
    CHECK(absl::StrContains(report, absl::StrCat(device.name, state)));
    if (device.second_table) {
      CHECK(IsLineOf(report, absl::StrCat(device.name, state, "Both")));
    } else {
      CHECK(std::any_of(devices->begin(), devices->end(), [&](const DeviceState& other) {
        return other.name == device.name && !other.second_table;
      }));
    }
  }
  const auto sleeping = FindSleeping(*devices, {"vg-pool-tpool", "vg-data-real", "vg-data"});
  for (const DeviceState& device : sleeping) {
    CHECK(device.suspended || device.second_table);
    CHECK(absl::StartsWith(device.name, "vg-"));
  }
  CHECK_EQ(
      FindSleeping(*devices, {"vg-data"}).empty(),
      !IsLineOf(report, "vg-data|Suspended|Live") && !IsLineOf(report, "vg-data|Suspended|None") &&
          !IsLineOf(report, "vg-data|Suspended|Inactive") &&
          !IsLineOf(report, "vg-data|Suspended|Both") && !IsLineOf(report, "vg-data|Active|Both"));
  // A line that ends too soon is no harmless one.
  for (const char* const rest : {"", "|", "|Suspended", "|Suspended|", "|Suspended|Bo"}) {
    CHECK(!ParseDeviceStates(absl::StrCat(report, "\nvg-data", rest)).ok());
  }
}

// Only LVM's devices are anybody's to remove, and only those of the names that ours can have.
void CheckNames(absl::string_view report) {
  const auto names = ParseDeviceNames(report);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    CHECK(absl::StrContains(report, absl::StrCat(name, "|LVM-")));
  }
  SnapshotOptions options;
  options.vg = "vg";
  options.origin = "data";
  options.name = "snap";
  for (const std::string& stale : FindStaleDevices(*names, {}, options)) {
    CHECK(stale == "vg-snap" || stale == "vg-snap-cow" || stale == "vg-data-real") << stale;
    CHECK(std::find(names->begin(), names->end(), stale) != names->end());
  }
}

}  // namespace

void FuzzOne(absl::string_view input) {
  CheckStates(input);
  CheckNames(input);
  const std::string pool = ParsePoolDevice(input).value_or("");
  if (!pool.empty()) CHECK(absl::StrContains(input, absl::StrCat("(", pool, ")")));
  if (!pool.empty()) CHECK(absl::EndsWith(pool, "-tpool"));
}

}  // namespace mysql_backup
