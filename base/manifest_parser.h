// A manifest taken apart as it comes, in pieces: it may be as long as a backup has files.

#ifndef MYSQL_BACKUP_BASE_MANIFEST_PARSER_H_
#define MYSQL_BACKUP_BASE_MANIFEST_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/checksum.h"
#include "base/manifest.h"

namespace mysql_backup {

// Keeps 16 bytes of each entry. Movable, not thread-safe.
class ManifestParser {
 public:
  // Gets each entry, and where its line begins, in bytes. Nothing of it is proven before Finish().
  using OnEntry = std::function<void(ManifestEntry entry, uint64_t offset)>;

  explicit ManifestParser(OnEntry on_entry = [](const ManifestEntry&, uint64_t) {});

  void Add(absl::string_view piece);

  size_t entries() const { return paths_.size(); }  // that have come
  bool ended() const { return ended_; }             // whether the last line has come

  // All has come. Returns the records, but for the last line; DataLoss naming the line, or the way
  // to find it, unless it is a whole manifest.
  absl::StatusOr<std::vector<ManifestRecord>> Finish();

  // Instead, for one that has no last line yet: adds the `records`, and returns what has to be put
  // behind what has come to make it whole: these and the last line. InvalidArgument naming the
  // line, or the way to find it, where any is of another form, or a path is there twice.
  absl::StatusOr<std::string> Complete(absl::string_view records);

 private:
  void AddLine(absl::string_view line);
  void SetWrong(absl::string_view line, absl::string_view why);
  void EndInput();
  std::string LastLine() const;

  OnEntry on_entry_;
  std::string rest_;                  // of a line whose end has not come yet
  uint64_t offset_ = 0;               // of the line that comes next
  size_t lines_ = 0;                  // that have come
  Checksum checksum_;                 // of all lines but the last
  std::vector<absl::uint128> paths_;  // the hash of each entry's
  uint64_t seed_;                     // of these: users of the database choose names of files
  std::vector<ManifestRecord> records_;
  bool ended_ = false;
  bool fits_ = false;  // the last line is that of the others
  std::string wrong_;  // what is wrong first, for people; empty where nothing is
};

// Gives the parser the manifest open at `manifest` (see OpenManifest). `path`, the backup's, is for
// errors.
absl::Status FeedManifest(int manifest, const std::string& path, ManifestParser* parser);

// Goes through it and returns the records, as ManifestParser does. DataLoss where it is damaged:
// then what `on_entry` got is worth nothing.
absl::StatusOr<std::vector<ManifestRecord>> ScanManifest(int manifest, const std::string& path,
                                                         ManifestParser::OnEntry on_entry);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_MANIFEST_PARSER_H_
