// The verdict that is kept with a backup: by it retention chooses, and by it files are shared.

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/verdict.h"
#include "fuzz/fuzz_one.h"

namespace mysql_backup {
namespace {

Manifest ManifestWith(const std::string& checksum) {
  Manifest manifest;
  manifest.records.push_back({"end", {{"entries", "1"}, {"xxh128", checksum}}});
  return manifest;
}

}  // namespace

void FuzzOne(absl::string_view input) {
  const std::string checksum = "6bba86c7e069f56d5a10b435f1c8e49c";
  const Manifest records = ManifestWith(checksum);
  const auto verdict = ParseVerdict(input, records);
  if (!verdict.has_value()) return;
  CHECK(absl::StrContains(input, absl::StrCat("manifest=", checksum)));
  CHECK(!ParseVerdict(input, ManifestWith("6bba86c7e069f56d5a10b435f1c8e49d")).has_value());
  if (verdict->good) CHECK(absl::StrContains(input, "verdict=good"));

  const auto again = ParseVerdict(FormatVerdict(*verdict, records), records);
  CHECK(again.has_value());
  CHECK_EQ(again->good, verdict->good);
  CHECK(again->time == verdict->time) << absl::FormatTime(verdict->time);
  CHECK(again->duration == verdict->duration) << absl::FormatDuration(verdict->duration);
}

}  // namespace mysql_backup
