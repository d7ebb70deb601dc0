// LVM's reports: by them a snapshot is called good, volumes are removed, and room is reckoned.

#include <sys/sysmacros.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fuzz/fuzz_one.h"
#include "snapshot/lvm.h"
#include "snapshot/snapshot.h"

namespace mysql_backup {
namespace {

std::string Format(absl::optional<double> percent) {
  return percent.has_value() ? absl::StrFormat("%.17g", *percent) : "";
}

std::string Format(const LogicalVolume& volume) {
  const std::string device =
      volume.device == 0 ? "-1|-1" : absl::StrCat(major(volume.device), "|", minor(volume.device));
  return absl::StrCat("  ", volume.name, "|", volume.origin, "|", volume.attributes, "|",
                      absl::StrJoin(volume.tags, ","), "|", volume.size_bytes, "|",
                      Format(volume.data_percent), "|", volume.path, "|", device, "|", volume.pool,
                      "|", Format(volume.metadata_percent), "\n");
}

void CheckValid(const LogicalVolume& volume) {
  // lvs(8): the first letter is the type; the fifth is the state, and "a" is the only one that says
  // active and nothing else.
  CHECK_GE(volume.attributes.size(), 10U);
  CHECK_EQ(volume.attributes[0], 's');
  CHECK_EQ(volume.attributes[4], 'a');
  CHECK(volume.data_percent.has_value());
  CHECK(*volume.data_percent >= 0 && *volume.data_percent < 100) << *volume.data_percent;
}

void CheckPercent(absl::optional<double> percent) {
  if (percent.has_value()) CHECK(*percent >= 0 && *percent <= 100) << *percent;
}

// A pool that is called good has room, and one health only.
void CheckPool(const LogicalVolume& pool) {
  CHECK(!pool.IsLostPool());
  CHECK_EQ(pool.attributes[0], 't');
  CHECK_EQ(pool.attributes[8], '-');
  CHECK_LT(pool.data_percent.value(), 100);
  CHECK_LT(pool.metadata_percent.value(), 100);
}

void CheckRemovable(const std::vector<LogicalVolume>& volumes) {
  SnapshotOptions options;
  options.vg = "vg";
  options.origin = "data";
  options.name = "snap";
  const auto removable = FindRemovable(volumes, options);
  if (!removable.ok()) return;
  for (const LogicalVolume& volume : *removable) {
    const bool has_our_name = volume.name == "snap";
    const bool has_our_tag =
        std::count(volume.tags.begin(), volume.tags.end(), "mysql_lvm_backup") != 0;
    // Without an origin only the COW volume that is prepared, which has both.
    if (volume.origin.empty()) {
      CHECK(has_our_name && has_our_tag);
      continue;
    }
    CHECK_EQ(volume.origin, "data");
    CHECK(has_our_name || has_our_tag);
  }
}

}  // namespace

void FuzzOne(absl::string_view input) {
  const auto room = ParseGroupRoom(input);
  if (room.ok()) {
    CHECK_GT(room->extent_bytes, 0U);
    const auto same =
        ParseGroupRoom(absl::StrCat("  ", room->free_bytes, "|", room->extent_bytes, "\n"));
    CHECK(same.ok() && same->free_bytes == room->free_bytes &&
          same->extent_bytes == room->extent_bytes);
  }
  const auto volumes = ParseLvs(input);
  if (!volumes.ok()) return;
  const std::vector<absl::string_view> lines = absl::StrSplit(input, '\n', absl::SkipWhitespace());
  CHECK_EQ(volumes->size(), lines.size());
  std::string text;
  for (size_t i = 0; i < volumes->size(); ++i) {
    const LogicalVolume& volume = (*volumes)[i];
    CHECK_EQ(std::count(lines[i].begin(), lines[i].end(), '|'), 10);
    CHECK(!volume.name.empty());
    CheckPercent(volume.data_percent);
    CheckPercent(volume.metadata_percent);
    CHECK(!(volume.IsValidThinSnapshot() && volume.IsLostThinSnapshot()));
    if (volume.IsValidPool()) CheckPool(volume);
    if (volume.IsValidSnapshot()) CheckValid(volume);
    text += Format(volume);
  }
  const auto again = ParseLvs(text);
  CHECK(again.ok()) << again.status();
  CHECK_EQ(again->size(), volumes->size());
  for (size_t i = 0; i < volumes->size(); ++i) {
    CHECK_EQ(Format((*again)[i]), Format((*volumes)[i]));
    CHECK_EQ((*again)[i].IsValidSnapshot(), (*volumes)[i].IsValidSnapshot());
  }
  CheckRemovable(*volumes);
}

}  // namespace mysql_backup
