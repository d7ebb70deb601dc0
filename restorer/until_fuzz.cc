// Where a replay ends: what an administrator writes, what servers say of their GTIDs, and the names
// of binary logs.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "fuzz/fuzz_one.h"
#include "restorer/until.h"

namespace mysql_backup {
namespace {

void CheckUntil(absl::string_view text) {
  const auto until = ParseUntil(text);
  if (!until.ok()) {
    CHECK(absl::IsInvalidArgument(until.status()));
    CHECK(absl::StrContains(until.status().message(), "is neither"));
    return;
  }
  const int set = static_cast<int>(!until->time.empty()) + static_cast<int>(!until->gtid.empty()) +
                  static_cast<int>(!until->position.file.empty());
  CHECK_EQ(set, 1);
  // It goes to a program's command line.
  for (const std::string& word : {until->time, until->gtid}) CHECK(!absl::StartsWith(word, "-"));
  if (!until->time.empty()) {
    absl::CivilSecond time;
    CHECK(absl::ParseLenientCivilTime(until->time, &time) || until->time[10] == ' ');
    CHECK_EQ(ParseUntil(until->time)->time, until->time);
    CHECK_EQ(until->time.size(), text.size());
  }
  if (!until->gtid.empty()) CHECK_EQ(until->gtid, text);
  if (!until->position.file.empty()) {
    const auto again =
        ParsePosition(absl::StrCat(until->position.file, ":", until->position.position));
    CHECK(again.has_value() && again->file == until->position.file &&
          again->position == until->position.position);
  }
}

// A set has what it lists; what a set lacks, it has once that is added.
void CheckGtids(absl::string_view set) {
  constexpr absl::string_view kMysql = "3e11fa47-71ca-11e1-9e33-c80aa9429562:123";
  constexpr absl::string_view kMariadb = "77-1-123";
  for (const absl::string_view gtid : {kMysql, kMariadb}) {
    HasGtid(set, gtid);
    CHECK(HasGtid(absl::StrCat(set, ",", gtid), gtid));
    CHECK(!HasGtid("", gtid));
  }
  CHECK(HasGtid(absl::StrCat(set, ",77-2-124"), kMariadb));
  CHECK(HasGtid(absl::StrCat(set, ",3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5:100-200"), kMysql));
}

// The chosen ones are there, once each, in the order of their numbers and without a gap.
void CheckNames(absl::string_view input) {
  const std::vector<std::string> names = absl::StrSplit(input, '\n');
  const auto chosen = ChooseBinlogs(names, names.front(), names.back());
  if (chosen.ok()) {
    CHECK(!chosen->empty());
    for (const std::string& name : *chosen) {
      CHECK(std::find(names.begin(), names.end(), name) != names.end());
      CHECK_EQ(std::count(chosen->begin(), chosen->end(), name), 1);
    }
  }
  const auto all = ChooseBinlogs(names, names.front(), "");
  if (chosen.ok() && all.ok()) CHECK_LE(chosen->size(), all->size());
}

}  // namespace

void FuzzOne(absl::string_view input) {
  CheckUntil(input);
  CheckGtids(input);
  CheckNames(input);
}

}  // namespace mysql_backup
