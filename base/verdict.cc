#include "base/verdict.h"

#include <sys/xattr.h>

#include <cerrno>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/directory.h"
#include "base/percent.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

constexpr char kTimeFormat[] = "%Y-%m-%dT%H:%M:%SZ";

}  // namespace

std::string FormatVerdict(const Verdict& verdict, const Manifest& records) {
  return absl::StrCat("verified verdict=", verdict.good ? "good" : "bad",
                      " time=", absl::FormatTime(kTimeFormat, verdict.time, absl::UTCTimeZone()),
                      " seconds=", absl::ToInt64Seconds(verdict.duration),
                      " manifest=", records.Get("end", "xxh128"));
}

absl::Status WriteVerdict(int backup, const std::string& path, const Verdict& verdict,
                          const Manifest& records) {
  const std::string record = FormatVerdict(verdict, records);
  if (fsetxattr(backup, kVerdictAttribute, record.data(), record.size(), 0) == 0) {
    return absl::OkStatus();
  }
  return ErrnoError(
      absl::StrCat("keep the verdict on ", path, " as attribute ", kVerdictAttribute));
}

absl::optional<Verdict> ParseVerdict(absl::string_view text, const Manifest& records) {
  const absl::optional<ManifestRecord> record = ParseRecord(text);
  if (!record.has_value() || record->word != "verified" ||
      record->Get("manifest") != records.Get("end", "xxh128")) {
    return absl::nullopt;
  }
  Verdict verdict;
  verdict.good = record->Get("verdict") == "good";
  int64_t seconds = 0;
  if (!absl::ParseTime(kTimeFormat, record->Get("time"), &verdict.time, nullptr) ||
      !absl::SimpleAtoi(record->Get("seconds"), &seconds)) {
    return absl::nullopt;
  }
  verdict.duration = absl::Seconds(seconds);
  return verdict;
}

absl::StatusOr<absl::optional<Verdict>> ReadVerdict(int backup, const std::string& path,
                                                    const Manifest& records) {
  char text[4096];
  const ssize_t size = fgetxattr(backup, kVerdictAttribute, text, sizeof text);
  if (size >= 0) return ParseVerdict(absl::string_view(text, static_cast<size_t>(size)), records);
  // One that is longer is none that WriteVerdict has kept.
  if (errno == ENODATA || errno == ENOTSUP || errno == ERANGE) return absl::optional<Verdict>();
  return ErrnoError(absl::StrCat("read the verdict on ", path));
}

absl::StatusOr<absl::optional<Verdict>> FindVerdict(int root, const std::string& name) {
  ASSIGN_OR_RETURN(const UniqueFd backup, OpenDirectoryAt(root, name));
  const absl::StatusOr<Manifest> records = ReadManifestRecords(backup.get(), name);
  if (records.ok()) return ReadVerdict(backup.get(), name, *records);
  if (absl::IsNotFound(records.status())) return absl::optional<Verdict>();
  if (!absl::IsDataLoss(records.status())) return records.status();
  Verdict damaged;
  damaged.time = absl::InfiniteFuture();
  return absl::optional<Verdict>(damaged);
}

}  // namespace mysql_backup
