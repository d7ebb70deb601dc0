// The manifest of a backup: what is in it, down to each file's checksum, and how it was made.
//
//   mysql-backup-manifest 1
//   d - 0 shop
//   f 99aa06d3014798d86001c324468d497f 98304 shop/orders.ibd
//   l 5c88e21b630ed3530a39e93b412201bd 7 shop/alias
//   locked connection_id=7 flavour=mariadb version=10.11.19-MariaDB binlog_position=328 ...
//   copied bytes=98311 files=1
//   end entries=3 xxh128=d89f1c4509f3b233272b57e6d7c0a9e5
//
// After the first line come the entries: kind (directory, regular file, symbolic link), checksum
// and length of the content (of a link: its target), and the path. Then the records of the run, a
// word and key=value pairs each, as the tools print them. The last line counts the entries and has
// the checksum of everything above it; a manifest without it is not complete. Paths and values are
// written with base/percent.h. The manifest itself has no entry, nor has the top directory.

#ifndef MYSQL_BACKUP_BASE_MANIFEST_H_
#define MYSQL_BACKUP_BASE_MANIFEST_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/unique_fd.h"

namespace mysql_backup {

// Its name at the top of a backup. No database has a directory of such a name, since servers write
// "." as "@002e", and they take no notice of such a file.
inline constexpr char kManifestName[] = "backup.manifest";

// The first line.
inline constexpr char kManifestHead[] = "mysql-backup-manifest 1\n";

struct ManifestEntry {
  enum class Kind : char { kDirectory = 'd', kFile = 'f', kLink = 'l' };
  Kind kind = Kind::kFile;
  std::string path;      // relative to the top, without "." and ".." parts
  uint64_t bytes = 0;    // 0 for a directory
  std::string checksum;  // empty for a directory
};

bool operator==(const ManifestEntry& a, const ManifestEntry& b);

// The line of an entry, and what a line of that form says; nullopt for any other.
std::string FormatEntry(const ManifestEntry& entry);
absl::optional<ManifestEntry> ParseEntry(absl::string_view line);

// One line of what a run's tools said.
struct ManifestRecord {
  std::string word;  // "locked"
  std::vector<std::pair<std::string, std::string>> values;

  // The value of a key; "" where there is none.
  std::string Get(absl::string_view key) const;
};

absl::optional<ManifestRecord> ParseRecord(absl::string_view line);

struct Manifest {
  std::vector<ManifestEntry> entries;  // in no particular order, each path once
  std::vector<ManifestRecord> records;

  // The value of `key` in the record `word`; "" where there is none.
  std::string Get(absl::string_view word, absl::string_view key) const;
};

// Opens the manifest in the backup open at `backup`; NotFound where it has none. `path`, the
// backup's, is for errors.
absl::StatusOr<UniqueFd> OpenManifest(int backup, const std::string& path);

// Reads it, and keeps all of it in memory, some 200 bytes for each entry: see ScanManifest() for
// another way. DataLoss where it is damaged.
absl::StatusOr<Manifest> ReadManifest(int backup, const std::string& path);

// As ReadManifest, but without the entries, from the last 64 KiB of it: quick, and with nothing
// proven but that it has its last line, which is the last record: "end".
absl::StatusOr<Manifest> ReadManifestRecords(int backup, const std::string& path);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_MANIFEST_H_
