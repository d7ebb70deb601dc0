#include "restorer/until.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "base/log.h"
#include "base/status.h"
#include "base/value.h"

namespace mysql_backup {
namespace {

constexpr size_t kUuidSize = 36;

// Of the number in the name of a binary log: both servers write six digits at least, and go no
// further than this (MAX_LOG_UNIQUE_FN_EXT in their sources).
constexpr size_t kMinDigits = 6;
constexpr int64_t kMaxNumber = 0x7FFFFFFF;

// The base name and the number of a binary log; nullopt for any other name.
absl::optional<std::pair<std::string, int64_t>> SplitName(absl::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == absl::string_view::npos || dot == 0) return absl::nullopt;
  const absl::string_view digits = name.substr(dot + 1);
  const absl::optional<int64_t> number = ParseDigits(digits);
  if (digits.size() < kMinDigits || !number.has_value() || *number > kMaxNumber) {
    return absl::nullopt;
  }
  return std::make_pair(std::string(name.substr(0, dot)), *number);
}

bool IsUuid(absl::string_view text) {
  if (text.size() != kUuidSize) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      return false;
    }
  }
  return true;
}

bool IsGtid(absl::string_view text) {
  const std::vector<absl::string_view> mysql = absl::StrSplit(text, ':');
  if (mysql.size() == 2 && IsUuid(mysql[0]) && ParseDigits(mysql[1]).has_value()) return true;
  // A date without a time would be one: "2026-11-23". Whoever writes it means the day.
  absl::CivilDay day;
  if (absl::ParseCivilTime(text, &day) && absl::FormatCivilTime(day) == text) return false;
  const std::vector<absl::string_view> mariadb = absl::StrSplit(text, '-');
  return mariadb.size() == 3 &&
         std::all_of(mariadb.begin(), mariadb.end(),
                     [](absl::string_view part) { return ParseDigits(part).has_value(); });
}

// In the form that both servers' tools take; nullopt for anything but a whole date and time.
absl::optional<std::string> ParseLocalTime(absl::string_view text) {
  constexpr size_t kSize = sizeof("2026-11-23 14:05:00") - 1;
  if (text.size() != kSize || (text[10] != ' ' && text[10] != 'T')) return absl::nullopt;
  std::string time(text);
  time[10] = 'T';
  absl::CivilSecond parsed;
  // It also takes 24:00:00 and the like for another time, which nobody who writes it may mean.
  if (!absl::ParseCivilTime(time, &parsed) || absl::FormatCivilTime(parsed) != time) {
    return absl::nullopt;
  }
  time[10] = ' ';
  return time;
}

// "0-1-123": domain, server, and a number that grows within the domain.
bool HasMariadbGtid(absl::string_view newest, absl::string_view gtid) {
  const std::vector<absl::string_view> wanted = absl::StrSplit(gtid, '-');
  for (const absl::string_view one : absl::StrSplit(newest, ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(one, '-');
    if (parts.size() == 3 && parts[0] == wanted[0] &&
        ParseDigits(parts[2]).value_or(-1) >= ParseDigits(wanted.back()).value_or(0)) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::optional<BinlogPosition> ParsePosition(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return absl::nullopt;
  const absl::optional<int64_t> position = ParseDigits(text.substr(colon + 1));
  if (!position.has_value() || !SplitName(text.substr(0, colon)).has_value()) return absl::nullopt;
  return BinlogPosition{std::string(text.substr(0, colon)), static_cast<uint64_t>(*position)};
}

absl::StatusOr<Until> ParseUntil(absl::string_view text) {
  Until until;
  if (const absl::optional<std::string> time = ParseLocalTime(text); time.has_value()) {
    until.time = *time;
    return until;
  }
  if (IsGtid(text)) {
    until.gtid = std::string(text);
    return until;
  }
  if (const absl::optional<BinlogPosition> position = ParsePosition(text); position.has_value()) {
    until.position = *position;
    return until;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", OneLine(text),
                   "' is neither a local time (2026-11-23 14:05:00), nor FILE:POSITION "
                   "(mysql-bin.000012:32800), nor a GTID (MariaDB 0-1-123, MySQL UUID:123)"));
}

bool HasGtid(absl::string_view set, absl::string_view gtid) {
  if (!absl::StrContains(gtid, ':')) return HasMariadbGtid(set, gtid);
  const size_t colon = gtid.rfind(':');
  const absl::optional<int64_t> number = ParseDigits(gtid.substr(colon + 1));
  for (const absl::string_view of_server : absl::StrSplit(set, ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(of_server, ':');
    if (!absl::EqualsIgnoreCase(parts[0], gtid.substr(0, colon))) continue;
    for (size_t i = 1; i < parts.size(); ++i) {
      const std::vector<absl::string_view> ends = absl::StrSplit(parts[i], '-');
      const absl::optional<int64_t> first = ParseDigits(ends.front());
      const absl::optional<int64_t> last = ParseDigits(ends.back());
      // What follows on a tag has that tag.
      if (ends.size() > 2 || !first || !last) break;
      if (number && *first <= *number && *number <= *last) return true;
    }
  }
  return false;
}

absl::StatusOr<std::vector<std::string>> ChooseBinlogs(const std::vector<std::string>& names,
                                                       const std::string& first,
                                                       const std::string& last) {
  const auto begin = SplitName(first);
  if (!begin.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("'", OneLine(first), "' is no binary log"));
  }
  std::map<int64_t, std::string> logs;
  for (const std::string& name : names) {
    const auto split = SplitName(name);
    if (split.has_value() && split->first == begin->first) logs[split->second] = name;
  }
  const int64_t newest = logs.empty() ? begin->second : logs.rbegin()->first;
  const auto end = last.empty() ? std::make_pair(begin->first, std::max(newest, begin->second))
                                : SplitName(last).value_or(std::make_pair("", int64_t{0}));
  if (end.first != begin->first || end.second < begin->second) {
    return absl::InvalidArgumentError(absl::StrCat("'", OneLine(last), "' is no binary log after ",
                                                   first, ", with which the replay begins"));
  }
  std::vector<std::string> chosen;
  for (int64_t number = begin->second; number <= end.second; ++number) {
    const auto log = logs.find(number);
    if (log == logs.end()) {
      return absl::NotFoundError(
          number == begin->second
              ? absl::StrCat(first, ", at which the replay begins, is missing")
              : absl::StrCat("the binary log after ", chosen.back(), " is missing"));
    }
    chosen.push_back(log->second);
  }
  return chosen;
}

}  // namespace mysql_backup
