#include "base/manifest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/checksum.h"
#include "base/file.h"
#include "base/manifest_parser.h"
#include "base/percent.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "base/value.h"

namespace mysql_backup {
namespace {

constexpr off_t kTailBytes = off_t{64} << 10;

// One that leads out of the backup, or could be another spelling of one that does not, has not been
// written by us.
bool IsPlainPath(absl::string_view path) {
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return path.find('\0') == absl::string_view::npos;
}

bool IsWord(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_';
  });
}

// Takes the first line, with its line feed, off `text`; nullopt where there is no whole line left.
absl::optional<absl::string_view> TakeLine(absl::string_view* text) {
  const size_t size = text->find('\n');
  if (size == absl::string_view::npos) return absl::nullopt;
  const absl::string_view line = text->substr(0, size);
  text->remove_prefix(size + 1);
  return line;
}

}  // namespace

bool operator==(const ManifestEntry& a, const ManifestEntry& b) {
  return a.kind == b.kind && a.path == b.path && a.bytes == b.bytes && a.checksum == b.checksum;
}

std::string FormatEntry(const ManifestEntry& entry) {
  return absl::StrCat(absl::string_view(reinterpret_cast<const char*>(&entry.kind), 1), " ",
                      entry.checksum.empty() ? "-" : entry.checksum, " ", entry.bytes, " ",
                      PercentEncode(entry.path), "\n");
}

absl::optional<ManifestEntry> ParseEntry(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 4) return absl::nullopt;
  ManifestEntry entry;
  if (words[0] == "d") {
    entry.kind = ManifestEntry::Kind::kDirectory;
  } else if (words[0] == "f") {
    entry.kind = ManifestEntry::Kind::kFile;
  } else if (words[0] == "l") {
    entry.kind = ManifestEntry::Kind::kLink;
  } else {
    return absl::nullopt;
  }
  const absl::optional<int64_t> bytes = ParseDigits(words[2]);
  absl::optional<std::string> path = PercentDecode(words[3]);
  if (!bytes.has_value() || !path.has_value() || !IsPlainPath(*path)) return absl::nullopt;
  if (absl::StrCat(*bytes) != words[2]) return absl::nullopt;  // "007"
  entry.bytes = static_cast<uint64_t>(*bytes);
  entry.path = *std::move(path);
  if (entry.kind == ManifestEntry::Kind::kDirectory) {
    if (words[1] != "-" || entry.bytes != 0) return absl::nullopt;
  } else {
    if (!IsChecksum(words[1])) return absl::nullopt;
    entry.checksum = std::string(words[1]);
  }
  return entry;
}

std::string ManifestRecord::Get(absl::string_view key) const {
  for (const auto& [name, value] : values) {
    if (name == key) return value;
  }
  return "";
}

absl::optional<ManifestRecord> ParseRecord(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  ManifestRecord record;
  if (!IsWord(words[0]) || words[0].size() < 2) return absl::nullopt;
  record.word = std::string(words[0]);
  for (size_t i = 1; i < words.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(words[i], absl::MaxSplits('=', 1));
    absl::optional<std::string> value = PercentDecode(pair.second);
    if (!IsWord(pair.first) || !absl::StrContains(words[i], '=') || !value.has_value()) {
      return absl::nullopt;
    }
    record.values.emplace_back(std::string(pair.first), *std::move(value));
  }
  return record;
}

std::string Manifest::Get(absl::string_view word, absl::string_view key) const {
  for (const ManifestRecord& record : records) {
    if (record.word == word) return record.Get(key);
  }
  return "";
}

absl::StatusOr<UniqueFd> OpenManifest(int backup, const std::string& path) {
  UniqueFd fd(openat(backup, kManifestName, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (fd.ok()) return fd;
  const absl::Status status = ErrnoError(absl::StrCat("open ", path, "/", kManifestName));
  return Annotate(status, absl::IsNotFound(status)
                              ? "; the backup was made before there were manifests, or has lost it"
                              : "");
}

absl::StatusOr<Manifest> ReadManifest(int backup, const std::string& path) {
  Manifest manifest;
  const auto keep = [&manifest](ManifestEntry entry, uint64_t /*offset*/) {
    manifest.entries.push_back(std::move(entry));
  };
  ASSIGN_OR_RETURN(const UniqueFd fd, OpenManifest(backup, path));
  ASSIGN_OR_RETURN(manifest.records, ScanManifest(fd.get(), path, keep));
  return manifest;
}

absl::StatusOr<Manifest> ReadManifestRecords(int backup, const std::string& path) {
  ASSIGN_OR_RETURN(const UniqueFd fd, OpenManifest(backup, path));
  // A shorter one cannot be sought in so far, and is read whole.
  lseek(fd.get(), -kTailBytes, SEEK_END);
  ASSIGN_OR_RETURN(const std::string text,
                   ReadToEnd(fd.get(), absl::StrCat(path, "/", kManifestName)));
  Manifest manifest;
  absl::string_view rest = text;
  // The first line may be half a line.
  TakeLine(&rest);
  while (const absl::optional<absl::string_view> line = TakeLine(&rest)) {
    if (ParseEntry(*line).has_value()) continue;
    absl::optional<ManifestRecord> record = ParseRecord(*line);
    if (record.has_value()) manifest.records.push_back(*std::move(record));
  }
  if (manifest.records.empty() || manifest.records.back().word != "end" || !rest.empty()) {
    return absl::DataLossError(absl::StrCat(path, "/", kManifestName, " is not complete"));
  }
  return manifest;
}

}  // namespace mysql_backup
