#include "retention/backup_report.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/backup_name.h"
#include "base/human_bytes.h"
#include "base/log.h"

namespace mysql_backup {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kUnknown[] = "-";

absl::Duration AgeOf(const BackupFacts& backup, absl::Time now, absl::TimeZone zone) {
  return now - absl::FromCivil(*ParseBackupName(backup.name), zone);
}

std::string Server(const Manifest& records) {
  const std::string flavour = records.Get("locked", "flavour");
  if (flavour.empty()) return kUnknown;
  // "10.11.6-MariaDB-0+deb12u1": the rest is the distribution's.
  const std::string version = records.Get("locked", "version");
  return OneLine(absl::StrCat(flavour == "mariadb" ? "MariaDB " : "MySQL ",
                              version.substr(0, version.find('-'))));
}

std::string Position(const Manifest& records) {
  const std::string file = records.Get("locked", "binlog_file");
  if (file.empty()) return kUnknown;
  return OneLine(absl::StrCat(file, ":", records.Get("locked", "binlog_position")));
}

std::string Source(const Manifest& records) {
  const std::string host = records.Get("locked", "source_host");
  if (host.empty()) return "";
  return absl::StrCat(host, " at ", records.Get("locked", "source_log_file"), ":",
                      records.Get("locked", "source_log_pos"));
}

std::string LockedFor(const Manifest& records) {
  const std::string ms = records.Get("released", "held_ms");
  return ms.empty() ? kUnknown : OneLine(ms + " ms");
}

std::string Verified(const BackupFacts& backup, absl::Time now) {
  switch (backup.manifest_state) {
    case ManifestState::kNone:
      return "no (it has no manifest)";
    case ManifestState::kDamaged:
      return "NO: ITS MANIFEST IS DAMAGED";
    case ManifestState::kWhole:
      break;
  }
  if (!backup.verdict.ok()) {
    return OneLine(absl::StrCat("UNKNOWN: ", backup.verdict.status().message()));
  }
  if (!backup.verdict->has_value()) return "no";
  const Verdict& verdict = **backup.verdict;
  return absl::StrCat(verdict.good ? "good" : "BAD", ", ", Age(now - verdict.time), " ago");
}

using Row = std::vector<std::string>;

std::string FormatRows(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows[0].size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&text, row[i]);
      if (i + 1 < row.size()) text.append(widths[i] - row[i].size() + 2, ' ');
    }
    text.push_back('\n');
  }
  return text;
}

// Values of the records are text; null where there is none.
Json Text(const std::string& value) { return value.empty() ? Json() : Json(value); }

Json Number(const std::string& value) {
  int64_t number = 0;
  return absl::SimpleAtoi(value, &number) ? Json(number) : Json();
}

Json Fraction(const std::string& value) {
  double number = 0;
  return absl::SimpleAtod(value, &number) ? Json(number) : Json();
}

Json VerdictJson(const absl::StatusOr<absl::optional<Verdict>>& known) {
  if (!known.ok()) return {{"verdict", "unknown"}};
  const absl::optional<Verdict>& verdict = *known;
  if (!verdict.has_value()) return Json();
  return {{"verdict", verdict->good ? "good" : "bad"},
          {"time", absl::FormatTime(absl::RFC3339_sec, verdict->time, absl::UTCTimeZone())},
          {"seconds", absl::ToInt64Seconds(verdict->duration)}};
}

absl::string_view StateWord(ManifestState state) {
  switch (state) {
    case ManifestState::kWhole:
      return "whole";
    case ManifestState::kNone:
      return "none";
    case ManifestState::kDamaged:
      return "damaged";
  }
  return "";
}

Json ToJson(const BackupFacts& backup, const std::string& root, absl::Time now,
            absl::TimeZone zone) {
  const Manifest& records = backup.records;
  return {{"name", backup.name},
          {"path", absl::StrCat(root, "/", backup.name)},
          {"age_seconds", absl::ToInt64Seconds(AgeOf(backup, now, zone))},
          {"started", Text(records.Get("run", "started"))},
          {"published", Text(records.Get("published", "time"))},
          {"host", Text(records.Get("published", "host"))},
          {"tool_version", Text(records.Get("published", "version"))},
          {"files", backup.disk.files},
          {"bytes", backup.disk.bytes},
          {"disk_bytes", backup.disk.blocks},
          {"shared_bytes", backup.disk.shared},
          {"server",
           {{"flavour", Text(records.Get("locked", "flavour"))},
            {"version", Text(records.Get("locked", "version"))},
            {"id", Number(records.Get("locked", "server_id"))},
            {"uuid", Text(records.Get("locked", "server_uuid"))}}},
          {"binlog_file", Text(records.Get("locked", "binlog_file"))},
          {"binlog_position", Text(records.Get("locked", "binlog_file")).is_null()
                                  ? Json()
                                  : Number(records.Get("locked", "binlog_position"))},
          {"gtid", Text(records.Get("locked", "gtid"))},
          {"source_host", Text(records.Get("locked", "source_host"))},
          {"source_log_file", Text(records.Get("locked", "source_log_file"))},
          {"source_log_pos", Number(records.Get("locked", "source_log_pos"))},
          {"lock_scope", Text(records.Get("run", "lock_scope"))},
          {"locked_ms", Number(records.Get("released", "held_ms"))},
          {"snapshot_used_percent", Fraction(records.Get("snapshot", "used_percent"))},
          {"manifest", StateWord(backup.manifest_state)},
          {"verified", VerdictJson(backup.verdict)}};
}

// Names and versions come from outside and may be anything but UTF-8.
std::string Dump(const Json& json) {
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string Age(absl::Duration age) {
  age = std::max(age, absl::ZeroDuration());
  if (age < absl::Minutes(1)) return absl::StrCat(absl::ToInt64Seconds(age), " s");
  if (age < absl::Hours(1)) return absl::StrCat(absl::ToInt64Minutes(age), " min");
  if (age < absl::Hours(24)) return absl::StrCat(absl::ToInt64Hours(age), " h");
  return absl::StrCat(absl::ToInt64Hours(age) / 24, " d");
}

std::string BackupTable(const std::vector<BackupFacts>& backups, absl::Time now,
                        absl::TimeZone zone) {
  if (backups.empty()) return "There is no backup.\n";
  std::vector<Row> rows = {
      {"BACKUP", "AGE", "SIZE", "ON DISK", "SHARED", "SERVER", "POSITION", "LOCKED", "VERIFIED"}};
  for (const BackupFacts& backup : backups) {
    rows.push_back({backup.name, Age(AgeOf(backup, now, zone)),
                    HumanBytes(static_cast<double>(backup.disk.bytes)),
                    HumanBytes(static_cast<double>(backup.disk.blocks)),
                    HumanBytes(static_cast<double>(backup.disk.shared)), Server(backup.records),
                    Position(backup.records), LockedFor(backup.records), Verified(backup, now)});
  }
  return FormatRows(rows);
}

std::string BackupLines(const BackupFacts& backup, absl::Time now, absl::TimeZone zone) {
  const Manifest& records = backup.records;
  std::vector<std::pair<std::string, std::string>> facts = {
      {"backup", backup.name},
      {"age", Age(AgeOf(backup, now, zone))},
      {"started", records.Get("run", "started")},
      {"published", records.Get("published", "time")},
      {"host", records.Get("published", "host")},
      {"tool version", records.Get("published", "version")},
      {"files", absl::StrCat(backup.disk.files)},
      {"size", absl::StrCat(HumanBytes(static_cast<double>(backup.disk.bytes)), " (",
                            backup.disk.bytes, " bytes)")},
      {"on disk", absl::StrCat(HumanBytes(static_cast<double>(backup.disk.blocks)), ", ",
                               HumanBytes(static_cast<double>(backup.disk.shared)),
                               " of it shared with other directories")},
      {"server", Server(records)},
      {"server id", records.Get("locked", "server_id")},
      {"server UUID", records.Get("locked", "server_uuid")},
      {"position", Position(records)},
      {"GTID", records.Get("locked", "gtid")},
      {"replica of", Source(records)},
      {"lock scope", records.Get("run", "lock_scope")},
      {"locked for", LockedFor(records)},
      {"snapshot used", records.Get("snapshot", "used_percent")},
      {"manifest", std::string(StateWord(backup.manifest_state))},
      {"verified", Verified(backup, now)},
  };
  std::string text;
  for (const auto& [key, value] : facts) {
    absl::StrAppend(&text, key, ": ", value.empty() ? kUnknown : OneLine(value),
                    key == "snapshot used" && !value.empty() ? " %" : "", "\n");
  }
  return text;
}

std::string BackupsJson(const std::vector<BackupFacts>& backups, const std::string& root,
                        absl::Time now, absl::TimeZone zone) {
  Json json = Json::array();
  for (const BackupFacts& backup : backups) json.push_back(ToJson(backup, root, now, zone));
  return Dump(json);
}

std::string BackupJson(const BackupFacts& backup, const std::string& root, absl::Time now,
                       absl::TimeZone zone) {
  return Dump(ToJson(backup, root, now, zone));
}

}  // namespace mysql_backup
